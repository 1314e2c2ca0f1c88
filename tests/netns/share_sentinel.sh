#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Three gateways, three servers and three sentinels, as in knockd-gateways(7): the primary is killed while 200 clients
# knock. All of them get in, all gateways have the same in the end, and no signed knock opens twice.

. "$(dirname "$0")/share_lib.sh"
share_url=sentinel://10.0.0.254:26371,10.0.0.254:26372,10.0.0.254:26373/knockd
share_setup ssh-keygen redis-sentinel python3
primary=$redis

# replica PORT
replica() {
	redis-server --port "$1" --bind 10.0.0.254 --protected-mode no --dir "$T/redis" --save '' --appendonly no \
		--daemonize no --repl-diskless-sync-delay 0 --replicaof '10.0.0.254 6379' >>"$T/redis/log.$1" 2>&1 &
	started $!
}
replica 6380
replica 6381
both_linked() {
	[ "$(redis role | grep -c '^638[01]$')" = 2 ] && for port in 6380 6381; do
		redis -p $port info replication | grep -q master_link_status:up || return
	done
}
wait_for -t 20 both_linked || bail 'no replicas'
for port in 6379 6380 6381; do
	redis -p $port config set min-replicas-to-write 1 min-replicas-max-lag 5 >/dev/null || bail 'no min-replicas-to-write'
done
for number in 1 2 3; do
	mkdir -p "$T/sentinel.$number"
	cat >"$T/sentinel.$number/conf" <<-E
		port 2637$number
		bind 10.0.0.254
		protected-mode no
		dir $T/sentinel.$number
		sentinel monitor knockd 10.0.0.254 6379 2
		sentinel down-after-milliseconds knockd 3000
		sentinel failover-timeout knockd 3000
	E
	redis-sentinel "$T/sentinel.$number/conf" --daemonize no >"$T/sentinel.$number/log" 2>&1 &
	started $!
done
knows() {
	for port in 26371 26372 26373; do
		redis -p $port sentinel master knockd 2>/dev/null | tr '\n' ' ' |
			grep -q 'num-slaves 2 num-other-sentinels 2 ' || return
	done
}
wait_for -t 30 knows || bail 'the sentinels do not find each other'

# --- the gateways, and 200 clients

ip -n client route add local 10.9.0.0/16 dev lo || bail 'no addresses'
signed_keys
enrol alice
for name in a b c; do
	gateway $name '
[web]
	sequence     = 7001:udp,8001:udp
	grant        = inet filter ok { %IP% timeout 10m }
[ssh]
	sequence     = 62201:auth
	open         = 22:tcp
	open_timeout = 10m
	share        = claim' "	Knock_Key = $T/knock.key
	Authorized_Keys = $T/authorized_keys
	Share_Wait = 1s
	Share_Down = closed"
	ip -n $name route add 10.9.0.0/16 via 10.0.0.9 || bail 'no route'
done
check 'three gateways are connected' -t 10 linked a b c
check '... and know what was used' -t 15 settled a b c

# claims WORD: of all gateways
claims() {
	echo $(($(count_of a "claims_$1") + $(count_of b "claims_$1") + $(count_of c "claims_$1")))
}
claimed() {
	[ "$(claims yes)" = "$1" ]
}
: >"$T/knocks"
for number in 1 2 3 4 5 6 7 8 9 10; do
	hex=$(pack alice ssh 62201)
	echo "$hex" >>"$T/knocks"
	send_to a "$hex"
	wait_for claimed $number || bail 'no claim'
done
check 'ten signed knocks open' claimed 10
# repeat: each of them comes to the two other gateways
repeat() {
	while read -r hex; do
		send_to b "$hex" </dev/null
		send_to c "$hex" </dev/null
	done <"$T/knocks"
}
# ok_count NAME: clients that [web] has let in
ok_count() {
	in_host "$1" nft -j list set inet filter ok | jq '[.nftables[].set | select(.) | .elem[]?] | length'
}
has() {
	[ "$(ok_count "$1")" = "$2" ]
}
all_have() {
	has a "$1" && has b "$1" && has c "$1"
}

cat >"$T/clients.py" <<-'E'
	import socket, time
	for client in range(1, 201):
	    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
	        s.bind((f"10.9.0.{client}", 0))
	        for port in (7001, 8001):
	            s.sendto(b"", ("10.0.0.1", port))
	    print(client, flush=True)
	    time.sleep(0.02)
E
in_host client python3 "$T/clients.py" >"$T/clients" &
clients=$!
started $clients
wait_for grep -qx 50 "$T/clients" || bail 'no clients'
kill -KILL "$primary"
now killed
repeat
wait $clients
check '200 clients knock at a, and get in' has a 200
refused=$(count_of a claims_unknown)
send_to a "$(pack alice ssh 62201)"
more_refused() {
	[ "$(count_of a claims_unknown)" -gt "$refused" ]
}
if [ "$(ask a peers --json | jq '.[0].up')" = false ]; then
	check 'without a primary a claim is refused' more_refused
else
	skip 'without a primary a claim is refused' 'the next primary is there already'
fi
check 'the next primary is found by all' -t 40 linked a b c
now found
check '... and soon all gateways have the 200' -t 20 all_have 200
now equal
diag "found $((found - killed)) hundredths of a second after the end of the first, equal $((equal - found)) later"
yes=$(claims yes)
repeat
check 'all know what was used' -t 20 settled a b c
repeat
# refusals NAME: copies that its engine knows, or that a judge has refused
refusals() {
	ask "$1" stats --json | jq '.signed_repeated + .refused'
}
fence_at() {
	refused_before=$(refusals "$1")
	send_to "$1" "$(head -n 1 "$T/knocks")"
	wait_for more_refusals "$1"
}
more_refusals() {
	[ "$(refusals "$1")" -gt "$refused_before" ]
}
check 'a copy of a used knock is refused by b' fence_at b
check '... and c' fence_at c
equal '... and no copy has opened' "$(claims yes)" "$yes"
equal '... at b' "$(told_count b 'ssh: OPEN SESAME')" 0
equal '... at c' "$(told_count c 'ssh: OPEN SESAME')" 0
opens() {
	send_to b "$(pack alice ssh 62201)"
	wait_for -t 2 claimed $((yes + 1))
}
check 'a new one opens' -t 10 opens
done_testing
