#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `knockctl doctor` at doors of signed knocks: none has come, or none was accepted; the set of such a door.

. "$(dirname "$0")/signed_lib.sh"
signed_setup
need knock jq
nft add table inet filter
nft add chain inet filter input '{ type filter hook input priority 0; policy drop; }'
nft add rule inet filter input ct state established,related accept
signed_conf '
[inner]
	sequence = 62201:auth
	grant    = inet filter ok { %IP% . %PROTO% . %PORT% timeout 1h }
	grant_6  =
'
enrol alice
key_of eve
knockd_again

# finds TEXT FAULT REMEDY
finds() {
	knockctl doctor inner -c "$T/knockd.conf" >"$T/says" 2>&1
	check "$1" grep -qF "FAULT [inner] $2" "$T/says"
	check '... what mends it' grep -qxF "      > $3" "$T/says"
}

finds 'no set' 'there is no set inet filter ok' \
	"nft add set inet filter ok '{ type ipv4_addr . inet_proto . inet_service; flags timeout; }'"
nft add set inet filter ok '{ type ipv4_addr . inet_proto . inet_service; flags timeout; }'
rule='inet filter input ip saddr . meta l4proto . th dport @ok accept'
finds 'no rule' 'no rule looks into the set inet filter ok' "nft insert rule $rule"
# shellcheck disable=SC2086 # words
nft insert rule $rule
check '... which mends it' eval 'knockctl doctor inner -c "$T/knockd.conf" | grep -q "^ok .*a rule looks into it"'
finds 'no knock has come' 'no packet of a knock has come since the start' 'tcpdump -nni any host CLIENT'
deliver "$(printf %0384d 0)" 62201
check 'garbage is counted' eval '[ "$(knockctl --json stats | jq .signed_garbage)" = 1 ]'
finds 'only garbage has come' 'datagrams to ports of signed knocks were none (1)' 'knockctl enrol USER <id_ed25519.pub'
deliver "$(pack alice nowhere 62201)" 62201
check 'a knock for no door is refused' log_has 'no door of that name'
finds 'only knocks for no door' 'no signed knock has come; others were refused (1)' 'journalctl -u knockd'
deliver "$(pack eve inner 62201 port=22 proto=6)" 62201
check 'a knock is refused' log_has 'inner: signed knock of an unknown key refused'
finds 'no knock is accepted' 'was not opened, though signed knocks have come (1)' 'journalctl -u knockd'
deliver "$(pack alice inner 62201 port=22 proto=6)" 62201
check 'after a good one all is well' eval 'knockctl doctor inner -c "$T/knockd.conf" | grep -qx "no fault found"'
done_testing
