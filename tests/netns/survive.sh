#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Accesses last until their time is over, also when the daemon crashes or the ruleset is flushed; an access that an
# admin has ended stays ended.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
firewall
nft list table inet filter >"$T/filter.nft"
doors="
[options]
	Own_Table = no
[ssh]
	sequence = 1001,1002
	grant    = inet filter ssh_ok  { %IP% timeout 1m }
	grant_6  = inet filter ssh_ok6 { %IP% timeout 1h }
[short]
	sequence = 1006
	grant    = inet filter ssh_ok { %IP% timeout 3s }
[late]
	sequence = 1003
	grant    = ip late ok { %IP% . 22 timeout 1h }
[guard]
	sequence = 1005
	open     = 2200:tcp, 2200:udp
	open_timeout = 1h
[many]
	sequence = 1101,1102,1103,1104,1105,1106,1107,1108,1109
	open     = 2201,2202,2203,2204,2205,2206,2207,2208,2209,2210,2211,2212
	open_timeout = 1h
[closes]
	sequence = 1004
	revoke_6 = inet filter ssh_ok6 { %IP% }
$fence_door"
knockd_start "$doors"
open='inet filter ssh_ok'

left() {
	element_get "$open" 10.0.0.2 expires
}
# between LOW HIGH: bounds for the time left
between() {
	[ "$(left)" -ge "$1" ] && [ "$(left)" -le "$2" ]
}

own_table() {
	nft list chain inet knockd prerouting >/dev/null 2>&1
}

knock $server 1001 1002
knock $server6 1001 1002
wait_for element_in "$open" 10.0.0.2
wait_for element_in 'inet filter ssh_ok6' fd00::2

wait_for between 1 58
nft flush ruleset
check 'after a flush the own table is back' own_table
check '... and the log says so' log_has 'table inet knockd was changed by another program and is put back'
nft -f "$T/filter.nft"
check '... the element is back with its set' element_in "$open" 10.0.0.2
check '... with the time left' between 1 58
equal '... and its comment' "$(element_get "$open" 10.0.0.2 comment)" ssh
check '... over IPv6, too' element_in 'inet filter ssh_ok6' fd00::2

{
	echo flush ruleset
	cat "$T/filter.nft"
} >"$T/reload.nft"
nft -f "$T/reload.nft"
check 'a firewall that is loaded anew in one transaction' element_in "$open" 10.0.0.2
check '... the own table, too' own_table
mended_again() {
	[ "$(log_count 'is put back')" -gt "$mended" ]
}
for damage in 'flush table inet knockd' 'flush chain inet knockd knocks' 'delete table inet knockd' \
	'flush chain inet knockd prerouting' 'flush set inet knockd local_any' 'delete element inet knockd local_any { tcp . 1002 }' \
	'flush set inet knockd guarded' 'delete element inet knockd guarded { udp . 2200 }' \
	'flush set inet knockd port_numbers' 'delete element inet knockd guarded_numbers { 2212 }'; do
	mended=$(log_count 'is put back')
	# shellcheck disable=SC2086 # words
	nft $damage
	check "$damage: repaired" mended_again
done

mended=$(log_count 'is put back')
handle=$(nft -j list chain inet knockd knocks | jq '[.nftables[].rule | select(.) | .handle][0]')
nft replace rule inet knockd knocks handle "$handle" continue
check 'a rule in the place of ours: repaired' mended_again
refute '... and the rule is gone' sh -c 'nft list chain inet knockd knocks | grep -q continue'
check '... with its elements' element_in 'inet knockd guarded' 'udp . 2200'
check '... all of them' element_in 'inet knockd local_any' 'tcp . 1002'

knock $server 1005
wait_for element_in 'inet knockd open4' '10.0.0.2 . udp . 2200'
mended=$(log_count 'is put back')
nft delete element inet knockd open4 '{ 10.0.0.2 . tcp . 2200 }'
check 'an admitted address that an admin deletes: the access ends' log_has '10.0.0.2: guard: element deleted from inet knockd open4'
knock $server 1005
check '... until the next knock' element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200'
mended=$(log_count 'is put back')
nft add table inet knockd '{ flags dormant; }'
check 'a dormant table: repaired' mended_again
refute '... it is no longer dormant' sh -c 'nft list table inet knockd | grep -q dormant'
check '... and the admitted address is still in' element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200'
mended=$(log_count 'is put back')
nft flush set inet knockd open4
ended() {
	[ "$(log_count '10.0.0.2: guard: element deleted from inet knockd open4')" = 3 ]
}
check '... flush set: all accesses end' ended
equal '... which is not taken for damage of the table' "$(log_count 'is put back')" "$mended"

knock $server 1001 1002
wait_for element_in "$open" 10.0.0.2
nft delete element $open '{ 10.0.0.2 }'
check 'an element that an admin deletes is logged' log_has '10.0.0.2: ssh: element deleted from inet filter ssh_ok'
nft -f "$T/reload.nft"
wait_for element_in 'inet filter ssh_ok6' fd00::2
fence
refute '... and stays deleted' element_in "$open" 10.0.0.2

# ends_on_time: the kernel's word about the time left is right to a second; asked again if the answer took long
ends_on_time() {
	now before
	seconds=$(left)
	now after
	[ -n "$seconds" ] && [ $((after - before)) -le 50 ] &&
		[ $((after + seconds * 100)) -ge $((begun + 5900)) ] && [ $((before + seconds * 100)) -le $((ended + 6001)) ]
}
now begun
knock $server 1001 1002
wait_for element_in "$open" 10.0.0.2
now ended
wait_for between 1 58
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
nft -f "$T/reload.nft"
refute 'no element while no daemon runs' element_in "$open" 10.0.0.2
knockd_again
check 'SIGKILL, a flush and a restart: back' element_in "$open" 10.0.0.2
check '... with the time left' ends_on_time
check '... and over IPv6' element_in 'inet filter ssh_ok6' fd00::2
knockd_stop
knockd_again
kill -KILL "$(children "$knockd" | head -n 1)"
check 'SIGTERM, a restart, SIGKILL of the engine: still there' element_in "$open" 10.0.0.2
wait_for log_has 'a new engine is running'
check '... with the time left' ends_on_time

nft delete element $open '{ 10.0.0.2 }'
now begun
knock $server 1006
wait_for element_in "$open" 10.0.0.2
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
nft -f "$T/reload.nft"
knockd_again
check 'a short access, SIGKILL, a flush and a restart: closed on time' -t 8 not element_in "$open" 10.0.0.2
now after
check "... not before ($((after - begun))0 ms)" [ $((after - begun)) -ge 300 ]
nft -f "$T/reload.nft"
wait_for element_in 'inet filter ssh_ok6' fd00::2
refute 'an access that has ended does not come back' element_in "$open" 10.0.0.2

# engine_has_spoken: its message waits for the stopped daemon
engine_has_spoken() {
	ss -Hx | awk '$1 == "u_seq" && $3 > 0 { n++ } END { exit !n }'
}
{
	echo delete table inet filter
	cat "$T/filter.nft"
} >"$T/filter_anew.nft"
kill -STOP "$knockd"
nft -f "$T/filter_anew.nft"
knock $server6 1004
wait_for engine_has_spoken || bail 'the knock is lost'
kill -CONT "$knockd"
fence
refute 'revoked by a door, and the set made anew before the daemon handles the revocation' element_in 'inet filter ssh_ok6' fd00::2
knock $server6 1001 1002
wait_for element_in 'inet filter ssh_ok6' fd00::2
before=$(log_count 'fd00::2: ssh: element deleted')
kill -STOP "$knockd"
nft delete element inet filter ssh_ok6 '{ fd00::2 }'
knock $server6 1001 1002
wait_for engine_has_spoken || bail 'the knock is lost'
kill -CONT "$knockd"
fence
equal 'deleted by an admin, and a knock before the daemon handles the deletion' "$(log_count 'fd00::2: ssh: element deleted')" $((before + 1))
nft -f "$T/reload.nft"
check '... the new access comes back' element_in 'inet filter ssh_ok6' fd00::2

knock $server6 1004
check 'revoked by a door' not element_in 'inet filter ssh_ok6' fd00::2
nft -f "$T/reload.nft"
wait_for own_table # it sees no packet before
fence
refute '... does not come back' element_in 'inet filter ssh_ok6' fd00::2
equal '... and is not logged as a deletion by an admin' "$(log_count 'fd00::2: ssh: element deleted')" $((before + 1))

knock $server 1003
check 'a missing set' log_has 'late: grant failed'
nft -f - <<-E
	table ip late { set ok { type ipv4_addr . inet_service; flags timeout; }; }
E
knock $server 1003
check '... is used when it exists' element_in 'ip late ok' '10.0.0.2 . 22'
nft delete set ip late ok
nft 'add set ip late ok { type ipv4_addr . inet_service; flags timeout; }'
check 'one set deleted and made again' element_in 'ip late ok' '10.0.0.2 . 22'
done_testing
