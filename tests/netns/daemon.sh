#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# -d, the pid file, the log file, syslog, exit statuses: as scripts for knockd expect them.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
conf=$T/knockd.conf
door="
[a]
	sequence = 7000
	command  = echo out; echo err >&2
$fence_door"

# stop_daemon: ends the daemon of pid file $T/pid
stop_daemon() {
	kill "$(cat "$T/pid")"
	wait_for not test -e "$T/pid"
}

cd "$T" || bail "no $T"
printf ' 7001\n 7002\n' >once
chmod 600 once
knockd_conf "$door
[once]
	one_time_sequences = once
	grant              =
[options]
	LogFile = file.log"
"$KNOCKD" -d -c knockd.conf -p "$T/pid" >"$T/out" 2>"$T/err"
equal '-d returns 0 when it is up' $? 0
equal '... and is silent' "$(cat "$T/out" "$T/err")" ''
check '... with its pid in the file' alive "$(cat "$T/pid")"
started "$(cat "$T/pid")"
equal '... the working directory is /' "$(readlink "/proc/$(cat "$T/pid")/cwd")" /
knock $server 7000
check 'the log file, with its stamp' grep -qE '^\[[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}\] 10\.0\.0\.2: a: OPEN SESAME$' "$T/file.log"
equal '... readable by root and its group' "$(stat -c %a "$T/file.log")" 640
knock $server 7001
check 'one-time sequences are marked in the file of that name' grep -qx '#7001' once

"$KNOCKD" -d -c knockd.conf -p "$T/pid" >"$T/out" 2>"$T/err"
equal 'a second one ends with 1' $? 1
check '... says why' grep -q 'NFLOG group 7777' "$T/err"
check '... and leaves the pid file alone' alive "$(cat "$T/pid")"

mv file.log file.log.1
kill -HUP "$(cat "$T/pid")"
check 'SIGHUP opens the log file anew, the configuration too, by their relative names' test -s file.log.1
check '... and makes a new log file' test -e file.log
knock $server 7000
check '... and it is written to' grep -q 'OPEN SESAME' file.log
knock $server 7002
check 'one-time sequences are read by that name, too' grep -qx '#7002' once
refute '... without a complaint' grep -q 'reload failed' file.log file.log.1
stop_daemon
check 'shutting down is logged' grep -q 'shutting down$' file.log
refute 'the rules are gone' nft list table inet knockd 2>/dev/null

echo 999999 >"$T/pid"
"$KNOCKD" -d -c knockd.conf -p "$T/pid" 2>"$T/err"
check 'a stale pid file is no obstacle' alive "$(cat "$T/pid")"
started "$(cat "$T/pid")"
stop_daemon

"$KNOCKD" -d -c knockd.conf -g "$T/g.log" -p "$T/none/pid" 2>"$T/err"
equal 'a pid file that cannot be made is no error' $? 0
check '... but a warning' grep -q "could not create pid file $T/none/pid: No such file or directory$" "$T/err"
check '... in the log, too' grep -q "could not create pid file $T/none/pid: No such file or directory$" file.log
started "$(children 1 | tail -n 1)"
for pid in $(children 1); do
	grep -qx knockd "/proc/$pid/comm" 2>/dev/null && kill "$pid"
done
wait_for not nft list table inet knockd 2>/dev/null

knockd_conf "$door
	nonsense"
"$KNOCKD" -d -c knockd.conf -p "$T/pid" 2>"$T/err"
equal '-d with a broken file: the command ends with status 1' $? 1
check '... and the reason' grep -q nonsense "$T/err"

knockd_conf "$door
[options]
	PidFile = $T/other.pid"
"$KNOCKD" -d -c knockd.conf -p "$T/pid"
check 'PidFile wins over -p' alive "$(cat "$T/other.pid")"
kill "$(cat "$T/other.pid")"
wait_for not test -e "$T/other.pid"

knockd_conf "$door
[options]
	PidFile = relative.pid"
(timeout 5 sh -c "x=\$($KNOCKD -d -l -c $conf)")
equal '-d -l: the command ends' $? 0
check 'a relative pid file' alive "$(cat "$T/relative.pid")"
kill "$(cat "$T/relative.pid")"
check '... is removed, too' not test -e "$T/relative.pid"

knockd_start "$door"
refute 'no pid file in the foreground' test -e "$T/pid"
knockd_conf "$door
[options]
	LogFile = named.log"
knockd_reload
knock $server 7000
check 'a reload opens a log file' grep -q 'OPEN SESAME' named.log
mv named.log named.log.1
knockd_conf "$door"
knockd_reload
refute '... and one without LogFile makes none' test -e named.log
knock $server 7000
fence
equal '... and closes the old one' "$(grep -c 'OPEN SESAME' named.log.1)" 1
knockd_stop
equal 'SIGTERM: exit status' $? 15
knockd_conf "$door
[options]
	LogFile ="
: >"$LOG"
knockd_again -g "$T/none.log"
refute 'LogFile without a value: no file is missing' log_has 'cannot open logfile'
refute '... nor made' test -e "$T/none.log"
knockd_stop
knockd_conf "$door"
# a background job of this shell ignores SIGINT, and so would its child
knockd_again
if grep -q '^SigIgn:.*[2367abef]$' "/proc/$knockd/status"; then
	diag 'SIGINT is blocked by signalfd, ignored or not'
fi
kill -INT "$knockd"
wait "$knockd"
equal 'SIGINT: exit status' $? 2

# without standard streams no file of ours may get their descriptors
knockd_conf "$door
[options]
	LogFile = $T/bare.log"
"$KNOCKD" -d -v -c "$conf" -p "$T/pid" <&- >&- 2>&-
equal 'it starts without standard streams' $? 0
started "$(cat "$T/pid")"
knock $server 7000
check '... and has its log file' grep -q 'OPEN SESAME' bare.log
stop_daemon
"$KNOCKD" -D -c "$conf" >&- 2>/dev/null &
bare=$!
started $bare
check 'in the foreground, without standard output' grep -q 'starting up' bare.log
kill -HUP $bare
wait_for grep -q 're-opening' bare.log
knock $server 7000
check '... it opens' grep -q 'running command' bare.log
refute '... and the lines for standard output, with sequences, are not in the log file' grep -q '7000' bare.log
kill $bare
wait $bare

# few N: $T/few is the daemon with this limit of open files
few() {
	cat >"$T/few" <<-E
		#!/bin/sh
		ulimit -n $1 && exec '$KNOCKD' "\$@"
	E
	chmod +x "$T/few"
}

knockd_conf "$door"
few 63
ends 'with 63 open files it ends' 1 "$T/few" -c "$conf"
check '... names the limit and what it needs' grep -q 'the limit of open files is 63, knockd needs 64' "$T/err"
few 64
: >"$LOG"
daemon_start "$T/few" 'starting up' -v
knock $server 7000
check '... with 64 it works' log_has 'a: OPEN SESAME'
if command -v prlimit >/dev/null; then
	prlimit --pid "$knockd" --nofile=16
	knock $server 7000
	wait "$knockd"
	equal 'poll(2) fails: it ends' $? 1
	check '... with the reason' log_says 'could not wait for events: Invalid argument'
else
	knockd_stop
	skip 'poll(2) fails' 'no prlimit'
fi

# syslog: a /dev of our own with a log in it
mkdir "$T/dev"
for node in null zero urandom; do
	: >"$T/dev/$node" && mount --bind /dev/$node "$T/dev/$node"
done
socat -u "UNIX-RECV:$T/dev/log" "OPEN:$T/syslog,creat,append" 2>/dev/null &
started $!
wait_for test -S "$T/dev/log"
knockd_conf "UseSyslog
$door"
unshare -m sh -c "mount --bind $T/dev /dev && exec $KNOCKD -c $conf" >/dev/null 2>"$T/err" &
started $!
check 'syslog: daemon.notice, identifier knockd, no pid' grep -qaE '<29>.*[0-9] knockd: starting up, listening on any' "$T/syslog"
knock $server 7000
check '... and knocks' grep -qaE '<29>.*[0-9] knockd: 10\.0\.0\.2: a: Stage 1' "$T/syslog"
done_testing
