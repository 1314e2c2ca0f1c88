#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The process that reads packets can do nothing else.

. "$(dirname "$0")/../lib.sh"
topo_pair
printf ' 10:udp\n 11:udp\n' >"$T/sequences"
# doors: so many that the C library would allocate memory to sort them
doors() {
	i=0
	while [ $i -lt 200 ]; do
		printf '[door%d]\n\tsequence = %d,%d\n' $i $((1000 + i)) $((2000 + i))
		i=$((i + 1))
	done
}
knockd_start "$(doors)
[once]
	one_time_sequences = $T/sequences
$fence_door"
engine=$(children "$knockd")
equal 'one parent, one engine' "$(echo "$engine" | wc -w)" 1

# status FIELD
status() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$engine/status" | tr '\t' ' '
}

check 'no new privileges' [ "$(status NoNewPrivs)" = 1 ]
for set in CapEff CapPrm CapInh CapBnd CapAmb; do
	equal "$set is empty" "$(status $set)" 0000000000000000
done

if have_uids; then
	uid=$(id -u $engine_user) gid=$(id -g $engine_user)
	equal 'another user, for good' "$(status Uid)" "$uid $uid $uid $uid"
	equal 'another group' "$(status Gid)" "$gid $gid $gid $gid"
	equal 'no other groups' "$(status Groups | tr -d ' ')" ''
else
	skip 'another user' "$no_uids"
fi

# limit NAME: the engine's, soft and hard
limit() {
	sed -n "s/^Max $1 *\([^ ]*\) *\([^ ]*\) .*/\1 \2/p" "/proc/$engine/limits"
}

equal 'no new descriptors' "$(limit 'open files')" '2 2'
equal 'no new processes' "$(limit processes)" '0 0'
equal 'no core dump' "$(limit 'core file size')" '0 0'
if built_with SANITIZERS; then
	skip 'no byte into a file' 'sanitizers write their reports to files'
else
	equal 'no byte into a file' "$(limit 'file size')" '0 0'
fi

if built_with HAVE_SECCOMP; then
	equal 'a filter of system calls' "$(status Seccomp)" 2
else
	skip 'a filter of system calls' 'this build has none'
fi

# descriptors: its open files, except standard error, which sanitizers need
descriptors() {
	for fd in "/proc/$engine/fd/"*; do
		case $fd in */2) ;; *) readlink "$fd" ;; esac
	done | sed 's/:.*//' | tr '\n' ' '
}
equal 'two sockets are its only open files' "$(descriptors)" '/dev/null /dev/null socket socket '

root=/proc/$engine/root
equal 'an empty root directory' "$(ls -A "$root/.")" ''
refute '... in which no file can be made' mkdir "$root/directory" 2>/dev/null
equal '... which is removed from /run' "$(ls -d /run/knockd-?????? 2>/dev/null)" ''
refute '... without an error in the log' log_has 'empty root directory'

# A used one-time sequence is the only change of doors while the engine runs.
echo | socat -u - UDP4-SENDTO:127.0.0.1:10
wait_for element_in 'inet knockd local_any' 'udp . 11'
echo | socat -u - UDP4-SENDTO:127.0.0.1:11
fence
equal 'both one-time sequences are taken' "$(log_count 'once: OPEN SESAME')" 2
check '... by the same engine' alive "$engine"

# replaced: there is another engine
replaced() {
	new_engine=$(children "$knockd")
	[ -n "$new_engine" ] && [ "$new_engine" != "$engine" ]
}

kill -KILL "$engine"
check 'killed, it is replaced' replaced
fence
ok '... and the new one works'

# --- a C library whose free(3) returns memory to the kernel at once, as musl's may ---------------

if ! [ -e "$PAGES_SO" ]; then
	skip 'an engine with such a library' "$PAGES_SO is not built (make check builds it)"
elif built_with SANITIZERS; then
	skip 'an engine with such a library' 'sanitizers and a preloaded library do not go together'
else
	knockd_stop
	daemon_preload=$PAGES_SO
	knockd_again
	engine=$(children "$knockd")
	check 'an engine with such a library' grep -q "$PAGES_SO" "/proc/$engine/maps"
	fence
	check '... works' alive "$engine"
fi

done_testing
