#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --wait on slow and bad lines: round trips of 1 to 2000 ms, each with 0, 10 and 30 % of the packets lost. The client
# gets in, within four round trips and a second if nothing is lost and more often than not if much is, and sends little:
# one knock if the line is good.
#   KNOCK_LINE_RUNS=20 for the long form; KNOCK_LINE_SEED picks other packets to lose.

. "$(dirname "$0")/client_lib.sh"
need knock_ours knockctl python3
line_need
line_hosts
names
firewall
service 22 'echo hello; cat'
profiles '[slow]
	host = server
	sequence = 7000,8000,9000
	wait = 22
	both = yes
	timeout = 3.8
'
knockd_start "
[ssh]
	sequence = 7000,8000,9000
	tcpflags = syn
	grant   = inet filter ssh_ok { %IP% timeout 10m }
	grant_6 = inet filter ssh_ok6 { %IP% timeout 10m }
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

# in_time MAX NUMBER...: how many are at most MAX
in_time() {
	in_time_max=$1
	shift
	printf '%s\n' "$@" | awk -v max="$in_time_max" '$1 <= max { n++ } END { print n + 0 }'
}

# rank PERCENT NUMBER...
rank() {
	rank_percent=$1
	shift
	printf '%s\n' "$@" | sort -n | sed -n "$((($# * rank_percent + 99) / 100))p"
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
	# shellcheck disable=SC2086 # a list of numbers
	{
		cell_in_time=$(in_time $(($1 * 4 + 1000)) $times)
		diag "median $(middle $times) ms, 90 % within $(rank 90 $times) ms; in time: $cell_in_time of $runs"
	}
	all_in_time=$((all_in_time + cell_in_time)) all_runs=$((all_runs + runs))
}

# shellcheck disable=SC2086 # lists of numbers
all() {
	for trip in 1 20 100 300 700 2000; do
		cell $trip 0
		at_most '... within four round trips and a second' "$(middle $times)" $((trip * 4 + 1000))
		[ $trip -gt 300 ] || at_most '... with two connections' "$(middle $all_connections)" 2
		at_most '... with four connections' "$(greatest $all_connections)" 4
		[ $trip -gt 100 ] || at_most '... and one knock' "$(middle $all_knocks)" 1
	done
	for loss in 10 30; do
		all_in_time=0 all_runs=0
		for trip in 1 20 100 300 700 2000; do
			cell $trip $loss
			at_most '... with six connections' "$(greatest $all_connections)" 6
		done
		at_most "$loss % loss: too late (of $all_runs)" $((all_runs - all_in_time)) $((all_runs * (loss + 15) / 100))
	done
}

# other TEXT ROUND_TRIP ARGUMENT...: another way to wait, with standard input; its output is in $T/out
other() {
	other_text=$1 other_trip=$2
	shift 2
	line_up "$other_trip" 0 0
	now begun
	ends "$other_trip ms: $other_text" 0 knock_ours "$@"
	now ended
	at_most '... within four round trips and a second' $(((ended - begun) * 10)) $((other_trip * 4 + 1000))
	shut
}

# The service first says hello, then what it has read.
others() {
	echo question >"$T/question"
	for trip in 300 700; do
		other --both $trip --both server 7000 8000 9000 --wait 22
		other 'a profile' $trip slow
		other --proxy $trip $server 7000 8000 9000 --proxy 22 <"$T/question"
		equal '... the service speaks first' "$(head -n 1 "$T/out")" hello
		equal '... then the client' "$(tail -n +2 "$T/out")" question
	done
}

# What the client sends if nothing arrives: three SYNs in the first second, of three connections, and none in the next
# two; then one connection, whose SYN the kernel repeats.
silence() {
	line_up 1 100 0
	count_reset
	in_background client "$KNOCK" $server 7000 8000 9000 --wait 22 --timeout 29 2>>"$T/wait.err"
	silent=$!
	sleep 1.3
	knocks=$(counted knocks)
	equal 'a dead line: three connections in the first second' "$(count_ports)" 3
	check "... and six to ten knocks ($knocks)" eval '[ $knocks -ge 6 ] && [ $knocks -le 10 ]'
	sleep 1.3
	equal '... none is repeated' "$(counted syns)" 3
	wait $silent
	equal '... in 29 s one more' "$(count_ports)" 4
	at_most '... which the kernel repeats' "$(counted syns)" 12
	at_most '... and no more than 40 knocks' "$(counted knocks)" 40
	line_down
}

seed=${KNOCK_LINE_SEED:-0} all_in_time=0 all_runs=0
all
others
silence
[ ! -s "$T/wait.err" ] || diag "$(cat "$T/wait.err")"
done_testing
