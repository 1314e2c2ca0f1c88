#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The journal's disk is full or read-only. An admin must get in to repair it, so doors open and close on time all the
# same. Accesses of an earlier daemon end, too.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
firewall
service 22
mkdir "$T/state"
mount -t tmpfs -o size=64k,mode=755 tmpfs "$T/state" || skip_all 'no tmpfs can be mounted here'
printf ' 2001\n 2002\n' >"$T/state/once"
printf '3001\n3002\n' >"$T/state/copied" # without a leading blank the file is written anew
knockd_start "
[ssh]
	sequence     = 1001
	grant        = inet filter ssh_ok { %IP% timeout 2s }
	grant_6      = inet filter ssh_ok6 { %IP% timeout 1h }
[soon]
	sequence     = 1002
	command      = echo open >>$T/soon
	cmd_timeout  = 2
	stop_command = echo close >>$T/soon
[later]
	sequence     = 1003
	command      = echo open >>$T/later
	cmd_timeout  = 3600
	stop_command = echo close >>$T/later
[once]
	one_time_sequences = $T/state/once
	grant        = inet filter ssh_ok { %IP% timeout 1h }
[copied]
	one_time_sequences = $T/state/copied
	command      = echo open >>$T/copied
$fence_door"
open='inet filter ssh_ok'

# lines FILE TEXT NUMBER: it has that many of them
lines() {
	[ "$(grep -cx "$2" "$T/$1" 2>/dev/null)" = "$3" ]
}
# works TEXT NUMBER: the doors open, for the NUMBERth time, and close on time
works() {
	knock $server 1001
	knock $server6 1001
	now works_from
	knock $server 1002
	check "$1: an element opens" port_open $server 22
	check '... over IPv6' port_open $server6 22
	check '... a command opens' lines soon open "$2"
	check '... the command is undone' -t 15 lines soon close "$2"
	now works_until
	check '... not before its time' [ $((works_until - works_from)) -ge 190 ]
	check '... and the element is gone' not element_in "$open" 10.0.0.2
	now works_until
	diag "closed after $((works_until - works_from))0 ms at the latest"
}

# --- full ------------------------------------------------------------------------------------------

knock $server 1003
fence
dd if=/dev/zero of="$T/state/fill" bs=1k 2>/dev/null
# shellcheck disable=SC2046
knock $server $(yes 1001 | head -n 100) # the last page of the journal has some room
fence
check 'a full disk: a warning' log_has \
	"journal: $T/state/grants/journal: not writable; new accesses will not survive a restart: No space left on device"
firewall_shut
works 'a full disk' 1
refute '... one warning for each journal at most' [ "$(log_count 'No space left')" -gt 2 ]
knock $server 2001
check '... a one-time sequence is marked in its place, and opens' element_in "$open" 10.0.0.2
check '... with its mark' grep -qx '#2001' "$T/state/once"
knock $server 3001
check '... one that cannot be marked is refused' log_has "copied: $T/state/copied: No space left on device"
refute '... and no command runs' lines copied open 1
rm "$T/state/fill"
check 'free space again: it is logged' log_has 'written again, and complete'
firewall_shut
knock $server6 1001
fence
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
nft flush set inet filter ssh_ok6
knockd_again
check '... accesses of the meantime outlive a crash' element_in 'inet filter ssh_ok6' fd00::2

# --- read-only -------------------------------------------------------------------------------------

knockd_stop
refute 'the daemon ends: a command that is in the journal waits' lines later close 1
# without a source mount(8) adds the options that it reads in /proc: an ordinary user cannot give them
mount -o remount,ro tmpfs "$T/state" || bail 'cannot make the disk read-only'
knockd_again
check 'a read-only disk: a warning' log_has \
	"journal: $T/state/journal: not writable; new accesses will not survive a restart: Read-only file system"
check '... an earlier access is still open' element_in 'inet filter ssh_ok6' fd00::2
works 'a read-only disk' 2
knock $server 2002
check '... a one-time sequence is refused' log_has \
	'error while disabling used one time sequence for door once --> disabling the door'
check '... with the reason' log_has "once: $T/state/once: Read-only file system"
refute '... nothing is opened' element_in "$open" 10.0.0.2
knock $server 1003
check '... a door is open' lines later open 2
fence
knockd_stop
check '... and closes when the daemon ends, since it is in no journal' lines later close 1
refute '... but not the one in the journal' lines later close 2
done_testing
