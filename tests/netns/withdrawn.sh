#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Accesses that no door of the configuration grants any more end at the reload or the start that says so. Elements of
# others stay.

. "$(dirname "$0")/../lib.sh"
need knock knockctl
topo_pair
sets() {
	cat <<-E
		table inet filter {
			set ok { type ipv4_addr; flags timeout; }
			set ok6 { type ipv6_addr; flags timeout; }
			set pair { type ipv4_addr . inet_service; flags timeout; }
			set nets { type ipv4_addr; flags interval,timeout; }
			set own { type ipv4_addr; flags timeout; }
		}
	E
}
sets | nft -f - || bail 'cannot load the sets'
stays="
[stays]
	sequence = 1001
	grant    = inet filter ok { %IP% timeout 1h }
$fence_door"
all="
[pair]
	sequence = 1002
	grant    = inet filter pair { %IP% . 22 timeout 1h }
	grant    = inet filter pair { %IP% . 80 timeout 1h }
[nets]
	sequence = 1003
	grant    = inet filter nets { %IP%/24 timeout 1h }
	grant_6  = inet filter ok6 { %IP% timeout 1h }
[own]
	sequence = 1004
	grant    = inet filter own { %IP% timeout 1h }
[guard]
	sequence = 1005
	open     = 2200:tcp
	open_timeout = 1h
[guarded]
	sequence = 1006
	open     = 2201:tcp
$stays"
without_pair_80=$(echo "$all" | sed '/ 80 timeout/d')
crash() {
	kill -KILL "$knockd"
	wait "$knockd" 2>/dev/null
}
everything() {
	knock $server 1001 1002 1003 1004 1005
	knock $server6 1003
	wait_for element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200' || bail 'a door does not open'
	wait_for element_in 'inet filter ok6' fd00::2 || bail 'a door does not open'
}
# doors_listed: names of the doors with accesses, and how many
doors_listed() {
	knockctl list --json | jq -r '.[].door' | sort | uniq -c | awk '{ printf "%s %s ", $1, $2 }'
}

# --- a reload ------------------------------------------------------------------------------------

knockd_start "$all"
everything
equal 'all are open' "$(doors_listed)" '1 guard 2 nets 1 own 2 pair 1 stays '

knockd_conf "$without_pair_80
[bad"
knockd_reload
equal 'a reload that fails ends nothing' "$(doors_listed)" '1 guard 2 nets 1 own 2 pair 1 stays '

knockd_conf "$without_pair_80"
knockd_reload
check 'an element that its door does not give any more' not element_in 'inet filter pair' '10.0.0.2 . 80'
check '... it is logged' log_has \
	'10.0.0.2: pair: no door grants this access any more: it is ended: inet filter pair { 10.0.0.2 . 80 }'
check '... the other one of the door stays' element_in 'inet filter pair' '10.0.0.2 . 22'
equal '... and so do all others' "$(doors_listed)" '1 guard 2 nets 1 own 1 pair 1 stays '

before=$(element_get 'inet filter ok' 10.0.0.2 timeout)
knockd_conf "$(echo "$stays" | sed 's/\[stays\]/[renamed]/; s/1h/2h/')
$(echo "$all" | sed -n '/guarded/,/2201/p')"
knockd_reload
check 'doors that are gone: a concatenation' not element_in 'inet filter pair' '10.0.0.2 . 22'
check '... a range' sh -c '! nft list set inet filter nets | grep -q elements'
check '... over IPv6' not element_in 'inet filter ok6' fd00::2
check '... a set that no door names' not element_in 'inet filter own' 10.0.0.2
check '... the guard' not element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200'
equal 'a door that is renamed, and another time: stays' "$(element_get 'inet filter ok' 10.0.0.2 timeout)" "$before"
equal '... and is all that is left' "$(doors_listed)" '1 stays '
nft flush ruleset
sets | nft -f -
check 'a reload of the firewall brings that back' element_in 'inet filter ok' 10.0.0.2
fence
equal '... and nothing else' "$(nft list table inet filter | grep -c elements)" 1

# --- without its set -----------------------------------------------------------------------------

knockd_conf "$all"
knockd_reload
everything
nft delete table inet filter
knockd_conf "$stays"
knockd_reload
equal 'without their sets: they end' "$(doors_listed)" '1 stays '
refute '... and nothing fails' log_has 'cannot be deleted'
sets | nft -f -
check '... a set that is made again' element_in 'inet filter ok' 10.0.0.2
fence
equal '... gets only what is granted' "$(nft list table inet filter | grep -c elements)" 1

# --- many ----------------------------------------------------------------------------------------

knockd_conf "$all"
knockd_reload
for i in $(seq 1 40); do
	knockctl grant "10.1.0.$i" --door own >/dev/null
done
nft add element inet filter own '{ 10.2.0.1 timeout 2h comment "own", 10.2.0.2 comment "own", 10.2.0.3 timeout 1h }'
: >"$LOG"
knockd_conf "$stays"
knockd_reload
equal 'many: the elements are deleted, those of others stay' "$(nft -j list set inet filter own |
	jq -c '[.nftables[].set | select(.) | .elem[] | if type == "string" then . else .elem.val end] | sort')" \
	'["10.2.0.1","10.2.0.2","10.2.0.3"]'
equal '... the log has ten lines' "$(log_count 'own: no door grants this access any more')" 10
check '... and one about the others' log_has '30 more accesses that no door grants any more are ended'
nft delete element inet filter own '{ 10.2.0.1, 10.2.0.2, 10.2.0.3 }'

# --- a start -------------------------------------------------------------------------------------

knockd_conf "$all"
knockd_reload
everything
crash
nft -f - <<-E
	delete element inet filter pair { 10.0.0.2 . 22 }
	add element inet filter pair { 10.0.0.2 . 22 comment "pair" }
E
knockd_conf "$stays"
: >"$LOG"
knockd_again
equal 'a start with other doors: what is granted stays' "$(doors_listed)" '1 stays '
check '... what is not is logged' log_has \
	'10.0.0.2: own: no door grants this access any more: it is ended: inet filter own { 10.0.0.2 }'
refute '... and deleted' element_in 'inet filter own' 10.0.0.2
refute '... over IPv6' element_in 'inet filter ok6' fd00::2
refute '... where there was a second element' element_in 'inet filter pair' '10.0.0.2 . 80'
check '... an element that the admin has put in the place of one stays' element_in 'inet filter pair' '10.0.0.2 . 22'
knockd_stop
nft flush table inet knockd 2>/dev/null
nft delete table inet filter
sets | nft -f -
knockd_conf "$all"
knockd_again
equal 'with the old doors again: nothing comes back but what was granted all the time' "$(doors_listed)" '1 stays '
knockd_stop
done_testing
