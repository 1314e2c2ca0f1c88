#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# contrib/examples/libvirt.conf and its hook, with libvirt's network daemon where it is installed and runs, otherwise with
# the rules that libvirt 11.3 has put into a kernel.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
topo_client other 1
example=$TESTS_TOP/contrib/examples/libvirt
echo 1 >/proc/sys/net/ipv4/ip_forward

{
	ip netns add guest &&
		ip link add guest type veth peer name eth0 netns guest &&
		ip link set guest up &&
		ip -n guest addr add 192.168.122.10/24 dev eth0 &&
		ip -n guest link set lo up && ip -n guest link set eth0 up &&
		ip -n guest route add default via 192.168.122.1
} || bail 'cannot make a guest'
in_background guest socat TCP4-LISTEN:22,reuseaddr,fork SYSTEM:'echo hello'
wait_for eval 'in_host guest ss -Hltn "sport = :22" | grep -q .' || bail 'no service in the guest'

# joined: a new network has a new bridge
joined() {
	ip link set guest master virbr0
}

# --- libvirt --------------------------------------------------------------------------------------

virsh() {
	command virsh -q -c network:///system "$@"
}

libvirtd_start() {
	env PATH="$T/bin:$PATH" libvirtd >"$T/libvirtd" 2>&1 &
	libvirtd=$!
	started $libvirtd
	wait_for -t 30 eval 'virsh net-list --all >"$T/out" 2>&1'
}

# libvirtd writes to /etc and /var. The kernel may lack the action that mends checksums of DHCP, and nothing is asked for here.
private() {
	for dir in /etc /var/lib /var/cache; do
		mkdir -p "$T$dir" && cp -a "$dir/libvirt" "$T$dir/" 2>/dev/null
		[ ! -d "$dir/libvirt" ] || mount --bind "$T$dir/libvirt" "$dir/libvirt" || return
	done
	mkdir -p "$T/bin" /etc/libvirt/hooks
	printf '#!/bin/sh\ncase "$*" in *csum*) exit 0 ;; esac\nexec %s "$@"\n' "$(command -v tc)" >"$T/bin/tc"
	chmod 755 "$T/bin/tc"
}

network='<network><name>default</name><forward mode="nat"/><bridge name="virbr0"/>
	<ip address="192.168.122.1" netmask="255.255.255.0"/></network>'

# libvirt BACKEND: the daemon, with the network defined; fails with the reason in $T/out
libvirt() {
	sed -i '/^firewall_backend/d' /etc/libvirt/network.conf 2>/dev/null
	echo "firewall_backend = \"$1\"" >>/etc/libvirt/network.conf
	install -D -m 755 "$example-network.sh" /etc/libvirt/hooks/network
	echo "$network" >"$T/network"
	libvirtd_start && { virsh net-info default || virsh net-define "$T/network"; } >"$T/out" 2>&1
}

net_start() {
	virsh net-start default >"$T/out" 2>&1
}

net_restart() {
	virsh net-destroy default >"$T/out" 2>&1 && net_start && joined
}

libvirtd_restart() {
	kill "$libvirtd"
	wait "$libvirtd" 2>/dev/null
	libvirtd_start
}

# --- or its rules -----------------------------------------------------------------------------------

rules='
table ip libvirt_network {
	chain forward {
		type filter hook forward priority filter; policy accept;
		counter jump guest_cross
		counter jump guest_input
		counter jump guest_output
	}
	chain guest_output {
		ip saddr 192.168.122.0/24 iif "virbr0" counter accept
		iif "virbr0" counter reject
	}
	chain guest_input {
		oif "virbr0" ip daddr 192.168.122.0/24 ct state established,related counter accept
		oif "virbr0" counter reject
	}
	chain guest_cross {
		iif "virbr0" oif "virbr0" counter accept
	}
	chain guest_nat {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr 192.168.122.0/24 ip daddr 224.0.0.0/24 counter return
		ip saddr 192.168.122.0/24 ip daddr 255.255.255.255 counter return
		meta l4proto tcp ip saddr 192.168.122.0/24 ip daddr != 192.168.122.0/24 counter masquerade to :1024-65535
		meta l4proto udp ip saddr 192.168.122.0/24 ip daddr != 192.168.122.0/24 counter masquerade to :1024-65535
		ip saddr 192.168.122.0/24 ip daddr != 192.168.122.0/24 counter masquerade
	}
}'

# rules_start: what libvirt does, and then it runs the hook
rules_start() {
	ip link add virbr0 type bridge 2>"$T/out" || return
	ip addr add 192.168.122.1/24 dev virbr0
	ip link set virbr0 up
	echo "$rules" >"$T/rules"
	nft -f "$T/rules" && "$example-network.sh" default started begin -
}

rules_restart() {
	nft delete table ip libvirt_network
	ip link del virbr0
	rules_start && joined
}

# --- the door -----------------------------------------------------------------------------------------

# door NAME RESTART...: the port is forwarded, the door guards it, and each RESTART changes nothing
door() {
	door_name=$1
	shift
	joined
	check "$door_name: the hook forwards the port" port_open $server 2222
	knockd_start "$(cat "$example.conf")
$fence_door"
	refute "$door_name: the port is shut" port_open $server 2222
	# shellcheck disable=SC2046
	knock $server $(sed -n 's/^[[:space:]]*sequence[[:space:]]*=//p' "$example.conf" | tr , ' ')
	check "$door_name: a knock opens it" port_open $server 2222
	for restart; do
		check "$door_name: $restart" "$restart"
		check '... leaves it open' port_open $server 2222
		refute '... and shut for others' port_open 10.0.1.1 2222 other
	done
	check "$door_name: the guest reaches the outside" nat_works
	knockd_stop
	"$KNOCKD" --unguard
	rm -rf "$T/state"/* # or the access comes back
}

nat_works() {
	[ "$(in_host guest socat -T 2 -u TCP4:10.0.0.2:7,connect-timeout=1 - 2>/dev/null)" = hello ]
}
in_background client socat TCP4-LISTEN:7,reuseaddr,fork SYSTEM:'echo hello'

# with BACKEND: the real daemon
with() {
	if ! { libvirt "$1" && net_start; }; then
		skip "libvirt with $1" "$(tail -n 1 "$T/out")"
		return
	fi
	diag "$(libvirtd --version), $1"
	door "libvirt with $1" net_restart libvirtd_restart
	virsh net-destroy default >"$T/out" 2>&1
	kill "$libvirtd"
	wait "$libvirtd" 2>/dev/null
	nft flush ruleset
	real=yes
}

real=
if ! command -v libvirtd >/dev/null || ! command -v virsh >/dev/null || ! command -v dnsmasq >/dev/null; then
	skip 'libvirt' 'libvirtd, virsh and dnsmasq are not all here'
elif ! private 2>"$T/err"; then
	skip 'libvirt' "no private files: $(head -n 1 "$T/err")"
else
	with nftables
	with iptables
fi
if [ -z "$real" ]; then
	if rules_start; then
		door 'the rules of libvirt 11.3' rules_restart
	else
		skip 'the rules of libvirt 11.3' "$(tail -n 1 "$T/out")"
	fi
fi
done_testing
