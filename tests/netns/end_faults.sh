#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Netlink fails when an access is to end that would not end by itself: one that is in use (`idle_timeout`), and the
# connections of one that is over (`cut` with `grant`). The daemon tries again until it succeeds, and logs it once.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guard_lib.sh"
need knock knockctl meddle
topo_pair
ENOMEM=12 ENOBUFS=105 EINTR=4

# --- an access that is in use ------------------------------------------------------------------------

doors="
[used]
	sequence     = 3001
	open         = 2222:udp
	idle_timeout = 1s
	open_timeout = 3s
[leave]
	sequence     = 3002
	close        = 2222:udp
$fence_door"
knockd_meddled "$doors"
used() {
	element_in 'inet knockd open4' '10.0.0.2 . udp . 2222'
}
# Each packet renews the element.
in_background client sh -c "while sleep 0.1; do echo | socat -u - UDP4:$server:2222; done" </dev/null 2>/dev/null
# used_again: the door is open, and netlink fails from now on
used_again() {
	knock $server 3001
	wait_for used || bail 'the door does not open'
	: >"$LOG"
	meddle send $ENOMEM 1000000
}

used_again
check 'ENOMEM at the end of open_timeout: a line in the log' log_says '10.0.0.2 cannot be deleted: .*memory'
# within two seconds, so not by open_timeout
check '... the kernel ends the access, which is in use, at most idle_timeout later' -t 2 not used
sleep 1.2 # another try
equal '... one line for all tries' "$(log_count 'cannot be deleted')" 1
meddle send 0 0
no_access() {
	[ "$(knockctl list)" = 'no open accesses' ]
}
check '... when netlink works it is no access any more' no_access

used_again
knock $server 3002
check 'ENOMEM at a closing door: a line in the log' log_says 'revoke failed: .*memory'
meddle send 0 0
check '... when netlink works it ends' -t 2 not used

used_again
ends 'ENOMEM at knockctl revoke' 1 knockctl revoke --all
check '... with the reason' grep -qi memory "$T/err"
meddle send 0 0
check '... when netlink works it ends' -t 2 not used
check '... and is no access any more' -t 2 no_access

used_again
ends 'ENOMEM at knockctl revoke, and a knock' 1 knockctl revoke --all
meddle send 0 0
now before
knock $server 3001
check '... the client is in again, until open_timeout' not used
now after
check '... of this knock' [ $((after - before)) -ge 250 ]

used_again
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
check 'the daemon is killed: the access, which is in use, ends' not used
meddle send 0 0
knockd_again
fence
refute '... the next daemon does not bring it back' used
knockd_stop

# --- connections to be cut ---------------------------------------------------------------------------

if ! built_with HAVE_CONNTRACK; then
	skip 'connections' 'built without libnetfilter_conntrack'
	done_testing
fi
echo_tcp 2300
# else the next packet of the server would begin a flow, of which those of the client are the answers
echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_loose || bail 'no sysctl'
nft -f - <<-E || bail 'cannot load the firewall'
	table inet cut {
		set ok { type ipv4_addr; flags timeout; }
		chain input {
			type filter hook input priority 0;
			tcp dport 2300 ct state established accept
			ip saddr @ok tcp dport 2300 accept
			tcp dport 2300 drop
		}
	}
E
knockd_meddled "
[cut]
	sequence = 4001
	grant    = inet cut ok { %IP% timeout 2s }
	cut      = yes
$fence_door"
inside() {
	element_in 'inet cut ok' 10.0.0.2
}
# cut_in_spite NAME PLACE ERRNO TIMES: of an error that there is until after the end of the access
cut_in_spite() {
	knock $server 4001
	wait_for inside || bail 'the door does not open'
	talk "$1" $server 2300
	check "$1: a connection" said "$1" one
	: >"$LOG"
	meddle "$2" "$3" "$4"
	check '... the access ends' not inside
	sleep 1
	meddle none
	check '... the connection is cut when netlink works' -t 3 log_says '10\.0\.0\.2: cut: [0-9]+ connections? cut'
	check '... and dead' dead "$1"
}
cut_in_spite ENOMEM send $ENOMEM 1000000
equal '... one line in the log' "$(log_count 'could not cut connections, trying again')" 1
cut_in_spite ENOBUFS event $ENOBUFS 3
cut_in_spite EINTR send $EINTR 2
cut_in_spite 'EINTR of an answer' event $EINTR 1
done_testing
