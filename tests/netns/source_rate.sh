#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Source_Rate: the kernel limits an address that sends too much, and no other.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
topo_client other 1
firewall
knockd_start "
[options]
	Source_Rate = 5
[hit]
	sequence = 2007:udp
[ssh]
	sequence = 7000,8000,9000
	grant    = inet filter ssh_ok { %IP% timeout 30s }
	grant_6  = inet filter ssh_ok6 { %IP% timeout 30s }
$fence_door"

# hits SERVER: 300 at once
hits() {
	# shellcheck disable=SC2046 # a list of ports
	knock "$1" $(yes 2007:udp | head -n 300)
	fence
}

hits $server
hits $server6
v4=$(log_count '10.0.0.2: hit: OPEN SESAME')
v6=$(log_count 'fd00::2: hit: OPEN SESAME')
check "of 300 hits at once a whole sequence comes through ($v4)" [ "$v4" -ge 32 ]
check '... and not much more' [ "$v4" -lt 200 ]
check "over IPv6, too ($v6)" [ "$v6" -ge 32 ]
check '... and not much more' [ "$v6" -lt 200 ]
check 'the kernel counts for each address' element_in 'inet knockd rates4' 10.0.0.2

# the first address goes on sending
in_background client sh -c "while :; do '$knock_with' $server 2007:udp 2007:udp 2007:udp 2007:udp; done"
sender=$!
knock_from other 10.0.1.1 7000 8000 9000
check 'another address is not limited' element_in 'inet filter ssh_ok' 10.0.1.2
refute 'the limits are not taken for a change of the table' log_has 'was changed by another program'
kill $sender
knockd_stop

knockd_start "
[hit]
	sequence = 2007:udp
$fence_door"
hits $server6
check 'without Source_Rate all hits come through' [ "$(log_count 'fd00::2: hit: OPEN SESAME')" -eq $((v6 + 300)) ]
refute '... and there is no rule for it' sh -c 'nft list table inet knockd | grep -q rates'
done_testing
