#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The cost of a hit for the daemon while N attempts are under way: each source hits the first port again, which ends its
# attempt and begins another, so N stays.

. "$(dirname "$0")/lib.sh"
hosts
doors='
[door]
	sequence = 7000,8000,9000
	seq_timeout = 600
	grant = inet filter ok { %IP% timeout 10m }
'

# hits PID N HITS RATE: microseconds of PID for one of HITS hits of N sources
hits() {
	hits_cpu=$(cpu_ns "$1")
	send flood -n "$2" -c "$3" -r "$4" >/dev/null
	wait_idle "$1"
	calc %.3f "($(cpu_ns "$1") - $hits_cpu) / $3 / 1000"
}

for n in 100 10000 100000 1000000; do
	progress "knockd-nft, $n attempts"
	nft flush ruleset
	closed
	ours_start nflog "$doors" 'Max_Attempts = 1000000'
	send flood -n $n -c $n -r 200000 >/dev/null
	wait_idle "$engine"
	equal_attempts=$(ours_stat attempts)
	[ "$equal_attempts" = $n ] || note knockd-nft "$equal_attempts attempts under way instead of $n"
	for _ in 1 2 3 4 5; do
		hits "$engine" $n 200000 200000 | record knockd-nft "$n attempts" 'us CPU/hit'
	done
	stop "$knockd"
done

if old_here; then
	for n in 100 1000 10000; do
		progress "knockd 0.8, $n attempts"
		nft flush ruleset
		closed
		old_start 7000,8000,9000 600
		send flood -n $n -c $n -r 2000 >/dev/null
		wait_idle "$old"
		for _ in 1 2 3; do
			hits "$old" $n 2000 1000 | record 'knockd 0.8' "$n attempts" 'us CPU/hit'
		done
		stop "$old"
	done
	note 'knockd 0.8' 'not measured with more than 10,000 attempts, which would take too long'
fi
