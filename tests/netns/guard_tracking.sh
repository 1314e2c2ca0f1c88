#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guard and connection tracking: a start cuts no connection, tracking opens no way around the guard, and the guard
# uses it for UDP only.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guard_lib.sh"
need knock
inject=$build/tests/compat/inject
[ -x "$inject" ] || skip_all "$inject is not built (make check builds it)"
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
check 'the connection lives on' said before two
check '... over IPv6, too' said before6 two

# --- packets that open a connection --------------------------------------------------------------

nft -f - <<-E
	table inet watch {
		chain behind {
			type filter hook input priority 0;
			tcp dport 22 tcp flags & (syn | ack) == syn counter
		}
	}
E
# passed: the number of SYNs that have passed the guard
passed() {
	nft -j list chain inet watch behind | jq '.nftables[].rule | select(.) | .expr[].counter | select(.).packets'
}
# Tracking takes a stray ACK for a connection; the SYN after it must not pass for that.
mac=$(ip -j link show client | jq -r '.[].address')
"$inject" "/run/netns/client:eth0:$mac" >/dev/null <<-E || bail 'cannot inject'
	+0 10.0.0.2 > 10.0.0.1 tcp 22 A sport=40000 seq=1000
	+200 10.0.0.2 > 10.0.0.1 tcp 22 S sport=40000 seq=1000
	+0 10.0.0.2 > 10.0.0.1 udp 9 sport=1
E
check 'all packets have arrived' log_has 'fence: OPEN SESAME'
equal 'a SYN after a stray ACK is stopped' "$(passed)" 0

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
check 'all packets have arrived' all_arrived
equal 'SYN with any flag but ACK is stopped' "$(passed)" 0

# --- UDP -----------------------------------------------------------------------------------------

# a lasting UDP flow of the client
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
