#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One-time sequences: the daemon marks a sequence before it opens, the next one counts at once for both families, and a
# door without sequences does not affect other doors.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
firewall
printf ' 1001,1002\nno sequence\n 2001,2002:udp\n3001,3002\n' >"$T/once"
chmod 640 "$T/once"
knockd_start "
[once]
	one_time_sequences = $T/once
	grant   = inet filter ssh_ok  { %IP% timeout 1m }
	grant_6 = inet filter ssh_ok6 { %IP% timeout 1m }
[other]
	sequence = 4001
	command  = true
$fence_door"

opened() {
	log_count 'once: OPEN SESAME'
}
marked() {
	grep -qx -- "$1" "$T/once"
}

check 'a bad line is reported' log_has 'line 2'
refute '... without its text' log_has 'no sequence'

knock $server 1001 1002
check 'the first one opens' element_in 'inet filter ssh_ok' 10.0.0.2
check '... and is marked in its first column' marked '#1001,1002'
equal '... the other lines are unchanged' "$(sed 1d "$T/once")" "$(printf 'no sequence\n 2001,2002:udp\n3001,3002')"
equal '... and so is the mode' "$(stat -c %a "$T/once")" 640

knock $server 1001 1002
fence
equal 'it opens once' "$(opened)" 1

knock $server6 2001 2002:udp
check 'the next one counts over IPv6' element_in 'inet filter ssh_ok6' fd00::2
check '... and marked' marked '#2001,2002:udp'

knock $server 3001
fence
knockd_stop
knockd_again
knock $server 3001 3002
check 'a restart goes on with the next unmarked line' marked '#3001,3002'
check 'the door is disabled' log_has 'no more sequences left in the one time sequences file for door once --> disabling the door'
knock $server 3001 3002 4001
check 'the other door still opens' log_has 'other: OPEN SESAME'
equal 'three openings in all' "$(opened)" 3

printf ' 5001,5002\n' >>"$T/once"
kill -HUP "$knockd"
wait_for log_has 're-reading'
fence
knock $server 5001
fence
# the mark cannot be written: the door must not open
mkdir "$T/ro"
mount -t tmpfs none "$T/ro" && cp "$T/once" "$T/ro/once" && mount -o bind "$T/ro/once" "$T/once" &&
	mount -o remount,bind,ro "$T/once" || bail 'cannot make the file read-only'
if [ -x "$KNOCKCTL" ]; then
	knockctl --json watch >"$T/watch" &
	watcher=$!
	wait_for grep -q watching "$T/watch"
	openings=$(knockctl --json stats | jq .openings)
	knock $server 5001 5002
	check 'knockctl watch shows why a sequence is refused' grep -q 'error while disabling' "$T/watch"
	refute '... and no opening' grep -q '"event":"open"' "$T/watch"
	equal '... which is not counted either' "$(knockctl --json stats | jq .openings)" "$openings"
	kill $watcher
else
	skip 'knockctl watch shows why a sequence is refused' "$KNOCKCTL is not built"
	knock $server 5001 5002
fi
check 'a sequence that cannot be marked is refused' \
	log_has 'error while disabling used one time sequence for door once --> disabling the door'
check '... and does not open' [ "$(opened)" = 3 ]
kill -HUP "$knockd"
check 'a reload warns of such a file' log_has "$T/once cannot be marked, so the door will not open"
equal '... and no command runs for it' "$(log_count 'running command: nft add element')" 3

umount "$T/once"

# a file that changes under the daemon: in its place, by another file, and without a word from the kernel
knockd_stop
printf ' 5001,5002\n 5003,5004\n' >"$T/once"
knockd_again
# read_again N: so many times since count_changes
count_changes() {
	changed=$(log_count "$T/once has changed and is read again: [once] has")
}
read_again() {
	[ "$(log_count "$T/once has changed and is read again: [once] has")" = $((changed + $1)) ]
}
count_changes
openings=$(opened)
printf ' 5003,5004\n 5005,5006\n' >"$T/once"
check 'a file that was written anew is read again, which is said' read_again 1
knock $server 5001 5002
fence
equal '... what it had before opens nothing' "$(opened)" "$openings"
knock $server 5003 5004
check '... what it has now opens' marked '#5003,5004'
fence
equal '... with no word about our own mark' "$(log_count 'has changed and is read again')" $((changed + 1))
chmod o+w "$T/once"
check 'a file that others can write to is named' \
	log_has "once: $T/once: any user can write to it (chmod o-w): until that is mended its sequences open nothing"
printf ' 5007,5008\n' >"$T/once"
fence
equal '... once' "$(log_count 'until that is mended')" 1
equal '... and not read' "$(log_count 'has changed and is read again')" $((changed + 1))
chmod o-w "$T/once"
check '... mended, it is' read_again 2
knock $server 5007 5008
check '... and what it has opens' marked '#5007,5008'
count_changes
changed=$((changed - 1))
printf ' 6001,6002\n' >"$T/new"
mv "$T/new" "$T/once"
check 'so is another file in its place' read_again 2
knock $server 6001 6002
check '... what it has now opens' marked '#6001,6002'
check '... and at its end the door is disabled' log_has 'no more sequences left in the one time sequences file for door once --> disabling the door'
printf ' 6003:udp,6004\n' >>"$T/once"
check '... until there are more' read_again 3
knock $server6 6003:udp 6004
check '... for both families' marked '#6003:udp,6004'

printf ' 7001,7002\n 7003,7004\n' >"$T/once"
knockd_reload # with what the kernel reported before the daemon has nothing more to do after the next fence
fence
count_changes
mkdir "$T/behind" # a file in the same directory would make the daemon look
printf ' 7005,7006\n' >"$T/behind/once"
mount --bind "$T/behind/once" "$T/once" || bail 'cannot hide the file'
openings=$(opened)
knock $server 7001 7002
check 'what is not in the file any more opens nothing, which is said' \
	log_has "once: $T/once has changed: the sequence that was used is not in it"
check '... and the file is read again' read_again 1
equal '... no opening' "$(opened)" "$openings"
knock $server 7005 7006
check '... what it has now opens' marked '#7005,7006'
umount "$T/once"
rm "$T/once"
kill -HUP "$knockd"
check 'a file that is gone is an error at a reload' log_has "$T/once: No such file or directory"
printf ' 8001,8002\n' >"$T/once"
check '... and when it is back it is read' read_again 2
knock $server 8001 8002
check '... the door opens' marked '#8001,8002'
knockd_stop

printf ' 10:udp\n' >"$T/once"
knockd_conf "
[one]
	one_time_sequences = $T/once
[two]
	one_time_sequences = $T/once"
ends 'two doors with one file' 0 "$KNOCKD" -t -c "$T/knockd.conf"
check '... get a warning' \
	grep -qF 'section two: warning: one_time_sequences: [one] has the same file' "$T/err"
done_testing
