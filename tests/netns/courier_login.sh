#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The login of the courier, with the rights that the manual gives it and no others, and its cage.

. "$(dirname "$0")/courier_lib.sh"
courier_setup
chapter=$TESTS_TOP/man/knockd-gateways.7

# the manual's line
line=$(sed -n 's/^ACL SETUSER knockd //p' "$chapter" | sed 's/\\-/-/g; s/PASSWORD/s3cret/')
[ -n "$line" ] || bail 'the manual has no ACL'
redis one 6379
# shellcheck disable=SC2086 # words
set -f
redis-cli acl setuser knockd $line >"$T/acl" 2>&1
set +f
equal "the manual's line is accepted" "$(cat "$T/acl")" OK
redis-cli acl setuser default off >/dev/null

gateway a -l knockd:wrong redis://127.0.0.1
check 'a wrong password is said' heard a 'down .*AUTH: wrong user or password \(WRONGPASS\)'
gateway b redis://127.0.0.1
check 'none, too' heard b 'down .*NOAUTH.*'
gateway c -l knockd:s3cret redis://127.0.0.1
check 'the right one: up' is_up c
check '... it reads' heard c 'sync end records=0 .*'
tell c put ticket=1 id=5 hlc=7 left=60000 user=3 counter=9 once=4 seal=77
check '... stores, counts, and uses up' heard c 'answer 1 yes'
tell c put ticket=2 id=6 hlc=7 left=0 seal=78
check '... stores without end' heard c 'answer 2 yes'
forget c
tell c resync
check '... reads again' heard c 'sync end records=2 .*'
check '... and stays up' not heard c 'down .*'
gateway d -r 1 -w 100 -l knockd:s3cret redis://127.0.0.1
check 'one that wants a replica' is_up d
tell c put ticket=4 id=9 hlc=7 left=60000 seal=79
check '... hears of another' heard d 'record id=9 seal=79 .*'
tell d put ticket=3 id=8 hlc=7 left=60000 seal=80
check '... of which there is none' heard d 'answer 3 unknown'
refute '... is allowed to ask' heard d 'down .*'
"$COURIER" -u "$courier_user" -l knockd:s3cret redis://127.0.0.1 other </dev/null >"$T/other.out" 2>&1 &
started $!
check 'another group: SUBSCRIBE is not permitted' grep -q 'down .*NOPERM' "$T/other.out"

# --- the cage

courier=$(courier_of c)
# status FIELD; limit NAME
status() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$courier/status" | tr '\t' ' '
}
limit() {
	sed -n "s/^Max $1 *\([^ ]*\) *\([^ ]*\) .*/\1 \2/p" "/proc/$courier/limits"
}
if have_uids; then
	uid=$(id -u "$courier_user")
	equal 'the courier is another user' "$(status Uid)" "$uid $uid $uid $uid"
	equal '... without groups' "$(status Groups | tr -d ' ')" ''
else
	skip 'the courier is another user' "$no_uids"
fi
for set in CapEff CapPrm CapInh CapBnd CapAmb; do
	equal "... $set is empty" "$(status $set)" 0000000000000000
done
equal '... it can gain nothing' "$(status NoNewPrivs)" 1
if built_with HAVE_SECCOMP; then
	equal '... a filter of system calls is in force' "$(status Seccomp)" 2
fi
equal '... starts no process' "$(limit processes)" '0 0'
equal '... its root is empty' "$(ls -A "/proc/$courier/root/" 2>/dev/null)" ''
# two streams, the parent, two connections
equal '... it has five descriptors' "$(descriptors c)" 5
refute '... its command line is its name alone' grep -aqE 'redis|s3cret' "/proc/$courier/cmdline"
equal '... which says what it is' "$(tr '\0' ' ' <"/proc/$courier/cmdline" | sed 's/ *$//')" 'knockd: courier'

# --- a unix socket: in a directory that is made anew with the server

socket_dir=$T/socket
mkdir -p "$socket_dir" && chmod 755 "$socket_dir"
redis two 6380 --unixsocket "$socket_dir/redis.sock" --unixsocketperm 777
gateway u "unix:$socket_dir/redis.sock"
check 'a unix socket: up' heard u "up unix:$socket_dir/redis\.sock"
tell u put ticket=1 id=5 hlc=7 left=60000 seal=77
check '... works' heard u 'answer 1 yes'
kill -KILL "$redis"
wait "$redis" 2>/dev/null
check '... its end' heard u 'down .*'
rm -r "$socket_dir"
forget u
mkdir -p "$socket_dir" && chmod 755 "$socket_dir"
redis two 6380 --unixsocket "$socket_dir/redis.sock" --unixsocketperm 777
check '... in a new directory: up' -t 10 is_up u
if have_uids; then
	kill -KILL "$redis"
	wait "$redis" 2>/dev/null
	redis two 6380 --unixsocket "$socket_dir/redis.sock" --unixsocketperm 700
	check 'one that the courier may not use is said' -t 10 heard u 'down .*Permission denied'
fi

# --- names

printf '%s\n' '127.0.0.1 localhost' '127.0.0.1 redis.example' >"$T/hosts"
mount --bind "$T/hosts" /etc/hosts || bail 'cannot give names'
redis three 6381
gateway n redis://redis.example:6381
check 'a name is resolved before the cage' heard n 'up 127\.0\.0\.1:6381'
gateway o redis://redis.example:6381,hunter2
check 'one of two has no address: the courier goes on' heard o 'up 127\.0\.0\.1:6381'
gateway m redis://hunter2
check 'the only one: the courier says so, and ends' said m 'cannot find the address of host 1 of Share: .*'
refute '... without the name, which may be a password' said m '.*hunter2.*'
check '... with an error' heard m 'status 1'
done_testing
