#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Traffic that is no knock, forwarded through the machine as fast as one processor can: how much of it passes with
# each contestant beside it, compared with nobody, and how often it wakes them up.

. "$(dirname "$0")/lib.sh"
hosts
patience=1 # fwknopd is never idle
topo_client other 1
{
	ip link set other address 02:00:00:00:01:01 &&
	ip -n other link set eth0 address 02:00:00:00:01:02 &&
	ip neigh replace 10.0.1.2 lladdr 02:00:00:00:01:02 dev other &&
	echo 1 >/proc/sys/net/ipv4/ip_forward
} || bail 'cannot join host other'
in_host other nft -f - <<-E || bail 'cannot load the rules of host other'
	table netdev sink {
		chain in {
			type filter hook ingress device eth0 priority 0; policy drop;
		}
	}
	E

# pass: packets per second
pass() {
	send flood -d 10.0.1.2 -p udp:5000 -t 250 | awk '{ printf "%.0f\n", $1 / $2 * 1e9 }'
}

# switches PID...: how often they have been given the processor
switches() {
	for switches_pid; do
		cat "/proc/$switches_pid/status"
	done | awk '/ctxt_switches/ { sum += $2 } END { print sum + 0 }'
}

# against VARIANT START STOP: in turn with nobody beside it, so that both see the same machine. START sets $pids
# to the processes that count.
against() {
	progress "$1"
	for _ in $(seq 11); do
		nft flush ruleset
		closed
		without=$(pass)
		$2
		# shellcheck disable=SC2086 # a list
		{
			[ -z "$pids" ] || wait_idle $pids
			before=$(switches $pids)
			with=$(pass)
			woken=$(($(switches $pids) - before))
		}
		$3
		calc %.2f "100 * $with / $without" | record "$1" throughput '% of without'
		[ -z "$pids" ] || echo $woken | record "$1" 'wake-ups in a quarter of a second' times
		echo "$with" | record "$1" 'packets with it' packets/s
	done
}

ours_begin() {
	ours_start "$capture"
	pids="$knockd $engine"
}

ours_end() {
	stop "$knockd"
}

old_begin() {
	old_start
	pids=$old
}

old_end() {
	stop "$old"
}

fwknop_begin() {
	fwknop_start 0
	pids=$fwknopd
}

fwknop_end() {
	stop "$fwknopd"
}

recipe_begin() {
	nft flush ruleset
	closed dynamic
	recipe
	pids=
}

pids=
against 'nobody' true true
for capture in $(captures); do
	against "$(ours_name "$capture")" ours_begin ours_end
done
against 'nftables alone' recipe_begin true
old_here && against 'knockd 0.8' old_begin old_end
fwknop_here && against fwknopd fwknop_begin fwknop_end
exit 0
