#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Capture = nfqueue: no packet hangs and none gets in wrongly when the daemon or its engine stops or dies, or a queue is
# full; and Knock_Verdict decides whether a knock is answered.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guard_lib.sh"
. "$(dirname "$0")/nfqueue_lib.sh"
queue_setup
queue_firewall
[ $rules = auto ] || queue_rules 7000 7001 7002:udp 9:udp -- 22 23
doors='
[door]
	sequence = 7000,7001
	grant    = inet filter ok { %IP% timeout 1h }
[shut]
	sequence = 7002:udp,7003:udp
	grant    = inet filter ok { %IP% timeout 1h }
'"$fence_door"
knockd_start "$capture$doors"

# --- the answer to a knock -----------------------------------------------------------------------

# silent PORT...: those that do not answer, as a sweep finds them
silent() {
	for port; do
		refused $server "$port" || echo "$port"
	done
}
equal 'no port is silent on a host whose closed ports answer' "$(silent 6999 7000 7001 7002 7003)" ''
knock $server 7000 7001
check '... and the ports of a knock count' port_open $server 22
knockd_conf "$capture$doors"'
[options]
	Knock_Verdict = drop'
knockd_reload
equal 'drop: nobody answers a knock' "$(silent 6999 7000 7001 7002)" '7000
7001'
knockd_conf "$capture$doors"
knockd_reload
equal 'and without it, again' "$(silent 7000 7001)" ''

# --- the engine ----------------------------------------------------------------------------------

engine() {
	children "$knockd" | head -n 1
}
restarted() {
	[ "$(log_count 'a new engine is running')" = "$1" ]
}

# lives: host other, which does not knock, can connect
lives() {
	port_open 10.0.1.1 23 other
}

in_client "$RACE" -w 1 -n 50 10.9.0.1 $server 22 7000 >/dev/null
kill -STOP "$(engine)"
knock $server 7000
in_background client "$RACE" 10.0.0.2 $server 23 7000 >"$T/waiting"
waiting=$!
check 'a stopped engine: packets of a knocker wait' not nothing_held
check '... others do not' lives
kill -KILL "$(engine)"
check 'the engine is killed: there is another' restarted 1
check '... and held packets go on' nothing_held
wait $waiting
check '... to their destination' grep -q 'never 0' "$T/waiting"

# --- a full queue --------------------------------------------------------------------------------

kill -STOP "$(engine)"
yes | tr -d '\n' | head -c 60000 | in_client socat -b 1 -u - UDP4-SENDTO:$server:7002
refute 'a full queue: other addresses stay shut out' port_open 10.0.1.1 22 other
check '... packets of others pass' lives
race -w 500 10.9.1.1 $server 22 7000 7001 >"$T/out"
equal '... and a knock does not open' "$(cat "$T/out")" 'first 0 late 0 never 1'
kill -CONT "$(engine)"
check '... the engine goes on: no packet is held any more' -t 30 nothing_held
opens() {
	race -w 500 10.9.2.1 $server 22 7000 7001 >/dev/null
}
check '... and a knock opens' -t 30 opens
check '... the loss is logged' -t 15 log_has 'packets were lost between kernel and knockd'

# the engine is killed during a flood
yes | tr -d '\n' | head -c 60000 | in_client socat -b 1 -u - UDP4-SENDTO:$server:7002 &
flood=$!
kill -KILL "$(engine)"
check 'the engine is killed in a flood: there is another' restarted 2
wait $flood
check '... no packet is held any more' -t 30 nothing_held
at_first_syn '... and a knocker gets in at the first SYN' 1 10.9.3.1 $server 22 7000 7001

# --- reload --------------------------------------------------------------------------------------

kill -STOP "$(engine)"
in_client "$RACE" -w 1 10.9.7.1 $server 22 7000 >/dev/null
check 'a stopped engine holds packets' not nothing_held
knockd_reload
check '... until a reload' nothing_held

# A knock that a reload cuts in two does not count, so the result is not tested.
race -w 1000 -n 300 10.9.4.1 $server 22 7000 7001 >"$T/out" &
racing=$!
for _ in 1 2 3 4 5 6 7 8; do
	knockd_reload
done
wait $racing
diag "eight reloads: $(cat "$T/out")"
check 'reloads: no packet is held any more' nothing_held
at_first_syn '... at the first SYN' 1 10.9.8.1 $server 22 7000 7001

knockd_conf "[options]
	Capture   = nfqueue
	Rules     = $rules
	Queue_Num = 100
$doors"
knockd_reload
held_by() {
	awk -v q="$1" '$1 == q { print $2 }' /proc/net/netfilter/nfnetlink_queue
}
check 'other queues' [ -n "$(held_by 100)" ]
equal '... the old ones are not bound' "$(held_by 7777)" ''
knockd_conf "[options]
	Rules = $rules
$doors"
knockd_reload
equal 'NFLOG: there are no queues' "$(held_by 100)" ''
knockd_conf "$capture$doors"
knockd_reload
check 'and back' [ -n "$(held_by 7779)" ]
at_first_syn '... at the first SYN' 1 10.9.5.1 $server 22 7000 7001

# --- another daemon ------------------------------------------------------------------------------

printf '[options]\n\tUser = %s\n\tState_Dir = %s\n\tControl_Socket = none\n%s\n' "$engine_user" "$T/state2" "$capture" \
	>"$T/other.conf"
ends 'another knockd on these queues' 1 "$KNOCKD" -c "$T/other.conf"
check '... gets the reason' grep -q 'NFQUEUE 7777 to 7779: queue 7777: another program has it (netlink port ' "$T/err"
sed -i 's/^\[options\]/&\n\tQueue_Num = 7778/' "$T/other.conf"
ends '... or some of them' 1 "$KNOCKD" -c "$T/other.conf"
check '... gets the reason, too' grep -q 'queue 7778: another program has it' "$T/err"

# --- the end -------------------------------------------------------------------------------------

engine=$(engine)
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
check 'SIGKILL: the engine ends' not alive "$engine"
check '... packets are not held' port_open $server 23
refute '... shut ports are shut' port_open 10.0.1.1 22 other
check '... and a knock is answered like any other packet' refused $server 7000
knockd_again
at_first_syn 'a new start: at the first SYN' 1 10.9.6.1 $server 22 7000 7001
ends 'the end' 15 knockd_stop
done_testing
