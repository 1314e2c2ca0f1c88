#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The cost of 1, 100 and 1,000 doors of three ports: for a start, for a reload, for the kernel per unrelated packet, for
# the engine per hit; and the number of hits that a reload loses.

. "$(dirname "$0")/lib.sh"
hosts

# doors N
doors() {
	awk -v n="$1" 'BEGIN { for (d = 0; d < n; d++) printf "[door%d]\n\tsequence = %d,%d,%d\n\tseq_timeout = 15\n\tgrant = inet filter ok { %%IP%% timeout 10m }\n", d, 10000 + d, 20000 + d, 30000 + d }'
}

# unrelated CASE: nanoseconds for a packet to a port of no door
unrelated() {
	for _ in 1 2 3; do
		send flood -p udp:53 -t 400 | awk '{ printf "%.0f\n", $2 / $1 }'
	done | record "$1" 'kernel, unrelated packet' ns
}

# ready_start RELOADS: starts the daemon by `ready`, which measures the time
ready_start() {
	rm -rf "$work/state" "$work/ours.log"
	output=$T/ready
	: >"$output"
	run_it "$bench/ready" "$1" "$KNOCKD" -c "$T/knockd.conf"
	ready=$pid
	wait_for -t 20 grep -q start "$T/ready" || bail "knockd does not start: $(tail -n 3 "$LOG")"
	knockd=$(awk '$1 == "start" { print $2 }' "$T/ready")
	engine=$(children "$knockd")
}

reloaded() {
	[ "$(grep -c reload "$T/ready")" = 5 ]
}

# Sends hits all the time. The difference between the sent hits and the engines' counters is lost.
reloads() {
	send flood -p tcp:10000 -r 20000 -t 4000 >"$T/flood" &
	flood=$!
	started $flood
	wait_for -t 20 reloaded || bail 'no reload'
	wait $flood
	wait_idle "$(children "$knockd")"
	read -r reloads_sent _ <"$T/flood"
	echo $((reloads_sent - $(ours_stat packets))) | record "$1" 'hits lost in five reloads' hits
}

closed
unrelated 'no rules'
for n in 1 100 1000; do
	progress "$n doors"
	nft flush ruleset
	closed
	ours_conf nflog "$(doors $n)"
	for try in 1 2 3 4 5; do
		[ $try = 1 ] || stop "$ready"
		ready_start 0
		awk '$1 == "start" { print $3 / 1000 }' "$T/ready" | record "$n doors" start ms
	done
	unrelated "$n doors"
	for _ in 1 2 3; do
		before=$(cpu_ns "$engine")
		send flood -p "tcp:10000,tcp:$((10000 + n / 2)),tcp:$((9999 + n))" -c 100000 -r 150000 >/dev/null
		wait_idle "$engine"
		calc %.3f "($(cpu_ns "$engine") - $before) / 100000 / 1000" | record "$n doors" 'engine, hit' 'us CPU'
	done
	stop "$ready"
	ready_start 5
	reloads "$n doors"
	awk '$1 == "reload" { print $2 / 1000 }' "$T/ready" | record "$n doors" reload ms
	stop "$ready"
done
