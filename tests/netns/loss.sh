#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Packets come faster than the engine reads: the loss is counted and logged, and later knocks count.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
knockd_start "
[a]
	sequence = 7000,7001
	command  = true
[flood]
	sequence = 7002:udp,7003:udp
$fence_door" -D

engine=$(children "$knockd" | head -n 1)
kill -STOP "$engine"
# a datagram for each byte, more than the socket holds
yes | tr -d '\n' | head -c 40000 | socat -b 1 -u - UDP4-SENDTO:127.0.0.1:7002
kill -CONT "$engine"
# a knock is lost, too, while the socket is full
opens() {
	knock $server 7000 7001
	log_has 'a: OPEN SESAME'
}
check 'when the engine reads again a knock opens' opens
check 'the loss is logged' -t 15 log_has 'packets were lost between kernel and knockd'
knockd_stop
lost=$(sed -n 's/^counters: .* lost \([0-9]*\),.*/\1/p' "$LOG")
read=$(sed -n 's/^counters: packets \([0-9]*\),.*/\1/p' "$LOG")
check "it is counted ($lost lost, $read read)" [ "${lost:-0}" -gt 0 ]
check '... and no packet is missing from the sum' [ $((lost + read)) -ge 40000 ]

# Rules of an earlier run send packets as soon as the group is bound, and the daemon is slow to start.
slow='strace -f -o /dev/null -e trace=sendto -e inject=sendto:delay_exit=300000:when=1..3'
if ! $slow true 2>/dev/null; then
	skip 'a flood does not disturb a start' 'no strace'
	done_testing
fi
nft -f - <<-E
	table inet flooded {
		chain prerouting {
			type filter hook prerouting priority -350;
			udp dport 7002 log group 7777 snaplen 256 queue-threshold 1
		}
	}
E
yes | tr -d '\n' | socat -b 1 -u - UDP4-SENDTO:127.0.0.1:7002 &
started $!
# shellcheck disable=SC2086 # options
$slow "$KNOCKD" -v -c "$T/knockd.conf" >"$T/slow" 2>&1 &
started $!
check 'a flood does not disturb a start' -t 30 grep -q 'starting up' "$T/slow"
done_testing
