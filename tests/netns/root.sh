#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A daemon without commands is not root: the privileges that it keeps are enough for everything that an admin does.

. "$(dirname "$0")/../lib.sh"
need knock uids knockctl
topo_pair
firewall
mkdir "$T/logs"
uid=$(id -u $engine_user)
ssh='
[ssh]
	sequence = 1001,1002
	grant    = inet filter ssh_ok { %IP% timeout 1m }
'
net_admin=0000000000001000

# status PID FIELD
status() {
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr '\t' ' ' | sed 's/ $//'
}

# has_left PID
has_left() {
	equal 'its user is the engine'\''s' "$(status "$1" Uid)" "$uid $uid $uid $uid"
	equal '... no other groups' "$(status "$1" Groups)" ''
	for set in CapEff CapPrm CapBnd; do
		equal "... $set is CAP_NET_ADMIN" "$(status "$1" $set)" $net_admin
	done
	for set in CapInh CapAmb; do
		equal "... $set is empty" "$(status "$1" $set)" 0000000000000000
	done
	equal '... it can gain no privilege' "$(status "$1" NoNewPrivs)" 1
	for task in "/proc/$1/task/"*; do
		equal '... nor can its threads' "$(sed -n 's/^NoNewPrivs:[[:space:]]*//p; s/^CapEff:[[:space:]]*//p; s/^CapBnd:[[:space:]]*//p' \
			"$task/status" | sort -u | tr '\n' ' ')" "$net_admin 1 "
	done
}

has_table() {
	nft list table inet knockd >/dev/null 2>&1
}

firewall_anew() {
	nft delete table inet filter
	firewall
}

# --- no command ----------------------------------------------------------------------------------

knockd_conf "$ssh
[options]
	LogFile = $T/logs/file
	PidFile = $T/pid
$fence_door"
chmod 600 "$T/knockd.conf"
"$KNOCKD" -d -v -c "$T/knockd.conf" >"$T/out" 2>"$T/err"
equal 'it starts with files that only root can read' $? 0
knockd=$(cat "$T/pid")
started "$knockd"
LOG=$T/logs/file
has_left "$knockd"
check '... and its engine has no capability' [ "$(status "$(children "$knockd")" CapEff)" = 0000000000000000 ]

keeper=$(keeper "$knockd")
equal 'one process stays root' "$(status "$keeper" Uid)" '0 0 0 0'
for set in CapEff CapPrm CapBnd; do
	equal "... $set is CAP_DAC_OVERRIDE" "$(status "$keeper" $set)" 0000000000000002
done
equal '... it can gain nothing' "$(status "$keeper" NoNewPrivs)" 1
# shown PID: its command line, as ps shows it
shown() {
	tr '\0' ' ' <"/proc/$1/cmdline" | sed 's/ *$//'
}
equal 'ps tells the keeper from the daemon' "$(shown "$keeper")" 'knockd: keeper'
equal '... and the engine' "$(shown "$(children "$knockd")")" 'knockd: engine'
equal '... whose line stays' "$(shown "$knockd")" "$KNOCKD -d -v -c $T/knockd.conf"
check 'knockctl status shows all three' [ "$(knockctl status | sed -n 's/^processes  *//p')" = \
	"$knockd, engine $(children "$knockd"), keeper $keeper" ]
equal '... and whose each is' "$(knockctl --json status | jq .keeper_pid)" "$keeper"
equal '... and hears nobody but the daemon' "$(readlink "/proc/$keeper/fd/"* | sed 's/:.*//' | sort | tr '\n' ' ')" \
	'/dev/null /dev/null /dev/null socket '

knock $server 1001 1002
check 'a knock opens' element_in 'inet filter ssh_ok' 10.0.0.2
firewall_anew
check 'an access comes back with its set' element_in 'inet filter ssh_ok' 10.0.0.2
nft delete table inet knockd
check 'it puts its table back' has_table

# --- reload, rotation ----------------------------------------------------------------------------

mv "$T/logs/file" "$T/logs/file.1"
knockd_conf "$(echo "$ssh" | sed s/1001,1002/2001,2002/)
[udp]
	sequence = 3001:udp
[options]
	LogFile = $T/logs/file
	Interface = client, lo
	Nflog_Group = 7778
$fence_door"
chmod 600 "$T/knockd.conf"
kill -HUP "$knockd"
check 'a reload opens the log file anew' grep -q 're-opening log file' "$T/logs/file.1"
check '... in a directory of root'\''s' test -f "$T/logs/file"
equal '... that only root and its group can read' "$(stat -c %U:%a "$T/logs/file")" root:640
knock $server 3001:udp
check '... and reads the configuration, with another group' log_has 'udp: OPEN SESAME'
equal '... without a change of user' "$(status "$knockd" Uid)" "$uid $uid $uid $uid"
engine=$(children "$knockd")
equal '... the new engine has no privilege either' "$(status "$engine" CapEff) $(status "$engine" NoNewPrivs)" \
	'0000000000000000 1'
if built_with HAVE_SECCOMP; then
	equal '... and a filter of system calls' "$(status "$engine" Seccomp)" 2
fi
refute '... without an error' log_has 'could not'
ends 'knockctl' 0 knockctl check
kill -KILL "$engine"
check 'an engine that has died is replaced' log_has 'a new engine is running'
fence
mv "$T/logs/file" "$T/logs/file.2"
kill -HUP "$knockd"
check 'another rotation' test -f "$T/logs/file"

chown $engine_user "$T/logs"
mv "$T/logs/file" "$T/logs/file.3"
ln -s "$T/stranger" "$T/logs/file"
kill -HUP "$knockd"
LOG=$T/logs/file.3
check 'a link in a directory of another user is not followed' log_says "cannot open logfile: $T/logs/file: (Too many levels of symbolic links|Symbolic link loop)"
refute '... its target is not made' test -e "$T/stranger"
chown root "$T/logs"
kill -HUP "$knockd"
check '... a link in a directory of root'\''s is followed' test -e "$T/stranger"
rm "$T/logs/file"
kill -HUP "$knockd"
LOG=$T/logs/file
check 'a rotation after that' test -f "$LOG"

# --- changes that need a restart -----------------------------------------------------------------

was=$(cat "$T/knockd.conf")
# refused TEXT CONFIGURATION REASON
refused() {
	printf '%s\n' "$2" >"$T/knockd.conf"
	kill -HUP "$knockd"
	check "$1" log_has "$3"
	check '... and the old configuration stays' log_has 'reload failed'
	knock $server 3001:udp
	fence
	mv "$LOG" "$T/logs/old.$tap_count"
	kill -HUP "$knockd"
	wait_for test -e "$LOG" || bail 'no reload'
}
refused 'a command' "$was
[run]
	sequence = 4000
	command  = echo" '[run] has a command: needs privileges dropped at start; restart knockd'
printf ' 10:udp\n' >"$T/sequences"
refused 'one-time sequences' "$was
[once]
	one_time_sequences = $T/sequences" '[once] has one-time sequences'
refused 'another user' "$(echo "$was" | sed 's/User = .*/User = daemon/')" \
	'User daemon: needs privileges dropped at start; restart knockd'

chown $engine_user "$T/knockd.conf"
refused 'a file of the engine'\''s user, as at a start by root' "$was" 'belongs to another user'
chown root "$T/knockd.conf"

# --- end and restart -----------------------------------------------------------------------------

equal 'the journal of the elements belongs to the engine'\''s user' "$(stat -c %U "$T/state/grants") $(stat -c %U "$T/state")" \
	"$engine_user root"
test -S "$T/control.sock" || bail 'no control socket'
kill "$knockd"
check 'the pid file is removed' not test -e "$T/pid"
check '... the control socket, too' not test -e "$T/control.sock"
check '... and the process that was root has ended' not alive "$keeper"
refute 'the rules are gone' has_table

LOG=$T/log
knockd_again
firewall_anew
check 'an access outlives a restart' element_in 'inet filter ssh_ok' 10.0.0.2
keeper=$(keeper "$knockd")
kill -KILL "$knockd"
check 'when the daemon is killed the keeper ends' not alive "$keeper"

knockd_start "$ssh
[options]
	LogFile = /dev/stdout
$fence_door"
knockd_reload
knock $server 1001 1002
check 'standard output as the log file still works after a reload' grep -q '^\[.*ssh: OPEN SESAME' "$LOG"
# limit N: of the daemon's open files
limit() {
	setpriv --reuid="$uid" --regid="$(id -g $engine_user)" --clear-groups prlimit --pid "$knockd" --nofile="$1:"
}
if command -v prlimit >/dev/null && command -v setpriv >/dev/null; then
	limit=28 # a bit more than poll(2) needs; knockctl takes the rest
	limit $limit
	watchers=
	while [ "$(echo "$watchers" | wc -w)" -lt 16 ]; do
		knockctl watch >/dev/null 2>&1 &
		started $!
		watchers="$watchers $!"
	done
	full() {
		set -- "/proc/$knockd/fd/"*
		[ $# = $limit ]
	}
	wait_for full || bail 'the daemon has descriptors left'
	knockd_reload
	check 'without a descriptor for the file of the keeper a reload says so' \
		log_says "$T/knockd.conf: (Too many open files|No file descriptors available)"
	# shellcheck disable=SC2086 # pids
	kill $watchers
	wait_for not full
	limit 64
else
	skip 'without a descriptor for the file of the keeper' 'no prlimit or setpriv'
fi
kill -KILL "$(keeper "$knockd")"
check 'the keeper is killed: the consequence is logged' log_has \
	'the process that stays root (knockd-keeper) has ended: restart knockd before the next reload'
knock $server 1001 1002
fence
knockd_reload
check '... and again when a reload fails' log_has "$T/knockd.conf: cannot be opened without knockd-keeper: restart knockd"
check '... the configuration stays in force' log_has 'reload failed'
fence
knockd_stop

# --- commands and one-time sequences -------------------------------------------------------------

all=$(status $$ CapEff)
knockd_start "$ssh
[run]
	sequence     = 4000
	command      = grep Cap /proc/self/status >$T/caps
	cmd_timeout  = 1000
	stop_command = touch $T/stopped
$fence_door"
equal 'with a command it is root' "$(status "$knockd" Uid) $(status "$knockd" CapEff)" "0 0 0 0 $all"
knock $server 4000
check '... and so is the command' grep -q "^CapEff:.*$all" "$T/caps"
equal '... no keeper' "$(keeper "$knockd")" ''
check '... only root can read its /proc files' [ "$(stat -c %u "/proc/$knockd/environ")" = 0 ]
firewall_anew
check 'an access of the daemon without root comes back' element_in 'inet filter ssh_ok' 10.0.0.2
equal 'stop commands are in a journal of root'\''s' "$(stat -c %U:%a "$T/state/journal")" root:640
knockd_stop
check '... and outlive the daemon' grep -q ' run ' "$T/state/journal"
cp "$T/state/journal" "$T/stop"

knockd_start "$ssh$fence_door"
check 'without the door the daemon does not run its stop command' log_has \
	"10.0.0.2: run: no door of the configuration has this stop command of the journal: it does not run: touch $T/stopped"
equal '... and needs no root for it' "$(status "$knockd" CapEff)" $net_admin
refute '...' test -e "$T/stopped"
knockd_stop

# An attacker who has taken over a daemon that is not root can write its journal of elements, and nothing else.
cp "$T/stop" "$T/state/grants/journal"
chown $engine_user "$T/state/grants/journal"
knockd_start "$ssh
	stop_command = true
$fence_door"
check 'a command in the journal of the elements is not believed' log_has 'unexpected command entry, ignored'
knockd_stop
rm -r "$T/state/grants"

printf ' 10:udp\n11:udp\n' >"$T/sequences"
chmod 640 "$T/sequences"
knockd_start "
[once]
	one_time_sequences = $T/sequences
$fence_door"
equal 'one-time sequences: the daemon stays uid 0' "$(status "$knockd" Uid)" '0 0 0 0'
equal '... with the capabilities that these files and new engines need' "$(status "$knockd" CapEff) $(status "$knockd" CapBnd)" \
	'00000000000411eb 00000000000411eb'
check '... which is logged' log_has '[once] has one-time sequences, which are marked in their file'
echo | socat -u - UDP4-SENDTO:127.0.0.1:10
wait_for element_in 'inet knockd local_any' 'udp . 11'
echo | socat -u - UDP4-SENDTO:127.0.0.1:11
fence
equal '... they are marked' "$(tr '\n' ' ' <"$T/sequences")" '#10:udp #11:udp '
knockd_reload
engine=$(children "$knockd")
equal '... a new engine has its own root directory' "$(ls -A "/proc/$engine/root/.")" ''
knockd_conf "$ssh
	command = true
$fence_door"
knockd_reload
check '... and a command needs a restart' log_has '[ssh] has a command: needs privileges dropped at start'
knockd_stop

# --- the log file at the start, which always runs as root -----------------------------------------

rm -f "$T/stranger" "$T/logs/file"
chown $engine_user "$T/logs"
ln -s "$T/stranger" "$T/logs/file"
knockd_start "$ssh
	command = true
[options]
	LogFile = $T/logs/file
$fence_door"
check 'a link in a directory of another user is not followed at the start' \
	log_says "cannot open logfile: $T/logs/file: (Too many levels of symbolic links|Symbolic link loop)"
refute '... its target is not made' test -e "$T/stranger"
chown root "$T/logs"
knockd_reload
check '... a link in a directory of root'\''s is followed' test -e "$T/stranger"
done_testing
