#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The sample firewall and the sample configuration work together, as they are shipped.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
service 22

check 'nft accepts the sample' nft -c -f "$TESTS_TOP/nft/knockd.nft"
nft -f "$TESTS_TOP/nft/knockd.nft"
check 'it loads again over itself' nft -f "$TESTS_TOP/nft/knockd.nft"
equal 'knockd -t' "$("$KNOCKD" -t -c "$TESTS_TOP/conf/knockd.conf" 2>&1 | tail -n 1)" 'configuration OK'

sample=$(cat "$TESTS_TOP/conf/knockd.conf")
knocks=$(sed -n 's/^[[:space:]]*sequence[[:space:]]*=//p' "$TESTS_TOP/conf/knockd.conf" | head -n 1 | tr , ' ')
knockd_start "$sample
[options]
	User = $engine_user"
refute 'no warning about its sets' log_has 'nft add set'

for address in $server $server6; do
	refute "$address is shut" port_open $address 22
	# shellcheck disable=SC2086
	knock $address $knocks
	check "the first door opens it" port_open $address 22
done
done_testing
