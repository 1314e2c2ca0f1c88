#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Connecting right behind the knock: the share of connections that succeed with their first SYN.

. "$(dirname "$0")/lib.sh"
hosts

# measure VARIANT GAP KNOCKS [OPTION]...: GAP in milliseconds
measure() {
	measure_variant=$1 measure_gap=$2 measure_knocks=$3
	shift 3
	progress "$measure_variant, $measure_gap ms"
	send behind -g "${measure_gap}000" -c "$measure_knocks" "$@" >"$T/behind"
	awk '{ n++; ok += $1 != "late" } END { printf "%.1f\n", 100 * ok / n }' "$T/behind" |
		record "$measure_variant" "$measure_gap ms between" '% at once'
}

for capture in $(captures); do
	for gap in 0 1; do
		nft flush ruleset
		closed
		ours_start "$capture"
		measure "$(ours_name "$capture")" $gap 200
		stop "$knockd"
	done
done

for gap in 0 1; do
	nft flush ruleset
	closed dynamic
	recipe
	measure 'nftables alone' $gap 500
done

if old_here; then
	for gap in 0 1 100; do
		nft flush ruleset
		closed
		old_start 7000:udp,8000:udp,9000:udp
		measure 'knockd 0.8' $gap 50
		stop "$old"
	done
fi

if fwknop_here; then
	for gap in 0 1 100; do
		nft flush ruleset
		closed
		fwknop_start 25
		measure fwknopd $gap 25 -p udp:62201 -l "$work/spa"
		stop "$fwknopd"
	done
fi
