#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lines of knockd's log, unchanged for programs that parse them; and the limit for lines that strangers cause.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
firewall
long=$(yes %IP% | head -n 600 | tr '\n' ' ') # short enough for a line of the file, too long for a command
knockd_start "
[a]
	sequence     = 1001,1002
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
	sequence     = 2005,2006
[flood]
	sequence     = 2007:udp,2008:udp
	seq_timeout  = 2
$fence_door"

# line TEXT: a whole line of the log
line() {
	grep -qxF -- "$1" "$LOG"
}

check 'start' line 'starting up, listening on any'
knock $server 1001 1002
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
in_client "$knock_with" $server 1001 1002
check 'a command that cannot be started' line 'error: command fork failed!'
umount /bin/sh

# 300 first hits: 200 lines at once, the rest is counted
# shellcheck disable=SC2046 # a list of ports
knock $server $(yes 2007:udp | head -n 300)
fence
lines=$(log_count 'flood: Stage 1')
check "lines that strangers cause have a limit ($lines)" [ "$lines" -ge 200 ]
check '... and not many more' [ "$lines" -le 260 ]
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
	knock $server 1001 1002
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
		knock $server 1001 1002
		grep -q '10.0.0.2 (knocker.example): a: open' "$T/watch"
	}
	check '... and in knockctl watch' watched
else
	skip 'knockctl' 'it is not built'
fi
knockd_stop

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
done_testing
