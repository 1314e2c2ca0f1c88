#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# SIGHUP: new settings apply, accesses stay, a broken file changes nothing, no hit is lost.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
firewall
first='
[ssh]
	sequence = 1001,1002
	grant    = inet filter ssh_ok { %IP% timeout 1m }
'
knockd_start "$first"'
[closes]
	sequence     = 1003
	command      = true
	cmd_timeout  = 2
	stop_command = echo closed %IP%
'"$fence_door"
knock $server 1001 1002 1003
wait_for log_has 'closes: running command: true'
check 'open' element_in 'inet filter ssh_ok' 10.0.0.2

knockd_conf "$first"'
[udp]
	sequence = 2001:udp,2002:udp
	tcpflags = syn
	command  = echo new door
[options]
	Interface = client, lo
	Nflog_Group = 7778
'"$fence_door"
knockd_reload
check 'earlier elements stay' element_in 'inet filter ssh_ok' 10.0.0.2
knock $server 2001:udp 2002:udp
check 'a new door, new ports, another group, interfaces' log_has 'udp: OPEN SESAME'
check 'an earlier stop command runs although its door is gone' log_has 'closes: running command: echo closed 10.0.0.2'
one_child() {
	[ "$(children "$knockd" | wc -l)" = 1 ]
}
check 'one engine' one_child

knockd_conf "$first"'
[udp]
	sequence = 2001,no
'"$fence_door"
knockd_reload
check 'a broken file: the reason' log_has "config: section udp: port no is invalid: "
check '... and that nothing has changed' log_has 'reload failed'
knock $server 2001:udp 2002:udp
opened_twice() {
	[ "$(log_count 'udp: OPEN SESAME')" = 2 ]
}
check '... the old doors still open' opened_twice
mv "$T/knockd.conf" "$T/away"
knockd_reload
check 'no file' log_has "$T/knockd.conf: No such file or directory"
mv "$T/away" "$T/knockd.conf"

# Keys that count at the start alone are read, and do not change in silence.
knockd_conf "$first
[options]
	State_Dir = $T/other
	Control_Socket = none
	PidFile = $T/pid
	Max_Commands = 5
	Max_Grants = 5
$fence_door"
knockd_reload
for key in State_Dir Control_Socket Max_Commands; do
	check "$key has changed: a line says when that counts" log_has "$key: this change needs a restart of knockd"
done
refute '... but not of a pid file without -d, nor of keys that count now' log_says '(PidFile|Max_Grants): this change'
knockd_reload
equal '... nor a second time' "$(log_count 'this change needs a restart')" 3

# A door of one port opens at every hit, so the number of openings shows lost hits.
knockd_conf "
[count]
	sequence = 3000:udp
$fence_door"
knockd_reload
(
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		# shellcheck disable=SC2046 # a list of ports
		knock $server $(yes 3000:udp | head -n 30)
	done
) &
hits=$!
for _ in 1 2 3 4 5 6 7 8; do
	knockd_reload
done
wait $hits
fence
equal '300 hits during eight reloads: all of them counted' "$(log_count 'count: OPEN SESAME')" 300
done_testing
