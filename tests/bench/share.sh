#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two gateways that share accesses, with a real redis-server on a third host: from the last hit of a knock at gateway a
# to the element there, without and with Share, and to the element at gateway b; the same for doors with share = claim.

. "$(dirname "$0")/lib.sh"
if ! built_with HAVE_HIREDIS || ! command -v redis-server >/dev/null; then
	note 'knockd-nft' 'skipped: built without hiredis, or there is no redis-server'
	exit 0
fi
knocks=500

# host NAME ADDRESS MAC
host() {
	{
		ip netns add "$1" && ip link add name "to-$1" type veth peer name eth0 netns "$1" &&
			ip link set "to-$1" master br0 up && ip -n "$1" addr add "$2/24" dev eth0 &&
			ip -n "$1" link set eth0 address "$3" && ip -n "$1" link set lo up && ip -n "$1" link set eth0 up
	} || bail "no host $1"
}

ip link set lo up && ip link add br0 type bridge && ip addr add 10.0.0.254/24 dev br0 && ip link set br0 up
host client 10.0.0.9 02:00:00:00:00:02
host a 10.0.0.1 02:00:00:00:00:01
host b 10.0.0.2 02:00:00:00:00:03
for name in a b; do
	ip -n $name route add 10.64.0.0/10 via 10.0.0.9
	nsenter --net=/run/netns/$name sh -c 'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done'
	nsenter --net=/run/netns/$name nft 'table inet filter {
		set ok { type ipv4_addr; flags timeout; size 2000000; }
		chain input { type filter hook input priority 0; policy drop; iif lo accept; ct state established accept; ip saddr @ok accept; }
	}'
done
redis-server --port 6379 --bind 10.0.0.254 --protected-mode no --dir "$T" --save '' --daemonize no >"$T/redis.log" 2>&1 &
started $!
wait_for eval '[ "$(redis-cli -h 10.0.0.254 ping 2>&1)" = PONG ]' || bail 'no server'
"$KNOCKD" --share-keygen "$T/share.key" >/dev/null

# gateway NAME MODE: MODE is alone, or that of `share`
gateway() {
	mkdir -p "$T/$1"
	{
		printf '[options]\n\tUser = %s\n\tState_Dir = %s\n\tControl_Socket = %s\n\tLogFile = %s\n' \
			"$engine_user" "$work/$1" "$T/$1/control.sock" "$work/$1.log"
		[ "$2" = alone ] || printf '\tShare = redis://10.0.0.254\n\tShare_Key = %s\n' "$T/share.key"
		printf '[door]\n\tsequence = 7000,8000,9000\n\tgrant = inet filter ok { %%IP%% timeout 10m }\n'
		[ "$2" = alone ] || printf '\tshare = %s\n' "$2"
	} >"$T/$1/knockd.conf"
	chmod 600 "$T/$1/knockd.conf"
	run_it nsenter --net=/run/netns/$1 "$KNOCKD" -c "$T/$1/knockd.conf"
	eval "pid_$1=$pid"
	wait_for -t 20 eval 'grep -q "starting up" "$work/'"$1"'.log" 2>/dev/null' || bail "no gateway $1"
	[ "$2" = alone ] || wait_for eval '[ "$("$KNOCKCTL" -s "$T/'"$1"'/control.sock" peers --json | jq ".[0].settled")" = true ]' ||
		bail "no link of $1"
}

# measure CASE WHERE: the element is waited for at this gateway
measure() {
	progress "$1"
	nsenter --net=/run/netns/$2 nft flush set inet filter ok
	nsenter --net=/run/netns/$2 $sender "$bench/knocker" -c $knocks -i 3000 -w 1000 >"$T/values"
	record knockd-nft "$1" us <"$T/values"
}

for mode in alone grants claim; do
	gateway a $mode
	gateway b $mode
	case $mode in
	alone) measure 'at itself, alone' a ;;
	*)
		measure "at itself, share = $mode" a
		"$KNOCKCTL" -s "$T/a/control.sock" revoke --all >/dev/null
		measure "at the other, share = $mode" b
		;;
	esac
	stop "$pid_a"
	stop "$pid_b"
	rm -f "$work/a.log" "$work/b.log"
	redis-cli -h 10.0.0.254 flushall >/dev/null
done
