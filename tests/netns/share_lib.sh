# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Gateways that share accesses, with a real redis-server. All hosts are on one bridge, on which the script and the server
# are 10.0.0.254, host client is 10.0.0.9, and gateways a, b and c are 10.0.0.1 to 3. tests/README describes the
# functions.

. "$(dirname "$0")/signed_lib.sh"
# shellcheck disable=SC2034
invitation_host=10.0.0.1

share_setup() {
	built_with HAVE_HIREDIS || skip_all 'built without hiredis'
	need redis-server redis-cli hostname knock knockctl "$@"
	{
		ip link set lo up && ip link add br0 type bridge && ip addr add 10.0.0.254/24 dev br0 && ip link set br0 up
	} || bail 'no bridge'
	share_host client 9
	share_host a 1
	share_host b 2
	share_host c 3
	"$KNOCKD" --share-keygen "$T/share.key" >/dev/null || bail 'no key'
	redis_start
}

share_host() {
	{
		ip netns add "$1" && ip link add name "to-$1" type veth peer name eth0 netns "$1" &&
			ip link set "to-$1" master br0 up && ip -n "$1" addr add "10.0.0.$2/24" dev eth0 &&
			ip -n "$1" link set lo up && ip -n "$1" link set eth0 up
	} || bail "no host $1"
}

# redis_start: $redis is its pid
redis_start() {
	mkdir -p "$T/redis" && chmod 777 "$T/redis"
	redis-server --port 6379 --bind 10.0.0.254 --protected-mode no --dir "$T/redis" --save '' --appendonly no \
		--daemonize no >>"$T/redis/log" 2>&1 &
	redis=$!
	started $redis
	wait_for redis_up || bail "no server: $(tail -n 3 "$T/redis/log")"
}
redis_up() {
	[ "$(redis-cli -h 10.0.0.254 ping 2>&1)" = PONG ]
}
redis() {
	redis-cli -h 10.0.0.254 "$@"
}

# gateway NAME [DOORS [OPTIONS]]: starts a daemon there. The default doors are $ssh, the server is $share_url.
# [web] has elements of set ok in table inet filter, which each gateway has.
# shellcheck disable=SC2034
ssh='
[ssh]
	sequence     = 7000,8000
	open         = 22:tcp
	open_timeout = 10m
[web]
	sequence     = 7001,8001
	grant        = inet filter ok { %IP% timeout 10m }'
gateway() {
	gateway_dir=$T/$1
	in_host "$1" nft 'add table inet filter; add set inet filter ok { type ipv4_addr; flags timeout; }' || bail 'no set'
	mkdir -p "$gateway_dir" && chmod 755 "$gateway_dir"
	: >"$gateway_dir/log"
	printf '[options]\n\tUser = %s\n\tState_Dir = %s\n\tControl_Socket = %s\n\tShare = %s\n\tShare_Key = %s\n%s\n%s\n' \
		"$engine_user" "$gateway_dir/state" "$gateway_dir/control.sock" \
		"${share_url-redis://10.0.0.254}" "$T/share.key" "${3-}" "${2-$ssh}" >"$gateway_dir/knockd.conf"
	chmod 640 "$gateway_dir/knockd.conf"
	gateway_again "$1"
}

# gateway_again NAME: with the existing configuration; $gateway is its pid, also in a variable pid_NAME
gateway_again() {
	gateway_name=$1
	gateway_dir=$T/$1
	gateway_starts=$(grep -c 'starting up' "$gateway_dir/log")
	nsenter --net="/run/netns/$1" unshare --uts sh -c 'hostname "$1"; shift; exec "$@"' - "$1" \
		"$KNOCKD" -c "$gateway_dir/knockd.conf" -v >>"$gateway_dir/log" 2>&1 </dev/null &
	gateway=$!
	started $gateway
	eval "pid_$1=\$gateway"
	wait_for gateway_started || bail "gateway $1 does not start: $(tail -n 5 "$gateway_dir/log")"
}
gateway_started() {
	[ "$(grep -c 'starting up' "$gateway_dir/log")" -gt "$gateway_starts" ]
}

# gateway_stop NAME
gateway_stop() {
	eval "kill \$pid_$1; wait \$pid_$1"
}

# linked NAME...: each gateway is connected, has read all, and knows the names of the others
linked() {
	for linked_name; do
		ask "$linked_name" peers --json 2>/dev/null | jq -e --argjson n $# \
			'(.[0] | .up and .synced) and ([.[] | select(.gateway)] | length >= $n)' >/dev/null || return 1
	done
}

# settled NAME...: ... and open doors with share = claim
settled() {
	for settled_name; do
		ask "$settled_name" peers --json 2>/dev/null | jq -e '.[0].settled' >/dev/null || return 1
	done
}

# ask NAME WORD...: knockctl at this gateway
ask() {
	ask_name=$1
	shift
	"$KNOCKCTL" -s "$T/$ask_name/control.sock" "$@"
}

# told NAME TEXT: a line of its log; told_count NAME TEXT
told() {
	grep -qF -- "$2" "$T/$1/log"
}
told_count() {
	grep -cF -- "$2" "$T/$1/log"
}

# open_at NAME [ADDRESS]: port 22 is open for it; open_everywhere, shut_everywhere [ADDRESS]
open_at() {
	in_host "$1" nft -j list set inet knockd open4 2>/dev/null | jq -e --arg ip "${2-10.0.0.9}" \
		'any(.nftables[].set | select(.) | .elem[]? | (.elem.val? // .); tostring | contains($ip))' >/dev/null
}
open_everywhere() {
	open_at a "$@" && open_at b "$@" && open_at c "$@"
}
shut_everywhere() {
	! open_at a "$@" && ! open_at b "$@" && ! open_at c "$@"
}

# ok_at NAME [ADDRESS], ok_everywhere: an element of [web]
ok_at() {
	in_host "$1" nft list set inet filter ok 2>/dev/null | grep -qF "${2-10.0.0.9}"
}
ok_everywhere() {
	ok_at a "$@" && ok_at b "$@" && ok_at c "$@"
}
ok_nowhere() {
	! ok_at a && ! ok_at b && ! ok_at c
}

# left_at NAME [ADDRESS]: seconds until it ends
left_at() {
	in_host "$1" nft -j list set inet knockd open4 | jq --arg ip "${2-10.0.0.9}" \
		'.nftables[].set | select(.) | .elem[]? | .elem | select(.val | tostring | contains($ip)) | .expires' | head -n 1
}

# address_of NAME
address_of() {
	case $1 in
	a) echo 10.0.0.1 ;;
	b) echo 10.0.0.2 ;;
	c) echo 10.0.0.3 ;;
	esac
}

# knock_at NAME PORT...; send_to NAME HEX [PORT], a signed knock
knock_at() {
	knock_to=$(address_of "$1")
	shift
	knock "$knock_to" "$@"
}
send_to() {
	in_host client "$SIGNED" send "$(address_of "$1")" "${3-62201}" "$2"
}

# count_of NAME FIELD: a number of `knockctl stats`
count_of() {
	ask "$1" stats --json | jq ".share_$2"
}
