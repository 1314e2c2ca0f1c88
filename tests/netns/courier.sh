#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The courier and a real Redis: what the script refuses, resync, and each way to lose the server.

. "$(dirname "$0")/courier_lib.sh"
courier_setup
redis one 6379
server_of_a=$redis
gateway a redis://127.0.0.1
parent_of_a=$gateway
check 'the courier is ready' heard a ready
check '... and up' heard a 'up 127\.0\.0\.1:6379'
check '... reads what is stored: nothing' heard a 'sync end records=0 .*'
gateway b redis://127.0.0.1:6379
check 'a second one' is_up b

# --- what the script grants and refuses

tell a put ticket=1 id=5 hlc=70 left=60000 seal=501
check 'a grant is stored' heard a 'answer 1 yes'
check '... the other gateway hears of it' heard b 'record id=5 seal=501 .*'
tell b put ticket=2 id=5 hlc=70 left=60000 seal=502
check 'one that is not newer is refused' heard b 'answer 2 older'
tell b put ticket=3 id=5 hlc=71 left=60000 seal=503
check '... a newer one is stored' heard b 'answer 3 yes'
check '... and heard' heard a 'record id=5 seal=503 .*'
equal '... by a gateway that has not heard of its own' "$(heard_count a 'record id=5 seal=501 .*')" 0
tell b put ticket=24 id=5 hlc=71 left=60000 renew=1 seal=504
check '... the same once more, to renew it' heard b 'answer 24 yes'
check '... is heard' heard a 'record id=5 seal=504 .*'
tell b put ticket=25 id=5 hlc=70 left=60000 renew=1 seal=505
check '... but nothing older' heard b 'answer 25 older'
tell b put ticket=26 id=5 hlc=72 left=60000 seal=503
check '... and is replaced by what is newer' heard b 'answer 26 yes'
tell a put ticket=4 id=6 hlc=1 left=60000 user=3 counter=9 seal=601
check 'a counter is used' heard a 'answer 4 yes'
check '... and heard' heard b 'record id=6 seal=601 .*'
equal '... by one that has not heard of its own after a refusal' "$(heard_count b 'record id=5 seal=50[23] .*')" 0
tell b put ticket=5 id=6 hlc=2 left=60000 user=3 counter=9 seal=602
check '... once' heard b 'answer 5 repeat'
tell b put ticket=6 id=7 user=3 counter=8 seal=701
check '... and none below it' heard b 'answer 6 repeat'
tell b put ticket=7 id=7 user=3 counter=10 seal=702
check '... but one above, without a grant' heard b 'answer 7 yes'
tell b put ticket=8 id=7 user=3 counter=18446744073709551615 seal=703
check 'counters have 64 bits' heard b 'answer 8 yes'
tell a put ticket=9 id=7 user=3 counter=18446744073709551614 seal=704
check '... all of them' heard a 'answer 9 repeat'
tell a put ticket=10 id=8 hlc=1 left=60000 once=4 seal=801
check 'a one-time sequence is used' heard a 'answer 10 yes'
tell b put ticket=11 id=9 hlc=1 left=60000 once=4 seal=901
check '... once' heard b 'answer 11 repeat'
refute '... and what is refused is not heard' heard a 'record id=9 .*'
refute '... or stored' [ "$(redis-cli get '{knockd:main}:g:00000000000000090000000000000009')" ]
tell b put ticket=12 id=10 hlc=1 left=600 seal=1001
check 'a short grant' heard b 'answer 12 yes'
tell b put ticket=13 id=11 hlc=1 left=0 seal=1101
check 'one without end' heard b 'answer 13 yes'
gone() {
	[ "$(redis-cli exists '{knockd:main}:g:000000000000000a000000000000000a')" = 0 ]
}
check 'the short one ends by itself' gone
tell a put ticket=14 id=12 seal=1201
check 'a record that is not stored' heard a 'answer 14 yes'
check '... is heard all the same' heard b 'record id=12 seal=1201 .*'
equal 'the index has no ends of the past' "$(redis-cli zrangebyscore '{knockd:main}:x' -inf "$(date +%s)000000")" ''

# --- resync

gateway c redis://127.0.0.1
check 'a gateway that was away learns all' heard c 'sync end records=5 .*'
for record in 'id=5 seal=503' 'id=6 seal=601' 'id=7 seal=703' 'id=8 seal=801' 'id=11 seal=1101'; do
	check "... $record" heard c "record $record .*"
done
check '... for how long, by the clock of the server' heard c 'record id=5 seal=503 left=[3-5][0-9]{4}'
check '... or without end' heard c 'record id=11 seal=1101 left=0'
equal '... and a used one-time sequence by its record' "$(heard_count c 'record id=8 seal=801 .*')" 2
refute '... but nothing that is over' heard c 'record id=(10|12) .*'
tell c each off
tell c burst 10000 100000
check '10,000 grants' -t 20 heard c 'burst yes=10000 .*'
diag "$(grep -Ex 'burst .*' "$T/c.out")"
forget a
tell a each off
tell a resync
check '... are read again' heard a 'sync end records=10005 .*'
diag "$(grep -Ex 'sync end .*' "$T/a.out")"
tell b each off
forget b
tell b resync
tell b resync
tell b resync
check 'a resync while one goes on: once more afterwards' heard_times b 'sync end records=10005 .*' 2
refute '... not twice' heard_times b 'sync end .*' 3

# --- FLUSHALL, SCRIPT FLUSH

redis-cli flushall >/dev/null
tell a put ticket=20 id=5 hlc=70 left=60000 seal=501
check 'an emptied server takes grants' heard a 'answer 20 yes'
redis-cli script flush >/dev/null
forget a
tell a put ticket=21 id=5 hlc=71 left=60000 seal=502
check 'a server that has forgotten the script' heard a 'answer 21 yes'
redis-cli script flush >/dev/null
tell a burst 1000 1000
check '... many at once' heard a 'burst yes=1000 .*'
equal '... the connection stays' "$(heard_count a '(up|down) .*')" 0
redis-cli set '{knockd:main}:g:00000000000000630000000000000063' garbage >/dev/null
tell a put ticket=22 id=99 hlc=1 left=60000 seal=1
check 'garbage in a key is overwritten' heard a 'answer 22 yes'
redis-cli del '{knockd:main}:g:00000000000000640000000000000064' >/dev/null
redis-cli lpush '{knockd:main}:g:00000000000000640000000000000064' garbage >/dev/null
tell a put ticket=23 id=100 hlc=1 left=60000 seal=1
check '... a list is an error of this record alone' heard a 'answer 23 unknown'
redis-cli zadd '{knockd:main}:x' 1 nonsense 9e15 'g:xyz' 9e15 'g:00000000000000640000000000000064' >/dev/null
redis-cli publish '{knockd:main}:e' nonsense >/dev/null
forget a
tell a resync
check '... garbage in the index, too' heard a 'sync end records=1002 .*'
equal '... the connection stays' "$(heard_count a '(up|down) .*')" 0

# --- the server ends

for name in a b c; do
	forget $name
done
kill -KILL "$server_of_a"
check 'the server is killed: down' heard a 'down .*closed the connection'
tell a put ticket=30 id=5 hlc=80 left=60000 seal=501
check '... a claim is answered at once' heard a 'answer 30 unknown'
check '... why' heard a 'down 127\.0\.0\.1:6379: cannot connect: Connection refused'
redis one 6379
for name in a b c; do
	check "... it is back: $name is up" -t 10 heard $name 'up .*'
	check '... and synchronized' heard $name 'sync end records=0 .*'
done

# --- the server hangs

forget a
kill -STOP "$redis"
tell a put ticket=31 id=5 hlc=81 left=60000 seal=501
check 'the server hangs: dead after 3 s' heard a 'down .*no answer'
check '... a claim is unknown' heard a 'answer 31 unknown'
kill -CONT "$redis"
check '... it goes on: up' -t 10 is_up a
check '... and synchronized' heard a 'sync end .*'

# --- the parent

forget a
forget b
kill -STOP "$parent_of_a"
tell b burst 40000 1
check 'a parent that does not listen' -t 60 heard b 'burst yes=40000 .*'
kill -CONT "$parent_of_a"
check '... is told how many events it has missed' heard a 'missed [1-9][0-9]*'
diag "$(grep -Ex 'missed .*' "$T/a.out")"
quiet() {
	quiet_before=$(heard_count a 'missed .*')
	sleep 0.5
	[ "$(heard_count a 'missed .*')" = "$quiet_before" ]
}
wait_for quiet
forget a
tell a resync
check '... and gets them by a resync' -t 20 heard a 'sync end records=40000 .*'
refute '... none of which is dropped' heard a 'missed .*'
tell a bad
check 'an invalid message ends the courier' heard a 'status 0'
tell c quit
check 'the end of the parent, too' heard c 'status 0'
done_testing
