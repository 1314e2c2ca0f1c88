#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guard and connection tracking: it starts without cutting what is there, it is not fooled by it, and it
# needs it for UDP only.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guard_lib.sh"
need knock
inject=$build/tests/compat/inject
[ -x "$inject" ] || skip_all "$inject is not built (make check builds it)"
topo_pair
service 22
echo_tcp 24
echo_udp 443

# as with a firewall that has been there for long
nft -f - <<-E
	table inet filter {
		chain input {
			type filter hook input priority 0;
			ct state established,related accept
		}
	}
E
talk before $server 24
talk before6 "[$server6]" 24
check 'a connection from before the daemon' said before one
check '... and over IPv6' said before6 one
doors='
[door]
	sequence = 7000,8000
	open     = 22, 24, 443:udp
'"$fence_door"
knockd_start "$doors"
check 'it lives on' said before two
check '... over IPv6, too' said before6 two

# --- what opens a connection ---------------------------------------------------------------------

nft -f - <<-E
	table inet watch {
		chain behind {
			type filter hook input priority 0;
			tcp dport 22 tcp flags & (syn | ack) == syn counter
		}
	}
E
# passed: how many SYNs the guard has let through
passed() {
	nft -j list chain inet watch behind | jq '.nftables[].rule | select(.) | .expr[].counter | select(.).packets'
}
# Tracking picks up a connection from a stray ACK on: that must not help the SYN behind it.
mac=$(ip -j link show client | jq -r '.[].address')
"$inject" "/run/netns/client:eth0:$mac" >/dev/null <<-E || bail 'cannot inject'
	+0 10.0.0.2 > 10.0.0.1 tcp 22 A sport=40000 seq=1000
	+200 10.0.0.2 > 10.0.0.1 tcp 22 S sport=40000 seq=1000
	+0 10.0.0.2 > 10.0.0.1 udp 9 sport=1
E
check 'all of it has arrived' log_has 'fence: OPEN SESAME'
equal 'a stray ACK helps no SYN' "$(passed)" 0

fences=$(log_count 'fence: OPEN SESAME')
"$inject" "/run/netns/client:eth0:$mac" >/dev/null <<-E || bail 'cannot inject'
	+0 10.0.0.2 > 10.0.0.1 tcp 22 S sport=40001
	+0 10.0.0.2 > 10.0.0.1 tcp 22 FS sport=40002
	+0 10.0.0.2 > 10.0.0.1 tcp 22 SR sport=40003
	+0 10.0.0.2 > 10.0.0.1 tcp 22 SPUEC sport=40004
	+0 10.0.0.2 > 10.0.0.1 udp 9 sport=2
E
all_arrived() {
	[ "$(log_count 'fence: OPEN SESAME')" -gt "$fences" ]
}
check 'all of it has arrived' all_arrived
equal 'SYN with whatever else but ACK is stopped' "$(passed)" 0

# --- UDP -----------------------------------------------------------------------------------------

# flow: opens a UDP flow of the client that stays
mkfifo "$T/udp.in"
in_client socat - "UDP4:$server:443" <>"$T/udp.in" >"$T/udp.out" 2>>"$LOG" &
started $!
echo first >"$T/udp.in"
fence
refute 'UDP: shut' grep -q first "$T/udp.out"
knock $server 7000 8000
check 'open' element_in 'inet knockd open4' '10.0.0.2 . udp . 443'
echo second >"$T/udp.in"
check 'UDP: open' grep -q second "$T/udp.out"
nft flush set inet knockd open4
echo third >"$T/udp.in"
check 'shut again: a flow that had an answer goes on' grep -q third "$T/udp.out"
refute '... nothing new begins' udp_open $server

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
check '... open for who has knocked' -t 5 udp_open $server
done_testing
