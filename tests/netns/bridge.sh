#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Bridges: a port's packets come by the bridge, and the guard of a Target behind it sees packets from one port to
# another only if br_netfilter shows them.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
ip link add br0 type bridge 2>/dev/null || skip_all 'this kernel has no bridges'
# leg NAME ADDRESS: a host on the bridge
leg() {
	{
		ip netns add "$1" &&
			ip link add "$1" type veth peer name eth0 netns "$1" &&
			ip link set "$1" master br0 up &&
			ip -n "$1" addr add "10.0.8.$2/24" dev eth0 &&
			ip -n "$1" addr add "fd00:8::$2/64" dev eth0 nodad &&
			ip -n "$1" link set eth0 up &&
			ip -n "$1" route add default via 10.0.8.1
	} || bail "no host $1 on the bridge"
}
leg left 2
leg right 3
leg third 4
ip addr add 10.0.8.1/24 dev br0
ip addr add fd00:8::1/64 dev br0 nodad
ip link set br0 up
echo 1 >/proc/sys/net/ipv4/ip_forward
in_background right socat TCP6-LISTEN:80,ipv6only=0,reuseaddr,fork SYSTEM:'echo hello'
check 'the bridge works' port_open 10.0.8.3 80 left
check '... over IPv6' port_open fd00:8::3 80 left
check 'the way through this machine works' port_open 10.0.8.3 80

# --- Interface -----------------------------------------------------------------------------------

door='
[a]
	sequence = 7000
	command  = true
'
belongs='left belongs to the bridge br0, and knocks come by br0: write Interface = br0'
knockd_start "[options]
	Interface = left, lo
$door$fence_door"
check 'a port: a warning names the bridge' log_has "warning: $belongs"
knock_from left 10.0.8.1 7000
fence
refute '... and it hears nothing' log_has '10.0.8.2: a: OPEN SESAME'
knockd_stop
: >"$LOG"
knockd_start "[options]
	Interface = lef*, lo
$door$fence_door"
check 'a wildcard for ports alone: a warning' log_has "warning: $belongs"
knockd_stop
: >"$LOG"
knockd_start "[options]
	Interface = left, br*, lo
$door$fence_door"
refute 'a port and its bridge: no warning' log_has 'belongs to'
knock_from left 10.0.8.1 7000
check '... and it hears' log_has '10.0.8.2: a: OPEN SESAME'
knockd_stop

# --- Target --------------------------------------------------------------------------------------

target='
[target]
	sequence = 7000,8000
	target   = 10.0.8.3
	open     = 80
[target6]
	sequence = 7000,8000
	target   = fd00:8::3
	open     = 80
'
# bridged 0|1: does netfilter see packets from port to port?
bridged() {
	for bridged_of in iptables ip6tables; do
		echo "$1" >"/proc/sys/net/bridge/bridge-nf-call-$bridged_of"
	done 2>/dev/null
}
unguarded='hosts on the bridge br0 reach Target'
bridged 0
: >"$LOG"
knockd_start "$target"
check 'bridged packets are not seen: a warning' log_has "warning: target: $unguarded 10.0.8.3 without a knock"
check '... for IPv6' log_has "warning: target6: $unguarded fd00:8::3 without a knock"
check '... which is true' port_open 10.0.8.3 80 left
refute '... others need a knock' port_open 10.0.8.3 80
knockd_stop
if bridged 1; then
	: >"$LOG"
	knockd_start "$target"
	refute 'bridged packets are seen: no warning' log_has "$unguarded"
	refute '... hosts on the bridge need a knock' port_open 10.0.8.3 80 left
	refute '... over IPv6' port_open fd00:8::3 80 left
	knock_from left 10.0.8.3 7000 8000
	check '... and it lets them in' port_open 10.0.8.3 80 left
	knock_from left fd00:8::3 7000 8000
	check '... over IPv6' port_open fd00:8::3 80 left
	knockd_stop
	bridged 0
	check '... and as soon as they are not, the guard does not stop them' port_open 10.0.8.3 80 third
	ip link set br0 type bridge nf_call_iptables 1
	: >"$LOG"
	knockd_start "$target"
	refute "the bridge's own option, for IPv4: no warning" log_has "warning: target: $unguarded"
	check '... for IPv6 there is one' log_has "warning: target6: $unguarded"
	refute '... and the option does it' port_open 10.0.8.3 80 third
	knockd_stop
else
	skip 'bridged packets are seen' 'this kernel has no br_netfilter'
fi
done_testing
