#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A gateway that joins a group with many accesses opens them all; those that the kernel refuses cost the others
# nothing; and the times that are left, which all differ, are in no text that the daemon keeps.

. "$(dirname "$0")/share_lib.sh"
share_setup
gateway a
gateway c
gateway_stop c
check 'a is connected' linked a
for i in $(seq 100); do
	echo "10.0.9.$i"
done >"$T/many"
while read -r ip; do
	ask a grant "$ip" --door web
	ask a grant "$ip" --door ssh
done <"$T/many" >/dev/null
in_host c nft 'delete set inet filter ok; add set inet filter ok { type ipv4_addr; flags timeout; size 40; }'
gateway_again c
open_at_c() {
	[ "$(in_host c nft list set inet knockd open4 | grep -o '10\.0\.9\.' | wc -l)" = 100 ]
}
check 'c opens a door for all of them' open_at_c
check 'another as far as the set has room' \
	eval '[ "$(in_host c nft list set inet filter ok | grep -o "10\.0\.9\." | wc -l)" = 40 ]'
check '... which it says of each of the others' eval '[ "$(told_count c "web: grant failed: inet filter ok: the set is full")" = 60 ]'
equal 'the journal has the texts of two elements' \
	"$(sed -n 's/.* grant 10.* inet%20/inet%20/p' "$T/c/state/grants/journal" | cut -d ' ' -f 1 | sort -u | wc -l)" 2
done_testing
