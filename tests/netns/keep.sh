#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Elements of the admin: what has no time, or more time than a door gives, stays as it is, whoever knocks.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
topo_client office 9
office=10.0.9.2
sets() {
	cat <<-E
		table inet filter {
			set ok { type ipv4_addr; flags timeout; elements = { $office, 10.0.0.2 timeout 5h }; }
			set pair { type ipv4_addr . inet_service; flags timeout; elements = { $office . 22 }; }
			set nets { type ipv4_addr; flags interval,timeout; elements = { 10.0.9.0/24 }; }
			set wide { type ipv4_addr; flags interval,timeout; elements = { 10.0.0.0/8 }; }
			set ranges { type ipv4_addr . inet_service; flags interval,timeout; elements = { 10.0.0.0/8 . 20-30 }; }
			map verdicts { type ipv4_addr : verdict; flags timeout; elements = { $office : drop }; }
			set banned { type ipv4_addr; flags timeout; elements = { $office }; }
		}
	E
}
sets | nft -f - || bail 'cannot load the sets'
knockd_start "
[options]
	Own_Table  = no
	Scan_Guard = 2
	Ban_Set    = inet filter banned { %IP% timeout 1s }
[ok]
	sequence = 1001
	grant    = inet filter ok { %IP% timeout 1s }
	grant    = inet filter pair { %IP% . 22 timeout 1s }
[nets]
	sequence = 1002
	grant    = inet filter nets { %IP%/24 timeout 1s }
	grant    = inet filter wide { %IP% timeout 1s }
	grant    = inet filter ranges { %IP% . 22 timeout 1s }
[map]
	sequence = 1003
	grant    = inet filter verdicts { %IP% timeout 1s : accept }
[guard]
	sequence = 1004
	open     = 2200:tcp
	open_timeout = 1s
[leave]
	sequence = 1005
	close    = 2200:tcp
[scan]
	sequence = 1006,1007
[clock]
	sequence = 1008
	grant    = inet filter ok { 10.9.9.9 timeout 1500ms }
$fence_door"
nft add element inet knockd open4 "{ $office . tcp . 2200 }"

# as_it_was SET KEY: there, and it does not expire
as_it_was() {
	element_in "$1" "$2" && [ -z "$(element_get "$1" "$2" expires)" ]
}
# ranges_are SET TEXT: nft's own list has it, without a time
ranges_are() {
	nft list set inet filter "$1" | grep -qF "elements = { $2 }"
}
five_hours() {
	five_hours_left=$(element_get 'inet filter ok' 10.0.0.2 expires)
	[ "${five_hours_left:-0}" -gt 17000 ]
}
# in_time: waits until an element that was granted after all others has ended
in_time() {
	in_time_before=$(log_count 'clock: running command')
	knock $server 1008
	wait_for in_time_begun && wait_for not element_in 'inet filter ok' 10.9.9.9
}
in_time_begun() {
	[ "$(log_count 'clock: running command')" -gt "$in_time_before" ]
}

knock_from office $server 1001 1002 1003 1004
knock $server 1001
check 'without a time: it is logged' log_says "ok: .*inet filter ok: the element is there already, without a time"
check 'with more time: it is logged' log_says "ok: .*inet filter ok: the element is there already, with more time"
check 'in a range' log_says "nets: .*inet filter wide: the element is there already, in a range without a time"
equal 'one line for each' "$(log_count 'is there already')" 8
in_time || bail 'the clock stands still'
check 'the time of the door is over: the address stays' as_it_was 'inet filter ok' $office
check '... with a port' as_it_was 'inet filter pair' "$office . 22"
check '... a prefix' ranges_are nets 10.0.9.0/24
check '... in a range' ranges_are wide 10.0.0.0/8
check '... in a range of several fields' ranges_are ranges '10.0.0.0/8 . 20-30'
check '... in a map, with its value' sh -c "nft list map inet filter verdicts | grep -qF 'elements = { $office : drop }'"
check '... behind the guard' as_it_was 'inet knockd open4' "$office . tcp . 2200"
check '... and five hours are five hours' five_hours

knock_from office $server 1005
check 'a door that closes: it is logged' log_has 'inet knockd open4: the element is there already'
check '... and leaves alone what no door has opened' as_it_was 'inet knockd open4' "$office . tcp . 2200"

knock_from office $server 1006 1010 1011
check 'a scan' log_has "$office: scan: scan, attempt dropped"
in_time
check '... by an address that is banned for good' as_it_was 'inet filter banned' $office

# A firewall that lists an address is loaded while the address is in through a door.
knock_from office $server 1004
nft delete element inet filter ok "{ $office }"
fence
knock_from office $server 1001
wait_for element_in 'inet filter ok' $office
{ echo delete table inet filter; sets; } >"$T/reload.nft"
nft -f "$T/reload.nft"
in_time
check 'a firewall that lists the address, loaded during an access' as_it_was 'inet filter ok' $office
nft delete element inet filter ok "{ $office }"
fence
knock_from office $server 1001
wait_for element_in 'inet filter ok' $office
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
nft -f "$T/reload.nft"
knockd_again
in_time
check '... and while no daemon runs' as_it_was 'inet filter ok' $office

if [ -x "$KNOCKCTL" ]; then
	nft delete element inet filter pair "{ $office . 22 }"
	equal 'knockctl grant: what is there is no failure' "$(knockctl grant $office --door ok)" '1 granted'
	nft -f - <<-E
		delete element inet filter pair { $office . 22 }
		add element inet filter pair { $office . 22 }
	E
	knockctl revoke --all >/dev/null
	check 'knockctl revoke --all' as_it_was 'inet filter pair' "$office . 22"
	check '... an address that was there before' as_it_was 'inet filter ok' $office
else
	skip 'knockctl' 'no knockctl'
fi
done_testing
