# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# For the figures of gateways that share accesses: a real redis-server on one bridge with host client and gateways a, b
# and c.

. "$(dirname "$0")/lib.sh"
if ! built_with HAVE_HIREDIS || ! command -v redis-server >/dev/null; then
	note 'knockd-nft' 'skipped: built without hiredis, or there is no redis-server'
	exit 0
fi

# host NAME NUMBER
host() {
	{
		ip netns add "$1" && ip link add name "to-$1" type veth peer name eth0 netns "$1" &&
			ip link set "to-$1" master br0 up && ip -n "$1" addr add "10.0.0.$2/24" dev eth0 &&
			ip -n "$1" link set eth0 address "02:00:00:00:00:0$2" && ip -n "$1" link set lo up &&
			ip -n "$1" link set eth0 up
	} || bail "no host $1"
}

# group NAME:NUMBER...: the gateways' hosts, and the server
group() {
	ip link set lo up && ip link add br0 type bridge && ip addr add 10.0.0.254/24 dev br0 && ip link set br0 up
	host client 2
	for group_host; do
		host "${group_host%:*}" "${group_host#*:}"
		ip -n "${group_host%:*}" route add 10.64.0.0/10 via 10.0.0.2
		in_host "${group_host%:*}" sh -c 'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done'
	done
	redis-server --port 6379 --bind 10.0.0.254 --protected-mode no --dir "$T" --save '' --daemonize no >"$T/redis.log" 2>&1 &
	redis=$!
	started $redis
	wait_for eval '[ "$(redis-cli -h 10.0.0.254 ping 2>&1)" = PONG ]' || bail 'no server'
	"$KNOCKD" --share-keygen "$T/share.key" >/dev/null
}

# gateway_conf NAME DOORS [OPTIONS]: a firewall, and a configuration
gateway_conf() {
	in_host "$1" nft 'table inet filter {
		set ok { type ipv4_addr; flags timeout; size 2000000; }
		chain input { type filter hook input priority 0; policy drop; iif lo accept; ct state established accept; ip saddr @ok accept; }
	}
	flush set inet filter ok'
	mkdir -p "$T/$1"
	{
		printf '[options]\n\tUser = %s\n\tState_Dir = %s\n\tControl_Socket = %s\n\tLogFile = %s\n' \
			"$engine_user" "$work/$1" "$T/$1/control.sock" "$work/$1.log"
		printf '%s\n%s\n' "${3-}" "$2"
	} >"$T/$1/knockd.conf"
	chmod 600 "$T/$1/knockd.conf"
	rm -rf "${work:?}/$1" "$work/$1.log"
}

# the options of a gateway that shares accesses
in_group="	Share = redis://10.0.0.254
	Share_Key = $T/share.key"

# gateway_start NAME: $pid_NAME is its pid
gateway_start() {
	run_it nsenter "--net=/run/netns/$1" "$KNOCKD" -c "$T/$1/knockd.conf"
	eval "pid_$1=$pid"
	wait_for -t 20 grep -qs 'starting up' "$work/$1.log" || bail "no gateway $1"
}

# settled NAME: it is connected, and opens doors with share = claim
settled() {
	wait_for -t 20 is_settled "$1" || bail "no link of $1"
}
is_settled() {
	[ "$(ask "$1" peers --json 2>/dev/null | jq '.[0].settled')" = true ]
}

# ask NAME WORD...: knockctl at this gateway
ask() {
	ask_name=$1
	shift
	"$KNOCKCTL" -s "$T/$ask_name/control.sock" "$@"
}
