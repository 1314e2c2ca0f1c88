# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The base of every test in tests/netns: TAP, two hosts on a wire, the daemon, the two clients.
# tests/README describes each function; a script begins with
#
#	. "$(dirname "$0")/../lib.sh"

if [ -z "${TESTS_INSIDE-}" ]; then
	exec "$(dirname "$0")/../netns-run" "$0" "$@"
fi

set -u
: "${TESTS_DEADLINE:=5}" # seconds that a condition may take to come true
T=$(mktemp -d /run/knockd-test.XXXXXX) && chmod 755 "$T" || exit
LOG=$T/log
: >"$LOG"

build=$PWD
[ -x "$build/knockd" ] || build=$TESTS_TOP
: "${KNOCKD:=$build/knockd}" "${KNOCK:=$build/knock}" "${KNOCKCTL:=$build/knockctl}" "${NFLOG:=$build/tests/tools/nflog}"
: "${MEDDLE_SO:=$build/tests/tools/meddle.so}" "${PAGES_SO:=$build/tests/tools/pages.so}"
: "${STARVE_SO:=$build/tests/tools/starve.so}"
: "${RACE:=$build/tests/tools/race}" "${HAMMER:=$build/tests/tools/hammer}" "${FILTERED:=$build/tests/tools/filtered}"

# --- TAP ---------------------------------------------------------------------------------------

tap_count=0
tap_failed=0
tap_done=

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

ok() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $*"
}

fail() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $*"
	diag "the daemon's log:"
	diag "$(tail -n 25 "$LOG")"
	diag "the ruleset:"
	diag "$(nft list ruleset 2>&1 | head -n 100)"
}

# skip DESCRIPTION REASON: one point; skip_all REASON: the whole script
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

skip_all() {
	echo "1..0 # SKIP $*"
	tap_done=yes
	exit 77
}

bail() {
	echo "Bail out! $*"
	diag "$(tail -n 25 "$LOG")"
	tap_done=yes
	exit 99
}

done_testing() {
	echo "1..$tap_count"
	tap_done=yes
	[ "$tap_failed" = 0 ]
	exit
}

# --- conditions --------------------------------------------------------------------------------

# now VAR: the time since boot in hundredths of a second
now() {
	read -r now_up _ </proc/uptime
	now_up=${now_up%.*}${now_up#*.}
	eval "$1=\$now_up"
}

# wait_for [-t SECONDS] COMMAND [ARGUMENT]...: until COMMAND succeeds. A slow machine has more of these seconds, and one
# that stood still has some tries: ten for each second, fifty at most. The end and the number of tries are parameters,
# since COMMAND may wait as well.
wait_for() {
	wait_limit=$TESTS_DEADLINE
	if [ "$1" = -t ]; then
		wait_limit=$(($2 * TESTS_DEADLINE / 5))
		shift 2
	fi
	now wait_end
	set -- $((wait_end + wait_limit * 100)) $((wait_limit < 5 ? wait_limit * 10 : 50)) "$@"
	until wait_try "$@"; do
		now wait_now
		[ "$wait_now" -lt "$1" ] || [ "$2" -gt 0 ] || return 1
		sleep 0.02
		wait_end=$1 wait_tries=$2
		shift 2
		set -- "$wait_end" $((wait_tries - 1)) "$@"
	done
}
wait_try() {
	shift 2
	"$@"
}

not() {
	! "$@"
}

# check DESCRIPTION [-t SECONDS] COMMAND...: one test point; COMMAND may need a moment to come true
check() {
	check_text=$1
	shift
	if wait_for "$@"; then
		ok "$check_text"
	else
		fail "$check_text"
		diag "never true: $*"
	fi
}

# refute DESCRIPTION COMMAND...: one test point; COMMAND must not be true now
refute() {
	refute_text=$1
	shift
	if "$@"; then
		fail "$refute_text"
		diag "must not be true: $*"
	else
		ok "$refute_text"
	fi
}

# equal DESCRIPTION GOT EXPECTED
equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		fail "$1"
		diag "got:      $2"
		diag "expected: $3"
	fi
}

# ends DESCRIPTION STATUS COMMAND...: one test point; COMMAND, run once, has this exit status. Leaves standard
# output in $T/out and standard error in $T/err.
ends() {
	ends_text=$1 ends_expected=$2
	shift 2
	"$@" >"$T/out" 2>"$T/err"
	ends_got=$?
	if [ "$ends_got" = "$ends_expected" ]; then
		ok "$ends_text"
	else
		fail "$ends_text"
		diag "status $ends_got instead of $ends_expected: $*"
		diag "$(head -c 2000 "$T/out" | tr -d '\0')"
		diag "$(head -c 2000 "$T/err" | tr -d '\0')"
	fi
}

# --- requirements --------------------------------------------------------------------------------

# need WORD...: a tool in PATH, or knock (any client), knock_ref, knock_ours, knockd_ref (the daemon),
# knockctl, filtered, nflog, race, meddle and starve (tests/tools), uids (a second user id that can be used)
need() {
	for need_word; do
		case $need_word in
		knock_ref) have_reference || skip_all "$no_reference" ;;
		knockd_ref) have_reference_daemon || skip_all "$no_reference_daemon" ;;
		knock) need_any_knock ;;
		knock_ours) [ -x "$KNOCK" ] || skip_all "the client $KNOCK is not built" ;;
		knockctl) [ -x "$KNOCKCTL" ] || skip_all "$KNOCKCTL is not built: jansson is not there" ;;
		nflog) [ -x "$NFLOG" ] || skip_all "$NFLOG is not built (make check builds it)" ;;
		meddle) need_preload "$MEDDLE_SO" ;;
		starve) need_preload "$STARVE_SO" ;;
		uids) have_uids || skip_all "$no_uids" ;;
		filtered) [ -x "$FILTERED" ] || skip_all "$FILTERED is not built (make check builds it)" ;;
		hammer) [ -x "$HAMMER" ] || skip_all "$HAMMER is not built (make check builds it)" ;;
		race) [ -x "$RACE" ] || skip_all "$RACE is not built (make check builds it)" ;;
		*) command -v "$need_word" >/dev/null || skip_all "$need_word is missing" ;;
		esac
	done
}

# Sanitizers have to be the first library themselves.
need_preload() {
	[ -e "$1" ] || skip_all "$1 is not built (make check builds it)"
	built_with SANITIZERS && skip_all 'sanitizers and a preloaded library do not go together'
}

# A user namespace made without privilege maps one user id only.
no_uids='only one user id in this user namespace'
have_uids() {
	awk '{ n += $3 } END { exit n < 2 }' /proc/self/uid_map
}

if have_uids; then
	engine_user=nobody
else
	engine_user=root
fi

# built_with NAME: config.h defines NAME for the daemon under test
built_with() {
	grep -q "^#define $1 1" "$build/config.h"
}

# `knock` runs $knock_with: our client, else the original.
need_any_knock() {
	knock_with=$KNOCK
	[ -x "$KNOCK" ] && return
	have_reference || skip_all "$KNOCK is not built, and $no_reference"
	knock_with=$KNOCK_REF
}

no_reference='no knock of knockd 0.8 here (Debian: apt-get install knockd, or set KNOCK_REF)'
have_reference() {
	: "${KNOCK_REF:=$(find_reference usr/bin/knock)}"
	is_reference "$KNOCK_REF"
}

no_reference_daemon='no knockd 0.8 here (Debian: apt-get install knockd, or set KNOCKD_REF)'
have_reference_daemon() {
	: "${KNOCKD_REF:=$(find_reference usr/sbin/knockd)}"
	is_reference "$KNOCKD_REF"
}

# find_reference FILE: a program of knockd 0.8, fetched by `make check` or installed
find_reference() {
	for find_program in "$build/tests/ref/$1" "/$1"; do
		if is_reference "$find_program"; then
			echo "$find_program"
			return
		fi
	done
}

# is_reference PROGRAM: both clients may call themselves "knock 0.8"; only the original names its author below.
is_reference() {
	"$1" -V 2>/dev/null | tr '\n' ' ' | grep -q '^knockd\{0,1\} 0\.8 .*Judd Vinet'
}

# --- hosts ---------------------------------------------------------------------------------------

# topo_pair: the server (the script itself runs there, 10.0.0.1 and fd00::1) and a client (10.0.0.2 and fd00::2),
# joined by a wire.
topo_pair() {
	server=10.0.0.1 server6=fd00::1
	topo_client client 0
}

# topo_client NAME NUMBER: one more client, on a wire of its own: 10.0.NUMBER.2, fd00:NUMBER::2
topo_client() {
	{
		ip link set lo up &&
		ip netns add "$1" &&
		ip link add "$1" type veth peer name eth0 netns "$1" &&
		ip -batch - <<-E &&
			addr add 10.0.$2.1/24 dev $1
			addr add fd00:$2::1/64 dev $1 nodad
			link set $1 up
		E
		ip -n "$1" -batch - <<-E
			addr add 10.0.$2.2/24 dev eth0
			addr add fd00:$2::2/64 dev eth0 nodad
			link set lo up
			link set eth0 up
			route add default via 10.0.$2.1
			route add default via fd00:$2::1
		E
	} || bail "cannot join $1 and the server"
}

# in_host NAME COMMAND...: COMMAND is a program, not a function
in_host() {
	in_name=$1
	shift
	nsenter --net="/run/netns/$in_name" "$@"
}

in_client() {
	in_host client "$@"
}

# in_background NAME COMMAND...: likewise, but goes on at once; $! is COMMAND's own pid
in_background() {
	background_name=$1
	shift
	nsenter --net="/run/netns/$background_name" "$@" <&3 3<&- &
	started $!
} 3<&0 # else a command in the background reads /dev/null

in_server() {
	"$@"
}

# --- the firewall and the services ---------------------------------------------------------------

# firewall: an admin's table: port 22 is shut except for the elements of two sets
firewall() {
	nft -f - <<-E || bail "cannot load the firewall"
		table inet filter {
			set ssh_ok { type ipv4_addr; flags timeout; size 100; }
			set ssh_ok6 { type ipv6_addr; flags timeout; size 100; }
			chain input {
				type filter hook input priority 0; policy drop;
				ct state established,related accept
				iif lo accept
				meta l4proto { icmp, icmpv6 } accept
				ip saddr @ssh_ok tcp dport 22 accept
				ip6 saddr @ssh_ok6 tcp dport 22 accept
			}
		}
	E
}

# firewall_shut: empties the sets. The daemon restores the elements of its grants, and a knock that it has not handled
# yet opens again.
firewall_shut() {
	nft -f - <<-E || bail "cannot shut the firewall"
		flush set inet filter ssh_ok
		flush set inet filter ssh_ok6
	E
}

# service PORT [COMMAND]: a TCP server, over IPv4 and IPv6, that says hello, or runs COMMAND with each connection as
# standard input and output; $service is its pid
service() {
	socat "TCP6-LISTEN:$1,ipv6only=0,reuseaddr,fork" SYSTEM:"${2-echo hello}" 2>>"$LOG" &
	service=$!
	started "$service"
	wait_for listening "$1" || bail "no service on port $1"
}

listening() {
	ss -Hltn "sport = :$1" | grep -q .
}

# port_open ADDRESS PORT [HOST]: does a TCP connection of the client (or HOST) succeed?
port_open() {
	case $1 in
	*:*) port_to=TCP6:[$1]:$2 ;;
	*) port_to=TCP4:$1:$2 ;;
	esac
	[ "$(in_host "${3-client}" socat -T 2 -u "$port_to,connect-timeout=0.3" - 2>/dev/null)" = hello ]
}

# element_in 'FAMILY TABLE SET' KEY, a concatenated key in words: '10.0.0.2 . tcp . 22'. Without /etc/protocols nft
# prints numbers for the protocols.
element_in() {
	[ -n "$(element_json "$@")" ]
}

# element_get SET KEY FIELD: timeout, expires (both in seconds) or comment of the element
element_get() {
	element_json "$1" "$2" | jq -r ".$3 // empty"
}

element_json() {
	# shellcheck disable=SC2086 # three words
	nft -j list set $1 2>/dev/null | jq -c --arg key "$2" '
		.nftables[].set | select(.) | .elem[]? |
		(.elem? // { val: . }) |
		select((.val | (.concat? // [.]) | map(tostring) | join(" . ")) |
			. == $key or . == ($key | sub(" tcp "; " 6 ") | sub(" udp "; " 17 ")))'
}

# --- the daemon ----------------------------------------------------------------------------------

started_pids=

# started PID: ends it when the script ends
started() {
	started_pids="$started_pids $1"
}

alive() {
	kill -0 "$1" 2>/dev/null
}

# have_queue: does the kernel have the expression?
have_queue() {
	nft -f - 2>/dev/null <<-E
		table inet probe { chain c { type filter hook prerouting priority 0; queue num 1 bypass; }; }
	E
	have_queue_status=$?
	nft delete table inet probe 2>/dev/null
	return $have_queue_status
}

# queue_rules KNOCK... -- PORT...: iptables rules, for Rules = none, that put knocks, and host client's new connections
# to the ports, into the queues
queue_rules() {
	queue_number=7777 queue_from=
	for queue_word; do
		case $queue_word in
		--) queue_number=7779 queue_from='-i client' ;;
		*:udp) queue_rule -p udp --dport "${queue_word%:udp}" ;;
		*) queue_rule -p tcp --syn --dport "$queue_word" ;;
		esac
	done
}
queue_rule() {
	for queue_tables in iptables-nft ip6tables-nft; do
		# shellcheck disable=SC2086 # two words
		$queue_tables -t raw -A PREROUTING $queue_from "$@" -j NFQUEUE --queue-num $queue_number --queue-bypass ||
			bail "no rule for NFQUEUE: $*"
	done
}

# knockd_reload: SIGHUP; returns when the reload is complete
knockd_reload() {
	reloads=$(log_count 're-opening log file: ')
	kill -HUP "$knockd"
	wait_for reloaded || bail 'no reload'
}
reloaded() {
	[ "$(log_count 're-opening log file: ')" -gt "$reloads" ]
}

# children PID: all but the keeper, which every daemon without commands has
children() {
	sed -n "/(knockd-keeper)/d; s/^\([0-9]*\) (.*) [A-Z] $1 .*/\1/p" /proc/[0-9]*/stat 2>/dev/null
}

# keeper PID
keeper() {
	sed -n "s/^\([0-9]*\) (knockd-keeper) [A-Z] $1 .*/\1/p" /proc/[0-9]*/stat 2>/dev/null
}

# knockd_conf TEXT: writes $T/knockd.conf: first the options that keep a test apart from the host, then TEXT
knockd_conf() {
	printf '[options]\n\tUser = %s\n\tState_Dir = %s\n\tControl_Socket = %s\n%s\n' \
		"$engine_user" "$T/state" "$T/control.sock" "$1" >"$T/knockd.conf"
	chmod 640 "$T/knockd.conf"
}

# knockd_start TEXT [OPTION]...: the daemon in the foreground with -v, $knockd is its pid, its log is $LOG
knockd_start() {
	knockd_conf "$1"
	shift
	knockd_again "$@"
}

# knockd_again [OPTION]...: with the existing configuration
knockd_again() {
	daemon_start "$KNOCKD" 'starting up' "$@"
}

# knockd_ref_start TEXT [OPTION]...: knockd 0.8 likewise, listening to host client; TEXT is its whole configuration
knockd_ref_start() {
	printf '%s\n' "$1" | sed '/^	grant    =$/d' >"$T/knockd.conf" # of $fence_door
	shift
	daemon_start "$KNOCKD_REF" 'listening on' -i client "$@"
}

# knockd_meddled TEXT [OPTION]...: like knockd_start, but meddle can meddle with it, also after knockd_again
knockd_meddled() {
	meddle none
	export MEDDLE="$T/meddle"
	daemon_preload=$MEDDLE_SO
	knockd_start "$@"
}

# meddle none; meddle clock MILLISECONDS; meddle send|answer|event ERRNO TIMES: from now on the daemon's wall clock
# is so much ahead; netlink fails so many times when it sends, waits for an answer, or for events. The daemon has the
# file mapped, so it is never truncated.
meddle() {
	case $1 in
	none) meddle_clock=0 meddle_send='0 0' meddle_answer='0 0' meddle_event='0 0' ;;
	*) eval "shift; meddle_$1=\$*" ;;
	esac
	# shellcheck disable=SC2086 # words
	printf '%12d%12d%12d%12d%12d%12d%12d' $meddle_clock $meddle_send $meddle_answer $meddle_event 1<>"$T/meddle"
	meddle_send='0 0' meddle_answer='0 0' meddle_event='0 0' # each call sets one of them only
}

# daemon_start PROGRAM TEXT [OPTION]...: it logs TEXT when it is ready
daemon_start() {
	start_program=$1 start_text=$2
	shift 2
	start_count=$(log_count "$start_text")
	LD_PRELOAD=${daemon_preload-} "$start_program" -c "$T/knockd.conf" -v "$@" >>"$LOG" 2>&1 </dev/null &
	knockd=$!
	started "$knockd"
	wait_for daemon_started || bail "the daemon does not start"
	alive "$knockd" || bail "the daemon does not start"
}

daemon_started() {
	[ "$(log_count "$start_text")" -gt "$start_count" ] || ! alive "$knockd"
}

# knockd_stop: by SIGTERM; returns the daemon's exit status
knockd_stop() {
	kill "$knockd"
	wait "$knockd"
}

# knockctl WORD...: asks that daemon; `need knockctl` first
knockctl() {
	"$KNOCKCTL" -s "$T/control.sock" "$@"
}

# log_has TEXT; log_count TEXT: lines with TEXT in the daemon's output
log_has() {
	grep -qF -- "$1" "$LOG"
}

# log_says PATTERN: the same, an extended regular expression, since error texts of glibc and musl differ
log_says() {
	grep -qE -- "$1" "$LOG"
}

log_count() {
	grep -cF -- "$1" "$LOG"
}

# --- the clients ---------------------------------------------------------------------------------

# knock WORD...: with any client, for tests that are not about clients. The pause keeps packets in order when another
# processor handles the next one.
knock() {
	knock_from client "$@"
}

# knock_from NAME WORD...: the same from another host
knock_from() {
	knock_host=$1
	shift
	in_host "$knock_host" "$knock_with" -d 3 "$@"
}

# knock_ours, knock_ref: our client and that of knockd 0.8
knock_ours() {
	in_client "$KNOCK" "$@"
}

knock_ref() {
	in_client "$KNOCK_REF" "$@"
}

# fence: when it returns, the daemon has handled all packets that were sent before, so a result that is not there will
# never come. It needs $fence_door in the configuration.
# shellcheck disable=SC2034
fence_door='
[fence]
	sequence = 9:udp
	grant    =
'
fence() {
	fence_by socat -u - UDP4-SENDTO:127.0.0.1:9
}

# fence_from NAME: the same for packets of host NAME, with a daemon that does not listen to lo
fence_from() {
	fence_by in_host "$1" socat -u - "UDP6-SENDTO:[$server6]:9"
}

fence_by() {
	fence_count=$(log_count 'fence: OPEN SESAME')
	echo | "$@" || bail "cannot send to the fence"
	wait_for fenced || bail "the daemon no longer reacts"
}

fenced() {
	[ "$(log_count 'fence: OPEN SESAME')" -gt "$fence_count" ]
}

# --- the end -------------------------------------------------------------------------------------

cleanup() {
	cleanup_status=$?
	trap - EXIT
	for cleanup_pid in $started_pids; do
		kill "$cleanup_pid" 2>/dev/null
	done
	if [ -z "$tap_done" ]; then
		echo "Bail out! the script ended early, status $cleanup_status"
		cleanup_status=99
	fi
	rm -rf "$T" 2>/dev/null # fails where a test has mounted something, which ends with the namespace
	exit "$cleanup_status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

need nft ip ss socat jq
nft list ruleset >/dev/null 2>&1 || skip_all "no nftables: $(nft list ruleset 2>&1 | head -n 1)"
[ -x "$KNOCKD" ] || bail "$KNOCKD is not there: build it first"
