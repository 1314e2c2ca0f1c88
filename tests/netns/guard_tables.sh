#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guard and addresses that are local in another routing table alone, chosen by interface or mark: strangers stay
# outside there as well, whatever the main table says about the address.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack_lib.sh"
need knock
topo_pair
topo_client other 1

# 10.55.0.1 and fd55::1 for packets from host client; all of 10.56/16 and fd56::/32 for packets with a mark
{
	ip rule add iif client lookup 200 pref 10 &&
		ip -6 rule add iif client lookup 200 pref 10 &&
		ip route add local 10.55.0.1 dev lo table 200 &&
		ip -6 route add local fd55::1 dev lo table 200 &&
		ip rule add fwmark 7 lookup 201 pref 9 &&
		ip -6 rule add fwmark 7 lookup 201 pref 9 &&
		ip route add local 10.56.0.0/16 dev lo table 201 &&
		ip -6 route add local fd56::/32 dev lo table 201
} || bail 'cannot make the routing tables'
nft -f - <<-E || bail 'no rules'
	table inet marks {
		chain prerouting {
			type filter hook prerouting priority mangle;
			ip daddr 10.56.0.0/16 meta mark set 7
			ip6 daddr fd56::/32 meta mark set 7
		}
	}
	table inet watch {
		chain input {
			type filter hook input priority 0;
			iifname client meta l4proto { tcp, udp } th dport { 22, 443 } counter
		}
	}
E
passed() {
	nft -j list table inet watch | jq '[.nftables[].rule | select(.) | .expr[].counter | select(.).packets] | add'
}

# packets: one to each guarded port of each address
packets() {
	for address in 10.55.0.1 10.56.7.8; do
		echo "+0 10.0.0.2 > $address tcp 22 S"
		echo "+0 10.0.0.2 > $address udp 443"
	done
	for address in fd55::1 fd56::7:8; do
		echo "+0 fd00::2 > $address tcp 22 S"
		echo "+0 fd00::2 > $address udp 443"
	done
}

# sent TEXT N: so many of them are delivered
sent() {
	sent_before=$(passed)
	packets | inject client
	equal "$1" $(($(passed) - sent_before)) "$2"
}

knockd_start "$fence_door"
sent 'without a guard: delivered' 8
knockd_stop
knockd_start "
[options]
	Own_Table = no
[door]
	sequence = 7000,7001
	open     = 22, 443:udp
$fence_door"
for forward in 0 1; do
	echo $forward >/proc/sys/net/ipv4/ip_forward
	echo $forward >/proc/sys/net/ipv6/conf/all/forwarding
	sent "forwarding $forward: strangers" 0
	ip route add default via 10.0.1.2
	ip route add default via fd00:1::2
	sent '... with a default route' 0
	ip route del default via 10.0.1.2
	ip route del default via fd00:1::2
	ip route add unreachable default
	ip route add unreachable default metric 1 table 200
	sent '... with one that leads nowhere' 0
	ip route del unreachable default
	ip route del unreachable default metric 1 table 200
done
nft add element inet knockd open4 '{ 10.0.0.2 . tcp . 22, 10.0.0.2 . udp . 443 }'
nft add element inet knockd open6 '{ fd00::2 . tcp . 22, fd00::2 . udp . 443 }'
sent 'addresses that may pass' 8
knockd_stop
done_testing
