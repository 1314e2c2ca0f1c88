#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `cut` with `grant`: the daemon deletes the connections of an access that has ended from connection tracking, and the
# admin's firewall does the rest. `knockctl revoke --cut` does it once for any door.

. "$(dirname "$0")/client_lib.sh"
. "$(dirname "$0")/guard_lib.sh"
need knock knockctl uids sshd ssh ssh-keygen
built_with HAVE_CONNTRACK || skip_all 'built without libnetfilter_conntrack'
topo_pair
topo_client friend 2
sshd_start
pace
life=$((3 * pace)) # seconds of an access
echo_tcp 2200
ruleset='
	table inet filter {
		set ok { type ipv4_addr . inet_proto . inet_service; flags timeout; }
		set ok6 { type ipv6_addr . inet_proto . inet_service; flags timeout; }
		set hosts { type ipv4_addr; flags timeout; }
		chain input {
			type filter hook input priority 0; policy drop;
			ct state established,related accept
			iif lo accept
			meta l4proto { icmp, icmpv6 } accept
			ip saddr . meta l4proto . th dport @ok accept
			ip6 saddr . meta l4proto . th dport @ok6 accept
			ip saddr @hosts accept
		}
	}'
echo "$ruleset" | nft -f - || bail 'cannot load the firewall'
# With the firewall there is connection tracking. Without this a packet of the server would begin a flow, and the client's
# packets would be its answers.
echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_loose || bail 'no sysctl'
knockd_start "
[ssh]
	sequence = 7000
	grant    = inet filter ok { %IP% . tcp . 22 timeout ${life}s }
	grant_6  = inet filter ok6 { %IP% . tcp . 22 timeout ${life}s }
	cut      = yes
[leave]
	sequence = 8000
	revoke   = inet filter ok { %IP% . tcp . 22 }
	revoke_6 = inet filter ok6 { %IP% . tcp . 22 }
[uncut]
	sequence = 7001
	grant    = inet filter ok { %IP% . tcp . 2200 timeout 1h }
[all]
	sequence = 7002
	grant    = inet filter hosts { %IP% timeout 1h }
$fence_door"
set22='inet filter ok'
in_22() {
	element_in "$set22" '10.0.0.2 . tcp . 22'
}
out_22() {
	! in_22
}
enter() {
	knock $server 7000
	wait_for in_22 || bail 'the door does not open'
}
# cuts [DOOR]; cut_again [DOOR]
cuts() {
	grep -cE "10\.0\.0\.2: ${1-ssh}: [0-9]+ connections? cut" "$LOG"
}
cut_again() {
	[ "$(cuts "$@")" -gt "$cut_before" ]
}

# --- each end of an access ---------------------------------------------------------------------------

knock $server 7001
wait_for element_in "$set22" '10.0.0.2 . tcp . 2200'
talk other $server 2200
check 'a connection to another port' said other one

cut_before=$(cuts)
enter
session time
check 'time: a session' said time one
check '... the access ends' -t $((life * 2)) out_22
check '... the log says that its connection is cut' -t $((2 * pace)) cut_again
check '... the session is dead' dead time
check '... the connection to the other port lives' said other two

cut_before=$(cuts)
enter
session door
knock $server 8000
check 'a door that revokes: the access ends' out_22
check '... and the connection' -t $pace cut_again
check '... the session is dead' dead door

cut_before=$(cuts)
enter
session revoke
knockctl revoke 10.0.0.2 --door ssh >/dev/null
check 'knockctl revoke: the access ends' out_22
check '... and the connection' -t $pace cut_again
check '... the session is dead' dead revoke

cut_before=$(cuts)
enter
session hand
nft delete element inet filter ok '{ 10.0.0.2 . tcp . 22 }'
check 'an element deleted by hand: the connection is cut' -t $pace cut_again
check '... the session is dead' dead hand

knock $server6 7000
wait_for element_in 'inet filter ok6' 'fd00::2 . tcp . 22' || bail 'the door does not open'
session six client "$server6"
knock $server6 8000
check 'IPv6: the connection is cut' -t $pace log_says 'fd00::2: ssh: [0-9]+ connections? cut'
check '... the session is dead' dead six

cut_before=$(cuts)
enter
session restart
knockd_stop
knockd_again
check 'a restart: the session lives' said restart one
check '... until its time is over' -t $((life * 2)) out_22
check '... then it is cut' -t $((2 * pace)) cut_again
check '... and dead' dead restart

cut_before=$(cuts)
enter
session flushed
echo "flush ruleset; $ruleset" | nft -f -
check 'the firewall is loaded anew: the access comes back' in_22
check '... the session lives' said flushed one
knock $server 8000
check '... and is cut later' -t $pace cut_again

# --- what is not cut ---------------------------------------------------------------------------------

enter
session permanent
cut_before=$(cuts)
knock $server 8000
wait_for cut_again
nft add element inet filter ok '{ 10.0.0.2 . tcp . 22 }'
session admins
enter
nft add element inet filter ok '{ 10.0.2.2 . tcp . 22 }'
session friend friend 10.0.2.1
cut_before=$(cuts)
knockctl revoke --door ssh >/dev/null
knockctl revoke 10.0.0.2 10.0.2.2 --door ssh --cut >/dev/null
fence
sleep "$life"
check 'an element without a time: its sessions live' said admins one
check '... of a client that no door knows, too' said friend one
equal '... nothing was cut' "$(cuts)" "$cut_before"
nft delete element inet filter ok '{ 10.0.0.2 . tcp . 22 }'

# --- knockctl revoke --cut ----------------------------------------------------------------------------

knock $server 7001
wait_for element_in "$set22" '10.0.0.2 . tcp . 2200'
talk once $server 2200
said once one || bail 'no connection'
knockctl revoke 10.0.0.2 --door uncut >/dev/null
check 'revoke at a door that does not cut: the connection lives' said once two
cut_before=$(cuts uncut)
ends 'revoke --cut, although the access is over' 4 knockctl revoke 10.0.0.2 --door uncut --cut
check '... the log says it' cut_again uncut
check '... and it is dead' dead once
knock $server 7002
wait_for element_in 'inet filter hosts' 10.0.0.2
talk everything $server 2200
session everything_ssh
said everything one || bail 'no connection'
cut_before=$(cuts all)
ends 'an element without a port' 0 knockctl revoke --door all --cut
check '... all connections are cut' cut_again all
check '... one' dead everything
check '... the other' dead everything_ssh

# --- a server that talks -------------------------------------------------------------------------------

enter
mkfifo "$T/ticks.in"
# shellcheck disable=SC2086 # a list of options
in_background client ssh $ssh_options root@$server 'while sleep 0.1; do date +%N; done' <>"$T/ticks.in" >"$T/ticks.out" 2>>"$LOG"
ticks() {
	wc -l <"$T/ticks.out"
}
ticking() {
	[ "$(ticks)" -gt 0 ]
}
wait_for ticking || bail 'the server says nothing'
cut_before=$(cuts)
knock $server 8000
check 'a session in which the server talks is cut' -t $pace cut_again
sleep 1
ticks_before=$(ticks)
sleep 1
equal '... nothing comes any more' "$(ticks)" "$ticks_before"
done_testing
