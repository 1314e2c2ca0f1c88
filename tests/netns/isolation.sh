#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Only packets to knock ports reach user space. Two proofs: a program that reads the daemon's NFLOG group in its place,
# and the counter of the daemon's rules.

. "$(dirname "$0")/../lib.sh"
need knock nflog
topo_pair
conf='
[a]
	sequence = 7000,8000:udp
	tcpflags = syn
[b]
	sequence = 9000:udp,9001
'
others='22 80 6999 7001 7999 8000:tcp 8001 8001:udp 7000:udp 9000:tcp 9001:udp 53:udp 65535'

knockd_conf "$conf"
"$KNOCKD" -c "$T/knockd.conf" --print-rules | nft -f - || bail 'cannot load the rules'
"$NFLOG" 7777 >"$T/seen" &
listener=$!
started $listener
wait_for grep -q listening "$T/seen" || bail 'cannot listen on the group'

# shellcheck disable=SC2086
{
	knock $server $others
	knock $server6 $others
	knock $server 7000 8000:udp
	knock $server6 9000:udp 9001
}
check 'the knock ports are seen' grep -q 'tcp 9001' "$T/seen"
equal '... and no other packet' "$(sed 1d "$T/seen" | grep -oE '(tcp|udp) [0-9]+' | tr '\n' ' ')" \
	'tcp 7000 udp 8000 udp 9000 tcp 9001 '
kill $listener
wait $listener 2>/dev/null

# logged: packets the daemon's table has sent to the group
logged() {
	nft -j list table inet knockd | jq '[.nftables[].rule | select(.) | .expr[].counter? | select(.).packets] | add'
}

knockd_start "$conf$fence_door"
fence
before=$(logged)
# shellcheck disable=SC2086
knock $server $others
fence
equal 'the counter: only the fence' $(($(logged) - before)) 1
done_testing
