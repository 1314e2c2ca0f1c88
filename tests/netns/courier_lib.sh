# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The courier with real servers: tests/tools/courier.c is its parent, and stands for a gateway. tests/README describes the
# functions.

. "$(dirname "$0")/../lib.sh"

COURIER=$build/tests/tools/courier
courier_user=$engine_user
if [ "$courier_user" = root ]; then
	courier_user=0
fi

courier_setup() {
	built_with HAVE_HIREDIS || skip_all 'built without hiredis'
	[ -x "$COURIER" ] || skip_all "$COURIER is not built (make check builds it)"
	need redis-server redis-cli "$@"
	ip link set lo up || bail 'no network'
}

# redis NAME PORT [OPTION]...: a server, which keeps nothing; $redis is its pid
redis() {
	redis_dir=$T/redis.$1 redis_port=$2
	shift 2
	mkdir -p "$redis_dir" && chmod 777 "$redis_dir"
	# without -d: it ends with the script. The defaults are those of redis-server, not of the distribution's file.
	redis-server --port "$redis_port" --dir "$redis_dir" --save '' --appendonly no --daemonize no \
		--repl-diskless-sync-delay 0 "$@" >>"$redis_dir/log" 2>&1 &
	redis=$!
	started $redis
	wait_for redis_answers "$redis_port" || bail "no server: $(tail -n 3 "$redis_dir/log")"
}
redis_answers() {
	redis-cli -p "$1" ping 2>&1 | grep -Eq 'PONG|NOAUTH'
}

# gateway NAME [OPTION]... URL: a courier for the group "main"; $gateway is its parent's pid
gateway() {
	gateway_name=$1
	shift
	mkfifo "$T/$gateway_name.in" && : >"$T/$gateway_name.out" || bail 'no pipe'
	"$COURIER" -u "$courier_user" "$@" main <"$T/$gateway_name.in" >>"$T/$gateway_name.out" 2>&1 &
	gateway=$!
	started $gateway
	# holds the pipe open
	sleep 10000 >"$T/$gateway_name.in" &
	started $!
	wait_for heard "$gateway_name" 'pid [0-9]*' || bail 'no courier'
	sed -n 's/^pid //p' "$T/$gateway_name.out" >"$T/$gateway_name.pid"
}

# tell NAME WORD...: a line for this gateway
tell() {
	tell_name=$1
	shift
	echo "$*" >"$T/$tell_name.in"
}

# heard NAME PATTERN: a line of it matches, an extended regular expression for the whole line
heard() {
	grep -Exq "$2" "$T/$1.out"
}

# heard_count NAME PATTERN: how many lines do
heard_count() {
	grep -Exc "$2" "$T/$1.out"
}
heard_times() {
	[ "$(heard_count "$1" "$2")" -ge "$3" ]
}

# said NAME PATTERN: it has written this to standard error, before it was confined. With sanitizers that stays open.
said() {
	heard "$1" "said .*$2" || { built_with SANITIZERS && heard "$1" ".*$2"; }
}

# descriptors NAME: how many the courier has, but for the standard error that sanitizers keep open
descriptors() {
	descriptors_n=$(find "/proc/$(courier_of "$1")/fd" -type l | wc -l)
	! built_with SANITIZERS || descriptors_n=$((descriptors_n - 1))
	echo "$descriptors_n"
}

# forget NAME: later `heard` sees only what comes from now on
forget() {
	: >"$T/$1.out"
}

courier_of() {
	cat "$T/$1.pid"
}

is_up() {
	heard "$1" 'up .*'
}
