#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `idle_timeout`: an access lasts while it is used, and ends when nothing has come for so long, and not before;
# open_timeout limits it in all. A restart changes neither, and an element without a time is left alone.

. "$(dirname "$0")/client_lib.sh"
. "$(dirname "$0")/guard_lib.sh"
need knock knockctl uids sshd ssh ssh-keygen
topo_pair
topo_client friend 2
sshd_start
echo_udp 443
service 2200
service 2300
doors="
[ssh]
	sequence     = 7000
	open         = 22:tcp, 443:udp
	idle_timeout = 3s
	cut          = yes
[limited]
	sequence     = 7001
	open         = 2200
	idle_timeout = 2s
	open_timeout = 5s
[uncut]
	sequence     = 7002
	open         = 2300
	target       = 10.0.0.1
	idle_timeout = 2s
$fence_door"
knockd_start "$doors"
sleep 3.1 # connections to a port that begins to be cut
in22() {
	element_in 'inet knockd open4' '10.0.0.2 . tcp . 22'
}
listed() {
	knockctl --json list | grep -q '"door":"ssh"'
}

# use NAME TIMES: says something every half a second
use() {
	use_i=0
	while [ $use_i -lt "$2" ]; do
		sleep 0.5
		said "$1" "$1-$use_count-$use_i" || return 1
		use_i=$((use_i + 1))
	done
}
use_count=0

# --- active, then idle -------------------------------------------------------------------------------

knock $server 7000
check 'a knock: the element has the idle time' [ "$(element_get 'inet knockd open4' '10.0.0.2 . tcp . 22' timeout)" = 3 ]
session active
check 'an active session lives, for longer than that' use active 10
check '... its access, too' in22
check '... and knockctl shows it' listed
equal '... without an end' "$(knockctl --json list | jq -c '.[] | select(.door == "ssh") | [.until_ms, .idle_ms]' | sort -u)" '[null,3000]'
now idle_since
said active last
check 'an idle one ends' -t 10 not in22
now idle_ended
check "... not before its time ($((idle_ended - idle_since))0 ms)" [ $((idle_ended - idle_since)) -ge 290 ]
check '... nor much later' [ $((idle_ended - idle_since)) -le 500 ]
check '... with its session' dead active
check '... and knockctl no longer shows it' not listed

knock $server6 7000
wait_for element_in 'inet knockd open6' 'fd00::2 . udp . 443'
check 'IPv6, UDP: a packet' udp_open $server6
for i in 1 2 3 4 5 6 7 8; do
	sleep 0.5
	udp_open $server6
done
check '... renews the element' element_in 'inet knockd open6' 'fd00::2 . udp . 443'
check '... but not that of another port' not element_in 'inet knockd open6' 'fd00::2 . tcp . 22'

knock $server 7002
check 'a Target: in' element_in 'inet knockd open4_target' '10.0.0.2 . 10.0.0.1 . tcp . 2300'
for i in 1 2 3 4 5 6; do
	sleep 0.5
	port_open $server 2300
done
check '... renewed' element_in 'inet knockd open4_target' '10.0.0.2 . 10.0.0.1 . tcp . 2300'
check '... until it is idle' not element_in 'inet knockd open4_target' '10.0.0.2 . 10.0.0.1 . tcp . 2300'

# --- a restart in between ----------------------------------------------------------------------------

knock $server 7000
wait_for in22
session again
check 'a session' use again 4
use_count=1
knockd_stop
check '... lives without a daemon' use again 8
use_count=2
knockd_again
check '... and with the next one' use again 8
check '... which knows it' listed
kill -KILL "$knockd"
wait "$knockd"
check '... when it is idle without a daemon: the access ends' -t 5 not in22
knockd_again
fence
refute '... and does not come back' in22
check '... nor does knockctl show it' not listed
check '... the session is dead' dead again

# --- a limit -------------------------------------------------------------------------------------------

knock $server 7001
wait_for element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200'
now begun
limited() {
	port_open $server 2200
}
while limited; do
	sleep 0.3
done
now ended
check "an active access ends at open_timeout ($((ended - begun))0 ms)" [ $((ended - begun)) -ge 480 ]
check '... and not much later' [ $((ended - begun)) -le 900 ]
check '... its element is gone' not element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200'

knock $server 7001
wait_for element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200'
now begun
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
wait_for -t 20 not limited
now ended
check "the daemon is killed: it ends in the kernel, after open_timeout ($((ended - begun))0 ms)" [ $((ended - begun)) -ge 480 ]
check '... and at most idle_timeout later' [ $((ended - begun)) -le 900 ]
knockd_again

# An access without an end goes on, and one that was extended until its new end.
knock $server 7000
wait_for in22
session endless
check 'open_timeout of another door: a session of one without it goes on' use endless 14
knockctl revoke --all >/dev/null
check '... until it is revoked' dead endless
knock $server 7001
wait_for element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200'
knockctl extend 10.0.0.2 --door limited 3s >/dev/null
now begun
wait_for -t 20 not limited
now ended
check "knockctl extend: it lasts longer ($((ended - begun))0 ms)" [ $((ended - begun)) -ge 750 ]
check '... by that' [ $((ended - begun)) -le 1200 ]

# --- reload, extend, elements of the admin's --------------------------------------------------------

knockd_stop
nft add element inet knockd open4 '{ 10.0.2.2 . tcp . 22 }' || bail 'no element by hand'
knockd_again
session permanent friend 10.0.2.1
check 'an element without a time: a session' said permanent one
equal '... and it still has none' "$(element_get 'inet knockd open4' '10.0.2.2 . tcp . 22' expires)" ''
knock $server 7000
wait_for in22
session reloaded
knockd_reload
check 'a reload: an active session lives' use reloaded 8
sed -i 's/idle_timeout = 3s/open_timeout = 5s/' "$T/knockd.conf"
knockd_reload
check 'a reload to a fixed time: the access ends' -t 6 not in22
check '... its session, too' dead reloaded
check '... not the one without a time' said permanent two
knockd_stop

# --- errors ------------------------------------------------------------------------------------------

wrong() {
	knockd_conf "$2"
	ends "$1" 1 "$KNOCKD" -t -c "$T/knockd.conf"
	check '... says why' grep -q "$3" "$T/err"
}
wrong 'idle_timeout without open' '
[a]
	sequence     = 1
	command      = true
	idle_timeout = 1m' 'idle_timeout needs open, in \[a\]'
wrong 'idle_timeout longer than open_timeout' '
[a]
	sequence     = 1
	open         = 22
	open_timeout = 30s
	idle_timeout = 1m' 'idle_timeout is longer than open_timeout, in \[a\]'
wrong 'two doors of a port' '
[a]
	sequence     = 1
	open         = 22
	idle_timeout = 1m
[b]
	sequence     = 2
	open         = 22' 'section b: idle_timeout: \[a\] opens 22:tcp, too, and has another one'
done_testing
