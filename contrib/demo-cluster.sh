#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shows three gateways that share accesses, with a real Redis: `quickstart.sh demo-cluster` builds the programs and runs
# it. It uses the tests' harness, so it runs in namespaces of its own and leaves nothing behind.

# The libraries of the tests find each other by $0.
if [ -z "${TESTS_INSIDE-}" ]; then
	tests=$(cd "$(dirname "$0")/../tests" && pwd)
	exec "$tests/netns-run" sh -c '. "$1"' "$tests/netns/demo-cluster" "$0"
fi
# shellcheck source=tests/netns/share_lib.sh
. "$(dirname "$0")/share_lib.sh"
. "$(dirname "$1")/demo_lib.sh"
share_setup redis-sentinel

# wrong TEXT: ends the demonstration
wrong() {
	tell "${red}This should not happen: $*${plain}"
	for wrong_name in a b c; do
		diag "$wrong_name: $(tail -n 20 "$T/$wrong_name/log")"
	done
	tap_done=yes
	exit 1
}

# try open|shut: the client connects to port 22 of each gateway
try() {
	for try_name in a b c; do
		try_address=$(address_of $try_name)
		printf '    client$ socat - TCP:%s:22    # gateway %s\n' "$try_address" $try_name
		if wait_for -t "$2" answers "$1" "$try_address"; then
			[ "$1" = open ] && tell "    ${green}connected${plain}" || tell "    ${red}no answer${plain}"
		else
			wrong "port 22 of $try_name is not $1"
		fi
	done
}
answers() {
	if port_open "$2" 22; then
		[ "$1" = open ]
	else
		[ "$1" = shut ]
	fi
}

# show NAME WORD...: knockctl at this gateway
show() {
	show_name=$1
	shift
	printf '    %s# knockctl %s\n' "$show_name" "$*"
	ask "$show_name" "$@" | sed 's/^/        /'
}

# --- the server: share_setup has started the primary; here are a replica, and three sentinels

server=10.0.0.254
mkdir "$T/replica" && chmod 777 "$T/replica"
redis-server --port 6380 --bind $server --protected-mode no --dir "$T/replica" --save '' --daemonize no \
	--repl-diskless-sync-delay 0 --replicaof "$server 6379" >"$T/replica/log" 2>&1 &
started $!
replicated() {
	redis-cli -h $server -p 6380 info replication 2>/dev/null | grep -q master_link_status:up
}
wait_for -t 20 replicated || bail 'no replica'
sentinels=''
for number in 1 2 3; do
	mkdir "$T/sentinel$number" && chmod 777 "$T/sentinel$number"
	cat >"$T/sentinel$number/conf" <<-E
		port 2637$number
		bind $server
		protected-mode no
		dir $T/sentinel$number
		sentinel monitor knockd $server 6379 2
		sentinel down-after-milliseconds knockd 1000
		sentinel failover-timeout knockd 2000
	E
	redis-sentinel "$T/sentinel$number/conf" --daemonize no >"$T/sentinel$number/log" 2>&1 &
	started $!
	sentinels=$sentinels${sentinels:+,}$server:2637$number
done
knows() {
	for port in 26371 26372 26373; do
		redis-cli -h $server -p $port sentinel master knockd 2>/dev/null | tr '\n' ' ' |
			grep -q 'num-slaves 1 num-other-sentinels 2 ' || return
	done
}
wait_for -t 30 knows || bail 'the sentinels do not find each other'

# --- the gateways

door='[ssh]
    sequence     = 7000,8000,9000
    open         = 22:tcp
    open_timeout = 10m'
options="    Share     = sentinel://$sentinels/knockd
    Share_Key = $T/share.key"
for name in a b c; do
	mkdir "$T/$name" && chmod 755 "$T/$name"
	: >"$T/$name/log"
	printf '[options]\n    User = %s\n    State_Dir = %s\n    Control_Socket = %s\n%s\n%s\n' "$engine_user" \
		"$T/$name/state" "$T/$name/control.sock" "$options" "$door" >"$T/$name/knockd.conf"
	chmod 640 "$T/$name/knockd.conf"
	in_background $name socat TCP-LISTEN:22,reuseaddr,fork SYSTEM:'echo hello' 2>/dev/null
	gateway_again $name
done

chapter 'Three gateways, made for this demonstration only'
tell 'client 10.0.0.9 ---+--- 10.0.0.1 a' '                   +--- 10.0.0.2 b' '                   +--- 10.0.0.3 c' \
	'                   +--- 10.0.0.254 Redis: primary, replica, three sentinels' '' \
	'Each gateway has a service on port 22, and knockd with the same door:' ''
printf '[options]\n%s\n%s\n' "$options" "$door" | sed "s|$T|/etc/knockd|; s/^/        /"
wait_for -t 20 linked a b c || wrong 'the gateways are not connected'
tell ''
show a peers

chapter '1. The client connects without a knock.'
try shut 1

chapter '2. The client knocks at gateway a, and only there.'
tell 'client$ knock 10.0.0.1 7000 8000 9000'
knock_at a 7000 8000 9000
try open 5
tell '' 'Gateway b knows where the client has knocked:'
show b list

chapter '3. The admin revokes the access, at gateway c.'
show c revoke 10.0.0.9
try shut 5

chapter '4. The client knocks at gateway b.'
tell 'client$ knock 10.0.0.2 7000 8000 9000'
knock_at b 7000 8000 9000
try open 5

chapter '5. The primary is killed with SIGKILL. What is open stays open.'
tell "redis\$ kill -KILL $redis"
kill -KILL "$redis"
try open 1
now killed
elected() {
	redis-cli -h $server -p 6380 role | grep -q master && linked a b c
}
wait_for -t 30 elected || wrong 'no new primary'
now found
tell '' "$(((found - killed) / 100)) seconds later the sentinels have elected the replica, and the gateways are connected to it:"
show c peers

chapter '6. It knows what was open: the admin revokes the access, at gateway a.'
show a revoke 10.0.0.9
try shut 5

chapter '7. The client knocks at gateway c.'
tell 'client$ knock 10.0.0.3 7000 8000 9000'
knock_at c 7000 8000 9000
try open 5

chapter 'End. The hosts and their rules end with this script; it has not changed anything on your machine.'
echo
tap_done=yes
exit 0
