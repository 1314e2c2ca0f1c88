#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Memory is out at each allocation in turn: the daemon goes on, and knockctl gets a whole answer, or learns that it is
# not whole.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/starve_lib.sh"
need knock knockctl starve
topo_pair
firewall
knockd_start "
[ssh]
	sequence = 1001
	grant    = inet filter ssh_ok { %IP% timeout 1h }
[command]
	sequence     = 1002
	command      = true
	cmd_timeout  = 1
	stop_command = echo stop >>$T/stopped
[open]
	sequence     = 1003
	open         = 2222
	open_timeout = 1h
$fence_door"

starved 'a grant' any heard knock $server 1001
starved 'a command' any heard knock $server 1002
starved 'open' any heard knock $server 1003
starved 'a grant by hand' any knockctl grant 10.0.0.77 --door ssh
starved 'its end' any knockctl revoke 10.0.0.77

no_command() {
	! knockctl list | grep -q command
}
# a stop command that has no memory is tried again after ten seconds
check 'the accesses by command end' -t 40 no_command
knock $server 1001 1003
wait_for element_in 'inet filter ssh_ok' 10.0.0.2
# An answer that succeeds has as many lines as the daemon has accesses, and no answer takes a minute.
now starve_from
whole() {
	[ "$starved_status" != 0 ] || [ "$(wc -l <"$T/out")" = "$(wc -l <"$T/whole")" ]
}
starved 'list: whole, or an error' whole knockctl list
starved 'doors' whole knockctl doors
starved 'status' whole knockctl status
starved 'attempts' whole knockctl attempts
now starve_until
check '... and soon' [ $((starve_until - starve_from)) -lt 6000 ]

starved 'check' any knockctl check
knock $server 1001
check 'after that, all is well' element_in 'inet filter ssh_ok' 10.0.0.2
knockctl reload >/dev/null
knock $server 1001
knockd_stop
equal 'the daemon ends as usual' $? 15
done_testing
