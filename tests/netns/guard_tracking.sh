#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guard and connection tracking: it starts without cutting what is there, and it is not fooled by it.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guard_lib.sh"
. "$(dirname "$0")/attack_lib.sh"
need knock knockctl
topo_pair
service 22
echo_tcp 24
echo_udp 443

# tracking is on, as with a firewall
nft -f - <<-E
	table inet filter {
		chain input {
			type filter hook input priority 0;
			ct state established,related accept
		}
	}
	table inet watch {
		chain before {
			type filter hook prerouting priority -151;
			udp dport 443 counter
		}
		chain behind {
			type filter hook input priority 0;
			tcp dport { 22, 24 } tcp flags & (syn | ack) == syn counter
		}
		chain acks {
			type filter hook input priority 0;
			tcp dport { 22, 24 } tcp sport >= 40000 tcp flags & syn == 0 counter
		}
		chain datagrams {
			type filter hook input priority 0;
			udp dport 443 counter
		}
	}
E
# counted CHAIN: how many packets its rule has seen
counted() {
	nft -j list chain inet watch "$1" | jq '.nftables[].rule | select(.) | .expr[].counter | select(.).packets'
}
ephemeral() {
	in_host "$1" sh -c 'echo 20000 29999 >/proc/sys/net/ipv4/ip_local_port_range' # so that injected ports differ
}
ephemeral client
talk before $server 24
talk before6 "[$server6]" 24
check 'a connection from before the daemon' said before one
check '... and over IPv6' said before6 one
doors='
[options]
	Own_Table = no
[door]
	sequence = 7000,8000
	open     = 22, 24, 443:udp
'"$fence_door"
knockd_start "$doors"
check 'the connection lives on' said before two
check '... over IPv6, too' said before6 two

# --- packets that open a connection --------------------------------------------------------------

syns=$(counted behind)
# Tracking takes a stray ACK for a connection; the SYN after it must not pass for that.
inject client <<-E
	+0 10.0.0.2 > 10.0.0.1 tcp 22 A sport=40000 seq=1000
	+200 10.0.0.2 > 10.0.0.1 tcp 22 S sport=40000 seq=1000
	+0 10.0.0.2 > 10.0.0.1 tcp 24 A sport=40000 seq=1000
	+200 10.0.0.2 > 10.0.0.1 tcp 24 S sport=40000 seq=1000
E
equal 'a stray ACK helps no SYN' "$(counted behind)" "$syns"
inject client <<-E
	+0 10.0.0.2 > 10.0.0.1 tcp 22 S sport=40001
	+0 10.0.0.2 > 10.0.0.1 tcp 22 FS sport=40002
	+0 10.0.0.2 > 10.0.0.1 tcp 22 SR sport=40003
	+0 10.0.0.2 > 10.0.0.1 tcp 22 SPUEC sport=40004
E
equal 'SYN with whatever else but ACK is stopped' "$(counted behind)" "$syns"

# --- what belongs to no connection ---------------------------------------------------------------

# acks PORT: ACKs that fit no connection, as with a guessed SYN cookie; the second half behind a forged packet of the
# port's, and behind AH
acks() {
	for sport in $((from += 10)) $((from + 1)); do
		echo "+0 10.0.0.2 > 10.0.0.1 tcp $1 A sport=$sport"
		echo "+0 10.0.0.2 > 10.0.0.1 tcp $1 PA sport=$sport len=10"
		echo "+0 fd00::2 > fd00::1 tcp $1 A sport=$sport"
		echo "+0 fd00::2 > fd00::1 tcp $1 PA sport=$sport len=10"
		echo "+0 10.0.0.1 > 10.0.0.2 tcp $sport A sport=$1"
		echo "+0 fd00::1 > fd00::2 tcp $sport A sport=$1"
		echo "+0 fd00::2 > fd00::1 tcp $1 A sport=$sport ah"
		echo "+0 fd00::1 > fd00::2 tcp $sport A sport=$1 ah"
		echo "+3 10.0.0.2 > 10.0.0.1 tcp $1 A sport=$sport"
		echo "+0 fd00::2 > fd00::1 tcp $1 A sport=$sport"
	done | inject client
}
from=40100
for forward in 0 1; do
	echo $forward >/proc/sys/net/ipv6/conf/all/forwarding
	acks_before=$(counted acks)
	acks 22
	equal "forwarding $forward: an ACK of no connection is stopped" "$(counted acks)" "$acks_before"
done
check 'a port with a connection that is older' element_in 'inet knockd guarded_older' 24
refute '... and one without' element_in 'inet knockd guarded_older' 22
inject client <<-E
	+0 10.0.0.2 > 10.0.0.1 tcp 24 A sport=41000
E
equal '... gets ACKs, for a day' "$(counted acks)" $((acks_before + 1))
equal '...' "$(nft -j list set inet knockd guarded_older | jq '.nftables[].set | select(.).timeout')" 86400
expires=$(element_get 'inet knockd guarded_older' 24 expires)
knockd_reload
check 'a reload makes that day no longer' [ "$(element_get 'inet knockd guarded_older' 24 expires)" -le "$expires" ]
nft delete element inet knockd guarded_older '{ 24 }'
knockd_reload
refute '... and begins no new one' element_in 'inet knockd guarded_older' 24
acks_before=$(counted acks)
acks 24
equal 'when it is over an ACK of no connection is stopped' "$(counted acks)" "$acks_before"
check 'the connection, which is tracked by now, lives on' said before three
check '... over IPv6' said before6 three
knockd_stop
knockd_again
refute 'a restart finds the guard and begins no new day' element_in 'inet knockd guarded_older' 24
knockctl unguard >/dev/null
knockd_reload
check 'without the guard connections may come: a new one has its day' element_in 'inet knockd guarded_older' 24
nft flush ruleset
check '... and after flush ruleset' element_in 'inet knockd guarded_older' 24
check '... the connections live on' said before four
check '... over IPv6' said before6 four
nft -f - <<-E
	table inet watch {
		chain before {
			type filter hook prerouting priority -151;
			udp dport 443 counter
		}
		chain datagrams {
			type filter hook input priority 0;
			udp dport 443 counter
		}
	}
E

# --- UDP -----------------------------------------------------------------------------------------

# arrives N: so many datagrams have come to the guard
arrives() {
	[ "$(counted before)" -ge "$1" ]
}
# a UDP flow of the client that stays
mkfifo "$T/udp.in"
in_client socat - "UDP4:$server:443" <>"$T/udp.in" >"$T/udp.out" 2>>"$LOG" &
started $!
echo first >"$T/udp.in"
check 'UDP: a packet arrives' arrives 1
fence
equal '... and is stopped' "$(counted datagrams)" 0
knock $server 7000 8000
check 'open' element_in 'inet knockd open4' '10.0.0.2 . udp . 443'
echo second >"$T/udp.in"
check 'UDP: open' grep -q second "$T/udp.out"
nft flush set inet knockd open4
echo third >"$T/udp.in"
check 'shut again: a flow that had an answer goes on' grep -q third "$T/udp.out"
refute '... a new flow does not begin' udp_open $server

nft -f - <<-E
	table inet raw {
		chain prerouting {
			type filter hook prerouting priority raw;
			udp dport 443 notrack
		}
		chain output {
			type filter hook output priority raw;
			udp sport 443 notrack
		}
	}
E
refute 'untracked UDP: shut' udp_open $server
knock $server 7000 8000
check '... open after a knock' -t 5 udp_open $server
done_testing
