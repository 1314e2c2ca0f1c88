#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Accesses whose set is gone: they wait for it, and can be ended and extended meanwhile.

. "$(dirname "$0")/../lib.sh"
need knock knockctl
topo_pair
topo_client other 1
firewall
nft list table inet filter >"$T/filter.nft"
knockd_start "
[ssh]
	sequence = 1001
	grant    = inet filter ssh_ok { %IP% timeout 1h }
[leave]
	sequence = 1002
	revoke   = inet filter ssh_ok { %IP% }
[gone]
	sequence = 1003
	grant    = inet other ok { %IP% . 22 timeout 1h }
$fence_door"
open='inet filter ssh_ok'
json() {
	knockctl list --json | jq -r "$1"
}
waits() {
	[ "$(json '[.[] | select(.waiting)] | length')" = "$1" ]
}
back() {
	nft -f "$T/filter.nft"
	wait_for waits 0 || bail 'the daemon does not see the set'
}

knock $server 1001
knock_from other 10.0.1.1 1001
check 'two are in' element_in "$open" 10.0.1.2
equal 'none waits' "$(json 'map(.waiting) | join(" ")')" 'false false'
nft flush ruleset
check 'no set: list says so' waits 2
knockctl list >"$T/list"
check '... to people, too' grep -q '10.0.0.2 .* waits for inet filter ssh_ok { 10.0.0.2 }' "$T/list"
equal 'one is revoked' "$(knockctl revoke 10.0.0.2)" '1 revoked'
equal '... the other is extended' "$(knockctl extend 10.0.1.2 1h)" '1 extended'
equal '... and one is left' "$(json 'map(.ip) | join(" ")')" 10.0.1.2
back
check 'the set is back, and with it the access that was not revoked' element_in "$open" 10.0.1.2
check '... for as long as it was extended' sh -c '[ "$1" -gt 7000 ]' - "$(element_get "$open" 10.0.1.2 expires)"
refute '... but not the other one' element_in "$open" 10.0.0.2
knockctl list >"$T/list"
refute '... and none waits' grep -q 'waits for' "$T/list"

knock $server 1001
wait_for element_in "$open" 10.0.0.2
nft flush ruleset
check 'no set again' waits 2
wait_for nft list chain inet knockd prerouting >/dev/null 2>&1
knock $server 1002
check 'a door that revokes says what is missing' log_has 'leave: revoke failed: inet filter ssh_ok: no such'
back
fence
refute '... and the access is over' element_in "$open" 10.0.0.2
check '... that of another client is not' element_in "$open" 10.0.1.2

nft flush ruleset
wait_for waits 1
equal 'revoke --all' "$(knockctl revoke --all)" '1 revoked'
nft -f "$T/filter.nft"
fence
equal '... nothing comes back' "$(nft -j list set $open | jq '.nftables[].set | select(.) | .elem // [] | length')" 0
refute '... and nothing fails' log_has 'cannot be deleted'

# A set of another kind in the place of the first one.
nft add table inet other
nft 'add set inet other ok { type ipv4_addr . inet_service; flags timeout; }'
knock $server 1003
wait_for element_in 'inet other ok' '10.0.0.2 . 22'
nft 'delete set inet other ok; add set inet other ok { type ipv6_addr; flags timeout; }'
check 'a set of another type: the reason is logged' log_says 'gone: 10.0.0.2 cannot be put back: inet other ok'
check '... and the access waits' waits 1
ends '... revoke says why, too' 1 knockctl revoke 10.0.0.2
check '... but it is over' waits 0
nft 'delete set inet other ok; add set inet other ok { type ipv4_addr . inet_service; flags timeout; }'
fence
refute '... and does not come back' element_in 'inet other ok' '10.0.0.2 . 22'

# A set that has no room: the log advises to delete elements.
nft 'delete set inet other ok; add set inet other ok { type ipv4_addr . inet_service; flags timeout; }'
knock $server 1003
wait_for element_in 'inet other ok' '10.0.0.2 . 22'
nft -f - <<-E
	delete set inet other ok
	add set inet other ok { type ipv4_addr . inet_service; flags timeout; size 1; }
	add element inet other ok { 10.9.9.9 . 22 }
E
check 'a set that is full: the reason is logged' log_has 'gone: 10.0.0.2 cannot be put back: inet other ok: the set is full'
check '... and the access waits' waits 1
nft delete element inet other ok '{ 10.9.9.9 . 22 }'
check '... it comes in when another element is deleted' element_in 'inet other ok' '10.0.0.2 . 22'
check '... and waits no more' waits 0
knockctl revoke --all >/dev/null

# From an earlier run
knock $server 1001
wait_for element_in "$open" 10.0.0.2
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
nft flush ruleset
knockd_again
check 'an access of an earlier run, without its set, waits' waits 1
equal '... and can be revoked' "$(knockctl revoke --door ssh)" '1 revoked'
nft -f "$T/filter.nft"
fence
refute '... and does not come back' element_in "$open" 10.0.0.2
done_testing
