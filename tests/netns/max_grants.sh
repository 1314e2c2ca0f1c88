#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Max_Grants: so many accesses and no more; and more openings than clients cause are left out.

. "$(dirname "$0")/../lib.sh"
need knock knockctl socat jq
topo_pair
firewall
nft add set inet filter pair '{ type ipv4_addr . inet_service; flags timeout; }'
for n in 3 4 5 6 7; do
	ip -n client addr add 10.0.0.$n/24 dev eth0 || bail 'no addresses'
done

# from NUMBER PORT: a packet of 10.0.0.NUMBER, which is a whole knock here; returns when the daemon has seen it
from() {
	echo | in_client socat -u - "UDP4-SENDTO:$server:$2,bind=10.0.0.$1"
	fence
}
open_to() {
	element_in 'inet filter ssh_ok' "10.0.0.$1"
}
count() {
	knockctl --json stats | jq ".$1"
}
refusals() {
	log_count 'Max_Grants is reached'
}
# state: what is there
state() {
	echo "$(count grants) $(count commands) $(count refused)"
}

doors="
[ssh]
	sequence = 1001:udp
	grant    = inet filter ssh_ok { %IP% timeout 1h }
[two]
	sequence = 1002:udp
	grant    = inet filter pair { %IP% . 22 timeout 1h }
	grant    = inet filter pair { %IP% . 23 timeout 1h }
[run]
	sequence     = 1003:udp
	command      = echo %IP% >>$T/opened
	cmd_timeout  = 1000
	stop_command = echo %IP% >>$T/closed
[log]
	sequence = 1004:udp
[leave]
	sequence = 1005:udp
	revoke   = inet filter ssh_ok { %IP% }
$fence_door"
# limited NUMBER: what goes before the doors
limited() {
	printf '[options]\n\tMax_Grants = %s\n' "$1"
}

# --- elements ------------------------------------------------------------------------------------

knockd_start "$(limited 3)
$doors"
from 2 1001
from 3 1001
from 4 1001
check 'as many as Max_Grants' open_to 4
nft flush set inet filter pair
from 5 1001
refute 'one more is refused' open_to 5
check '... which is said' log_has 'Max_Grants is reached: 1 openings refused'
refute '... and opens nothing' log_has '10.0.0.5: ssh: OPEN SESAME'
equal '... and counts' "$(state)" '3 0 1'
check '... for Prometheus, too' sh -c "'$KNOCKCTL' -s $T/control.sock stats --prometheus | grep -qx 'knockd_openings_refused_total 1'"
from 6 1001
from 7 1001
equal 'others are counted' "$(state)" '3 0 3'
equal '... without a line for each' "$(refusals)" 1
nft delete element inet filter ssh_ok '{ 10.0.0.2 }'
nft add element inet filter ssh_ok '{ 10.0.0.2 timeout 5s }'
wait_for log_has '10.0.0.2: ssh: element deleted' || bail 'no event'
from 2 1001
check 'who has been deleted leaves room' [ "$(element_get 'inet filter ssh_ok' 10.0.0.2 timeout)" = 3600 ]
from 5 1001
refute '... for one' open_to 5
left() {
	element_get 'inet filter ssh_ok' 10.0.0.3 expires
}
before=$(left)
less() {
	[ "$(left)" -lt "$before" ]
}
wait_for less || bail 'time stands still'
from 3 1001
refute 'one that is there is renewed' less
equal '... which is no further access' "$(count grants)" 3
from 7 1004
check 'a door that opens nothing needs no room' log_has '10.0.0.7: log: OPEN SESAME'
from 2 1002
refute 'another door does' element_in 'inet filter pair' '10.0.0.2 . 22'
from 2 1005
from 2 1002
refute '... and two elements need room for two' element_in 'inet filter pair' '10.0.0.2 . 22'
from 3 1005
from 2 1002
check '... of which both are put in' element_in 'inet filter pair' '10.0.0.2 . 23'
ends 'nor does knockctl get more' 1 knockctl grant 10.0.0.66 --door ssh
check '... it says why' grep -qx 'knockctl: Max_Grants is reached' "$T/err"
ends '... and may renew' 0 knockctl grant 10.0.0.4 --door ssh
knockd_conf "$(limited 4)
$doors"
knockd_reload
from 5 1001
check 'a reload changes it' open_to 5

# --- a restart with a lower one ------------------------------------------------------------------

knockd_stop
knockd_conf "$(limited 2)
$doors"
nft 'flush set inet filter ssh_ok; flush set inet filter pair'
: >"$LOG"
knockd_again
fence
equal 'a start takes up no more than that' "$(count grants)" 2
check '... and says so' log_has 'Max_Grants is reached: not all elements are put back'
knockctl revoke --all >/dev/null
knockd_stop

# --- stop commands -------------------------------------------------------------------------------

knockd_start "$(limited 2)
$doors"
from 2 1003
from 2 1003
opened() {
	[ "$(cat "$T/opened" 2>/dev/null | wc -l)" = 2 ]
}
wait_for opened || bail 'no commands'
equal 'two openings of a door with a stop command are one access' "$(state)" '0 1 0'
from 2 1003
equal '... but each stop command counts, and the third opening is refused' "$(state)" '0 1 1'
from 3 1001
refute '... as is an element' open_to 3
equal '... the start command has not run for it' "$(cat "$T/opened")" '10.0.0.2
10.0.0.2'
knockctl revoke --all >/dev/null
closed() {
	[ "$(cat "$T/closed" 2>/dev/null | wc -l)" = 2 ]
}
check '... and no stop command but those' closed
from 3 1001
check 'when they have run there is room' open_to 3
knockd_stop

# --- one-time sequences --------------------------------------------------------------------------

printf ' 2001:udp\n 2002:udp\n' >"$T/once"
chmod 600 "$T/once"
once="$(limited 1)
$doors
[once]
	one_time_sequences = $T/once
	grant              = inet filter pair { %IP% . 24 timeout 1h }"
knockd_start "$once"
knockctl revoke --all >/dev/null
from 2 1001
from 3 2001
refute 'a one-time sequence opens nothing either' element_in 'inet filter pair' '10.0.0.3 . 24'
equal '... and is not used up' "$(cat "$T/once")" ' 2001:udp
 2002:udp'
from 3 2002
refute '... so the next one is not good yet' element_in 'inet filter pair' '10.0.0.3 . 24'
knockctl revoke --all >/dev/null
from 4 2001
check '... but this one is, for whoever comes first' element_in 'inet filter pair' '10.0.0.4 . 24'
equal '... once' "$(cat "$T/once")" '#2001:udp
 2002:udp'
knockctl revoke --all >/dev/null
from 5 2001
refute '...' element_in 'inet filter pair' '10.0.0.5 . 24'
from 5 2002
check '... and then the next' element_in 'inet filter pair' '10.0.0.5 . 24'
equal '...' "$(cat "$T/once")" '#2001:udp
#2002:udp'
knockd_stop

# --- more openings than there can be -------------------------------------------------------------

# flood: so many packets, each of which is an opening
flood() {
	yes | tr -d '\n' | head -c "$1" | in_client socat -b 1 -u - "UDP4-SENDTO:$server:1001,bind=10.0.0.2"
	fence
}
: >"$LOG"
knockd_start "$doors"
flood 9000
equal 'nine thousand openings at once are all right' "$(log_count '10.0.0.2: ssh: OPEN SESAME')" \
	$((9000 - $(count lost)))
flood 30000
check 'of forty thousand some are left out' -t 15 log_says 'ssh: [0-9]+ openings left out: too many at once'
opened=$(log_count '10.0.0.2: ssh: OPEN SESAME')
diag "$opened openings"
check '... but not those that may be' [ "$opened" -ge 10000 ]
check '... and no more than that' [ "$opened" -lt 20000 ]
equal 'it is the engine that leaves them out, and stays' "$(log_count 'the engine')" 0
from 3 1002
check 'other doors open' element_in 'inet filter pair' '10.0.0.3 . 22'
done_testing
