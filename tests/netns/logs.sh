#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lines of knockd's log, unchanged for programs that parse them; and the limit for lines that strangers cause.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
topo_client other 1
firewall
long=$(yes %IP% | head -n 600 | tr '\n' ' ') # short enough for a line of the file, too long for a command
knockd_start "
[a]
	sequence     = 1001,1099
	seq_timeout  = 1
	command      = exit 7
	cmd_timeout  = 0
	stop_command = true %IP%
[long]
	sequence     = 2001
	command      = : $long %IP%
[longStop]
	sequence     = 2002
	command      = : never
	stop_command = : $long %IP%
[dies]
	sequence     = 2003
	command      = kill -9 \$\$
[grants]
	sequence     = 2004
	grant        = inet filter ssh_ok { %IP% timeout 1h }
[six]
	sequence     = 2005,2096
	grant        =
[flood]
	sequence     = 2007:udp,2098:udp
	grant        =
	seq_timeout  = 2
$fence_door"

# line TEXT: a whole line of the log
line() {
	grep -qxF -- "$1" "$LOG"
}

check 'start' line 'starting up, listening on any'
knock $server 1001 1099
check 'stages' line '10.0.0.2: a: Stage 1'
check 'the next stage' line '10.0.0.2: a: Stage 2'
check 'success' line '10.0.0.2: a: OPEN SESAME'
check 'command' line 'a: running command: exit 7'
check 'status' line 'a: command returned non-zero status code (7)'
check 'the end of cmd_timeout' line '10.0.0.2: a: command timeout'
check 'stop command' line 'a: running command: true 10.0.0.2'
equal 'in this order' "$(grep ' a: \|^a: ' "$LOG" | sed 's/.*a: //' | tr '\n' '|')" \
	'Stage 1|Stage 2|OPEN SESAME|running command: exit 7|command returned non-zero status code (7)|command timeout|running command: true 10.0.0.2|'
knock $server 1001
check 'sequence timeout, when it is due' line '10.0.0.2: a: sequence timeout (stage 1)'
knock $server 2001 2002 2003 2004
check 'start command too long' line "error: parsed start command has been truncated! --> won't execute it"
check 'stop command too long' line "error: parsed stop command has been truncated! --> won't execute start command"
refute '... neither of them runs' log_has 'longStop: running'
check 'a shell that a signal ended' line 'dies: command returned non-zero status code (137)'
check 'a grant reads like the command that would do it' \
	line "grants: running command: nft add element inet filter ssh_ok '{ 10.0.0.2 timeout 1h comment \"grants\" }'"
knock $server6 2005
check 'an IPv6 address, compressed' line 'fd00::2: six: Stage 1'

# no shell
: >"$T/no_shell"
mount --bind "$T/no_shell" /bin/sh || bail 'cannot hide /bin/sh'
in_client "$knock_with" $server 1001 1099
check 'a command that cannot be started' line 'error: command fork failed!'
umount /bin/sh

# 300 first hits: 200 lines at once, the rest is counted
now flood_from
# shellcheck disable=SC2046 # a list of ports
knock $server $(yes 2007:udp | head -n 300)
fence
now flood_to
lines=$(log_count 'flood: Stage 1')
check "lines that strangers cause have a limit ($lines)" [ "$lines" -ge 200 ]
check '... and not many more: ten a second' [ "$lines" -le $((210 + (flood_to - flood_from) / 10)) ]
check '... and the number of the others is logged' -t 15 log_has 'stage, timeout and scan lines left out'

knockd_stop
check 'end' line 'shutting down'
refute 'no line is empty' grep -q '^$' "$LOG"

# Names (-l): the helper answers from a file, fast; a first line may still come before the answer.
mount --bind "$T" /mnt 2>/dev/null
printf '127.0.0.1 localhost\n10.0.0.2 knocker.example\n' >"$T/hosts"
printf 'hosts: files\n' >"$T/nsswitch.conf"
mount --bind "$T/hosts" /etc/hosts && mount --bind "$T/nsswitch.conf" /etc/nsswitch.conf || bail 'no hosts of our own'
knockd_again -l
named() {
	knock $server 1001 1099
	line '10.0.0.2 (knocker.example): a: Stage 1' && line '10.0.0.2 (knocker.example): a: OPEN SESAME' &&
		line '10.0.0.2 (knocker.example): a: command timeout'
}
check '-l: with the name' named
if [ -x "$KNOCKCTL" ]; then
	knock $server 2004
	listed() {
		knockctl list | grep -q '^10.0.0.2 (knocker.example)  *grants ' &&
			[ "$(knockctl list --json | jq -r '.[0].host')" = knocker.example ]
	}
	check '... in knockctl list' listed
	knockctl watch >"$T/watch" &
	started $!
	watched() {
		knock $server 1001 1099
		grep -q '10.0.0.2 (knocker.example): a: open' "$T/watch"
	}
	check '... and in knockctl watch' watched
else
	skip 'knockctl' 'it is not built'
fi
knockd_stop

# Who owns the name server of an address gives it any name: one that reads like an address would be taken for the client's.
for name in 192.0.2.7 192.0.2.7. 3221225991 0xc0.0.2.7 192.0.519 x.0xC0000207; do
	printf '127.0.0.1 localhost\n10.0.0.2 %s\n10.0.1.2 7.good-name.example\n' "$name" >"$T/hosts"
	: >"$LOG"
	knockd_again -l
	named_other() {
		knock $server 1001 1099
		knock_from other $server 1001 1099
		log_has '10.0.1.2 (7.good-name.example): a: OPEN SESAME'
	}
	wait_for named_other || bail 'the helper gives no names'
	knock $server 1001 1099
	fence
	refute "-l: no name that is an address: $name" grep -q '10\.0\.0\.2 (' "$LOG"
	knockd_stop
done

# A FIFO as the log file: without a reader, with one that reads nothing, with one that ends.
mkfifo "$T/fifo" || bail 'no FIFO'
piped="
[options]
	LogFile = $T/fifo
[long]
	sequence = 2001:udp
	command  = : $(yes x | head -n 400 | tr '\n' ' ')
$fence_door"
knockd_start "$piped"
check 'a FIFO without a reader: an error' log_has "cannot open logfile: $T/fifo: No such device or address"
sleep 600 <>"$T/fifo" &
reader=$!
started "$reader"
knockd_reload
# shellcheck disable=SC2046 # a list of ports
knock $server $(yes 2001:udp | head -n 120)
fence
ok 'a reader that does not read does not stop the daemon'
cat "$T/fifo" >"$T/piped" &
cat=$!
started "$cat"
check '... the FIFO has whole lines' grep -q 'long: running command: : x x x' "$T/piped"
kill "$reader"
drained() {
	fence
	grep -q 'fence: OPEN SESAME' "$T/piped"
}
check '... and more of them when there is room' drained
refute '... none of them is cut' grep -v '^\[....-..-.. ..:..\] ' "$T/piped"
kill "$cat"
wait "$cat"
knockd_reload
fence
ok 'a reader that has ended does not stop it either, nor does a reload then'
kill "$knockd"
check '... and SIGTERM ends the daemon' not alive "$knockd"

# what happens to elements in words; commands stay as they are
nft add set inet filter banned '{ type ipv4_addr; flags timeout; }'
nft add set inet filter ever '{ type ipv4_addr . inet_service; }'
knockd_start "
[options]
	Access_Log = words
	Ban_Set    = inet filter banned { %IP% timeout 5m }
[words]
	sequence     = 2004
	command      = true
	open         = 25:tcp
	open_timeout = 90
	grant        = inet filter ssh_ok { %IP% timeout 1h }
	grant        = inet filter ever { %IP% . 22 }
	grant_6      = inet filter ssh_ok { %IP% timeout 1h }
[takes]
	sequence     = 2009
	revoke       = inet filter ever { %IP% . 22 }
[scanned]
	sequence     = 2010,2011
$fence_door"
: >"$LOG"
knock $server 2004 2009 2009
fence
equal 'in words' "$(grep -E '(words|takes): ' "$LOG" | grep -v Stage)" '10.0.0.2: words: OPEN SESAME
10.0.0.2: words: access granted: inet knockd open4 { 10.0.0.2 . tcp . 25 } for 1m30s
10.0.0.2: words: access granted: inet filter ssh_ok { 10.0.0.2 } for 1h
10.0.0.2: words: access granted: inet filter ever { 10.0.0.2 . 22 } without end
words: running command: true
10.0.0.2: takes: OPEN SESAME
10.0.0.2: takes: access revoked: inet filter ever { 10.0.0.2 . 22 }
10.0.0.2: takes: OPEN SESAME
10.0.0.2: takes: no access to revoke: inet filter ever { 10.0.0.2 . 22 }'
knock $server6 2004
check '... a failure is worded as ever' log_has 'words: grant failed: inet filter ssh_ok: the key needs ipv4_addr'
if [ -x "$KNOCKCTL" ]; then
	knockctl revoke --all >/dev/null # an address with access is never banned
	knock $server 2010 992 993 994 995 996 997 998 999
	check '... a ban' line '10.0.0.2: scanned: banned: inet filter banned { 10.0.0.2 } for 5m'
else
	skip '... a ban' 'no knockctl'
fi
if [ -x "$KNOCKCTL" ]; then
	knockctl grant 10.0.0.9 --door words >/dev/null
	check '... by hand' line '10.0.0.9: words: access granted: inet filter ssh_ok { 10.0.0.9 } for 1h'
else
	skip '... by hand' "$KNOCKCTL is not built"
fi
knockd_stop

# Under systemd standard error leads to the journal, and syslog too: a warning comes there once. /dev of our own, with
# the link that systemd makes to journald's socket.
mkdir -p "$T/dev" /run/systemd/journal
for device in null zero full random urandom; do
	: >"$T/dev/$device"
	mount --bind "/dev/$device" "$T/dev/$device" || bail "cannot bind /dev/$device"
done
ln -s /run/systemd/journal/dev-log "$T/dev/log"
mount --rbind "$T/dev" /dev || bail 'no /dev of our own'
socat -u UNIX-RECV:/run/systemd/journal/dev-log - >"$T/journal" &
started $!
wait_for test -S /run/systemd/journal/dev-log
knockd_conf "
[options]
	UseSyslog
	Interface = eth99, lo
[fence]
	sequence  = 9:udp
	grant     ="
# run_logged STREAM_ID: what it says on both streams goes to $T/streams
run_logged() {
	: >"$T/streams"
	: >"$T/journal"
	JOURNAL_STREAM=$1 "$KNOCKD" -v -c "$T/knockd.conf" >"$T/streams" 2>&1 &
	knockd=$!
	started "$knockd"
	check "... syslog has all ($1)" grep -q 'knockd: starting up' "$T/journal"
	equal '... the warning, too' "$(grep -c 'knockd: warning: there is no interface eth99 now' "$T/journal")" 1
	knockd_stop
}
: >"$T/streams"
run_logged "$(stat -c %d:%i "$T/streams")"
equal 'streams that are the journal have nothing that syslog has' \
	"$(grep -v '^listening on\|^the daemon remains root' "$T/streams")" ''
run_logged 1:1
check 'streams that are not have the lines' grep -qx 'starting up, listening on eth99, lo' "$T/streams"
check '... and the warning' grep -q '^warning: there is no interface eth99 now' "$T/streams"
rm "$T/dev/log"
mv /run/systemd/journal/dev-log "$T/dev/log"
run_logged "$(stat -c %d:%i "$T/streams")"
check 'nor are they left out where syslog is not the journal' grep -q '^warning: there is no interface eth99 now' "$T/streams"
done_testing
