#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Knocks that do not open a door, and two clients that knock at the same time.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
topo_client other 1
firewall
knockd_start "
[door]
	sequence    = 1001,1002:udp,1003
	seq_timeout = 5
	grant       = inet filter ssh_ok { %IP% timeout 30s }
[neighbour]
	sequence    = 2001,2002
$fence_door"

# nothing DESCRIPTION: no element and no opening in the log
nothing() {
	fence
	refute "$1: no element" element_in 'inet filter ssh_ok' 10.0.0.2
	refute "$1: no opening" log_has 'door: OPEN SESAME'
}

knock $server 1002:udp 1001 1003
nothing 'wrong order'
knock $server 1001 1002:tcp 1003
nothing 'wrong protocol'
knock $server 1001 1003 1002:udp
nothing 'an entry left out'
knock $server 1001 2002 1002:udp 1003
nothing "another door's port in between"

knock $server 1001 1002:udp
check 'too slow: the timeout is logged when it happens' -t 10 log_has '10.0.0.2: door: sequence timeout (stage 2)'
knock $server 1003
nothing 'too slow'

knock $server 1001
knock_from other $server 1001
knock $server 1002:udp
knock_from other $server 1002:udp
knock_from other $server 1003
knock $server 1003
check 'interleaved: the first client opens' element_in 'inet filter ssh_ok' 10.0.0.2
check 'interleaved: the second client opens' element_in 'inet filter ssh_ok' 10.0.1.2
done_testing
