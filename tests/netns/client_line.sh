#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --wait on slow and bad lines: round trips of 1 to 2000 ms, each with 0, 10 and 30 % of the packets lost. The client
# gets in, within four round trips and a second if nothing is lost, and sends little: one knock if the line is fast.
#   KNOCK_LINE_RUNS=20 for the long form; KNOCK_LINE_SEED picks other packets to lose.

. "$(dirname "$0")/client_lib.sh"
need knock_ours knockctl python3
line_need
line_hosts
firewall
service 22
knockd_start "
[ssh]
	sequence = 7000,8000,9000
	tcpflags = syn
	grant = inet filter ssh_ok { %IP% timeout 10m }
$fence_door"
runs=${KNOCK_LINE_RUNS:-3}

# shut: with the line down, when all that has arrived is worked off
shut() {
	line_down
	fence
	knockctl revoke --all >/dev/null || bail 'cannot shut the door'
	wait_for not element_in 'inet filter ssh_ok' 10.0.0.2 || bail 'the door does not shut'
}

# run: one wait; leaves its status, hundredths of a second, and the packets that the client has sent
run() {
	count_reset
	now begun
	knock_ours $server 7000 8000 9000 --wait 22 --timeout 20 2>>"$T/wait.err"
	status=$?
	now ended
	took=$((ended - begun))
	connections=$(count_ports) syns=$(counted syns) knocks=$(counted knocks)
}

# middle NUMBER...: the median; one of the runs may have met a busy machine
middle() {
	printf '%s\n' "$@" | sort -n | sed -n "$(($# / 2 + 1))p"
}

# greatest NUMBER...
greatest() {
	printf '%s\n' "$@" | sort -n | tail -n 1
}

# at_most TEXT N MAX
at_most() {
	if [ "$2" -le "$3" ]; then
		ok "$1"
	else
		fail "$1: $2, not $3"
	fi
}

# cell ROUND_TRIP LOSS: ms and %
cell() {
	in=0 nth=0 times='' all_connections='' all_syns='' all_knocks=''
	while [ $nth -lt "$runs" ]; do
		nth=$((nth + 1)) seed=$((seed + 1))
		line_up "$1" "$2" $seed
		run
		[ $status != 0 ] || in=$((in + 1))
		times="$times ${took}0"
		all_connections="$all_connections $connections" all_syns="$all_syns $syns" all_knocks="$all_knocks $knocks"
		shut
	done
	equal "$1 ms, $2 % loss: in" "$in of $runs" "$runs of $runs"
	diag "ms:$times; knocks:$all_knocks; connections:$all_connections; SYNs:$all_syns"
}

# shellcheck disable=SC2086 # lists of numbers
all() {
	for trip in 1 100 300 700 2000; do
		cell $trip 0
		at_most '... within four round trips and a second' "$(middle $times)" $((trip * 4 + 1000))
		at_most '... with two connections' "$(middle $all_connections)" 2
		[ $trip -gt 300 ] || at_most '... and one knock' "$(middle $all_knocks)" 1
	done
	for loss in 10 30; do
		for trip in 1 100 300 700 2000; do
			cell $trip $loss
			at_most '... with six connections' "$(greatest $all_connections)" 6
		done
	done
}

seed=${KNOCK_LINE_SEED:-0}
all
[ ! -s "$T/wait.err" ] || diag "$(cat "$T/wait.err")"
done_testing
