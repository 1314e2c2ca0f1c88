#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `open`: knockd itself keeps a port shut, without a firewall of the admin, and opens it per knocker, over IPv4 and
# IPv6, TCP and UDP. Connections that have begun go on; the guard stays when the daemon ends; the admin's chains still decide.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guard_lib.sh"
need knock
topo_pair
topo_client other 1
service 22
service 23

echo_udp 443
echo_udp 444
echo_tcp 24
talk before $server 24
check 'no daemon, no rules: a connection' said before one
refute '... that is not tracked' grep -q 'dport=24' /proc/net/nf_conntrack

# Seconds that a port is open: on a slow machine (TESTS_DEADLINE) the next steps take longer.
life=10
[ "$TESTS_DEADLINE" -le 5 ] || life=$((2 * TESTS_DEADLINE))
# Own_Table: the test changes the table by hand
doors='
[options]
	Own_Table = no
[door]
	sequence     = 7000,8000:udp,9000
	open         = 22:tcp, 443:udp, 24
	open_timeout = '$life's
[close]
	sequence     = 9000,8000:udp,7000
	close        = 22, 24, 443:udp
'"$fence_door"
knockd_start "$doors"

# --- shut ----------------------------------------------------------------------------------------

check 'the earlier connection lives on' said before two
for address in $server $server6; do
	refute "$address: tcp 22 is shut" port_open "$address" 22
	refute "$address: udp 443 is shut" udp_open "$address"
	check "$address: tcp 23 is open" port_open "$address" 23
done
refute 'drop: nothing answers' refused $server 22
check 'lo: open' [ "$(socat -T 2 -u TCP4:127.0.0.1:22 - 2>/dev/null)" = hello ]
check 'lo, to the outer address: open' [ "$(socat -T 2 -u TCP4:$server:22 - 2>/dev/null)" = hello ]
link=$(ip -6 -o addr show dev client scope link | sed 's/.*inet6 \([^/]*\).*/\1/')%eth0
refute 'the link-local address: tcp 22 is shut' port_open "$link" 22
check '... tcp 23 is open' port_open "$link" 23
refute 'broadcast: udp 443 is shut' udp_open 10.0.0.255
check '... udp 444 is open' udp_open 10.0.0.255 client 444

# --- open ----------------------------------------------------------------------------------------

# opens ADDRESS SET KNOCKER
opens() {
	knock "$1" 7000 8000:udp 9000
	check "$1: the knock puts $3 into $2" element_in "inet knockd $2" "$3 . tcp . 22"
	equal "$1: with the timeout" "$(element_get "inet knockd $2" "$3 . tcp . 22" timeout)" "$life"
	equal "$1: and the door's name" "$(element_get "inet knockd $2" "$3 . udp . 443" comment)" door
	check "$1: tcp 22 is open" port_open "$1" 22
	check "$1: udp 443 is open" udp_open "$1"
}
opens $server open4 10.0.0.2
refute '... for other addresses it is shut' port_open 10.0.1.1 22 other
talk after $server 24
check 'a connection while it is open' said after one
check 'the log has the command' log_has \
	"door: running command: nft add element inet knockd open4 '{ 10.0.0.2 . tcp . 22 timeout ${life}s comment \"door\" }'"
check 'shut again: IPv4' -t $((life * 2)) not element_in 'inet knockd open4' '10.0.0.2 . tcp . 24'
refute '... for new connections' port_open $server 22
refute '... for new packets' udp_open $server
check '... the one that had begun lives on' said after two
opens $server6 open6 fd00::2

# --- close ---------------------------------------------------------------------------------------

knock $server6 9000 8000:udp 7000
check 'the closing door removes it' not element_in 'inet knockd open6' 'fd00::2 . tcp . 22'
refute '... tcp' port_open $server6 22
refute '... udp' udp_open $server6

# --- life ----------------------------------------------------------------------------------------

sed -i "s/${life}s/1h/" "$T/knockd.conf"
knockd_reload
knock $server 7000 8000:udp 9000
knock $server6 7000 8000:udp 9000
has_new_timeout() {
	[ "$(element_get 'inet knockd open6' 'fd00::2 . tcp . 22' timeout)" = 3600 ]
}
check 'after a reload, with the new timeout' has_new_timeout
expires=$(element_get 'inet knockd open4' '10.0.0.2 . tcp . 22' expires)
nft add element inet knockd open4 '{ 10.0.1.2 . tcp . 22 }' || bail 'no element by hand'
knockd_reload
check 'a reload: open ports stay open' port_open $server 22
check '... also for an element added by hand' port_open 10.0.1.1 22 other
check '... and the time that is left stays' [ "$(element_get 'inet knockd open4' '10.0.0.2 . tcp . 22' expires)" -le "$expires" ]
nft flush ruleset
check 'flush ruleset: the guard comes back' sh -c 'nft list table inet knockd | grep -q "chain guard {"'
check '... with the admitted addresses' element_in 'inet knockd open4' '10.0.0.2 . tcp . 22'
refute '... shut ports are shut again' port_open fd00:1::1 22 other
nft add element inet knockd open4 '{ 10.0.1.2 . tcp . 22 }' || bail 'no element by hand'
knockd_stop
refute 'the end: no rules that log knocks' sh -c 'nft list table inet knockd | grep -q "chain prerouting"'
check '... open ports stay open' port_open $server6 22
refute '... shut ports stay shut' port_open fd00:1::1 22 other
refute '... udp, too' udp_open 10.0.1.1 other
knockd_again
check 'a new start: open ports stay open' port_open $server 22
refute '... shut ports stay shut' port_open fd00:1::1 22 other
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
refute 'SIGKILL: shut ports stay shut' port_open fd00:1::1 22 other
check '... open ports stay open' port_open $server 22
knockd_again

# --- the admin's own chains ----------------------------------------------------------------------

nft -f - <<-E
	table inet filter {
		chain input {
			type filter hook input priority 0;
			tcp dport 22 counter reject with tcp reset
		}
	}
E
check "behind the guard the admin's chains decide" refused $server 22
nft delete table inet filter
check '... and without them the port is open' port_open $server 22

# --- reject --------------------------------------------------------------------------------------

knockd_conf "$doors
[options]
	Guard_Policy = reject"
knockd_reload
check 'reject: open ports stay open' port_open $server 22
nft flush set inet knockd open4
nft flush set inet knockd open6
check 'reject: TCP is refused' refused $server 22
check '... over IPv6' refused "[$server6]" 22
refute '... UDP is not answered' udp_open $server
check '... but refused' udp_refused $server
check '... over IPv6' udp_refused "[$server6]"
check 'reject: earlier connections live on' said before three

# --- no open any more ----------------------------------------------------------------------------

knockd_conf "$fence_door"
knockd_reload
check 'no door opens it any more: it is not guarded' port_open $server6 22
refute '... and no guard is left' sh -c 'nft list table inet knockd | grep -q guard'
knockd_stop
refute 'the end: no table is left' nft list table inet knockd 2>/dev/null

# --- a restart without rules ---------------------------------------------------------------------

shut='keeps ports shut, and no door opens them with Rules = none'
twice='still reports knocks to knockd, in addition to your own rules'
knockd_start "$doors"
nft list table inet knockd >"$T/table"
knockd_stop
none="
[options]
	Rules = none
$fence_door"
knockd_start "$none"
check 'a guard of an earlier run, Rules = none: a warning' log_has "$shut"
refute '... and no other' log_has "$twice"
refute '... and the guard stays' port_open $server 22
knockd_stop
knockd_start "$doors"
kill -KILL "$knockd"
wait "$knockd"
knockd_start "$none"
check 'rules that log knocks: a warning, too' log_has "$twice"
equal '... and the one about the guard again' "$(log_count "$shut")" 2
knockd_stop
nft delete table inet knockd
knockd_start "$none"
equal 'no table: no warning' "$(log_count "$shut") $(log_count "$twice")" '2 1'
nft -f "$T/table"
knockd_stop
knockd_again
equal '... nor about one that the admin has loaded' "$(log_count "$shut") $(log_count "$twice")" '2 1'
knockd_stop
nft delete table inet knockd
knockd_start "$doors"
first=$knockd
mkdir "$T/other"
knockd_start "[options]
	Rules = none
	Nflog_Group = 7778
	State_Dir = $T/other
	Control_Socket = none
[door]
	sequence = 1:udp"
equal '... nor about one of another knockd' "$(log_count "$shut") $(log_count "$twice")" '2 1'
knockd_stop
kill "$first"
done_testing
