#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which permissions of files with sequences are accepted, and where a sequence must not appear.

. "$(dirname "$0")/../lib.sh"
need knock uids
topo_pair
conf=$T/knockd.conf
once=$T/sequences
printf ' 20001:udp,20002:udp\n' >"$once"
chmod 600 "$once"
knockd_conf "
[secret]
	sequence = 20004,20003
	grant    =
[once]
	one_time_sequences = $once
	grant              =
$fence_door"

# says TEXT STATUS MODE OWNER FILE WORDS: -t on a file of this mode and owner; WORDS: its message, "" for none
says() {
	says_mode=$(stat -c %a "$5") says_owner=$(stat -c %u:%g "$5")
	chown "$4" "$5" && chmod "$3" "$5"
	ends "$1" "$2" "$KNOCKD" -t -c "$conf"
	if [ -n "$6" ]; then
		check '... is reported' grep -qF "$5: $6" "$T/err"
	else
		equal '... is silent' "$(cat "$T/err")" ''
	fi
	chown "$says_owner" "$5" && chmod "$says_mode" "$5"
}

for file in "$conf" "$once"; do
	is=${file##*/}
	says "$is: root only" 0 600 0:0 "$file" ''
	says "$is: a group reads" 0 640 0:4 "$file" ''
	says "$is: root'"'s group writes' 0 660 0:0 "$file" ''
	says "$is: a group writes" 1 660 0:4 "$file" 'a group can write to it (chmod g-w)'
	says "$is: everybody writes" 1 602 0:0 "$file" 'any user can write to it (chmod o-w)'
	says "$is: another user owns it" 1 600 12345:0 "$file" 'belongs to another user, who could change it (chown root)'
done
says 'knockd.conf: everybody reads' 0 644 0:0 "$conf" 'warning: any user can read it, and sequences are secrets (chmod o-r)'
says 'sequences: everybody reads' 0 644 0:0 "$once" 'any user can read it, and sequences are secrets (chmod o-r)'

# an entry for another user, as setfacl -m u:12345:rw makes it: version 2, then tag, rights and id of each
acl() {
	python3 -c 'import os, struct, sys
entries = (1, 6, -1), (2, 6, 12345), (4, 0, -1), (16, 6, -1), (32, 0, -1)
os.setxattr(sys.argv[1], "system.posix_acl_access",
            struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *e) for e in entries))' "$1"
}
if acl "$conf" 2>/dev/null; then
	ends 'a user of an ACL writes' 1 "$KNOCKD" -t -c "$conf"
	check '... is reported' grep -qF "$conf: its access control list lets others write to it (chmod g-w)" "$T/err"
	chmod g-w "$conf"
	ends '... chmod g-w helps' 0 "$KNOCKD" -t -c "$conf"
	chmod 600 "$conf"
else
	skip 'a user of an ACL writes' 'no python3, or no ACLs on this file system'
fi

# the target of a link counts
ln -s "$conf" "$T/link"
chmod 606 "$conf"
ends 'behind a link' 1 "$KNOCKD" -t -c "$T/link"
chmod 600 "$conf"
ends 'standard input is read, too' 0 sh -c "$KNOCKD -t -c /proc/self/fd/0 <$conf"

# a byte that ends a text ends neither a line nor a file
printf '[a]\n\tsequence = 20005,20006\n\0\0\0\0[b]\n\tsequence = 20007\n' >"$T/zeros"
ends 'zeros in the place of a line' 1 "$KNOCKD" -t -c "$T/zeros"
check '... are found' grep -qxF "config: line 3: contains a NUL byte ($T/zeros)" "$T/err"
printf '[a]\n\tsequence = 20005\0,20006\n' >"$T/zeros"
ends 'the beginning of a sequence is none' 1 "$KNOCKD" -t -c "$T/zeros"
ends 'a file without end' 1 timeout 60 "$KNOCKD" -t -c /dev/zero
printf '[a]\n\tsequence = 20005,20006\n\tcommand = true %4095s\n' '#' >"$T/long"
ends 'a line that is too long' 0 "$KNOCKD" -t -c "$T/long"
check '... is reported' grep -qxF "config: line 3: warning: too long: the rest counts as the next line ($T/long)" "$T/err"

# log_try DIRECTORY: what -t says about a log file in it; it makes none
log_try() {
	(umask 077 && printf '[options]\n\tlogfile = %s/knockd.log\n' "$1" >"$T/logs.conf")
	"$KNOCKD" -t -c "$T/logs.conf" 2>&1
}
equal 'a log file that cannot be opened is a warning' "$(log_try "$T/nowhere")" \
	"warning: cannot open logfile: $T/nowhere/knockd.log: No such file or directory
configuration OK"
mkdir "$T/knockd.log"
equal '... a directory, too' "$(log_try "$T")" "warning: cannot open logfile: $T/knockd.log: Is a directory
configuration OK"
rmdir "$T/knockd.log"
equal 'a log file that could be made is none' "$(log_try "$T")" 'configuration OK'
refute '... and it is not made' test -e "$T/knockd.log"

printf '\377\376[\0a\0]\0\n\0' >"$T/wide"
ends 'UTF-16' 1 "$KNOCKD" -t -c "$T/wide"
check '... is told' grep -qxF "config: line 1: the file is UTF-16: save it as UTF-8 ($T/wide)" "$T/err"

printf '[a]\rsequence = 7000\r' >"$T/mac"
ends 'lines that end with carriage returns' 1 "$KNOCKD" -t -c "$T/mac"
check '... are told' grep -qxF "config: line 1: carriage returns end the lines: save it with newlines ($T/mac)" "$T/err"

# --- places without sequences --------------------------------------------------------------------

# shellcheck disable=SC3045 # not in POSIX, but in every sh there is
ulimit -c unlimited
cd "$T" || bail "no $T" # the daemon's directory, and so the place of its core
knockd_again
engine=$(children "$knockd")
knock $server 20004 20003
knock $server 20001:udp 20002:udp
fence
chmod 602 "$conf"
kill -HUP "$knockd"
check 'a reload refuses it, too' log_has "$conf: any user can write to it"
check '... and the old configuration stays' log_has 'reload failed'
chmod 600 "$conf" "$once"
printf ' 20001:udp,20099999\n' >>"$once"
sed 's/20004,20003/20004,20003,x/' "$conf" >"$conf.new" && chmod 600 "$conf.new" && mv "$conf.new" "$conf"
kill -HUP "$knockd"
twice() {
	[ "$(log_count 'reload failed')" = 2 ]
}
check 'an error in a sequence' twice
sequence='2000[1-4]|20099999'
refute 'the log has no sequence' grep -qE "$sequence" "$LOG"
for process in "$knockd" $engine; do
	refute 'nor has a command line' grep -qaE "$sequence" "/proc/$process/cmdline"
done
# Not dumpable: no core, and /proc belongs to root. Sanitizers inspect the process from outside.
if built_with SANITIZERS; then
	skip 'no core dump' 'a build with sanitizers'
else
	for process in "$knockd" "$engine"; do
		equal 'its memory is root'\''s alone' "$(stat -c %u "/proc/$process/mem")" 0
	done
	equal 'the engine'\''s core would be empty' \
		"$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$engine/limits")" '0 0'
	kill -ABRT "$engine"
	check 'an engine that aborts' log_has 'ended by signal 6'
	for process in $(children "$knockd"); do
		equal 'the next one'\''s memory is root'\''s alone, too' "$(stat -c %u "/proc/$process/mem")" 0
	done
	sh -c 'kill -ABRT $$' 2>/dev/null
	if ls core* >/dev/null 2>&1; then
		rm -f core*
		kill -ABRT "$knockd"
		wait "$knockd" 2>/dev/null
		equal 'the daemon that aborts' $? 134
		equal '... leaves no core where another program does' "$(ls core* 2>/dev/null)" ''
	else
		skip 'the daemon that aborts leaves no core' 'no program leaves one here (kernel.core_pattern)'
	fi
fi
done_testing
