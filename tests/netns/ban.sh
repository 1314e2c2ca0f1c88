#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Ban_Except: an attacker who forges the source of a scan gets nobody banned that this machine needs or has let in; and
# no element is made for an address that no host can have.

. "$(dirname "$0")/../lib.sh"
need knock knockctl socat jq
topo_pair
topo_client other 1
nft -f - <<-END || bail 'no firewall'
	table inet filter {
		set ok { type ipv4_addr; flags timeout; }
		set ok6 { type ipv6_addr; flags timeout; }
		set net_ok { type ipv4_addr; flags interval,timeout; }
		set banned { type ipv4_addr; flags timeout; }
		set banned6 { type ipv6_addr; flags timeout; }
		set banned_net { type ipv4_addr; flags interval,timeout; }
		set friends { type ipv4_addr; }
		set friends_net { type ipv4_addr; flags interval; elements = { 10.0.0.96/28, 10.0.0.120-10.0.0.125 } }
		set friends6 { type ipv6_addr; elements = { fd00::70 } }
		chain input {
			type filter hook input priority 0;
			meta l4proto tcp reject with tcp reset
		}
	}
END
for file in /proc/sys/net/ipv4/conf/*/rp_filter; do
	echo 0 >"$file"
done

# What client sends from 10.0.0.200 and fd00::200 has another source on the wire: forge ADDRESS
ip -n client -batch - <<-END || bail 'no addresses'
	addr add 10.0.0.200/24 dev eth0
	addr add fd00::200/64 dev eth0 nodad
END
forge() {
	case $1 in
	*:*) forge_rule="ip6 saddr fd00::200 ip6 saddr set $1" ;;
	*) forge_rule="ip saddr 10.0.0.200 ip saddr set $1" ;;
	esac
	in_client nft -f - <<-END || bail "cannot forge $1"
		table inet forge
		delete table inet forge
		table inet forge {
			chain out {
				type filter hook postrouting priority 0;
				$forge_rule
			}
		}
	END
}

# send PORT...: a SYN to each, with that source; nothing comes back
send() {
	case $forge_rule in
	ip6*) send_to="TCP6:[$server6]" send_from='[fd00::200]' ;;
	*) send_to="TCP4:$server" send_from=10.0.0.200 ;;
	esac
	for send_port; do
		in_client socat -u - "$send_to:$send_port,bind=$send_from,connect-timeout=0.02" </dev/null 2>/dev/null
	done
}
# scan ADDRESS: the first port of a door, then others
scan() {
	forge "$1"
	send 7050 990 991 992
	fence
}
banned() {
	case $1 in
	*:*) element_in 'inet filter banned6' "$1" ;;
	*) element_in 'inet filter banned' "$1" ;;
	esac
}
# spares TEXT ADDRESS REASON
spares() {
	scan "$2"
	refute "$1 is not banned" banned "$2"
	check '... the reason is said' log_has "$2: ssh: not banned: $3"
}
bans() {
	scan "$2"
	check "$1 is banned" banned "$2"
}
# unreported TEXT ADDRESS: whether the kernel reports such packets or not
unreported() {
	scan "$2"
	refute "$1 is not banned" banned "$2"
}

doors="
[ssh]
	sequence = 7050,8000,9000
	grant    = inet filter ok  { %IP% timeout 1h }
	grant_6  = inet filter ok6 { %IP% timeout 1h }
[net]
	sequence = 7100
	grant    = inet filter net_ok { %IP%/28 timeout 1h }
	grant_6  =
[run]
	sequence     = 7200
	command      = true
	cmd_timeout  = 1000
	stop_command = true
[any]
	sequence = 7300
	grant    = inet filter ok  { %IP% timeout 1h }
	grant_6  = inet filter ok6 { %IP% timeout 1h }
$fence_door"
options="
[options]
	Scan_Guard = 2
	Ban_Set    = inet filter banned { %IP% }
	Ban_Set_6  = inet filter banned6 { %IP% }
"

# --- without the key -----------------------------------------------------------------------------

ip -batch - <<-END || bail 'no routes'
	route add default via 10.0.0.20
	route add 192.0.2.0/24 nexthop via 10.0.0.21 nexthop via 10.0.1.21
	route add 198.51.100.0/24 via inet6 fd00::22
	route add default via fd00::20
	addr add 10.0.0.30 peer 10.0.0.31 dev client
END
printf 'search example\nnameserver 10.0.0.40\nnameserver fd00::40%%client\n# nameserver 10.0.0.41\noptions timeout:1\n' >"$T/resolv"
mount --bind "$T/resolv" "$(readlink -f /etc/resolv.conf)" || bail 'no resolv.conf'
mkdir -p /run/systemd/resolve
echo 'nameserver 10.0.0.42' >/run/systemd/resolve/resolv.conf
knockd_start "$options$doors"
bans 'a stranger' 10.0.0.50
bans 'a stranger with IPv6' fd00::50
bans 'one from far away' 203.0.113.9
bans 'what a comment names' 10.0.0.41
spares 'a router' 10.0.0.20 'it is one of this machine or a next hop'
spares 'one of several' 10.0.1.21 'it is one of this machine or a next hop'
spares 'a router with IPv6' fd00::20 'it is one of this machine or a next hop'
spares '... of a route for IPv4' fd00::22 'it is one of this machine or a next hop'
spares 'the other end of a wire' 10.0.0.31 'it is one of this machine or a next hop'
unreported 'an address of this machine' 10.0.1.1
unreported '... with IPv6' fd00:1::1
unreported 'a broadcast address of it' 10.0.1.255
spares 'a name server' 10.0.0.40 'it is a name server'
spares '... with IPv6' fd00::40 'it is a name server'
spares '... behind a resolver on this machine' 10.0.0.42 'it is a name server'
spares 'a link-local address' 169.254.7.7 'no ban for addresses of its kind'
unreported 'loopback' 127.0.0.5
unreported 'link-local IPv6' fe80::5
unreported 'an address of 0.0.0.0/8' 0.0.0.0
unreported 'multicast' 224.0.0.5
unreported 'broadcast' 255.255.255.255
unreported 'an address of 240.0.0.0/4' 240.0.0.9
unreported 'multicast IPv6' ff02::5
unreported 'the unspecified address' ::

# a route that is new, and one that is gone
ip route del default via 10.0.0.20
ip route add default via 10.0.0.60
spared_now() {
	nft flush set inet filter banned
	scan 10.0.0.60
	not banned 10.0.0.60
}
check 'a router that has changed is known' -t 30 spared_now
bans_now() {
	scan 10.0.0.20
	banned 10.0.0.20
}
check '... and the one before is none any more' -t 30 bans_now

# --- who has been let in -------------------------------------------------------------------------

knock $server 7050 8000 9000
wait_for element_in 'inet filter ok' 10.0.0.2 || bail 'no grant'
spares 'a client' 10.0.0.2 'it has an access'
knockctl revoke --all >/dev/null
bans '... without an access any more' 10.0.0.2
forge 10.0.0.65
send 7100
fence
spares 'the neighbour of one whose whole network has been let in' 10.0.0.70 'it has an access'
bans '... but not the next network' 10.0.0.81
forge 10.0.0.90
send 7200
fence
spares 'a client that a command has let in' 10.0.0.90 'it has an access'
knockctl revoke --all >/dev/null
knockctl grant fd00::90 --door ssh >/dev/null
spares 'one whom the admin has let in' fd00::90 'it has an access'
knockctl revoke --all >/dev/null

# --- what no element is made for -----------------------------------------------------------------

for address in 0.0.0.0 0.1.2.3 224.0.0.9 239.1.2.3 240.1.2.3 255.255.255.255 :: ff02::9 ff0e::9; do
	forge $address
	send 7300 7100 7200
	fence
done
equal 'no address that no host has is granted anything' \
	"$(for set in ok ok6 net_ok; do nft list set inet filter $set; done | grep -c elements)" 0
equal '... nor run for' "$(knockctl --json list | jq length)" 0
knockd_stop

# --- networks and sets ---------------------------------------------------------------------------

nft add element inet filter friends '{ 10.0.0.91 }'
knockd_start "$options
	Ban_Except = 10.0.0.128/26, 2001:db8::/32,203.0.113.7
	Ban_Except = inet filter friends,inet filter friends_net
	Ban_Except = inet filter friends6
$doors"
refute 'its sets are in order' log_has 'warning'
bans 'a stranger' 10.0.0.51
spares 'one of a network' 10.0.0.129 'it is in a network of Ban_Except'
bans '... which ends here' 10.0.0.192
spares 'a single address' 203.0.113.7 'it is in a network of Ban_Except'
bans '... and the next one' 203.0.113.8
spares 'IPv6' 2001:db8:7::1 'it is in a network of Ban_Except'
spares 'an element of a set' 10.0.0.91 'it is in a set of Ban_Except'
spares '... of a range' 10.0.0.100 'it is in a set of Ban_Except'
spares '... its first' 10.0.0.120 'it is in a set of Ban_Except'
spares '... its last' 10.0.0.125 'it is in a set of Ban_Except'
bans '... and what is behind it' 10.0.0.126
spares 'an element with IPv6' fd00::70 'it is in a set of Ban_Except'
bans '... and another' fd00::71
nft add element inet filter friends '{ 10.0.0.92 }'
spares 'a new friend' 10.0.0.92 'it is in a set of Ban_Except'
nft delete element inet filter friends '{ 10.0.0.91 }'
bans 'a friend no more' 10.0.0.91
nft delete set inet filter friends
spares 'anybody, while a set of friends is missing' 10.0.0.52 'a set of Ban_Except cannot be asked'
knockd_reload
check '... which is said at a reload, too' log_has 'options: warning: Ban_Except: inet filter friends: no such set'
knockd_stop

# --- a ban for more than the scanner -------------------------------------------------------------

knockd_start "
[options]
	Scan_Guard = 2
	Ban_Set    = inet filter banned_net { %IP%/28 }
	Ban_Except = 10.0.0.150
$doors"
scan 10.0.0.140
check 'a ban for a network' log_has "nft add element inet filter banned_net '{ 10.0.0.140/28"
for neighbour in 10.0.0.61:10.0.0.60 10.0.0.159:10.0.0.150 10.0.0.47:10.0.0.40 10.0.1.9:10.0.1.1; do
	scan ${neighbour%:*}
	check "... is not made where ${neighbour#*:} is in it" log_has "${neighbour%:*}: ssh: not banned: "
done
equal '...' "$(log_count 'nft add element inet filter banned_net')" 1
knockd_conf "
[options]
	Ban_Set    = inet filter banned_net { %IP%/28 }
	Ban_Except = inet filter friends_net
$doors"
ends 'a set cannot be asked about networks' 1 "$KNOCKD" -t -c "$T/knockd.conf"
check '... which is said' grep -q 'Ban_Except: a set cannot be asked about %IP%/28 of Ban_Set: name networks instead' "$T/err"
knockd_stop
done_testing
