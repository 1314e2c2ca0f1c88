#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The interfaces on which knocks count: lists, wildcards, any; and addresses that come and go.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
topo_client other 1
doors="
[a]
	sequence = 7000
	command  = true
[options]"

# heard_from ADDRESS
heard_from() {
	log_has "$1: a: OPEN SESAME"
}

knockd_start "$doors
	Interface = cli*, nothere0
$fence_door"
check 'a missing interface is a warning' log_has 'warning: there is no interface nothere0 now'
refute '... a wildcard without an interface is not' log_has 'no interface cli'
knock $server 7000
check 'a wildcard' heard_from 10.0.0.2
knock_from other 10.0.1.1 7000
knock $server 7000
heard_twice() {
	[ "$(log_count "$1: a: OPEN SESAME")" = 2 ]
}
wait_for heard_twice 10.0.0.2
refute '... and no other interface' heard_from 10.0.1.2

ip link add nothere0 type veth peer name eth1 netns other
ip addr add 10.0.9.1/24 dev nothere0
ip link set nothere0 up
ip -n other addr add 10.0.9.2/24 dev eth1
ip -n other link set eth1 up
knock_from other 10.0.9.1 7000
check 'an interface that comes later, and its address' heard_from 10.0.9.2
knockd_stop

knockd_again -i any
check '-i any' log_has 'starting up, listening on any'
knock_from other 10.0.1.1 7000
check '... takes all interfaces' heard_from 10.0.1.2
ip addr add 10.0.1.77/24 dev other
knock_from other 10.0.1.77 7000
check 'an address that was added later' heard_twice 10.0.1.2
done_testing
