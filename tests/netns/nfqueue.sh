#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Capture = nfqueue: a client that connects right behind its last knock gets in at the first SYN. The doors here grant
# elements of the admin's sets; nfqueue_guard.sh is about `open`.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/nfqueue_lib.sh"
queue_setup
queue_firewall
[ $rules = auto ] || queue_rules 7000 8000:udp 9000 -- 22
door="
[door]
	sequence = 7000,8000:udp,9000
	tcpflags = syn
	grant    = inet filter ok { %IP% timeout 20s }
	grant_6  = inet filter ok6 { %IP% timeout 20s }
"
knockd_start "$capture$door"
check 'the wire is there' port_open $server6 23
at_first_syn 'IPv4: each at the first SYN' "$ROUNDS" 10.9.0.1 $server 22 7000 8000:udp 9000
at_first_syn 'IPv6: each at the first SYN' "$ROUNDS" fd09::1 $server6 22 7000 8000:udp 9000
check 'no packet is held any more' nothing_held
refute 'other addresses are shut out' port_open $server 22
knockd_stop

# For comparison: printed and not tested, since the result depends on the machine.
knockd_start "$door"
diag "NFLOG: $(race -w 200 -n 20 10.9.32.1 $server 22 7000 8000:udp 9000)"
knockd_stop
if have_reference_daemon; then
	knockd_ref_start "
[door]
	sequence      = 7000,8000:udp,9000
	tcpflags      = syn
	start_command = nft add element inet filter ok { %IP% }"
	diag "knockd 0.8: $(race -w 200 -n 20 10.9.48.1 $server 22 7000 8000:udp 9000)"
fi
done_testing
