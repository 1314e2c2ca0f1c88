#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Three couriers and a real redis-server, without daemons: 10,000 records a second for $seconds, from all three; how late
# the latest of them was, and how many never came; and how long a courier that was away needs to read 10,000 records.

. "$(dirname "$0")/lib.sh"
driver=$build/tests/tools/courier
if ! built_with HAVE_HIREDIS || ! command -v redis-server >/dev/null; then
	note 'knockd-nft' 'skipped: built without hiredis, or there is no redis-server'
	exit 0
fi
seconds=30 each=3333 resyncs=20

ip link set lo up
redis-server --port 6379 --dir "$T" --save '' --daemonize no >"$T/redis.log" 2>&1 &
started $!
wait_for eval '[ "$(redis-cli ping 2>&1)" = PONG ]' || bail 'no server'

# courier NAME
courier() {
	mkfifo "$T/$1.in" && : >"$T/$1.out"
	"$driver" -u "$(id -u "$engine_user"):$(id -g "$engine_user")" redis://127.0.0.1 main <"$T/$1.in" >>"$T/$1.out" 2>&1 &
	started $!
	sleep 10000 >"$T/$1.in" &
	started $!
	wait_for grep -q '^sync end' "$T/$1.out" || bail "no courier $1"
	tell "$1" each off
	tell "$1" sum
}
tell() {
	tell_name=$1
	shift
	echo "$*" >"$T/$tell_name.in"
}
lines() {
	[ "$(grep -c "^$2" "$T/$1.out")" -ge "$3" ]
}
for name in a b c; do
	courier $name
done

progress "10,000 records a second for $seconds s"
first=0
for name in a b c; do
	tell $name flood $((each * seconds)) $each $first
	first=$((first + each * seconds))
done
for name in a b c; do
	wait_for -t $((2 * seconds)) lines $name 'flood done' 1 || bail 'the records could not be sent'
done
sleep 1
others=$((first - each * seconds)) # a gateway does not hear of its own
for name in a b c; do
	tell $name sum
	wait_for lines $name sum 2
	tail -n 1 "$T/$name.out" | sed 's/[a-z]*=//g' >"$T/sum"
	read -r _ _ different lag <"$T/sum"
	[ "$different" = "$others" ] || note 'knockd-nft' "$name got $different of $others records"
	echo "$lag"
done | record knockd-nft "latest of $others at 10,000 a second" us

progress 'resync'
redis-cli flushall >/dev/null
tell a burst 10000 1 600000
wait_for -t 20 lines a burst 1 || bail 'the records could not be sent'
for resync in $(seq $resyncs); do
	tell b resync
	wait_for lines b 'sync end' $((resync + 1)) || bail 'no resync'
done
grep '^sync end records=10000' "$T/b.out" | sed 's/.*usec=//' | record knockd-nft 'resync of 10,000' us
