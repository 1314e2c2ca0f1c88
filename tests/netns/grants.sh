#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Elements: keys of several parts, tables of every family, refreshing, revoking, and sets that do not fit.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
nft -f - <<E || bail 'cannot load the sets'
	table inet filter {
		set plain { type ipv4_addr; flags timeout; }
		set plain6 { type ipv6_addr; flags timeout; }
		set pair { type ipv4_addr . inet_service; flags timeout; }
		set triple { type ipv4_addr . inet_proto . inet_service; flags timeout; }
		set own_time { type ipv4_addr; flags timeout; timeout 10m; }
		set full { type ipv4_addr; size 1; flags timeout; elements = { 192.0.2.1 }; }
		set other_key { type inet_service; flags timeout; }
		set eternal { type ipv4_addr; }
	}
	table ip old { set ok { type ipv4_addr; flags timeout; }; }
	table ip6 old { set ok { type ipv6_addr; flags timeout; }; }
E
knockd_start "
[plain]
	sequence = 1000
	tcpflags = syn
	grant    = inet filter plain { %IP% timeout 5m }
	grant_6  = inet filter plain6 { %IP% timeout 5m }
[pair]
	sequence = 1001
	grant    = inet filter pair { %IP% . 22 timeout 5m }
[triple]
	sequence = 1002
	grant    = inet filter triple { %IP% . tcp . 22 timeout 10m }
[old]
	sequence = 1003
	grant    = ip old ok { %IP% timeout 5m }
	grant_6  = ip6 old ok { %IP% timeout 5m }
[ownTime]
	sequence = 1004
	grant    = inet filter own_time { %IP% }
[leave]
	sequence = 1005
	revoke   = inet filter pair { %IP% . 22 }
[full]
	sequence = 1006
	grant    = inet filter full { %IP% timeout 5m }
[otherKey]
	sequence = 1007
	grant    = inet filter other_key { %IP% timeout 5m }
[eternal]
	sequence = 1008
	grant    = inet filter eternal { %IP% timeout 5m }
[missing]
	sequence = 1009
	grant    = inet filter missing { %IP% timeout 5m }
$fence_door"

knock $server 1000 1001 1002 1003 1004
knock $server6 1000 1003
check 'a plain key' element_in 'inet filter plain' 10.0.0.2
check 'an IPv6 key' element_in 'inet filter plain6' fd00::2
check 'two parts' element_in 'inet filter pair' '10.0.0.2 . 22'
check 'three parts' element_in 'inet filter triple' '10.0.0.2 . tcp . 22'
check 'a table of family ip' element_in 'ip old ok' 10.0.0.2
check 'a table of family ip6' element_in 'ip6 old ok' fd00::2
check "the set's own timeout" element_in 'inet filter own_time' 10.0.0.2
check '... is in force' [ "$(element_get 'inet filter own_time' 10.0.0.2 expires)" -gt 300 ]
equal 'three parts: timeout' "$(element_get 'inet filter triple' '10.0.0.2 . tcp . 22' timeout)" 600
equal 'three parts: comment' "$(element_get 'inet filter triple' '10.0.0.2 . tcp . 22' comment)" triple

# seconds of the plain element
left() {
	element_get 'inet filter plain' 10.0.0.2 expires
}
left_less() {
	[ "$(left)" -lt "$1" ]
}
left_more() {
	[ "$(left)" -gt "$1" ]
}
check 'time goes by' left_less $(($(left) - 2)) # so that a second does not matter
before=$(left)
knock $server 1000
check 'a repeated knock starts it again' left_more "$before"

knock $server 1005
check 'revoke deletes' not element_in 'inet filter pair' '10.0.0.2 . 22'
count=$(log_count warn)
knock $server 1005
fence
equal 'revoke of a missing element: no warning' "$(log_count warn)" "$count"

# complains DOOR SET TEXT: one line names the door, the set and what to do
complains() {
	grep -F "$1" "$LOG" | grep -F "inet filter $2: " | grep -qF -- "$3"
}
change='in the ruleset to: set'
: >"$LOG"
knock $server 1006 1007 1008 1009
check 'a full set' complains full full "$change full { type ipv4_addr; flags timeout; size 65535; }"
check 'a set of another key' complains otherKey other_key "$change other_key { type ipv4_addr; flags timeout; }"
check 'a set without timeout' complains eternal eternal "$change eternal { type ipv4_addr; flags timeout; }"
check 'no set' complains missing missing "nft add set inet filter missing '{ type ipv4_addr; flags timeout; }'"
refute '... and no element in it' element_in 'inet filter eternal' 10.0.0.2

knock $server 1001
check 'the daemon goes on' element_in 'inet filter pair' '10.0.0.2 . 22'
knockd_stop

# --- limits of the kernel and of nft -------------------------------------------------------------

# 126 letters and one of two bytes that begins at the 127th; and a byte that is no UTF-8
long=$(printf '%0126d\303\251' 0)
latin=$(printf 'caf\351')
limits() {
	knockd_conf "
[$long]
	sequence = 1001
	grant    = inet filter plain { %IP% timeout 1m }
[$latin]
	sequence = 1002
	grant    = inet filter pair { %IP% . 22 timeout 1m }
[longest]
	sequence     = 1003
	grant        = inet filter triple { %IP% . tcp . 22 timeout ${1}ms }
	open         = 23
	open_timeout = ${1}ms
$fence_door"
}
limits 18446744073709
ends 'timeouts that the kernel would refuse at each knock are errors' 1 "$KNOCKD" -t -c "$T/knockd.conf"
equal '... two of them' "$(grep -c 'longer than the kernel allows' "$T/err")" 2
limits 18446744073708
knockd_again
knock $server 1001 1002 1003
check 'the longest timeout opens' element_in 'inet filter triple' '10.0.0.2 . tcp . 22'
check '... a port that the guard keeps shut, too' element_in 'inet knockd open4' '10.0.0.2 . tcp . 23'
equal 'a name that is cut has whole characters, or nft shows no comment' \
	"$(element_get 'inet filter plain' 10.0.0.2 comment)" "${long%??}"
equal '... nor one that is no UTF-8' "$(element_get 'inet filter pair' '10.0.0.2 . 22' comment)" caf_
done_testing
