#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Signs of life for a service manager that asks for them: none comes while the engine hangs, and a hanging engine is
# replaced before the service manager would end the daemon.

. "$(dirname "$0")/../lib.sh"
need knock socat
topo_pair
firewall
# As systemd's: any user may write to it, and the daemon has left root.
socat -u UNIX-RECV:/run/manager,mode=777 "OPEN:$T/told,creat,append" 2>/dev/null &
started $!
wait_for test -S /run/manager || bail 'no socket'
door="
[ssh]
	sequence = 7000,8000
	grant    = inet filter ssh_ok { %IP% timeout 1m }
$fence_door"

signs() {
	grep -o WATCHDOG=1 "$T/told" 2>/dev/null | wc -l
}

# signs_above N
signs_above() {
	[ "$(signs)" -gt "$1" ]
}

export NOTIFY_SOCKET=/run/manager WATCHDOG_USEC=4000000
knockd_start "$door"
check 'signs of life come' signs_above 2
engine=$(children "$knockd")
kill -STOP "$engine"
before=$(signs)
check 'an engine that hangs is replaced' log_has 'the engine shows no sign of life: killed'
after=$(signs)
check '... after one more sign at most' [ "$after" -le $((before + 1)) ]
check '... a new one runs' log_has 'a new engine is running'
refute '... and the old one is gone' alive "$engine"
check '... signs of life go on' signs_above $((after + 1))
knock $server 7000 8000
check '... and it hears knocks' element_in 'inet filter ssh_ok' 10.0.0.2
equal 'an engine that lives stays' "$(log_count 'no sign of life')" 1
ends '... as the daemon does' 15 knockd_stop

# second PID: a daemon whose sign of life would be due every 10 ms lives for a second
second() {
	before=$(signs)
	knockd_again
	now second_from
	wait_for second_is_over
	equal "$1: no sign of life" "$(signs)" "$before"
	knockd_stop
}
second_is_over() {
	now second_to
	[ $((second_to - second_from)) -ge 100 ]
}
export WATCHDOG_USEC=40000 WATCHDOG_PID=1
second 'asked of another process'
unset WATCHDOG_USEC WATCHDOG_PID
second 'not asked'
done_testing
