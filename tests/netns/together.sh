#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A table that is put back has its elements from the first moment on: no packet of an access meets the guard without them.
# With Guard_Policy = reject one such packet would end a session.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guard_lib.sh"
need knock knockctl
topo_pair
echo_tcp 2200
knockd_start "
[options]
	Own_Table    = no
	Guard_Policy = reject
	Max_Grants   = 20000
[cut]
	sequence     = 7000
	open         = 2200, 443:udp
	open_timeout = 1h
	cut          = yes
[target]
	sequence     = 7001
	open         = 2201
	target       = 10.0.0.1
	open_timeout = 1h
[idle]
	sequence     = 7002
	open         = 2202
	idle_timeout = 1h
	open_timeout = 2h
$fence_door"

# --- the kernel's transactions, as nft reports them ----------------------------------------------------

nft monitor >"$T/monitor" &
started $!
heard() {
	nft add table inet begin
	nft delete table inet begin
	grep -q 'delete table inet begin' "$T/monitor"
}
wait_for heard || bail 'nft monitor does not hear'

# made N: the changes of the Nth transaction since `forget` in which knockd has made the guard
made() {
	tail -n "+$forgotten" "$T/monitor" | awk -v n="$1" '
		/^# new generation/ { if (guard && ++i == n) { printf "%s", text; found = 1 } text = ""; guard = 0; next }
		{ text = text $0 "\n" }
		/^add chain inet knockd guard / { guard = 1 }
		END { exit !found }'
}
forget() {
	forgotten=$(($(wc -l <"$T/monitor") + 1))
}
# together TEXT SET KEY
together() {
	check "$1" eval "made 1 | grep -q \"^add element inet knockd $2 .*[{,] $3 [t}]\""
}
all_together() {
	wait_for eval 'made 1 >/dev/null' || bail 'there is no new guard'
	together "$1: an element in the table's transaction" open4 '10.0.0.2 . tcp . 2200'
	together '... UDP' open4 '10.0.0.2 . udp . 443'
	together '... IPv6' open6 'fd00::2 . tcp . 2200'
	together '... with a Target' open4_target '10.0.0.2 . 10.0.0.1 . tcp . 2201'
}
enter() {
	knock $server 7000 7001 7002
	knock $server6 7000
	wait_for element_in 'inet knockd open4' '10.0.0.2 . tcp . 2202' || bail 'the doors do not open'
	wait_for element_in 'inet knockd open6' 'fd00::2 . udp . 443' || bail 'the doors do not open'
}

# --- a flush ----------------------------------------------------------------------------------------

enter
count=$(knockctl list --json | jq length)
before=$(log_count 'elements put back')
forget
nft flush ruleset
all_together 'a flush'
together '... one that packets renew' open4 '10.0.0.2 . tcp . 2202'
together '... and its end' guard_until4 '10.0.0.2 . tcp . 2202'
check '... which the log tells' eval '[ "$(log_count "$count elements put back")" -gt $before ]'
check '... its end is where it was' [ "$(element_get 'inet knockd guard_until4' '10.0.0.2 . tcp . 2202' expires)" -gt 7100 ]
equal '... with the comment' "$(element_get 'inet knockd open4' '10.0.0.2 . tcp . 2200' comment)" cut
equal '... they are accesses as before' "$(knockctl list --json | jq 'map(select(.waiting | not)) | length')" "$count"
equal '... no transaction has put any in later' "$(tail -n "+$forgotten" "$T/monitor" | grep -c 'add element inet knockd open')" "$count"

# --- a session ----------------------------------------------------------------------------------------

talk session $server 2200
check 'a session' said session begins
while echo tick; do sleep 0.001; done >"$T/session.in" &
ticks=$!
started $ticks
i=0
while [ $i -lt 20 ]; do
	i=$((i + 1))
	before=$(log_count 'elements put back')
	nft flush ruleset
	wait_for eval '[ "$(log_count "elements put back")" -gt $before ]'
done
check '20 flushes, while it sends all the time: it lives' said session lives
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
nft flush ruleset
knockd_again
check '... after a crash, a flush and a start, too' said session begins_again
check '... with its access' element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200'
kill $ticks
count=$((count - 1)) # that which packets renew: nobody knows when the last one came
equal '... and the others' "$(knockctl list --json | jq length)" "$count"

# --- what has ended meanwhile ---------------------------------------------------------------------------

# The first of these events makes the daemon look at the table, which is gone by then: it has not read of the deletion.
kill -STOP "$knockd"
nft flush chain inet knockd guard
nft delete element inet knockd open4 '{ 10.0.0.2 . udp . 443 }'
nft flush ruleset
forget
kill -CONT "$knockd"
wait_for eval 'made 1 >/dev/null' || bail 'there is no new guard'
check 'an access that was ended by hand before the flush: it ends' log_has '10.0.0.2: cut: element deleted from inet knockd open4'
fence
refute '... although the table was put back meanwhile' element_in 'inet knockd open4' '10.0.0.2 . udp . 443'
refute '... and is not taken for one of a saved ruleset' log_has 'no access has it'
check '... the others are there' element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200'
equal '... as accesses' "$(knockctl list --json | jq length)" $((count - 1))
knock $server 7000
wait_for element_in 'inet knockd open4' '10.0.0.2 . udp . 443'
knockctl revoke fd00::2 >/dev/null
forget
nft flush ruleset
wait_for eval 'made 1 >/dev/null' || bail 'there is no new guard'
refute 'a revoked access does not come with the table' eval 'made 1 | grep -q fd00::2'
fence
refute '... nor after it' element_in 'inet knockd open6' 'fd00::2 . tcp . 2200'

# --- more than come with the table -----------------------------------------------------------------------

knockctl revoke --all >/dev/null
many=10100
awk -v n=$many 'BEGIN {
	for (i = 0; i < n; i++)
		printf "grant 10.9.%d.%d --door target\n", i / 256, i % 256
}' | socat -t 60 - "UNIX-CONNECT:$T/control.sock" | grep -c granted >"$T/granted"
equal "$many accesses" "$(cat "$T/granted")" $many
nft flush ruleset
check '... all are put back' -t 60 log_has "$many elements put back"
equal '... and are there' "$(nft list set inet knockd open4_target | tr , '\n' | grep -c expires)" $many
done_testing
