#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The daemon is killed while a door is open: the kernel shuts it on time, a new start takes over.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
firewall
service 22
knockd_start '
[openSSH]
	sequence = 7050,8000,9000
	grant    = inet filter ssh_ok { %IP% timeout 3s }
'
now opened
knock $server 7050 8000 9000
check 'the door opens' port_open $server 22

engine=$(children "$knockd")
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
: >"$LOG"
knockd_again
ok 'a new start takes over at once'
equal '... and logs no error or warning' "$(grep -ciE 'error|warn|cannot|failed|busy|exist' "$LOG")" 0
check '... the orphaned engine ends' not alive "${engine:-0}"

check 'the element expires' -t 10 not element_in 'inet filter ssh_ok' 10.0.0.2
now expired
check '... on time' [ $((expired - opened)) -ge 290 ]
check '... and not late' [ $((expired - opened)) -le 800 ]
refute '... the port is shut' port_open $server 22

knock $server 7050 8000 9000
check 'the new daemon opens it again' port_open $server 22
done_testing
