#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# knockd's command line.

. "$(dirname "$0")/../lib.sh"
topo_pair
knockd_conf '
[a]
	sequence = 7000
[options]
	Interface = eth9'
conf=$T/knockd.conf

# run STATUS OPTION...: standard output in $T/out, standard error in $T/err
run() {
	run_expected=$1
	shift
	timeout 5 "$KNOCKD" "$@" >"$T/out" 2>"$T/err" </dev/null
	equal "knockd $*: status" $? "$run_expected"
}

run 0 -h
check 'usage on standard output' grep -q '^usage: knockd \[options\]$' "$T/out"
run 0 --help
run 0 -V
check 'version: name and number first' grep -q '^knockd [0-9]' "$T/out"
equal '... two lines' "$(grep -c . "$T/out")" 2
run 0 --vers
run 1 -x
check 'a bad option: usage on standard error' grep -q '^usage: knockd' "$T/err"
equal '... nothing on standard output' "$(cat "$T/out")" ''
run 1 -c
run 0 -t -c "$conf"
equal '-t prints the result' "$(cat "$T/out")" 'configuration OK'
run 0 --check --conf "$conf" word
run 0 -Dtc "$conf"
check '-D: the settings' grep -qx 'config: a: sequence: 7000:tcp' "$T/out"
run 0 -s --save-mem -v4 -l -t -c "$conf"
run 1 -t -c "$T/none"
run 1 -t -i 'no/such' -c "$conf"
run 0 --print-rules -c "$conf"
check 'Interface' grep -q 'iifname "eth9"' "$T/out"
run 0 --print-rules -i 'lo, ppp*' -c "$conf"
check '-i wins' grep -q 'iifname "ppp\*"' "$T/out"
refute '... and replaces the list' grep -q eth9 "$T/out"
run 0 --print-rules -4 -c "$conf"
check '-4' grep -q 'nfproto ipv4' "$T/out"

"$KNOCKD" -c "$conf" -i lo -v >"$T/out" 2>&1 &
started $!
check 'it starts with -i' grep -qx 'starting up, listening on lo' "$T/out"
check '... and prints the interface' grep -qx 'listening on lo...' "$T/out"
done_testing
