#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Unrelated traffic, forwarded through the machine at full rate: its throughput with each contestant on the machine,
# compared with a twin that has none, and the number of wake-ups of the contestant. The twin is another network
# namespace between a client and a server of its own. Both are used in turn, a few milliseconds each, because the
# speed of the machine changes more from second to second than any contestant changes it. Once both have no other
# rules, and once both have a firewall, like a gateway with nftables.

. "$(dirname "$0")/lib.sh"
patience=1	# fwknopd is never idle
pairs=500	# of slices with packets, half as many with streams
stream=16000000 # bytes that are a slice of that

# side MACHINE DEVICE NUMBER HOST: a host on a wire of its own, which is the machine's DEVICE
side() {
	ip netns add "$4" &&
		ip -n "$1" link add "$2" address "02:00:00:00:0$3:01" type veth \
			peer name eth0 address "02:00:00:00:0$3:02" netns "$4" &&
		ip -n "$1" -batch - <<-E &&
			addr add 10.0.$3.1/24 dev $2
			link set $2 up
			neigh replace 10.0.$3.2 lladdr 02:00:00:00:0$3:02 dev $2
		E
		ip -n "$4" -batch - <<-E
			addr add 10.0.$3.2/24 dev eth0
			link set lo up
			link set eth0 up
			route add default via 10.0.$3.1
		E
}

# machine NAME CLIENT SERVER: it forwards between them. The server drops the packets and accepts the streams.
machine() {
	side "$1" client 0 "$2" && side "$1" server 1 "$3" &&
		in_host "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward' &&
		in_host "$3" nft -f - <<-E
			table netdev sink {
				chain in {
					type filter hook ingress device eth0 priority 0;
					udp dport 5000 drop
				}
			}
		E
}

{
	ip link set lo up && ip netns attach here $$ && machine here client server &&
		ip netns add twin && machine twin client2 server2
} || bail 'cannot join the hosts'

# pass OPTION...: the throughput here, as percent of the twin's
pass() {
	send twin -n $pairs "$@" client server client2 server2
}

# switches PID...: the number of their context switches
switches() {
	for switches_pid; do
		cat "/proc/$switches_pid/status"
	done | awk '/ctxt_switches/ { sum += $2 } END { print sum + 0 }'
}

# firewall: the rules of an nftables gateway
firewall() {
	cat <<-E
		table inet gateway {
			chain forward {
				type filter hook forward priority 0; policy drop;
				ct state established,related accept
				iifname "client*" accept
			}
		}
	E
}

firewalls() {
	{ firewall | nft -f - && firewall | in_host twin nft -f -; } || bail 'cannot load the firewall'
}

# against VARIANT START: START sets $pids to the contestant's processes
against() {
	progress "$1"
	nft flush ruleset
	in_host twin nft flush ruleset
	closed
	pids=
	$2
	# shellcheck disable=SC2086 # a list
	{
		[ -z "$pids" ] || wait_idle $pids
		against_before=$(switches $pids)
		pass | record "$1" 'smallest packets' '% of without'
		against_woken=$(($(switches $pids) - against_before))
		[ -z "$pids" ] || echo $against_woken | record "$1" 'wake-ups meanwhile' times
	}
	firewalls
	pass | record "$1" 'smallest packets, firewall' '% of without'
	pass -n $((pairs / 2)) -s $stream | record "$1" 'TCP stream, firewall' '% of without'
	for against_pid in $pids; do
		stop "$against_pid"
	done
}

empty_chain() {
	nft -f - <<-E || bail 'cannot load a chain'
		table inet empty {
			chain prerouting {
				type filter hook prerouting priority -350;
			}
		}
	E
}

ours() {
	ours_start "$capture"
	pids="$knockd $engine"
}

old() {
	old_start
	pids=$old
}

spa() {
	fwknop_start 0
	pids=$fwknopd
}

recipe_alone() {
	nft flush ruleset
	closed dynamic
	recipe
}

against 'nobody' true
against 'floor: a chain without rules' empty_chain
for capture in $(captures); do
	against "$(ours_name "$capture")" ours
done
against 'nftables alone' recipe_alone
old_here && against 'knockd 0.8' old
fwknop_here && against fwknopd spa
exit 0
