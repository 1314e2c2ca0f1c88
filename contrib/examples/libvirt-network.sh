#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# As /etc/libvirt/hooks/network: forwards port 2222 of this host to port 22 of a guest in libvirt's network "default".
[ "${1-} ${2-}" = 'default started' ] || exit 0

# libvirt rejects connections to its guests that are not answers, by rules of nft or iptables (network.conf). It writes the
# rules of chain guest_input anew when it restarts, but not those of chain forward, which comes first.
if nft list chain ip libvirt_network forward >/dev/null 2>&1; then
	nft list chain ip libvirt_network forward | grep -q 'oifname "virbr0" ct status dnat accept' ||
		nft insert rule ip libvirt_network forward oifname virbr0 ct status dnat accept
else
	iptables -w -C FORWARD -o virbr0 -m conntrack --ctstate DNAT -j ACCEPT 2>/dev/null ||
		iptables -w -I FORWARD -o virbr0 -m conntrack --ctstate DNAT -j ACCEPT
fi
nft -f - <<'N'
table ip guest_ports
delete table ip guest_ports
table ip guest_ports {
	chain prerouting {
		type nat hook prerouting priority dstnat
		fib daddr type local tcp dport 2222 dnat to 192.168.122.10:22
	}
}
N
