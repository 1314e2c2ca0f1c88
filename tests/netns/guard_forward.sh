#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `open` for packets that this machine forwards: a port published by DNAT, as for containers, is guarded by the number
# that the client uses; a door with Target guards that address, and its knocker reaches no other address.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guard_lib.sh"
need knock
topo_pair
topo_client inside 5
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
ip -n inside addr add 10.0.5.3/24 dev eth0
ip -n inside addr add fd00:5::3/64 dev eth0 nodad

# inside PORT: a service on host inside
inside() {
	in_host inside socat "TCP6-LISTEN:$1,ipv6only=0,reuseaddr,fork" SYSTEM:'echo hello' 2>>"$LOG" &
	started $!
	wait_for listening_inside "$1" || bail "no service on port $1 inside"
}
listening_inside() {
	in_host inside ss -Hltn "sport = :$1" | grep -q .
}

# three DESCRIPTION ADDRESS4 ADDRESS6 PORT KNOCKS: shut, and open after the knock, over both families
three() {
	for three_address in "$2" "$3"; do
		refute "$1: $three_address is shut" port_open "$three_address" "$4"
	done
	knock "$2" $5
	check "$1: $2 is open after the knock" port_open "$2" "$4"
	refute "$1: shut over IPv6" port_open "$3" "$4"
	knock "$3" $5
	check "$1: $3 is open after the knock" port_open "$3" "$4"
	refute "$1: shut for other addresses" port_open "$2" "$4" other
}

topo_client other 1
inside 80
inside 81
service 81
nft -f - <<-E
	table inet nat {
		chain prerouting {
			type nat hook prerouting priority dstnat;
			fib daddr type local meta nfproto ipv4 tcp dport 8080 dnat ip to 10.0.5.2:80
			fib daddr type local meta nfproto ipv6 tcp dport 8080 dnat ip6 to [fd00:5::2]:80
			fib daddr type local meta nfproto ipv4 tcp dport 8081 dnat ip to 10.0.5.2:81
		}
	}
E
check 'without a guard: published' port_open $server 8080
check '... over IPv6' port_open $server6 8080
check '... and forwarded' port_open fd00:5::2 80

knockd_start '
[published]
	sequence     = 1001,1002
	open         = 8080:tcp
	open_timeout = 1h
[host]
	sequence     = 2001,2002
	target       = 10.0.5.2
	open         = 80:tcp
	open_timeout = 1h
[host6]
	sequence     = 2001,2002
	target       = fd00:5::2
	open         = 80
	open_timeout = 1h
[neighbour]
	sequence     = 3001,3002
	target       = 10.0.5.3
	open         = 80
[closeHost]
	sequence     = 2002,2001
	target       = 10.0.5.2
	close        = 80
[self]
	sequence     = 4001,4002
	target       = 10.0.0.1
	open         = 81
[everywhere]
	sequence     = 5001,5002
	open         = 81
'"$fence_door"

three 'published' $server $server6 8080 '1001 1002'
check '... 8081 is not guarded' port_open $server 8081
refute 'published: the port behind it is guarded by its own number' port_open 10.0.5.2 80
three 'Target' 10.0.5.2 fd00:5::2 80 '2001 2002'
check '... its other ports are not guarded' port_open 10.0.5.2 81
refute '... the neighbour is shut' port_open 10.0.5.3 80
check '... over IPv6 it has no door' port_open fd00:5::3 80
check 'by source and destination' element_in 'inet knockd open4_target' '10.0.0.2 . 10.0.5.2 . tcp . 80'
knock 10.0.5.3 3001 3002
check 'the neighbour, after its own knock' port_open 10.0.5.3 80
knock 10.0.5.2 2002 2001
check 'closed again' not element_in 'inet knockd open4_target' '10.0.0.2 . 10.0.5.2 . tcp . 80'
refute '... the address of the door' port_open 10.0.5.2 80
check '... the neighbour stays open' port_open 10.0.5.3 80

refute 'a Target that is an address of ours: shut' port_open $server 81
knock $server 4001 4002
check '... open after the knock' port_open $server 81
refute '... and only at this address' port_open 10.0.5.1 81
knock $server 5001 5002
check '... by the door for all addresses: at all of them' port_open 10.0.5.1 81

knockd_stop
check 'without a daemon: open ports stay open' port_open $server 8080
refute '... shut ports stay shut' port_open 10.0.5.2 80
done_testing
