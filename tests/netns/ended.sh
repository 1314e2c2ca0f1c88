#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An access that has ended while no daemon ran stays ended, and what stands in its place is somebody else's.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
sets() {
	cat <<-E
		table inet filter {
			set ok { type ipv4_addr; flags timeout; }
			set nets { type ipv4_addr; flags interval,timeout; }
		}
	E
}
sets | nft -f - || bail 'cannot load the sets'
doors="
[options]
	Own_Table = no
[short]
	sequence = 1001
	grant    = inet filter ok { %IP% timeout 1s }
	grant    = inet filter nets { %IP%/24 timeout 1s }
	open     = 2200
	open_timeout = 1s
[long]
	sequence = 1002
	grant    = inet filter ok { 10.9.9.9 timeout 1h }
	grant    = inet filter nets { 10.9.9.9 timeout 1h }
[eternal]
	sequence = 1003
	grant    = inet filter ok { 10.9.9.8 }
$fence_door"
# written_once SET KEY: an element that was written anew would have the time that was left as its time
written_once() {
	[ "$(element_get "$1" "$2" timeout)" = 3600 ]
}
crash() {
	kill -KILL "$knockd"
	wait "$knockd" 2>/dev/null
}
as_it_was() {
	element_in "$1" "$2" && [ -z "$(element_get "$1" "$2" expires)" ]
}
# in_for_a_second: a knock, and its end when no daemon runs
in_for_a_second() {
	opened=$(log_count 'short: running command')
	knock $server 1001
	wait_for opened || bail 'the door does not open'
	crash
	wait_for not element_in 'inet filter ok' 10.0.0.2 || bail 'the kernel does not end it'
	sleep 0.05 # the clocks of kernel and daemon differ by some milliseconds
}

opened() {
	[ "$(log_count 'short: running command')" -gt "$opened" ]
}

knockd_start "$doors"
knock $server 1002 1003
wait_for element_in 'inet filter ok' 10.9.9.8
in_for_a_second
nft -f - <<-E
	add element inet filter ok { 10.0.0.2 }
	add element inet filter nets { 10.0.0.0/24 }
	add element inet knockd open4 { 10.0.0.2 . tcp . 2200 }
E
: >"$LOG"
knockd_again
refute 'a start: nothing that has ended is put back' log_has 'put back'
check '... what the admin has made of it meanwhile stays' as_it_was 'inet filter ok' 10.0.0.2
check '... behind the guard, too' as_it_was 'inet knockd open4' '10.0.0.2 . tcp . 2200'
check '... what has not ended is still there, and was not touched' written_once 'inet filter ok' 10.9.9.9
if [ -x "$KNOCKCTL" ]; then
	equal '... and is all that is open' "$(knockctl list --json | jq -r '.[].element' | sort | tr '\n' ' ')" \
		'10.9.9.8 10.9.9.9 10.9.9.9 '
else
	skip '... and is all that is open' 'no knockctl'
fi
crash
knockd_again
check '... after one more start, too' as_it_was 'inet filter ok' 10.0.0.2
nft -f - <<-E
	delete element inet filter ok { 10.0.0.2 }
	delete element inet filter nets { 10.0.0.0/24 }
	delete element inet knockd open4 { 10.0.0.2 . tcp . 2200 }
E

# Only what is missing is written.
in_for_a_second
nft delete element inet filter nets '{ 10.9.9.9 }'
: >"$LOG"
knockd_again
check 'what is missing is put back, and no more' log_has '1 elements put back'

# What another program has put in the place of an access that has not ended is that program's.
crash
nft -f - <<-E
	delete element inet filter ok { 10.9.9.9 }
	add element inet filter ok { 10.9.9.9 }
E
knockd_again
check 'an element that is not of the daemon any more: it is logged' log_has \
	'10.0.0.2: long: not put back: inet filter ok: the element is there already, without a time, and stays as it is'
check '... and stays' as_it_was 'inet filter ok' 10.9.9.9
crash
nft delete element inet filter ok '{ 10.9.9.9 }'

# A power-off: another boot, and the kernel has forgotten all.
knockd_again
knock $server 1002
in_for_a_second
nft flush ruleset
sets | nft -f -
nft add element inet filter ok '{ 10.0.0.2 }'
cat /proc/sys/kernel/random/uuid >"$T/boot_id"
if mount --bind "$T/boot_id" /proc/sys/kernel/random/boot_id 2>/dev/null; then
	: >"$LOG"
	knockd_again
	check 'after a power-off what has not ended is put back' log_has '3 elements put back'
	check '... with its end' sh -c '[ "$1" -gt 3500 ]' - "$(element_get 'inet filter ok' 10.9.9.9 expires)"
	check '... or without' as_it_was 'inet filter ok' 10.9.9.8
	check '... and what has ended is not' as_it_was 'inet filter ok' 10.0.0.2
else
	skip 'after a power-off' 'cannot change the boot id'
fi
done_testing
