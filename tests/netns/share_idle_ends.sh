#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Idle_Timeout without Open_Timeout: an access without an end. The server keeps it while a gateway has it, and not for
# ever; what is over leaves nothing behind, and what was revoked does not come back.

. "$(dirname "$0")/share_lib.sh"
share_setup
door() {
	printf '[ssh]\nsequence = 7000,8000\nopen = 22:tcp\n%s\n' "$1"
}
gateway a "$(door 'idle_timeout = 1h')"
gateway b "$(door 'idle_timeout = 4s')"
gateway c "$(door 'open_timeout = 4s')"
check 'three gateways are connected' linked a b c

# record: the name of the only access on the server; left_there: ms until it ends there
record() {
	redis --raw --scan --pattern '*:g:*'
}
left_there() {
	redis --raw pttl "$(record)"
}
# shorten MS: the server says that its record ends then
shorten() {
	redis zadd '{knockd:main}:x' $(($(redis --raw time | tr -d '\n' | cut -c 1-16) + $1 * 1000)) \
		"$(record | sed 's/.*}://')" >/dev/null
}
# read_all NAME...: each reads all records, and has put what the server lacks
read_all() {
	for read_name; do
		read_before=$(count_of "$read_name" resyncs)
		ask "$read_name" peers --sync >/dev/null
		wait_for read_again || bail "$read_name does not read"
	done
}
read_again() {
	[ "$(count_of "$read_name" resyncs)" -gt "$read_before" ] &&
		ask "$read_name" peers --json | jq -e '.[0].synced' >/dev/null
}
knows() {
	[ "$(count_of "$1" accesses)" = "$2" ]
}
is_down() {
	ask "$1" peers --json | jq -e '.[0].up | not' >/dev/null
}
# forgets NAME: it reads that the record ends
forgets() {
	shorten 100
	read_all "$1"
	knows "$1" 0
}

knock_at a 7000 8000
check 'a knock opens all' open_everywhere
check '... which ends at b, where no packet comes' -t 15 not open_at b
check '... and at c, which gives it a time' -t 15 not open_at c
check '... and goes on at a' open_at a
check 'the server keeps it, for a time' [ "$(left_there)" -gt 600000 -a "$(left_there)" -le 900000 ]
equal '... in the index, too' "$(redis zcount '{knockd:main}:x' 3e15 +inf)" 0
redis pexpire "$(record)" 300000 >/dev/null
shorten 300000
read_all b c
check 'b and c, where it is over, do not renew it' [ "$(left_there)" -le 300000 ]
read_all a
check '... a does' eval '[ "$(left_there)" -gt 600000 ]'
before=$(record)
redis flushall >/dev/null
read_all b c
equal 'b and c do not put it on an empty server' "$(record)" ''
read_all a
check '... a does' eval '[ "$(record)" = "$before" ]'
for name in b c; do
	gateway_stop $name
	gateway_again $name
	check "$name starts again" linked a b c
	refute '... and opens nothing: its time is over there' open_at $name
	check '... but knows of it' knows $name 1
done

ip -n a route add blackhole 10.0.0.254/32
check 'a is cut off' -t 20 is_down a
for name in b c; do
	check "without a $name forgets the access with the server" -t 20 forgets $name
done
redis del "$before" >/dev/null
check '... which goes on at a' open_at a
ip -n a route del blackhole 10.0.0.254/32
check 'a is back' -t 20 linked a b c
check '... and tells of it' eval 'knows b 1 && knows c 1'
check '... the server, too' eval '[ "$(left_there)" -gt 600000 ]'
refute '... which opens nothing at b' open_at b
refute '... nor at c' open_at c

equal 'an admin ends it at b, where it is over' "$(ask b revoke 10.0.0.9)" '1 revoked'
check '... and so at a' not open_at a
check '... the server remembers that longer than any access that is not told of' \
	eval '[ "$(left_there)" -gt 604000000 ]'
gateway_stop c
gateway c "$(door 'idle_timeout = 1h')"
check 'c has the configuration of a' linked a b c
knock_at c 7000 8000
check 'a later knock opens all' open_everywhere
ip -n a route add blackhole 10.0.0.254/32
check 'a is cut off' -t 20 is_down a
ask c revoke --all >/dev/null
check 'it is ended at c' not open_at c
check '... and goes on at a' open_at a
ip -n a route del blackhole 10.0.0.254/32
check 'a is back' -t 20 linked a b c
check '... and ends it' not open_at a
read_all a b c
check '... for good' shut_everywhere
check '... also on the server' eval '[ "$(left_there)" -gt 604000000 ]'
done_testing
