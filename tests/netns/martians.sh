#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# No host has these source addresses, so a packet from them is forged, if it comes by wire: this machine's own,
# loopback, "this host", broadcast, multicast. It neither knocks nor scans, and no element is written for it. Over lo
# local addresses knock as any other.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack_lib.sh"
need knock
topo_pair
topo_client other 1
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding # with it the network's first address is this machine's, too: anycast
nft -f - <<-E
	table inet filter {
		set ok  { type ipv4_addr; flags timeout; }
		set ok6 { type ipv6_addr; flags timeout; }
		set banned  { type ipv4_addr; flags timeout; }
		set banned6 { type ipv6_addr; flags timeout; }
	}
E
knockd_start "
[options]
	Ban_Set    = inet filter banned  { %IP% }
	Ban_Set_6  = inet filter banned6 { %IP% }
	Scan_Guard = 4
[door]
	sequence = 7000,8000:udp
	tcpflags = syn
	grant    = inet filter ok  { %IP% timeout 1h }
	grant_6  = inet filter ok6 { %IP% timeout 1h }
$fence_door"

v4='10.0.0.1 10.0.1.1 127.0.0.1 127.3.4.5 0.0.0.0 255.255.255.255 10.0.0.255 10.0.1.255 224.0.0.1 239.1.2.3'
v6='fd00::1 fd00:1::1 ::1 fd00:: ff02::1'
attack() {
	ascending "$1 > $2 tcp" 7000 7004 S
	echo "+0 $1 > $2 udp 8000"
	echo "+0 $1 > $2 tcp 7000 S"
	echo "+0 $1 > $2 udp 8000"
}
{
	for address in $v4; do attack "$address" 10.0.0.1; done
	for address in $v6; do attack "$address" fd00::1; done
} | inject client
for set in knockers4 knockers6; do
	refute "forged addresses: the kernel remembers none: $set" sh -c "nft list set inet knockd $set | grep -q elements"
done
{
	for address in 0.1.2.3 240.0.0.1; do attack "$address" 10.0.0.1; done
	attack :: fd00::1
} | inject client
refute 'forged local, broadcast and multicast addresses: nobody knocks' log_has 'door: Stage'
refute '... and nobody scans' log_has 'scan, attempt dropped'
attack 10.0.0.2 10.0.0.1 | inject client
check 'another address knocks and scans' element_in 'inet filter banned' 10.0.0.2
attack fd00::2 fd00::1 | inject client
check '... over IPv6' element_in 'inet filter banned6' fd00::2

# over lo
for address in 127.0.0.1 10.0.0.1; do
	"$knock_with" -d 3 $address 7000 8000:udp
	check "a local client knocks at $address" element_in 'inet filter ok' $address
done
for address in ::1 fd00::1; do
	"$knock_with" -d 3 $address 7000 8000:udp
	check "a local client knocks at $address" element_in 'inet filter ok6' $address
done

# a local client under way cannot be disturbed by forged packets of its address
"$knock_with" 127.0.0.1 7000
wait_for log_has '127.0.0.1: door: Stage 1'
ascending '127.0.0.1 > 10.0.0.1 tcp' 5000 5100 S | inject client
refute 'a forged scan of 127.0.0.1 is none' element_in 'inet filter banned' 127.0.0.1
knockd_stop
done_testing
