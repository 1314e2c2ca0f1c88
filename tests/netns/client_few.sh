#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --wait makes few connections: firewalls and login guards count them, and the user's own comes after them.

. "$(dirname "$0")/client_lib.sh"
need knock_ours
topo_pair
names
firewall
nft -f - <<-E || bail 'cannot count'
	table inet tally {
		set connections { type inet_service . inet_service; size 10000; flags dynamic; }
		set seen { type ipv4_addr; size 100; flags dynamic, timeout; timeout 1m; }
		counter knocks { }
		counter refused { }
		chain input {
			type filter hook input priority -10;
			tcp dport 9000 tcp flags & (syn | ack) == syn counter name knocks
			tcp flags & (syn | ack) == syn add @connections { tcp dport . tcp sport }
			tcp dport 22 ct state new add @seen { ip saddr limit rate over 6/minute burst 5 packets } \
				counter name refused drop
			tcp dport 2202 reject
		}
	}
E
service 22
knockd_start "
[ssh]
	sequence = 7000,8000,9000
	tcpflags = syn
	start_command = nft add element inet filter ssh_ok { %IP% timeout 1m }
[slow]
	sequence = 7005,7006
	tcpflags = syn
	start_command = sleep 0.6; nft add element inet filter ssh_ok { %IP% timeout 1m }
[slower]
	sequence = 7007,7008
	tcpflags = syn
	start_command = sleep 1.5; nft add element inet filter ssh_ok { %IP% timeout 1m }
$fence_door"

# connections PORT: how many were begun
connections() {
	nft -j list set inet tally connections |
		jq "[.nftables[].set | select(.) | .elem // [] | .[].concat | select(.[0] == $1)] | length"
}
knocks() {
	nft -j list counter inet tally knocks | jq '.nftables[].counter | select(.) | .packets'
}
# at_most TEXT N MAX
at_most() {
	if [ "$2" -ge 1 ] && [ "$2" -le "$3" ]; then
		ok "$1: $2"
	else
		fail "$1: $2, not 1 to $3"
	fi
}

commands_done() { # the engine is left
	[ "$(children "$knockd" | wc -l)" = 1 ]
}
# login_after SECONDS PORT...: behind the limit, the command is one connection more
login_after() {
	login_text="a daemon that needs $1 s, and a firewall that counts: the command gets in"
	shift
	firewall_shut
	nft flush set inet tally seen
	now begun
	knock_ours $server "$@" --wait 22 -- socat -u "TCP4:$server:22,connect-timeout=2" - >"$T/out" 2>"$T/err"
	now ended
	if [ "$(cat "$T/out")" = hello ]; then
		ok "$login_text"
	elif [ $((ended - begun)) -ge 500 ]; then # three, and the two of the command
		skip "$login_text" 'this machine opens the door too late for knock(1): after three seconds'
	else
		fail "$login_text"
		diag "$(cat "$T/err")"
	fi
	wait_for commands_done || bail 'a command does not end'
}

# Two doors that stay shut, in the background: one drops, one refuses.
in_background client "$KNOCK" $server 9 --wait 2201 --timeout 29 2>"$T/dropped.err"
dropped=$!
in_background client "$KNOCK" $server 9 --wait 2202 --timeout 29 2>"$T/refused.err"
refused=$!

# The client's times are those of knock(1): a repetition after 0.25 s, the next ones at least 0.08 s later, connections
# after 0.45, 0.93 and 3 s. A slow machine opens the door later, after more of them.
now begun
ends 'a good line' 0 knock_ours $server 7000 8000 9000 --wait 22
now ended
took=$((ended - begun + 1))
repetitions=$((took < 25 ? 0 : 1 + (took - 25) / 8))
at_most "... in ${took}0 ms: one knock, if that is less than 250" "$(knocks)" $((1 + repetitions))
at_most '... and few connections' "$(connections 22)" $((1 + (took >= 45) + (took >= 93) + (took >= 300)))

login_after 0.6 7005 7006
login_after 1.5 7007 7008

check 'both doors stay shut' -t 35 not alive $dropped
check '...' not alive $refused
at_most 'connections in 29 s if they are dropped' "$(connections 2201)" 4
at_most '... if they are refused' "$(connections 2202)" 6
diag "$(cat "$T/dropped.err" "$T/refused.err")"
done_testing
