#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Grants: many knockers of three hits each, until all of them are elements of the set: one after another (the next one
# begins when the previous one is in), and with a thousand under way all the time. The floor only writes elements.

. "$(dirname "$0")/lib.sh"
hosts
rounds=3
doors=16 # one takes 10,000 openings at once, and 200 a second after that

# floor ELEMENTS BATCH
floor() {
	nft flush ruleset
	closed
	$receiver "$bench/floor" add "$1" "$2" | awk '{ printf "%.0f\n", $1 / $2 * 1e9 }'
}

# knockers VARIANT CASE KNOCKS OPTION...
knockers() {
	knockers_variant=$1 knockers_case=$2 knockers_n=$3
	shift 3
	send knocker -g 0 -c "$knockers_n" "$@" >"$T/knocks"
	awk '{ printf "%.0f\n", $1 / $3 * 1e9 }' "$T/knocks" | record "$knockers_variant" "$knockers_case" grants/s
	awk '$1 < $2 { print $2 - $1 " of " $2 " knockers were not let in" }' "$T/knocks" >"$T/missing"
	[ ! -s "$T/missing" ] || note "$knockers_variant" "$knockers_case: $(cat "$T/missing")"
}

ways=$(captures)
for round in $(seq $rounds); do
	progress "round $round of $rounds"
	floor 20000 1 | record 'floor: writes' 'one after another' grants/s
	floor 100000 64 | record 'floor: writes, 64 in a transaction' '1000 at once' grants/s
	floor 100000 1000 | record 'floor: writes, 1000 in a transaction' '1000 at once' grants/s
	for capture in $ways; do
		nft flush ruleset
		closed
		ours_start "$capture" "$(many_doors $doors)" 'Max_Grants = 200000'
		knockers "$(ours_name "$capture")" 'one after another' 10000 -n 1 -q -d $doors
		stop "$knockd"
		nft flush ruleset
		closed
		ours_start "$capture" "$(many_doors $doors)" 'Max_Grants = 200000'
		knockers "$(ours_name "$capture")" '1000 at once' 100000 -n 1000 -d $doors
		cpu_ns "$knockd" | awk '{ printf "%.2f\n", $1 / 100000 / 1000 }' |
			record "$(ours_name "$capture")" 'parent, 1000 at once' 'us CPU/grant'
		cpu_ns "$engine" | awk '{ printf "%.2f\n", $1 / 100000 / 1000 }' |
			record "$(ours_name "$capture")" 'engine, 1000 at once' 'us CPU/grant'
		stop "$knockd"
	done
	nft flush ruleset
	closed dynamic
	recipe
	send knocker -g 0 -b -c 100000 -n 1 >"$T/sent"
	awk 'NR == 1 { first = $1 } END { printf "%.0f\n", (NR - 1) / ($1 - first) * 1e9 }' "$T/sent" |
		record 'nftables alone' 'one after another' grants/s
done

if old_here; then
	progress 'knockd 0.8'
	nft flush ruleset
	closed
	old_start
	knockers 'knockd 0.8' 'one after another' 50 -n 1 -q
	stop "$old"
	nft flush ruleset
	closed
	old_start
	knockers 'knockd 0.8' '1000 at once' 100 -n 100 -w 4000
	note 'knockd 0.8' 'a hundred at once instead of a thousand'
	stop "$old"
fi
