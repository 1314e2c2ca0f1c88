#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Three sentinels, a primary and a replica: the primary is killed, and later one that was cut off comes back.

. "$(dirname "$0")/courier_lib.sh"
courier_setup redis-sentinel

# sentinel NUMBER
sentinel() {
	sentinel_conf=$T/sentinel.$1
	mkdir -p "$sentinel_conf" && chmod 777 "$sentinel_conf"
	cat >"$sentinel_conf/conf" <<-E
		port 2637$1
		dir $sentinel_conf
		sentinel monitor knockd 127.0.0.1 6379 2
		sentinel down-after-milliseconds knockd 3000
		sentinel failover-timeout knockd 1000
	E
	redis-sentinel "$sentinel_conf/conf" --daemonize no >"$sentinel_conf/log" 2>&1 &
	eval "sentinel$1=\$!"
	started $!
}
redis one 6379
primary=$redis
redis two 6380 --replicaof '127.0.0.1 6379'
replica=$redis
linked() {
	redis-cli -p 6380 info replication | grep -q master_link_status:up
}
wait_for -t 20 linked || bail 'no replica'
for number in 1 2 3; do
	sentinel $number
done
# knows: each sentinel knows the two others and the replica
knows() {
	for port in 26371 26372 26373; do
		redis-cli -p $port sentinel master knockd 2>/dev/null | tr '\n' ' ' |
			grep -q 'num-slaves 1 num-other-sentinels 2 ' || return
	done
}
wait_for -t 30 knows || bail 'the sentinels do not find each other'

url=sentinel://127.0.0.1:26371,127.0.0.1:26372,127.0.0.1:26373/knockd
gateway a -r 1 $url
gateway b $url
check 'the primary is found' heard a 'up 127\.0\.0\.1:6379'
check '... by each' heard b 'up 127\.0\.0\.1:6379'
tell a put ticket=1 id=5 hlc=7 left=600000 user=3 counter=9 seal=77
check 'a claim that a replica must have' heard a 'answer 1 yes'
gateway c redis://127.0.0.1:6380
check 'a replica is no primary' heard c 'down 127\.0\.0\.1:6380: it is a replica.*'
gateway d redis://127.0.0.1:6380,127.0.0.1:6379
check '... of several servers the primary is found' heard d 'up 127\.0\.0\.1:6379'

now killed
kill -KILL $primary
check 'the primary is killed: down' heard a 'down 127\.0\.0\.1:6379: .*'
tell a put ticket=2 id=6 hlc=7 left=600000 user=3 counter=10 seal=78
check '... a claim is unknown' heard a 'answer 2 unknown'
check 'the next primary is found' -t 30 heard a 'up 127\.0\.0\.1:6380'
now found
diag "$((found - killed)) hundredths of a second after the end of the first, with down-after 3 s"
check '... by each' -t 5 heard b 'up 127\.0\.0\.1:6380'
check '... also by the list of servers' -t 10 heard d 'up 127\.0\.0\.1:6380'
tell b put ticket=3 id=6 hlc=8 left=600000 user=3 counter=9 seal=79
check '... it knows the counters' heard b 'answer 3 repeat'
tell b put ticket=4 id=6 hlc=8 left=600000 user=3 counter=11 seal=79
check '... and takes new ones' heard b 'answer 4 yes'
check '... of which the other gateway hears' heard a 'record id=6 seal=79 .*'

# --- a sentinel that was stopped still names the old primary, which comes back as one

kill -STOP $sentinel1
redis one 6379
forget a
forget b
kill -CONT $sentinel1
check 'the old primary is back, and demoted' -t 30 eval 'redis-cli role | grep -q slave'
refute '... nobody has followed it' heard a '(up|down) .*'
refute '... nobody' heard b '(up|down) .*'

# --- all sentinels end: the session goes on

for pid in $sentinel1 $sentinel2 $sentinel3; do
	kill -KILL "$pid"
done
tell b put ticket=5 id=7 hlc=8 left=600000 seal=80
check 'without sentinels: the session goes on' heard b 'answer 5 yes'
kill -KILL "$replica"
check '... until the primary ends' heard b 'down .*'
gateway e $url
check 'one that starts now says what is missing' -t 10 heard e 'down sentinel 127\.0\.0\.1:2637[123]: .*Connection refused'
done_testing
