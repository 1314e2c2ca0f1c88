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

gateways

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
