#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hits per second: forged SYNs to the first port of a sequence, each from another source, at the sender's full rate. The
# numbers of read and lost ones, and the reader's processor time for one.

. "$(dirname "$0")/lib.sh"
hosts
rounds=5 msec=2000

# tell VARIANT HANDLED CPU_NS: records the values of the last flood, which is in $T/flood
tell() {
	read -r tell_sent tell_ns _ <"$T/flood"
	calc %.0f "$2 / $tell_ns * 1e9" | record "$1" 'handled' hits/s
	calc %.3f "100 * ($tell_sent - $2) / $tell_sent" | record "$1" 'lost' %
	calc %.3f "$3 / ($2 ? $2 : 1) / 1000" | record "$1" 'reader' 'us CPU/hit'
}

flood() {
	send flood -t $msec >"$T/flood"
}

count_round() {
	logging
	counting
	flood
	wait_idle "$reader"
	stop "$reader"
	read -r read_packets _ read_cpu <<-E
		$(tail -n 1 "$T/count")
	E
	tell 'floor: counts' "$read_packets" "$read_cpu"
}

ours_round() {
	ours_start "$1"
	ours_cpu=$(cpu_ns "$engine")
	flood
	wait_idle "$engine"
	ours_cpu=$(($(cpu_ns "$engine") - ours_cpu))
	tell "$(ours_name "$1")" "$(ours_stat packets)" $ours_cpu
	stop "$knockd"
}

# knockd 0.8 gets ten seconds to read the packets that libpcap has queued; its log has those that it has seen.
old_round() {
	old_start
	flood
	wait_for -t 10 old_idle
	old_cpu=$(cpu_ns "$old")
	stop "$old"
	tell 'knockd 0.8' "$(grep -c 'Stage 1' "$work/old.log")" "$old_cpu"
}

old_idle() {
	old_before=$(cpu_ns "$old")
	sleep 0.2
	[ "$old_before" = "$(cpu_ns "$old")" ]
}

recipe_round() {
	closed dynamic
	recipe
	flood
	read -r recipe_sent _ <"$T/flood"
	tell 'nftables alone' "$recipe_sent" 0
}

ways=$(captures)
for round in $(seq $rounds); do
	progress "round $round of $rounds"
	nft flush ruleset
	closed
	count_round
	for capture in $ways; do
		nft flush ruleset
		closed
		ours_round "$capture"
	done
	nft flush ruleset
	recipe_round
done

if old_here; then
	for round in 1 2; do
		progress "knockd 0.8, round $round of 2"
		nft flush ruleset
		closed
		old_round
	done
fi
note 'nftables alone' "has no reader: its work is done in the sender's system call"
