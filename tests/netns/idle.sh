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
pace
idle=$((3 * pace)) short=$((2 * pace)) limit=$((5 * pace)) # seconds
echo_udp 443
service 2200
service 2300
doors="
[ssh]
	sequence     = 7000
	open         = 22:tcp, 443:udp
	idle_timeout = ${idle}s
	cut          = yes
[limited]
	sequence     = 7001
	open         = 2200
	idle_timeout = ${short}s
	open_timeout = ${limit}s
[uncut]
	sequence     = 7002
	open         = 2300
	target       = 10.0.0.1
	idle_timeout = ${short}s
$fence_door"
knockd_start "$doors"
sleep $idle.1 # connections to a port that begins to be cut
in22() {
	element_in 'inet knockd open4' '10.0.0.2 . tcp . 22'
}
listed() {
	knockctl --json list | grep -q '"door":"ssh"'
}

# during SECONDS COMMAND...: runs COMMAND every half a second for so long, or until it fails
during() {
	now during_until
	during_until=$((during_until + $1 * 100))
	shift
	while now during_now && [ "$during_now" -lt $during_until ]; do
		sleep 0.5
		"$@" || return 1
	done
}

# use NAME SECONDS: says something every half a second
use() {
	during "$2" use_once "$1"
}
use_once() {
	use_count=$((use_count + 1))
	said "$1" "$1-$use_count"
}
use_count=0

# --- active, then idle -------------------------------------------------------------------------------

has_idle_time() {
	[ "$(element_get 'inet knockd open4' '10.0.0.2 . tcp . 22' timeout)" = $idle ]
}
knock $server 7000
check 'a knock: the element has the idle time' has_idle_time
session active
check 'an active session lives, for longer than that' use active $limit
check '... its access, too' in22
check '... and knockctl shows it' listed
equal '... without an end' "$(knockctl --json list | jq -c '.[] | select(.door == "ssh") | [.until_ms, .idle_ms]' | sort -u)" "[null,${idle}000]"
now idle_since
said active last
check 'an idle one ends' -t $((idle * 3)) not in22
now idle_ended
check "... not before its time ($((idle_ended - idle_since))0 ms)" [ $((idle_ended - idle_since)) -ge $((idle * 100 - 10)) ]
check '... nor much later' [ $((idle_ended - idle_since)) -le $((idle * 100 + pace * 200)) ]
check '... with its session' dead active
check '... and knockctl no longer shows it' not listed

knock $server6 7000
wait_for element_in 'inet knockd open6' 'fd00::2 . udp . 443'
check 'IPv6, UDP: a packet' udp_open $server6
renew() {
	udp_open $server6 || :
}
during $((idle + pace)) renew
check '... renews the element' element_in 'inet knockd open6' 'fd00::2 . udp . 443'
check '... but not that of another port' not element_in 'inet knockd open6' 'fd00::2 . tcp . 22'

knock $server 7002
check 'a Target: in' element_in 'inet knockd open4_target' '10.0.0.2 . 10.0.0.1 . tcp . 2300'
renew() {
	port_open $server 2300 || :
}
during $((short + pace)) renew
check '... renewed' element_in 'inet knockd open4_target' '10.0.0.2 . 10.0.0.1 . tcp . 2300'
check '... until it is idle' -t $((short * 3)) not element_in 'inet knockd open4_target' '10.0.0.2 . 10.0.0.1 . tcp . 2300'

# --- a restart in between ----------------------------------------------------------------------------

knock $server 7000
wait_for in22
session again
check 'a session' use again $short
knockd_stop
check '... lives without a daemon' use again $((idle + pace))
knockd_again
check '... and with the next one' use again $((idle + pace))
check '... which knows it' listed
kill -KILL "$knockd"
wait "$knockd"
check '... when it is idle without a daemon: the access ends' -t $limit not in22
knockd_again
fence
refute '... and does not come back' in22
check '... nor does knockctl show it' not listed
check '... the session is dead' dead again

# --- a limit -------------------------------------------------------------------------------------------

now begun
knock $server 7001
wait_for element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200'
# a connection that does not begin in time on a busy machine is not the end of the access
limited() {
	port_open $server 2200 || element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200'
}
while limited; do
	sleep 0.3
done
now ended
check "an active access ends at open_timeout ($((ended - begun))0 ms)" [ $((ended - begun)) -ge $((limit * 100 - 20)) ]
check '... and not much later' [ $((ended - begun)) -le $((limit * 100 + pace * 400)) ]
check '... its element is gone' not element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200'

now begun
knock $server 7001
wait_for element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200'
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
wait_for -t $((limit * 4)) not limited
now ended
check "the daemon is killed: it ends in the kernel, after open_timeout ($((ended - begun))0 ms)" [ $((ended - begun)) -ge $((limit * 100 - 20)) ]
check '... and at most idle_timeout later' [ $((ended - begun)) -le $((limit * 100 + pace * 400)) ]
knockd_again

# An access without an end goes on, and one that was extended until its new end.
knock $server 7000
wait_for in22
session endless
check 'open_timeout of another door: a session of one without it goes on' use endless $((limit + short))
knockctl revoke --all >/dev/null
check '... until it is revoked' dead endless
now begun
knock $server 7001
wait_for element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200'
knockctl extend 10.0.0.2 --door limited ${idle}s >/dev/null
wait_for -t $((limit * 4)) not limited
now ended
check "knockctl extend: it lasts longer ($((ended - begun))0 ms)" [ $((ended - begun)) -ge $(((limit + idle) * 100 - 50)) ]
check '... by that' [ $((ended - begun)) -le $(((limit + idle) * 100 + pace * 400)) ]

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
check 'a reload: an active session lives' use reloaded $((idle + pace))
sed -i "s/idle_timeout = ${idle}s/open_timeout = ${limit}s/" "$T/knockd.conf"
knockd_reload
check 'a reload to a fixed time: the access ends' -t $((limit + pace)) not in22
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
