#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two clients behind one address begin to knock at the same moment, with a delay that makes their hits alternate. Each
# ends the other's attempts until their pauses, which are random, separate them.

. "$(dirname "$0")/client_lib.sh"
need knock_ours
topo_pair
firewall
service 22
knockd_start "
[ssh]
	sequence = 7000,8000,9000
	tcpflags = syn
	start_command = nft add element inet filter ssh_ok { %IP% timeout 1m }
$fence_door"

# pair: both at once; their exit statuses
pair() {
	in_background client "$KNOCK" -d 100 $server 7000 8000 9000 --wait 22 --timeout 20 2>>"$T/pair.err"
	one=$!
	in_background client "$KNOCK" -d 100 $server 7000 8000 9000 --wait 22 --timeout 20 2>>"$T/pair.err"
	two=$!
	wait $one
	statuses=$?
	wait $two
	statuses="$statuses $?"
}

for nth in 1 2 3 4 5 6; do
	now begun
	pair
	now ended
	equal "pair $nth gets in" "$statuses" '0 0'
	diag "after $((ended - begun))0 ms"
	fence_from client
	firewall_shut
done
[ ! -s "$T/pair.err" ] || diag "$(cat "$T/pair.err")"
done_testing
