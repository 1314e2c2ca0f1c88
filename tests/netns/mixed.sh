#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Everything at once for $MIXED_SECONDS: strangers send valid and broken packets, knocks open doors that close by
# themselves, the configuration is reloaded each second, the ruleset is flushed and the engine killed now and then.
# Memory and descriptors do not grow; each knocker gets in, and no other address does.
#
# A reload, a new engine and a missing table forget attempts under way, and packets are not seen while the table is
# missing. So a knock during one of these may be repeated; any other must open at once.

. "$(dirname "$0")/../lib.sh"
: "${MIXED_SECONDS:=30}" "${MIXED_RATE:=1000}" "${MIXED_SEED:=$(date +%s)}"
noise=$build/tests/tools/noise
[ -x "$noise" ] || skip_all "$noise is not built (make check builds it)"
topo_pair
firewall
mac=$(ip -j link show client | jq -r ".[0].address")
diag "seed $MIXED_SEED"

# doors NUMBER: the configuration, with so many additional doors
doors() {
	echo "
[ssh]
	sequence = 1001:udp,1002:udp,1003:udp
	seq_timeout = 2
	grant    = inet filter ssh_ok { %IP% timeout 2s }
	grant_6  = inet filter ssh_ok6 { %IP% timeout 2s }
[guarded]
	sequence = 1011:udp,1012:udp,1013:udp
	tcpflags = syn
	open     = 8080
	open_timeout = 2s"
	doors_i=0
	while [ $doors_i -lt "$1" ]; do
		printf '[more%d]\n\tsequence = %d,%d:udp,%d\n\ttcpflags = syn,!ack\n' $doors_i \
			$((2000 + doors_i)) $((3000 + doors_i)) $((4000 + doors_i))
		doors_i=$((doors_i + 1))
	done
	echo "$fence_door"
}
knockd_start "$(doors 5)"

# --- disturbances --------------------------------------------------------------------------------

# during COMMAND...: writes a line with its begin and end
during() {
	now during_from
	echo "$during_from 999999999" >"$T/now" # it has no end yet
	"$@" || echo "$*" >>"$T/failed"
	now during_to
	echo "$during_from $during_to $*" >>"$T/disturbed"
	: >"$T/now"
}
more_than() {
	[ "$(log_count "$2")" -gt "$1" ]
}
reload() {
	reload_count=$(log_count 're-opening log file')
	knockd_conf "$(doors $((round % 20)))"
	kill -HUP "$knockd"
	wait_for -t 60 more_than "$reload_count" 're-opening log file'
}
kill_engine() {
	kill_count=$(log_count 'a new engine is running')
	kill -KILL "$(children "$knockd" | head -n 1)" 2>/dev/null || return 0
	wait_for -t 60 more_than "$kill_count" 'a new engine is running'
}
has_table() {
	nft list chain inet knockd prerouting >/dev/null 2>&1
}
flush_all() {
	nft flush ruleset
	firewall
	wait_for -t 60 has_table
}
disturb() {
	round=0
	: >"$T/failed"
	until [ -e "$T/over" ]; do
		round=$((round + 1))
		during reload
		[ $((round % 5)) != 0 ] || during kill_engine
		[ $((round % 7)) != 0 ] || during flush_all
		sleep 1
	done
}

# undisturbed FROM TO: no disturbance then, with a margin of 0.2 seconds
undisturbed() {
	awk -v from="$1" -v to="$2" '$1 - 20 <= to && $2 + 20 >= from { hit = 1 } END { exit hit }' \
		"$T/disturbed" "$T/now"
}

# --- knockers ------------------------------------------------------------------------------------

# handled: the daemon has read what was sent before, or a disturbance has taken the fence away, too
handled() {
	fence_count=$(log_count 'fence: OPEN SESAME')
	echo | socat -u - UDP4-SENDTO:127.0.0.1:9
	wait_for -t 1 fenced
}

served=0 repeated=0
# knock_as FROM TO SET KEY PORT...: opens, at the first try if there was no disturbance, at the fifth at the latest
knock_as() {
	as_from=$1 as_to=$2 as_set=$3 as_key=$4
	shift 4
	for as_try in 1 2 3 4 5; do
		now as_began
		in_client "$noise" eth0 "$mac" knock "$as_from" "$as_to" "$@"
		handled
		now as_handled
		if wait_for -t 3 element_in "$as_set" "$as_key"; then
			served=$((served + 1))
			return
		fi
		now as_ended
		! undisturbed "$as_began" "$as_handled" || break
		repeated=$((repeated + 1))
	done
	fail "$as_from knocks: open (try $as_try)"
	diag "from $as_began to $as_ended, its lines:"
	diag "$(grep -F "$as_from: " "$LOG" | tail -n 9)"
	diag "disturbances: $(tail -n 3 "$T/disturbed" | tr '\n' ';')"
}

allowed='10\.0\.0\.1[0-9][0-9]|fd00::1[0-9][0-9]'
strangers() {
	{
		nft list set inet filter ssh_ok
		nft list set inet filter ssh_ok6
		nft list table inet knockd | sed -n '/set open/,/}/p'
	} 2>/dev/null | grep -oE '(11\.[0-9]+\.[0-9]+\.[0-9]+|fd00:bad:[0-9a-f:]+) [^,}]*' | head -n 3
}

# --- sizes ---------------------------------------------------------------------------------------

memory() {
	sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}
descriptors() {
	ls "/proc/$knockd/fd" | wc -l
}

: >"$T/disturbed"
: >"$T/now"
in_background client "$noise" eth0 "$mac" random "$MIXED_SEED" "$MIXED_SECONDS" "$MIXED_RATE" \
	1001 1002 1003 1011 1012 1013 2000 3000 4000 2001 3001 4001 8080
noise_pid=$!
disturb &
disturb_pid=$!
started $disturb_pid
warm=
now began
n=100
while alive $noise_pid; do
	n=$((n < 199 ? n + 1 : 100))
	knock_as 10.0.0.$n $server 'inet filter ssh_ok' 10.0.0.$n 1001 1002 1003
	knock_as fd00::$n $server6 'inet filter ssh_ok6' fd00::$n 1001 1002 1003
	knock_as 10.0.0.$n $server 'inet knockd open4' "10.0.0.$n . tcp . 8080" 1011 1012 1013
	[ -z "$(strangers)" ] || fail "a stranger is in: $(strangers)"
	now t
	if [ -z "$warm" ] && [ $((t - began)) -gt $((MIXED_SECONDS * 25)) ]; then
		warm=$(memory "$knockd")
	fi
	[ $tap_failed -lt 3 ] || break
done
wait $noise_pid
: >"$T/over"
wait $disturb_pid

equal 'all reloads, new engines and tables came' "$(cat "$T/failed")" ''
diag "$(wc -l <"$T/disturbed") disturbances, $served knocks, $repeated of them repeated"
diag "$(log_count 'packets were lost') reports of lost packets"
check 'knocks were served' [ "$served" -gt 3 ]
equal 'no other address is in' "$(strangers)" ''
check 'the daemon is the same' alive "$knockd"
equal 'no engine died by itself' "$(grep 'the engine was ended' "$LOG" | grep -cv 'by signal 9')" 0
equal '... nor sent invalid messages' "$(log_count 'the engine sent')" 0
one_engine() {
	[ "$(children "$knockd" | wc -w)" = 1 ]
}
check 'one engine' one_engine
fence
fds=$(descriptors)
for _ in 1 2 3; do
	round=3
	during reload
done
fence
equal 'reloads leave no descriptor open' "$(descriptors)" "$fds"
grown=$(($(memory "$knockd") - ${warm:-0}))
engine=$(children "$knockd")
diag "memory: the daemon $(memory "$knockd") kB ($grown more than after a quarter of the time), the engine $(memory "$engine") kB"
if built_with SANITIZERS; then
	skip 'the daemon leaks no memory' 'sanitizers keep what is freed'
	skip '... nor does the engine' 'likewise'
else
	check 'the daemon leaks no memory' [ "$grown" -lt 3000 ]
	check '... nor does the engine' [ "$(memory "$engine")" -lt 30000 ]
fi
shut() {
	! nft list ruleset | grep -q 'expires'
}
check 'at the end all is shut' -t 20 shut
knockd_stop
equal 'SIGTERM ends it' $? 15
refute 'no report of a sanitizer' grep -q 'ERROR: \|runtime error' "$LOG"
done_testing
