#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who forges an answer of the guarded port cannot make connection tracking open it: for UDP the guard asks tracking
# which flows are under way, and an attacker on the wire can make tracking see flows. Local ports, a Target, published
# ports of a container; with any rp_filter, forwarding or not, behind an authentication header. What this side itself
# begins from such a port gets its answers.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guard_lib.sh"
. "$(dirname "$0")/attack_lib.sh"
need knock
topo_pair
topo_client inside 5
ip addr add fd00:5::10/64 dev inside nodad
ip addr add fd00:77::1/128 dev lo nodad
nft -f - <<-E
	table inet nat {
		chain prerouting {
			type nat hook prerouting priority dstnat;
			fib daddr type local meta nfproto ipv4 udp dport 8443 dnat ip to 10.0.5.2:8443
			fib daddr type local meta nfproto ipv6 udp dport 8443 dnat ip6 to [fd00:5::2]:8443
			fib daddr type local meta nfproto ipv4 udp dport 6000 dnat ip to 10.0.5.2:5000
			fib daddr type local meta nfproto ipv6 udp dport 6000 dnat ip6 to [fd00:5::2]:5000
		}
		chain postrouting {
			type nat hook postrouting priority srcnat;
			oifname client udp sport 5000 masquerade to :6000
			oifname client udp sport { 8443, 123 } masquerade
		}
	}
	table inet watch {
		chain input {
			type filter hook input priority 0;
			iifname client udp dport { 443, 8443, 5000 } counter
		}
		chain forward {
			type filter hook forward priority 0;
			iifname client oifname inside udp dport { 443, 8443, 5000 } counter
		}
	}
E
# passed: how many packets the guard has let through to a guarded service
passed() {
	nft -j list table inet watch | jq '[.nftables[].rule | select(.) | .expr[].counter | select(.).packets] | add'
}

sysctl() {
	for sysctl_conf in all client inside; do
		echo "$2" >"/proc/sys/net/ipv4/conf/$sysctl_conf/$1"
	done
}
forwarding() {
	echo "$1" >/proc/sys/net/ipv4/ip_forward
	echo "$1" >/proc/sys/net/ipv6/conf/all/forwarding
}

knockd_start "
[local]
	sequence = 7000,7001
	open     = 443:udp, 8443:udp, 6000:udp, 123:udp
[target]
	sequence = 7002,7003
	target   = 10.0.5.2
	open     = 443:udp
[target6]
	sequence = 7002,7003
	target   = fd00:5::2
	open     = 443:udp
$fence_door"

# forged TEXT FROM FROM_PORT TO TO_PORT [ah]: the answer FROM TO, forged, then what it answers; from new ports each time,
# and from a guarded port
port=20000
forged() {
	forged_before=$(passed)
	for forged_port in $((port += 1)) 443; do
		echo "+0 $2 > $6 udp $forged_port sport=$3 ${7-}"
		echo "+3 $6 > $4 udp $5 sport=$forged_port"
	done | inject client
	equal "$1" "$(passed)" "$forged_before"
}

# hidden TEXT TO TO_PORT: a packet behind AH, which nft does not look behind and tracking does; the answer; the packet
hidden() {
	hidden_before=$(passed)
	: $((port += 1))
	inject client <<-E
		+0 fd00::2 > $2 udp $3 sport=$port ah
		+3 $2 > fd00::2 udp $port sport=$3
		+3 fd00::2 > $2 udp $3 sport=$port
	E
	equal "$1" "$(passed)" "$hidden_before"
}

for forward in 1 0; do
	forwarding $forward
	with="forwarding $forward"
	for filter in 1 0 2; do
		sysctl rp_filter $filter
		forged "$with, rp_filter $filter: a local port" 10.0.0.1 443 10.0.0.1 443 10.0.0.2
		forged "$with, rp_filter $filter: broadcast" 10.0.0.255 443 10.0.0.255 443 10.0.0.2
		forged "$with, rp_filter $filter: multicast" 224.0.0.1 443 224.0.0.1 443 10.0.0.2
		forged "$with, rp_filter $filter: a Target" 10.0.5.2 443 10.0.5.2 443 10.0.0.2
		forged "$with, rp_filter $filter: a published port" 10.0.5.2 8443 10.0.0.1 8443 10.0.0.2
		forged "$with, rp_filter $filter: a published port of another number" 10.0.5.2 5000 10.0.0.1 6000 10.0.0.2
	done
	forged "$with, IPv6: a local port" fd00::1 443 fd00::1 443 fd00::2
	forged "$with, IPv6: another address of this machine" fd00:77::1 443 fd00:77::1 443 fd00::2
	forged "$with, IPv6: from this machine to itself" fd00::1 443 fd00::1 443 fd00:5::10
	forged "$with, IPv6: anycast" fd00:: 443 fd00:: 443 fd00::2
	forged "$with, IPv6: a Target" fd00:5::2 443 fd00:5::2 443 fd00::2
	forged "$with, IPv6: from a Target to this machine" fd00:5::2 443 fd00:5::2 443 fd00::1
	forged "$with, IPv6: a published port" fd00:5::2 8443 fd00::1 8443 fd00::2
	forged "$with, IPv6: a published port of another number" fd00:5::2 5000 fd00::1 6000 fd00::2
	forged "$with: the answer behind AH: a local port" fd00::1 443 fd00::1 443 fd00::2 ah
	forged "$with: the answer behind AH: a Target" fd00:5::2 443 fd00:5::2 443 fd00::2 ah
	forged "$with: the answer behind AH: a published port" fd00:5::2 8443 fd00::1 8443 fd00::2 ah
	hidden "$with: the first packet behind AH: a local port" fd00::1 443
	hidden "$with: the first packet behind AH: a Target" fd00:5::2 443
	hidden "$with: the first packet behind AH: a published port" fd00::1 8443
done
# the destination translated as well: a host of the client's side is published, and its answers go to the guarded port
forwarding 1
sysctl rp_filter 0
nft add rule inet nat prerouting ip daddr 10.0.0.1 udp dport 9999 dnat ip to 10.0.0.2:20000
inject client <<-E
	+0 10.0.5.2 > 10.0.0.1 udp 9999 sport=8443
	+3 10.0.0.2 > 10.0.0.1 udp 8443 sport=20000
E
equal 'masqueraded and published' "$(passed)" 0
sysctl accept_local 1
forged 'accept_local' 10.0.0.1 443 10.0.0.1 443 10.0.0.2
forged 'accept_local, this machine to itself' 10.0.0.1 443 10.0.0.1 443 10.0.5.1
sysctl accept_local 0

# --- what this side begins -------------------------------------------------------------------------

# asks TEXT HOST ADDRESS PORT: a packet of HOST's from PORT to ADDRESS is answered, or the next one, if the guard has dropped
# none: UDP repeats nothing. To a new port each time: a socat that serves several clients may still be ending the session
# before, from the same port. Ours ends with the answer.
asked=9000
dropped() {
	nft -j list table inet knockd | jq '[.nftables[].rule | select(.) |
		select(.chain == "guard_shut" or .chain == "guard_forged") | .expr[].counter | select(.).packets] | add'
}
asks() {
	: $((asked += 1))
	in_background client socat "UDP6-LISTEN:$asked,ipv6only=0" EXEC:cat
	wait_for in_host client sh -c "ss -Hlun 'sport = :$asked' | grep -q ." || bail "no service on udp port $asked"
	case $3 in *:*) asks_to="UDP6:[$3]" ;; *) asks_to="UDP4:$3" ;; esac
	asks_dropped=$(dropped)
	asks_got=$(asks_once "$@")
	if [ "$asks_got" != hello ] && [ "$(dropped)" = "$asks_dropped" ]; then
		diag "$1: no answer at first: $asks_got"
		asks_got=$(asks_once "$@")
	fi
	equal "$1" "$asks_got" hello
}
asks_once() {
	echo hello | ask "$2" -t "$TESTS_DEADLINE" - "$asks_to:$asked,sourceport=$4,readbytes=6" 2>&1
}
ask() {
	if [ "$1" = server ]; then
		shift
		socat "$@"
	else
		ask_host=$1
		shift
		in_host "$ask_host" socat "$@"
	fi
}
for filter in 1 0 2; do
	sysctl rp_filter $filter
	asks "rp_filter $filter: this machine asks from a guarded port" server 10.0.0.2 443
	asks '... IPv6' server fd00::2 443
	asks '... a Target' inside 10.0.0.2 443
	asks '... a Target, IPv6' inside fd00::2 443
	asks '... a container, masqueraded' inside 10.0.0.2 123
	asks '... a container, IPv6' inside fd00::2 123
done

echo_udp 443
in_background inside socat "UDP6-LISTEN:8443,ipv6only=0,reuseaddr,fork" EXEC:cat
in_background inside socat "UDP6-LISTEN:443,ipv6only=0,reuseaddr,fork" EXEC:cat
knock $server 7000 7001
knock $server6 7000 7001
knock 10.0.5.2 7002 7003
knock fd00:5::2 7002 7003
for address in $server $server6 10.0.5.2 fd00:5::2; do
	check "open after the knock: $address" udp_open "$address"
done
check 'open after the knock: published' udp_open $server client 8443
check '... IPv6' udp_open $server6 client 8443
done_testing
