#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Commands: their environment, descriptors and signals; the daemon does not wait for them.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
export NOTIFY_SOCKET="$T/manager" WATCHDOG_USEC=60000000 WATCHDOG_PID=1 TESTS_OWN=word
knockd_start "
[environment]
	sequence = 7005
	command  = env >$T/env.new && mv $T/env.new $T/env
[note]
	sequence        = 7000
	tcpflags        = syn
	start_command   = echo 'v4 %IP% %IP%' >>$T/note
	start_command_6 = echo 'v6 %IP%' >>$T/note
[fds]
	sequence = 7001
	command  = ls -l /proc/self/fd >$T/fds.new && mv $T/fds.new $T/fds
[state]
	sequence = 7004
	command  = cat /proc/self/status >$T/status.new && mv $T/status.new $T/status
[slow]
	sequence = 7002
	command  = exec sleep 30
[fails]
	sequence = 7003
	command  = exit 3
$fence_door"

knock $server 7000
check '%IP% is the knocker' grep -qsx 'v4 10.0.0.2 10.0.0.2' "$T/note"
knock $server6 7000
check '... over IPv6, too' grep -qsx 'v6 fd00::2' "$T/note"
check 'the log has the command' log_has "note: running command: echo 'v4 10.0.0.2 10.0.0.2' >>$T/note"

knock $server 7003
check 'the log has an exit status' log_has 'fails: command returned non-zero status code (3)'

knock $server 7001
check 'a command sees its descriptors' [ -s "$T/fds" ]
leaked=$(grep -- '->' "$T/fds" | grep -vE ' (0|1|2) -> ' | grep -v '/proc/')
equal '... none but the standard three' "$leaked" ''
refute '... no socket among them' grep -q socket: "$T/fds"

knock $server 7004
check 'a command has a clean state' [ -s "$T/status" ]
equal '... no signal blocked' "$(sed -n 's/^SigBlk:[[:space:]]*//p' "$T/status")" 0000000000000000

knock $server 7005
check 'a command has the environment of the daemon' grep -qsx 'TESTS_OWN=word' "$T/env"
equal '... and the variables about the knock' "$(grep '^KNOCKD_[IDFE]' "$T/env" | sort | tr '\n' ' ')" \
	'KNOCKD_DOOR=environment KNOCKD_EVENT=open KNOCKD_FAMILY=4 KNOCKD_IP=10.0.0.2 '
refute '... without what the service manager tells the daemon alone' grep -qE 'NOTIFY_SOCKET|WATCHDOG' "$T/env"

# sleepers: how many of the slow commands run now
sleepers() {
	cat /proc/[0-9]*/comm 2>/dev/null | grep -cx sleep
}
sleepers_at_least() {
	[ "$(sleepers)" -ge "$1" ]
}

# shellcheck disable=SC2046
knock $server $(for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo 7002; done)
check 'twenty slow commands run' sleepers_at_least 20
fence
check 'the daemon reacts meanwhile' sleepers_at_least 1

only_the_engine() {
	[ "$(children "$knockd" | wc -l)" = 1 ]
}
# zombies: of the daemon's children
zombies() {
	grep -lE "^[0-9]+ \(.*\) Z $knockd " /proc/[0-9]*/stat 2>/dev/null
}
for pid in $(children "$knockd"); do
	! grep -qx sleep "/proc/$pid/comm" || kill "$pid"
done
check 'all of them end and are reaped' only_the_engine
refute 'no zombie stays' zombies
knockd_stop
# one at a time; 1024 more wait, the others are dropped
knockd_conf "
[options]
	Max_Commands = 1
[slow]
	sequence = 7002:udp
	command  = exec sleep 60
[late]
	sequence     = 7003:udp
	command      = : never begun
	cmd_timeout  = 0
	stop_command = : never begun
$fence_door"
knockd_again
yes | tr -d '\n' | head -c 1100 | socat -b 1 -u - UDP4-SENDTO:127.0.0.1:7002
fence
check 'a full queue is logged' log_has 'slow: command dropped: 1 are running and 1024 waiting'
knock $server 7003:udp
check 'a start command that is dropped' log_has 'late: OPEN SESAME'
fence
refute '... has no stop command' log_has 'late: command timeout'
check '... one runs' [ "$(sleepers)" = 1 ]
knockd_stop
check '... the number of those that wait is logged at the end' log_has '1024 waiting commands did not run'

done_testing
