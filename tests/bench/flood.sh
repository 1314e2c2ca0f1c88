#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Legitimate knocks in a flood: a hundred clients, one every 20 ms, hit three ports 10 ms apart while forged sources hit
# the first port.

. "$(dirname "$0")/lib.sh"
hosts
clients=100

# measure VARIANT RATE KNOCKER_OPTIONS FLOOD_OPTIONS: RATE 0 is the full rate
measure() {
	case $2 in
	0) measure_case='flood at full rate' measure_rate= ;;
	*) measure_case="$2 hits/s" measure_rate="-r $2" ;;
	esac
	progress "$1, $measure_case"
	# shellcheck disable=SC2086 # lists of options
	{
		send flood -t 6000 $measure_rate $4 >"$T/flood" &
		started $!
		sleep 1
		send knocker -c $clients -e 20000 -g 10000 -w 2000 $3 >"$T/knocks"
		wait $!
	}
	awk '{ printf "%.1f\n", 100 * $1 / $2 }' "$T/knocks" | record "$1" "$measure_case" '% open'
	awk '{ printf "%.0f\n", $1 / $2 * 1e9 }' "$T/flood" | record "$1" "$measure_case" 'forged hits/s'
}

for capture in $(captures); do
	for rate in 20000 0; do
		nft flush ruleset
		closed
		ours_start "$capture"
		measure "$(ours_name "$capture")" $rate '' ''
		stop "$knockd"
	done
done

for rate in 20000 0; do
	nft flush ruleset
	closed dynamic
	recipe
	measure 'nftables alone' $rate -a ''
done
note 'nftables alone' 'with sets of 2,000,000 places; the flood fills smaller ones, and then no knocker gets in'

if old_here; then
	for rate in 1000 20000 0; do
		nft flush ruleset
		closed
		old_start
		measure 'knockd 0.8' $rate '' ''
		kill -KILL "$old"
		stop "$old"
	done
fi

# fwknopd captures one port only; the flood is packets like its client's, to that port.
if fwknop_here; then
	fwknop_start $((clients + 1))
	tail -n 1 "$work/spa" | tr 'A-Za-z' 'N-ZA-Mn-za-m' | tr -d '\n' >"$work/forged"
	stop "$fwknopd"
	for rate in 1000 20000 0; do
		nft flush ruleset
		closed
		fwknop_start $clients
		measure fwknopd $rate "-p udp:62201 -l $work/spa" "-p udp:62201 -l $work/forged"
		kill -KILL "$fwknopd"
		stop "$fwknopd"
	done
fi
