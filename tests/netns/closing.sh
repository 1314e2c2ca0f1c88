#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Doors that one command opens and another closes: they close on time, also if the daemon ends, crashes or restarts.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
slowness=$(((TESTS_DEADLINE + 9) / 5)) # 2 on most machines: half the seconds that [again] is open
doors="
[soon]
	sequence     = 1001
	command      = echo open %IP% \$KNOCKD_EVENT >>$T/soon
	cmd_timeout  = 2
	stop_command = echo close %IP% \$KNOCKD_EVENT \$KNOCKD_DOOR \$KNOCKD_FAMILY \$KNOCKD_IP >>$T/soon
[later]
	sequence     = 1002
	command      = true
	cmd_timeout  = 3
	stop_command = echo %IP% >>$T/later
[many]
	sequence     = 1003
	command      = sleep 5
	cmd_timeout  = 1
	stop_command = echo %IP% >>$T/many
[never]
	sequence     = 1004
	command      = true
	cmd_timeout  = -1
	stop_command = echo %IP% >>$T/never
[again]
	sequence     = 1005
	command      = echo open %IP% >>$T/again
	cmd_timeout  = $((2 * slowness))
	stop_command = echo close %IP% >>$T/again
[slow]
	sequence     = 1006
	command      = echo open >>$T/slow; while [ -e $T/hold ]; do sleep 0.05; done
	cmd_timeout  = 1
	stop_command = echo close >>$T/slow
[apart]
	sequence     = 1007
	command      = true
	cmd_timeout  = 1
	stop_command = echo begin >>$T/apart; sleep 0.3; echo end >>$T/apart
$fence_door"

# lines FILE NUMBER: it has that many
lines() {
	[ "$(cat "$T/$1" 2>/dev/null | wc -l)" = "$2" ]
}

knockd_start "$doors"
knock $server6 1001
check 'opened' grep -qsx 'open fd00::2 open' "$T/soon"
refute '... not closed at once' grep -q close "$T/soon"
check 'closed' grep -qsx 'close fd00::2 close soon 6 fd00::2' "$T/soon"

now before
knock $server 1002 1004
wait_for log_has 'later: running command: true'
knockd_stop
equal 'SIGTERM does not wait for open doors' $? 15
refute '... and does not close them' lines later 1
knockd_again
check 'SIGTERM and a restart: closed' lines later 1
now after
check '... not before its time' [ $((after - before)) -ge 295 ]

knock $server 1002
fence
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
knockd_again
check 'SIGKILL and a restart: closed' lines later 2

knock $server 1002
fence
knockd_stop
sleep 3.2 # it becomes overdue while no daemon runs
knockd_again
check 'overdue when the daemon starts: closed at once' lines later 3
knockd_stop
knockd_again
fence
check 'no door is closed twice' lines later 3
refute 'a negative time: never closed' lines never 1

# A client that knocks again is not shut out by the stop command of its first knock.
topo_client other 1
count() {
	[ "$(grep -cxs "$2" "$T/$1")" = "$3" ]
}
# half_later COMMAND...: when half of the door's time is over
half_later() {
	sleep $slowness.2
	"$@"
}
knock_from other 10.0.1.1 1005
knock $server 1005
wait_for count again 'open 10.0.0.2' 1
half_later now before
knock $server 1005
wait_for count again 'open 10.0.0.2' 2
half_later fence
refute 'a second knock: the stop command of the first one does not run at its time' count again 'close 10.0.0.2' 1
check 'each start command gets its stop command' count again 'close 10.0.0.2' 2
now after
check '... when the time of the second knock is over' [ $((after - before)) -ge $((slowness * 200 - 5)) ]
check '... and another client has its own time' [ "$(grep -n 'close 10.0.1.2' "$T/again" | cut -d : -f 1)" -lt \
	"$(grep -n 'close 10.0.0.2' "$T/again" | head -n 1 | cut -d : -f 1)" ]
check '... the log has a line for each' [ "$(log_count '10.0.0.2: again: command timeout')" = 2 ]

rm "$T/again"
knock $server 1005
wait_for count again 'open 10.0.0.2' 1
half_later knock $server 1005
wait_for count again 'open 10.0.0.2' 2
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
knockd_again
half_later fence
refute 'the same with a crash and a restart: not at the time of the first knock' grep -q close "$T/again"
check '... but at that of the second one' count again 'close 10.0.0.2' 2

knock $server 1007 1007 1007
check 'stop commands of one client and door' lines apart 6
equal '... run one after another' "$(tr '\n' ' ' <"$T/apart")" 'begin end begin end begin end '

: >"$T/hold"
rm "$T/again"
knock $server 1006
wait_for count slow open 1
half_later fence
rm "$T/hold"
knock $server 1006
wait_for count slow open 2
refute 'a start command that still runs: no stop command before its end' grep -q close "$T/slow"
check '... and as many as start commands' count slow close 2

# Without a start command that ran there is nothing to undo. mount(8) and in_client need no shell.
rm -f "$T/soon" "$T/apart"
: >"$T/no_shell"
mount --bind "$T/no_shell" /bin/sh || bail 'cannot hide /bin/sh'
in_client "$knock_with" $server 1001
check 'a start command that cannot be started' log_has 'error: command fork failed!'
umount /bin/sh
knock $server 1007
check '... the stop command of a later knock runs' lines apart 2
refute '... and that of this one does not' test -e "$T/soon"

# Without a journal they run when the daemon ends.
knockd_stop
: >"$T/file"
knockd_conf "$doors"
sed "s|State_Dir = .*|State_Dir = $T/file|; s/cmd_timeout .*/cmd_timeout = 100/" "$T/knockd.conf" >"$T/no-journal.conf"
cp "$T/knockd.conf" "$T/with-journal.conf"
without_journal() {
	: >"$LOG"
	cp "$T/no-journal.conf" "$T/knockd.conf"
	rm -f "$T/apart" "$T/slow" "$T/hold"
	knockd_again
}
without_journal
knock $server 1007 1007 1007
knock_from other 10.0.1.1 1007
wait_for eval '[ "$(log_count "apart: running command: true")" = 4 ]'
knockd_stop
equal 'no journal: SIGTERM ends the daemon' $? 15
check '... with a stop command for each start command' lines apart 8
equal '... one after another for each client' "$(awk '{ open += $1 == "begin" ? 1 : -1; if (open > most) most = open } END { print most }' "$T/apart")" 2

without_journal
: >"$T/hold"
knock $server 1006 1006
wait_for count slow open 2
kill "$knockd"
sleep 0.3
refute '... none before the end of its start command' grep -q close "$T/slow"
rm "$T/hold"
wait "$knockd"
check '... and all after it' count slow close 2

without_journal
: >"$T/hold"
knock $server 1006
wait_for count slow open 1
now before
knockd_stop
now after
check '... if that hangs, after ten seconds all the same' count slow close 1
check '... not much later' [ $((after - before)) -le 1500 ]
rm "$T/hold"
cp "$T/with-journal.conf" "$T/knockd.conf"
knockd_again

if [ -x "$KNOCKCTL" ]; then
	knock $server 1005 1005
	wait_for count again 'open 10.0.0.2' 2
	equal 'two knocks are one access' "$(knockctl list --json | jq -c 'map(select(.door == "again")) | length')" 1
	equal '... that can be extended' "$(knockctl extend 10.0.0.2 --door again 1h)" '1 extended'
	knockd_stop
	knockd_again
	equal '... over a restart' "$(knockctl list --json | jq '.[] | select(.door == "again") | .left_ms > 3500000')" true
	equal '... and shortened' "$(knockctl extend 10.0.0.2 --door again -59m)" '1 extended'
	equal '... and revoked' "$(knockctl revoke 10.0.0.2 --door again)" '1 revoked'
	check '... with both stop commands' count again 'close 10.0.0.2' 2
else
	skip 'two knocks are one access' 'no knockctl'
fi

running() {
	cat /proc/[0-9]*/comm 2>/dev/null | grep -cx sleep
}
# shellcheck disable=SC2046
knock $server $(yes 1003 | head -n 100)
fence
check 'a hundred slow commands at once: the daemon reacts before the first of them ends' lines many 0
check '... and they do run' [ "$(running)" -ge 1 ]
check 'no more than Max_Commands run' [ "$(running)" -le 64 ]
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
knockd_again
check 'SIGKILL in the middle of it: a hundred stop commands run' -t 10 lines many 100

# shellcheck disable=SC2046
knock $server $(yes 1003 | head -n 100)
fence
knockd_stop
knockd_again
check 'SIGTERM in the middle of it: a hundred again' -t 12 lines many 200
zombies() {
	grep -lE "^[0-9]+ \(.*\) Z $knockd " /proc/[0-9]*/stat 2>/dev/null
}
check 'no zombie stays' not zombies

# Without a journal the daemon leaves no door open.
knockd_stop
rm -rf "$T/state"
: >"$T/state"
knockd_again
check 'without a journal there is a warning' log_has 'without a journal'
knock $server 1002
fence
knockd_stop
check '... and open doors close when the daemon ends' lines later 4
done_testing
