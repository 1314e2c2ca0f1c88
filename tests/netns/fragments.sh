#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A knock in fragments counts where the kernel puts them together, which it does where it tracks connections. Doors
# without `open` do not make it do so.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
door='
[a]
	sequence = 7000:udp
	command  = true
'

# big ADDRESS: a knock that does not fit into one packet
big() {
	head -c 3000 /dev/zero | in_client socat -u -b 3000 - "$1:7000"
}
heard_times() {
	[ "$(log_count 'a: OPEN SESAME')" = "$1" ]
}

knockd_start "$door$fence_door"
big "UDP4:$server"
big "UDP6:[$server6]"
fence
check 'without tracking: no knock' heard_times 0
nft -f - <<-E || bail 'no rules'
	table inet filter {
		chain input {
			type filter hook input priority 0;
			ct state established accept
		}
	}
E
big "UDP4:$server"
check 'a firewall that tracks: a knock' heard_times 1
big "UDP6:[$server6]"
check '... over IPv6' heard_times 2
nft delete table inet filter
knockd_stop
: >"$LOG"
knockd_start "$door
	open = 22
$fence_door"
big "UDP4:$server"
check 'the guard: a knock' heard_times 1
big "UDP6:[$server6]"
check '... over IPv6' heard_times 2
knockd_stop
done_testing
