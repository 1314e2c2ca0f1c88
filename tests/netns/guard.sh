#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `open`: knockd itself keeps a port shut, with no firewall of the user's, and opens it per knocker, over IPv4
# and IPv6, TCP and UDP. What has begun goes on; the guard stays when the daemon goes; the user's chains still decide.

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
refute '... of which connection tracking knows nothing' grep -q 'dport=24' /proc/net/nf_conntrack

doors='
[door]
	sequence     = 7000,8000:udp,9000
	open         = 22:tcp, 443:udp, 24
	open_timeout = 5s
[close]
	sequence     = 9000,8000:udp,7000
	close        = 22, 24, 443:udp
'"$fence_door"
knockd_start "$doors"

# --- shut ----------------------------------------------------------------------------------------

check 'the connection of before lives on' said before two
for address in $server $server6; do
	refute "$address: tcp 22 is shut" port_open "$address" 22
	refute "$address: udp 443 is shut" udp_open "$address"
	check "$address: tcp 23 is not" port_open "$address" 23
done
refute 'drop: nothing answers' refused $server 22
check 'lo: open' [ "$(socat -T 2 -u TCP4:127.0.0.1:22 - 2>/dev/null)" = hello ]
check 'lo, to the outer address: open' [ "$(socat -T 2 -u TCP4:$server:22 - 2>/dev/null)" = hello ]
link=$(ip -6 -o addr show dev client scope link | sed 's/.*inet6 \([^/]*\).*/\1/')%eth0
refute 'the link-local address: tcp 22 is shut' port_open "$link" 22
check '... tcp 23 is not' port_open "$link" 23
refute 'broadcast: udp 443 is shut' udp_open 10.0.0.255
check '... udp 444 is not' udp_open 10.0.0.255 client 444

# --- open ----------------------------------------------------------------------------------------

# opens ADDRESS SET KNOCKER
opens() {
	knock "$1" 7000 8000:udp 9000
	check "$1: the knock puts $3 into $2" element_in "inet knockd $2" "$3 . tcp . 22"
	equal "$1: with the timeout" "$(element_get "inet knockd $2" "$3 . tcp . 22" timeout)" 5
	equal "$1: and the door's name" "$(element_get "inet knockd $2" "$3 . udp . 443" comment)" door
	check "$1: tcp 22 is open" port_open "$1" 22
	check "$1: udp 443 is open" udp_open "$1"
}
opens $server open4 10.0.0.2
refute 'not for others' port_open 10.0.1.1 22 other
talk after $server 24
check 'a connection while it is open' said after one
check 'the log says what was done' log_has \
	"door: running command: nft add element inet knockd open4 '{ 10.0.0.2 . tcp . 22 timeout 5s comment \"door\" }'"
check 'shut again: IPv4' -t 10 not element_in 'inet knockd open4' '10.0.0.2 . tcp . 24'
refute '... for new connections' port_open $server 22
refute '... for new packets' udp_open $server
check '... the one that had begun lives on' said after two
opens $server6 open6 fd00::2

# --- close ---------------------------------------------------------------------------------------

knock $server6 9000 8000:udp 7000
check 'the door that closes takes it away' not element_in 'inet knockd open6' 'fd00::2 . tcp . 22'
refute '... tcp' port_open $server6 22
refute '... udp' udp_open $server6

# --- life ----------------------------------------------------------------------------------------

sed -i 's/5s/1h/' "$T/knockd.conf"
knockd_reload
knock $server 7000 8000:udp 9000
knock $server6 7000 8000:udp 9000
check 'after a reload, with the new timeout' [ "$(element_get 'inet knockd open6' 'fd00::2 . tcp . 22' timeout)" = 3600 ]
expires=$(element_get 'inet knockd open4' '10.0.0.2 . tcp . 22' expires)
nft add element inet knockd open4 '{ 10.0.1.2 . tcp . 22 }' || bail 'no element by hand'
knockd_reload
check 'a reload: what is open stays open' port_open $server 22
check '... and by hand' port_open 10.0.1.1 22 other
check '... and gets no younger' [ "$(element_get 'inet knockd open4' '10.0.0.2 . tcp . 22' expires)" -le "$expires" ]
nft flush ruleset
check 'flush ruleset: the guard comes back' sh -c 'nft list table inet knockd | grep -q "chain guard {"'
check '... and who may pass' element_in 'inet knockd open4' '10.0.0.2 . tcp . 22'
refute '... what is shut is shut again' port_open fd00:1::1 22 other
nft add element inet knockd open4 '{ 10.0.1.2 . tcp . 22 }' || bail 'no element by hand'
knockd_stop
refute 'the end: no rules that report knocks' sh -c 'nft list table inet knockd | grep -q "chain prerouting"'
check '... what is open stays open' port_open $server6 22
refute '... what is shut stays shut' port_open fd00:1::1 22 other
refute '... udp, too' udp_open 10.0.1.1 other
knockd_again
check 'a new start: what is open stays open' port_open $server 22
refute '... what is shut stays shut' port_open fd00:1::1 22 other
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
refute 'SIGKILL: what is shut stays shut' port_open fd00:1::1 22 other
check '... what is open stays open' port_open $server 22
knockd_again

# --- the user's own chains -----------------------------------------------------------------------

nft -f - <<-E
	table inet filter {
		chain input {
			type filter hook input priority 0;
			tcp dport 22 counter reject with tcp reset
		}
	}
E
check "behind the guard the user's chains decide" refused $server 22
nft delete table inet filter
check '... and without them it is open' port_open $server 22

# --- reject --------------------------------------------------------------------------------------

knockd_conf "$doors
[options]
	Guard_Policy = reject"
knockd_reload
check 'reject: what is open stays open' port_open $server 22
nft flush set inet knockd open4
nft flush set inet knockd open6
check 'reject: TCP is refused' refused $server 22
check '... over IPv6' refused "[$server6]" 22
refute '... UDP is not answered' udp_open $server
check '... but refused' udp_refused $server
check '... over IPv6' udp_refused "[$server6]"
check 'reject: the connections of before live on' said before three

# --- no open any more ----------------------------------------------------------------------------

knockd_conf "$fence_door"
knockd_reload
check 'no door opens it any more: it is free' port_open $server6 22
refute '... and no guard is left' sh -c 'nft list table inet knockd | grep -q guard'
knockd_stop
refute 'the end: nothing is left' nft list table inet knockd 2>/dev/null

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
check 'a guard of an earlier run, Rules = none: is told' log_has "$shut"
refute '... nothing else is' log_has "$twice"
refute '... and is left alone' port_open $server 22
knockd_stop
knockd_start "$doors"
kill -KILL "$knockd"
wait "$knockd"
knockd_start "$none"
check 'what reports knocks, too: is told' log_has "$twice"
equal '... the guard again' "$(log_count "$shut")" 2
knockd_stop
nft delete table inet knockd
knockd_start "$none"
equal 'a table that is not there: nothing is told' "$(log_count "$shut") $(log_count "$twice")" '2 1'
nft -f "$T/table"
knockd_stop
knockd_again
equal '... nor of one that the admin has loaded' "$(log_count "$shut") $(log_count "$twice")" '2 1'
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
equal '... nor of one that another knockd keeps' "$(log_count "$shut") $(log_count "$twice")" '2 1'
knockd_stop
kill "$first"
done_testing
