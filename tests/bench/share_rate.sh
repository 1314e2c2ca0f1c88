#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Three gateways that share accesses, and redis-server, on all processors of this machine: 10,000 knocks a second for
# $seconds, of one UDP packet each and at each gateway in turn, until their elements are at all three; and a gateway
# without a state that joins a group which has 10,000 accesses.

. "$(dirname "$0")/share_lib.sh"
: "${seconds:=30}" "${rate:=10000}" "${joins:=5}"
doors=16 joined=10000 receiver=''
group a:1 b:3 c:4

doors_of_one_hit() {
	for door in $(seq 0 $((doors - 1))); do
		printf '[door%d]\n\tsequence = %d:udp\n\tgrant = inet filter ok { %%IP%% timeout 10m }\n' "$door" $((7000 + door))
	done
}

start() {
	gateway_conf "$1" "$(doors_of_one_hit)" "$in_group
	Max_Grants = 500000"
	gateway_start "$1"
	settled "$1"
}

# child PID ROLE
child() {
	sed -n "s/^\([0-9]*\) (knockd-$2) [A-Z] $1 .*/\1/p" /proc/[0-9]*/stat 2>/dev/null
}

# processes: lines KIND PID
processes() {
	for name in a b c; do
		eval "pid=\$pid_$name"
		echo "parent $pid"
		echo "engine $(child "$pid" engine)"
		echo "courier $(child "$pid" courier)"
	done
	echo "redis-server $redis"
}

# spent: lines KIND NANOSECONDS: processor time of all threads so far
spent() {
	processes | while read -r kind pid; do
		cat "/proc/$pid/task/"*/schedstat | awk -v kind="$kind" '{ sum += $1 } END { printf "%s %.0f\n", kind, sum }'
	done
}

for name in a b c; do
	start $name
done
progress "$rate grants a second for $seconds s"
spent >"$T/before"
"$bench/everywhere" -c $((rate * seconds)) -r $rate -d $doors a:1 b:3 c:4 >"$T/values"
spent >"$T/after"
many=$(echo "$rate" | sed 's/\(.*\)\(...\)$/\1,\2/')
awk '{ print $2 }' "$T/values" | record knockd-nft "$many/s for $seconds s: missing" grants
awk '{ print $4 }' "$T/values" | record knockd-nft "$many/s for $seconds s: median" us
awk '{ print $5 }' "$T/values" | record knockd-nft "$many/s for $seconds s: 99th of 100" us
awk '{ print $6 }' "$T/values" | record knockd-nft "$many/s for $seconds s: latest" us
for kind in parent engine courier redis-server; do
	paste -d ' ' "$T/before" "$T/after" |
		awk -v kind=$kind -v n=$((rate * seconds)) '$1 == kind { printf "%.2f\n", ($4 - $2) / n / 1000 }' |
		record knockd-nft "$many/s for $seconds s: each $kind" 'us CPU/grant'
done

progress "joining a group with $joined accesses"
for name in a b c; do
	eval "stop \$pid_$name"
done
redis-cli -h 10.0.0.254 flushall >/dev/null
start a
"$bench/everywhere" -c $joined -r 2000 -d $doors a:1 >/dev/null
for _ in $(seq "$joins"); do
	gateway_conf c "$(doors_of_one_hit)" "$in_group
	Max_Grants = 500000"
	"$bench/everywhere" -c $joined c:4 -- nsenter --net=/run/netns/c "$KNOCKD" -c "$T/c/knockd.conf" >"$T/values" 2>>"$LOG"
	pid=$(sed -n 's/^pid //p' "$T/values")
	awk '$1 == "c" { print $2 ? "lost" : $3 / 1000 }' "$T/values" |
		record knockd-nft "from the start of a gateway to the first of $joined" ms
	awk '$1 == "c" { print $2 ? "lost" : $6 / 1000 }' "$T/values" |
		record knockd-nft "from the start of a gateway to the last of $joined" ms
	[ -z "$pid" ] || kill "$pid"
	wait_for not alive "$pid"
done
