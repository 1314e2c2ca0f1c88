#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The sample firewall and the sample configuration work together, as they are shipped; and the sample has no door before
# the admin has chosen a sequence.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
service 22
sample=$TESTS_TOP/conf/knockd.conf

check 'nft accepts the sample' nft -c -f "$TESTS_TOP/nft/knockd.nft"
nft -f "$TESTS_TOP/nft/knockd.nft"
check 'it loads again over itself' nft -f "$TESTS_TOP/nft/knockd.nft"

# --- as it is shipped ------------------------------------------------------------------------------

equal 'knockd -t' "$("$KNOCKD" -t -c "$sample" 2>&1 | tail -n 1)" 'configuration OK'
equal 'there is no door' "$(grep '^[[:space:]]*\[' "$sample")" '[options]'
refute '... nor anything that opens one' grep -qiE '^[[:space:]]*(sequence|one_time_sequences|command|start_command|grant|open)' "$sample"
knockd_start "$(cat "$sample")
[options]
	User = $engine_user"
refute '... and no packet is reported' sh -c 'nft list table inet knockd | grep -q dport'
knockd_stop

# --- with its doors --------------------------------------------------------------------------------

# door NAME: the lines of this door in the sample, without their "#"
door() {
	sed -n "/^#\[$1\]/,/^\$/s/^#//p" "$sample"
}

# chosen: as an admin does it, with ports that no other door has
chosen() {
	awk '{ while (sub(/PORT/, 1000 + (++n * 7919) % 64000)) ; print }'
}

names=$(sed -n 's/^#\[\(.*\)\]$/\1/p' "$sample")
check 'it has examples' [ "$(echo "$names" | wc -l)" -ge 5 ]
echo ' 5120,7443:udp,6902' >"$T/sequences"
chmod 600 "$T/sequences"
for name in $names; do
	door "$name" | sed "s|/etc/knockd.sequences|$T/sequences|" >"$T/door"
	knockd_conf "$(cat "$T/door")"
	if grep -q PORT "$T/door"; then
		ends "$name: not with PORT" 1 "$KNOCKD" -t -c "$T/knockd.conf"
	fi
	knockd_conf "$(chosen <"$T/door")"
	equal "$name: with ports" "$("$KNOCKD" -t -c "$T/knockd.conf" 2>"$T/err")" 'configuration OK'
done

ssh=$(door openSSH | chosen)
knocks=$(echo "$ssh" | sed -n 's/^[[:space:]]*sequence[[:space:]]*=//p' | tr , ' ')
knockd_start "$(cat "$sample")
[options]
	User = $engine_user
$ssh"
refute 'no warning about its sets' log_has 'nft add set'

for address in $server $server6; do
	refute "$address is shut" port_open $address 22
	# shellcheck disable=SC2086
	knock $address $knocks
	check "the first door opens it" port_open $address 22
done
done_testing
