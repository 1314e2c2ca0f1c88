#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# VRF: interfaces with a routing table of their own. A packet that comes by a member of a VRF passes the prerouting hook
# twice, first as from the member, then as from the VRF. Each knock counts once, and strangers stay outside. Before
# Linux 6.16 the kernel does not see at the first pass that an address of the VRF is local.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack_lib.sh"
need knock

topo_pair
topo_client inside 5
topo_client apart 1
ip link add blue type vrf table 100 2>/dev/null || skip_all 'this kernel has no VRF'

# The kernel removes IPv6 addresses from a new member.
{
	ip link set blue up &&
		ip addr add 10.0.100.1/32 dev blue &&
		ip addr add fd00:100::1/128 dev blue nodad &&
		ip link set client master blue &&
		ip link set inside master blue &&
		ip addr add fd00::1/64 dev client nodad &&
		ip addr add fd00:5::1/64 dev inside nodad
} || bail 'cannot make the VRF'
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding

# serve PORT: a service within the VRF
serve() {
	socat "TCP6-LISTEN:$1,ipv6only=0,reuseaddr,fork,so-bindtodevice=blue" SYSTEM:'echo hello' 2>>"$LOG" &
	started $!
	wait_for listening "$1" || bail "no service on port $1"
}
serve 22
serve 23
for port in 80 81; do
	in_background inside socat "TCP6-LISTEN:$port,ipv6only=0,reuseaddr,fork" SYSTEM:'echo hello'
	wait_for in_host inside sh -c "ss -Hltn 'sport = :$port' | grep -q ." || bail "no service on port $port inside"
done

own='10.0.0.1 fd00::1'       # of the member by which the client comes
others='10.0.5.1 fd00:5::1'  # of another member
vrf='10.0.100.1 fd00:100::1' # of the VRF itself
targets='10.0.5.2 fd00:5::2' # behind another member

# Published ports of a host behind another member; and the packets behind the guard, which come by the VRF and are
# delivered or forwarded.
nft -f - <<-E || bail 'no rules'
	table inet nat {
		chain prerouting {
			type nat hook prerouting priority dstnat;
			ip daddr { 10.0.0.1, 10.0.100.1 } tcp dport 8080 dnat ip to 10.0.5.2:81
			ip6 daddr { fd00::1, fd00:100::1 } tcp dport 8080 dnat ip6 to [fd00:5::2]:81
			ip daddr { 10.0.0.1, 10.0.100.1 } udp dport 8081 dnat ip to 10.0.5.2:82
			ip6 daddr { fd00::1, fd00:100::1 } udp dport 8081 dnat ip6 to [fd00:5::2]:82
		}
	}
	table inet watch {
		chain input {
			type filter hook input priority 0;
			iifname { blue, client } udp dport { 443, 8443 } counter
			iifname { blue, client } tcp dport 22 counter
		}
		chain forward {
			type filter hook forward priority 0;
			iifname { blue, client } udp dport { 443, 8443, 82 } counter
			iifname { blue, client } tcp dport { 80, 81 } counter
		}
	}
E
passed() {
	nft -j list table inet watch | jq '[.nftables[].rule | select(.) | .expr[].counter | select(.).packets] | add'
}
has_passed() {
	[ "$(passed)" -gt "$1" ]
}

# udp_send ADDRESS PORT; udp_passes ADDRESS PORT: within a second
udp_send() {
	case $1 in *:*) udp_to=UDP6:[$1]:$2 ;; *) udp_to=UDP4:$1:$2 ;; esac
	echo x | in_client socat -u - "$udp_to" 2>/dev/null
}
udp_passes() {
	udp_before=$(passed)
	udp_send "$@"
	wait_for -t 1 has_passed "$udp_before"
}

for address in $own $others $vrf; do
	check "before: $address is reached" port_open "$address" 22
	check '... by UDP' udp_passes "$address" 443
done
for address in $targets; do
	check "before: $address is reached" port_open "$address" 80
	check '... by UDP' udp_passes "$address" 8443
done
for address in $own $vrf; do
	check "before: $address publishes a port" port_open "$address" 8080
	check '... of UDP' udp_passes "$address" 8081
done

# Own_Table: the test changes the table by hand
doors='
[options]
	Own_Table    = no
[door]
	sequence     = 7000,8000:udp,9000
	open         = 22, 443:udp, 8080, 8081:udp
	open_timeout = 1h
[close]
	sequence     = 9100:udp
	close        = 22, 443:udp, 8080, 8081:udp
[target]
	sequence     = 7100,8100:udp
	target       = 10.0.5.2
	open         = 80, 8443:udp
	open_timeout = 1h
[target6]
	sequence     = 7100,8100:udp
	target       = fd00:5::2
	open         = 80, 8443:udp
	open_timeout = 1h
[scanned]
	sequence     = 5000:udp,5900:udp
	command      = true
'
# within: does a program on this machine, within the VRF, reach the service?
within() {
	[ "$(socat -T 2 -u "TCP4:$server:22,connect-timeout=0.3,so-bindtodevice=blue" - 2>/dev/null)" = hello ]
}
check 'before: a local program within the VRF' within

# opened DOOR: how often it has
opened() {
	log_count ": $1: OPEN SESAME"
}
is_opened() {
	[ "$(opened "$1")" = "$2" ]
}

# strangers WHEN: their packets are sent, and none passes
strangers() {
	strangers_before=$(passed)
	for address in $own $others $vrf; do
		port_open "$address" 22
		udp_send "$address" 443
	done
	for address in $targets; do
		port_open "$address" 80
		udp_send "$address" 8443
	done
	for address in $own $vrf; do
		port_open "$address" 8080
		udp_send "$address" 8081
	done
	fence_from client
	equal "$1: strangers stay outside" "$(passed)" "$strangers_before"
}

# knocks WHEN ADDRESS...: each knock opens, and one of a single packet opens once
knocks() {
	knocks_when=$1
	shift
	for address; do
		knocks_before=$(opened door)
		knock "$address" 7000 8000:udp 9000
		check "$knocks_when: $address: the knock opens" is_opened door $((knocks_before + 1))
		check '... tcp' port_open "$address" 22
		check '... udp' udp_passes "$address" 443
		knocks_before=$(opened close)
		knock "$address" 9100:udp
		check '... a knock of one packet' is_opened close $((knocks_before + 1))
		fence_from client
		equal '... is one' "$(opened close)" $((knocks_before + 1))
		refute '... shut again' port_open "$address" 22
	done
}

# holds WHEN TEXT: nothing has passed since the last look
looked=0
look() {
	looked=$(passed)
}
holds() {
	equal "$1: $2" "$(passed)" "$looked"
	look
}

# forged FROM FROM_PORT TO TO_PORT CLIENT: an answer of the guarded port, forged, then a packet that answers it
port=20000
forged() {
	: $((port += 1))
	inject client <<-E
		+0 $1 > $5 udp $port sport=$2
		+3 $5 > $3 udp $4 sport=$port
	E
}

# attacks WHEN: forged answers, and what else strangers may try
attacks() {
	nft flush set inet knockd guarded_older # the connections from before the daemon are over
	look
	for address in 10.0.0.1 10.0.5.1 10.0.100.1 10.0.0.255; do
		forged "$address" 443 "$address" 443 10.0.0.2
		holds "$1" "a forged answer of $address"
	done
	for address in fd00::1 fd00:5::1 fd00:100::1; do
		forged "$address" 443 "$address" 443 fd00::2
		holds "$1" "a forged answer of $address"
	done
	for address in $targets; do
		case $address in *:*) attacks_from=fd00::2 ;; *) attacks_from=10.0.0.2 ;; esac
		forged "$address" 8443 "$address" 8443 $attacks_from
		holds "$1" "a forged answer of Target $address"
	done
	forged 10.0.5.2 82 10.0.0.1 8081 10.0.0.2
	holds "$1" 'a forged answer of a published port'
	forged fd00:5::2 82 fd00::1 8081 fd00::2
	holds "$1" 'a forged answer of a published port, IPv6'
	for address in fd00::1 fd00:5::1 fd00:100::1; do
		: $((port += 1))
		inject client <<-E
			+0 fd00::2 > $address udp 443 sport=$port ah
			+3 $address > fd00::2 udp $port sport=443
			+3 fd00::2 > $address udp 443 sport=$port
		E
		holds "$1" "behind AH: $address"
		inject client <<-E
			+0 fd00::2 > $address tcp 22 A sport=$port
			+0 $address > fd00::2 tcp $port A sport=22
			+3 fd00::2 > $address tcp 22 A sport=$port
		E
		holds "$1" "ACKs of no connection: $address"
	done
	link=$(ip -6 -o addr show dev client scope link | sed 's/.*inet6 \([^/]*\).*/\1/')%eth0
	port_open "$link" 22
	holds "$1" 'the link-local address'
	inject client <<-E
		+0 10.0.0.2 > 10.0.0.255 udp 443
		+0 10.0.0.2 > 255.255.255.255 udp 443
		+0 10.0.0.2 > 224.0.0.1 udp 443
		+0 fd00::2 > ff02::1 udp 443
	E
	holds "$1" 'broadcast and multicast'
}

# scans WHEN ADDRESS...: a scan ends the attempt, once
scans() {
	scans_when=$1
	shift
	for address; do
		scans_before=$(log_count 'scanned: scan, attempt dropped')
		knock "$address" 5000:udp 5101:udp 5102:udp 5103:udp 5104:udp 5105:udp 5106:udp 5107:udp 5108:udp 5900:udp
		fence
		equal "$scans_when: $address: a scan" "$(log_count 'scanned: scan, attempt dropped')" $((scans_before + 1))
		scans_before=$(opened scanned)
		knock "$address" 5000:udp 5101:udp 5102:udp 5103:udp 5104:udp 5900:udp
		fence
		equal '... and a few wrong ports, which count once' "$(opened scanned)" $((scans_before + 1))
	done
}

# all WHEN
all() {
	strangers "$1"
	attacks "$1"
	scans "$1" $own $others $vrf
	knocks "$1" $own $others $vrf
	for address in $targets; do
		knock "$address" 7000 8000:udp 9000
		fence
	done
	for set in open4 open6; do
		refute "$1: knocks at other hosts are none at a door without Target" \
			sh -c "nft list set inet knockd $set | grep -q elements"
	done
	to_targets "$1"
}

# to_targets WHEN: knocks at doors with a Target
to_targets() {
	for address in $targets; do
		knock "$address" 7100 8100:udp
		check "$1: Target $address opens" port_open "$address" 80
		check '... udp' udp_passes "$address" 8443
	done
	nft flush set inet knockd open4_target
	nft flush set inet knockd open6_target
}

knockd_start "$doors$fence_door"
all 'no default route'
refute 'a local program within the VRF' within
knock $server 7000 8000:udp 9000
knock $server6 7000 8000:udp 9000
for address in $own $vrf; do
	check "$address: the knock opens the published port" port_open "$address" 8080
	check '... of UDP' udp_passes "$address" 8081
done
knock $server 9100:udp
knock $server6 9100:udp
ip route add default via 10.0.1.2
ip route add default via fd00:1::2
strangers 'a default route in the main table'
attacks 'a default route in the main table'
knocks 'a default route in the main table' $own $others $vrf
knockd_stop

# --- Interface -----------------------------------------------------------------------------------

knockd_start "[options]
	Interface = client, lo
$doors$fence_door"
knocks 'the member' $own
to_targets 'the member'
knockd_stop
knockd_start "[options]
	Interface = blue, lo
$doors$fence_door"
knocks 'the VRF' $own $others $vrf
to_targets 'the VRF'
strangers 'the VRF'
knockd_stop

# --- held knocks ---------------------------------------------------------------------------------

if built_with HAVE_NFQUEUE && have_queue; then
	knockd_start "[options]
	Capture = nfqueue
$doors$fence_door"
	knocks 'nfqueue' $own $others $vrf
	for address in $own $others $vrf; do
		knock "$address" 7000
		check "nfqueue: $address: connections of a client that knocks" port_open "$address" 23
	done
	strangers 'nfqueue'
	knockd_stop
else
	skip 'nfqueue' 'no queues here'
fi
done_testing
