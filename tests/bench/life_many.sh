#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A hundred thousand live grants: the time to list them, to restore them all after flush ruleset, and to start with
# them. Run it by hand, from the build directory, as root, on a quiet machine; MANY is another number of grants.

. "$(dirname "$0")/../lib.sh"
need knockctl
: "${MANY:=100000}"
ip link set lo up
cat >"$T/filter.nft" <<E
table inet filter {
	set many { type ipv4_addr; flags timeout; size 1000000; }
}
E
nft -f "$T/filter.nft"
work=$(mktemp -d "$build/life_many.XXXXXX") || exit # a journal on a tmpfs would cost nothing
trap 'rm -rf "$work"; cleanup' EXIT
knockd_conf "[options]
	Max_Grants = $MANY
[many]
	sequence = 5001
	grant    = inet filter many { %IP% timeout 1h }"
sed -i "s|State_Dir = .*|State_Dir = $work|" "$T/knockd.conf"
export TESTS_DEADLINE=60

# cpu PID: milliseconds of processor time so far
cpu() {
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "%d\n", ($12 + $13) * 1000 / hz }' "/proc/$1/stat"
}
# measure TEXT COMMAND...: the time of COMMAND, and the parent's processor time in it
measure() {
	measure_text=$1
	shift
	measure_cpu=$(cpu "$knockd")
	now measure_from
	"$@"
	now measure_to
	diag "$measure_text: $((measure_to - measure_from))0 ms, $(($(cpu "$knockd") - measure_cpu)) ms processor time of the parent"
}

"$KNOCKD" -c "$T/knockd.conf" -v >"$LOG" 2>&1 &
knockd=$!
started $knockd
wait_for knockctl status >/dev/null 2>&1
fill() {
	awk -v n="$MANY" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "grant 10.%d.%d.%d --door many\n", i / 65536 + 1, i / 256 % 256, i % 256
	}' | socat -t 60 - "UNIX-CONNECT:$T/control.sock" | grep -c granted >"$T/granted"
}
list() {
	knockctl list "$@" >"$T/list"
}
measure "$MANY grants by hand" fill
measure 'list --json' list --json
[ "$(jq length "$T/list")" = "$MANY" ] || bail 'some are not listed'
measure 'list' list
all_back() {
	grep -q "$MANY elements put back" "$LOG"
}
flush() {
	nft flush ruleset
	nft -f "$T/filter.nft"
	wait_for all_back || bail 'they do not come back'
}
measure 'flush ruleset, until all are back' flush
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
: >"$LOG"
now begun
"$KNOCKD" -c "$T/knockd.conf" -v >"$LOG" 2>&1 &
knockd=$!
started $knockd
wait_for grep -q 'starting up' "$LOG"
now up
diag "a crash and a start, until all are back: $((up - begun))0 ms, $(cpu "$knockd") ms processor time"
measure 'revoke --all' knockctl revoke --all
tap_done=yes
