#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A door that opens for the knocker's network, and the limit of its width, also for an IPv6 knocker who gets the prefix
# of the plain key because there is no grant_6.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
nft -f - <<E || bail 'cannot load the sets'
	table inet filter {
		set nets { type ipv4_addr; flags interval, timeout; }
		set nets6 { type ipv6_addr; flags interval, timeout; }
	}
E
doors="
[both]
	sequence = 1001
	grant    = inet filter nets { %IP%/24 timeout 1h }
	grant_6  = inet filter nets6 { %IP%/64 timeout 1h }
[plain]
	sequence = 1002
	grant    = inet filter nets6 { %IP%/32 timeout 1h }
[narrow]
	sequence = 1003
	grant    = inet filter nets6 { %IP%/56 timeout 1h }
[leave]
	sequence = 1004
	revoke   = inet filter nets { %IP%/24 }
	revoke_6 = inet filter nets6 { %IP%/64 }
$fence_door"
knockd_start "$doors"

# nets SET: its elements
nets() {
	nft -j list set inet filter "$1" |
		jq -r '.nftables[].set | select(.) | .elem[]? | .elem.val.prefix | "\(.addr)/\(.len)"'
}
# nets_are SET EXPECTED
nets_are() {
	[ "$(nets "$1")" = "$2" ]
}
refusal='inet filter nets6: the prefix is wider than the /48 that Max_Prefix allows for IPv6'
check 'a plain key for an IPv6 set, too wide for IPv6: a warning' log_has "plain: warning: grant: $refusal"
knock $server 1001
check 'IPv4: the network' nets_are nets 10.0.0.0/24
knock $server6 1001
check 'IPv6: the network' nets_are nets6 fd00::/64
knock $server 1004
knock $server6 1004
check '... shut again' nets_are nets ''
check '... over IPv6' nets_are nets6 ''
knock $server6 1002
check 'IPv6 by the plain key, too wide: the reason is logged' log_has "plain: grant failed: $refusal"
knock $server6 1003
check '... not too wide: it opens' nets_are nets6 fd00::/56
knock $server 1002
fence
equal '... no other element has come in' "$(nets nets)$(nets nets6)" fd00::/56

knockd_conf "$doors
[options]
	Max_Prefix = 25,64"
line=$(grep -n 'nets { %IP%/24 timeout' "$T/knockd.conf" | cut -d: -f1)
kill -HUP "$knockd"
check 'a reload with less: refused' log_has 'reload failed'
check '... for this line, door and reason' log_has \
	"line $line: grant: %IP%/24 is wider than the /25 that Max_Prefix allows for IPv4, in [both] ($T/knockd.conf)"
check '... for all doors' log_has '%IP%/56 is wider than the /64 that Max_Prefix allows for IPv6, in [narrow]'
knock $server 1001
check '... the old configuration stays in force' nets_are nets 10.0.0.0/24
ends '... and knockd -t refuses it' 1 "$KNOCKD" -t -c "$T/knockd.conf"

# In interval sets the end of one element is the begin of the next; nftables' events contain both.
if [ -x "$KNOCKCTL" ]; then
	knockd_stop
	knockd_start "
[one]
	sequence = 1001
	grant    = inet filter nets { %IP% timeout 1h }
$fence_door"
	nft flush set inet filter nets # of doors that are no more
	knockctl grant 10.0.0.2 --door one >/dev/null
	knockctl grant 10.0.0.3 --door one >/dev/null
	nft delete element inet filter nets '{ 10.0.0.2 }'
	check 'an element deleted by hand' log_has '10.0.0.2: one: element deleted'
	refute '... its neighbour stays' log_has '10.0.0.3: one: element deleted'
	equal '... and is in the list' "$(knockctl list --json | jq -r '.[].ip')" 10.0.0.3
else
	skip 'neighbours' 'no knockctl'
fi
done_testing
