#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An upgrade from a real older daemon, which could not own its table, and back, while a client sends SYNs all the time:
# nobody gets in, and an access goes on. `make check-upgrade` builds the older one.

. "$(dirname "$0")/../lib.sh"
need knock knockctl hammer race
: "${KNOCKD_OLD:=$build/tests/old/knockd}"
[ -x "$KNOCKD_OLD" ] || skip_all 'no older daemon: make check-upgrade builds one, from the history of a checkout'
topo_pair
in_client ip addr add 10.0.0.3/24 dev eth0 || bail 'no second address'
in_client ip addr add fd00::3/64 dev eth0 nodad || bail 'no second address'
"$RACE" -l 2222 2>>"$LOG" &
started $!
wait_for listening 2222 || bail 'no service'
ours=$KNOCKD
knockd_conf "
[door]
	sequence     = 7000
	open         = 2222:tcp
	open_timeout = 1h
[behind]
	sequence     = 7001
	target       = 10.0.0.1
	open         = 2223
$fence_door"

# use PROGRAM: the next daemon
use() {
	KNOCKD=$1
	knockd_again
}
owned() {
	nft list table inet knockd | grep -q 'flags owner'
}
shut_packets() {
	nft -j list chain inet knockd guard_shut | jq '[.. | .counter?.packets? | select(. != null)] | add'
}
attack() {
	in_background client "$HAMMER" $server 2222 </dev/null >"$T/hammer4"
	hammer4=$!
	in_background client "$HAMMER" $server6 2222 </dev/null >"$T/hammer6"
	hammer6=$!
	shut_before=$(shut_packets)
	wait_for eval '[ "$(shut_packets)" -gt $((shut_before + 1000)) ]' || bail 'no attack'
}
# nobody_in TEXT
nobody_in() {
	kill $hammer4 $hammer6
	wait $hammer4 $hammer6
	for count in "$T/hammer4" "$T/hammer6"; do
		diag "$(cat "$count")"
		equal "$1: nobody got in" "$(sed 's/ longest.*//' "$count")" 'in 0'
	done
}
# The attacker has the addresses of the client, so the access is that of a third host.
topo_client guest 1
inside() {
	element_in 'inet knockd open4' '10.0.1.2 . tcp . 2222' && element_in 'inet knockd open6' 'fd00:1::2 . tcp . 2222'
}

use "$KNOCKD_OLD"
refute 'the older daemon owns no table' owned
knock_from guest 10.0.1.1 7000
knock_from guest fd00:1::1 7000
check '... a knock opens' inside
expires=$(element_get 'inet knockd open4' '10.0.1.2 . tcp . 2222' expires)

ends_cleanly() {
	knockd_stop
	wait "$knockd" 2>/dev/null
}
is_killed() {
	# shellcheck disable=SC2046 # a list
	kill -KILL "$knockd" $(children "$knockd")
	wait "$knockd" 2>/dev/null
}
for way in ends_cleanly is_killed; do
	attack
	$way
	use "$ours"
	check "the older one $way, ours starts: the table is owned" owned
	check '... the access goes on' inside
	check '... no longer than before' [ "$(element_get 'inet knockd open4' '10.0.1.2 . tcp . 2222' expires)" -le "$expires" ]
	nft flush ruleset
	knockd_reload
	nobody_in '... with a flush and a reload'
	equal '... ours knows the access' "$(knockctl --json list | jq -c '[.[].door] | unique')" '["door"]'

	attack
	$way
	use "$KNOCKD_OLD"
	refute "and back, ours $way: no owner" owned
	check '... the access goes on' inside
	nobody_in '...'
done
attack
ends_cleanly
use "$ours"
nobody_in 'ours again'
ends 'knockctl revoke' 0 knockctl revoke --all
refute '... ends the access that the older one gave' inside
knock_from guest 10.0.1.1 7000
check '... and a knock opens' element_in 'inet knockd open4' '10.0.1.2 . tcp . 2222'
done_testing
