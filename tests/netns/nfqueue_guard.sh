#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Capture = nfqueue and `open`: a client that connects right behind its last knock passes the guard at the first SYN, at
# ports of TCP and UDP, also while the ruleset is flushed, if the kernel can keep an owned table. Held packets do not
# bypass the guard. Without nftables' queue expression knockd does not start.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guard_lib.sh"
. "$(dirname "$0")/nfqueue_lib.sh"
queue_setup
doors='
[options]
	Capture    = nfqueue
	Scan_Guard = 0
[door]
	sequence     = 7000,8000:udp,9000
	tcpflags     = syn
	open         = 22, 443:udp
	open_timeout = 20s
[one]
	sequence     = 6000:udp
	open         = 24
[close]
	sequence     = 9001
	close        = 22, 443:udp
'"$fence_door"

if [ $rules = none ]; then
	knockd_conf "$doors"
	ends 'no queues: knockd does not start' 1 "$KNOCKD" -c "$T/knockd.conf"
	check '... and names the missing option of the kernel' grep -q 'CONFIG_NFT_QUEUE; Capture = nflog does without' "$T/err"
	check '... and leaves the ports shut' sh -c 'nft list chain inet knockd guard | grep -q 22'
	refute '... with no rule that reports knocks' nft list chain inet knockd prerouting 2>/dev/null
	done_testing
fi

race_service 24
echo_udp 443
knockd_start "$doors"
check 'the wire is there' port_open $server6 23
at_first_syn 'IPv4: each at the first SYN' "$ROUNDS" 10.9.0.1 $server 22 7000 8000:udp 9000
at_first_syn 'IPv6: each at the first SYN' "$ROUNDS" fd09::1 $server6 22 7000 8000:udp 9000
at_first_syn 'a single knock: each at the first SYN' "$ROUNDS" 10.9.64.1 $server 24 6000:udp
check 'no packet is held any more' nothing_held
if log_has 'table inet knockd is owned'; then
	sh -c 'while :; do nft flush ruleset; done' </dev/null &
	flusher=$!
	started $flusher
	at_first_syn 'an owned table, and flush ruleset all the time' "$ROUNDS" 10.9.128.1 $server 22 7000 8000:udp 9000
	kill $flusher
	wait $flusher 2>/dev/null
	equal '... nothing is put back' "$(log_count 'is put back')" 0
	check '... and no packet held any more' nothing_held
	refute '... others stay outside' port_open 10.0.1.1 22 other
else
	skip 'an owned table, and flush ruleset all the time' 'this kernel cannot keep one'
fi

# one address again and again: shut, knocked open, used
again() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		knock $server 9001
		wait_for not element_in 'inet knockd open4' '10.0.0.2 . tcp . 22'
		race 10.0.0.2 $server 22 7000 8000:udp 9000 >>"$T/again"
	done
}
again
equal 'the same address, shut in between' "$(sort -u "$T/again")" 'first 1 late 0 never 0'
knock $server 9001
fence

# --- the guard decides about held packets --------------------------------------------------------

refute 'another address: shut' port_open 10.0.1.1 22 other
knock $server 7000
refute 'a knock under way: shut' port_open $server 22
check '... other ports are open' port_open $server 23
refute '... udp is shut' udp_open $server
knock $server 7000 8000:udp 9000
check 'opened: udp, too' udp_open $server
knockd_stop
refute 'the end: shut ports are shut' port_open 10.0.1.1 22 other
done_testing
