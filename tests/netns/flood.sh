#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In a flood of garbage at a signed door the kernel gathers packets in messages. None is lost, knocks open doors
# meanwhile, and after the flood each packet is sent at once again. Nothing is gathered for an admin's own rules, which
# ask for no queue-threshold.

. "$(dirname "$0")/signed_lib.sh"
need jq
signed_setup
firewall
doors='
[ssh]
	sequence = 62201:auth
	grant    = inet filter ssh_ok { %IP% timeout 1m }
'
signed_conf "$doors"
enrol alice
knockd_again

# flood_begin: datagrams as fast as they go; flood_end
flood_begin() {
	yes | tr -d '\n' | socat -b 184 -u - UDP4-SENDTO:127.0.0.1:62201 &
	flooder=$!
	started $flooder
}
flood_end() {
	kill $flooder
	wait $flooder 2>/dev/null
	fence
}

# sent_to CHAIN: packets
sent_to() {
	nft -j list table inet knockd | jq --arg chain "$1" \
		'[.nftables[].rule.expr // empty | select(any(.[]; .goto.target? == $chain)) | .[].counter.packets? // empty] | add'
}
gathered() {
	sent_to flooded
}
has_gathered() {
	[ "$(gathered)" -gt "${gathered_before:-0}" ]
}

# each_arrived TEXT: every packet that the rules have reported; a full socket drops some, and the next ones tell of it
each_arrived() {
	equal "$1" "$(knockctl --json stats | jq '.packets + .lost')" "$(sent_to report)"
}

lost() {
	knockctl --json stats | jq .lost
}
# opens_meanwhile TEXT: a knock, or the next one, if a full socket may have dropped it
opens_meanwhile() {
	firewall_shut
	lost_before=$(lost)
	deliver "$(pack alice ssh 62201)" 62201
	until wait_for element_in 'inet filter ssh_ok' 10.0.0.2 || [ "$(lost)" = "$lost_before" ]; do
		lost_before=$(lost)
		deliver "$(pack alice ssh 62201)" 62201
	done
	check "$1" element_in 'inet filter ssh_ok' 10.0.0.2
}
# opens_at_once TEXT: a knock, whose packet is not gathered
opens_at_once() {
	gathered_before=$(gathered)
	opens_meanwhile "$1"
	equal '... and its packet was sent at once' "$(gathered)" "$gathered_before"
}

opens_at_once 'a knock opens'
flood_begin
check 'in a flood the kernel gathers packets' -t 30 has_gathered
opens_meanwhile 'a knock opens meanwhile'
flood_end
opens_at_once 'a knock opens after the flood'
each_arrived 'no packet is missing'

flood_begin
kill -KILL "$(children "$knockd")"
check 'the engine is replaced in a flood' log_has 'a new engine is running'
opens_meanwhile '... and a knock opens in the flood'
flood_end
opens_at_once '... and after it'

# --- messages ------------------------------------------------------------------------------------

# trace_begin: notes the engine's messages in $T/trace
trace_begin() {
	: >"$T/trace"
	: >"$T/strace"
	strace -e trace=recvmmsg -o "$T/trace" -p "$(children "$knockd")" 2>"$T/strace" &
	tracer=$!
	started $tracer
	wait_for grep -q attached "$T/strace"
}
trace_end() {
	kill $tracer
	wait $tracer 2>/dev/null
}
# a packet of the flood takes a few hundred bytes
has_large() {
	grep -qE '[^n]msg_len=[0-9]{4}' "$T/trace"
}
own_rules() {
	nft -f - <<-E
		table inet own {
			chain prerouting {
				type filter hook prerouting priority -350;
				udp dport { 9, 62201 } log group 7777 snaplen 256
			}
		}
	E
}

if ! trace_begin; then
	skip 'the size of messages' 'no strace'
else
	flood_begin
	check 'a message has many packets' -t 30 has_large
	flood_end
	trace_end

	signed_conf "	Rules = none
$doors"
	own_rules
	knockd_reload
	trace_begin || bail 'no strace'
	yes | tr -d '\n' | head -c 1840000 | socat -b 184 -u - UDP4-SENDTO:127.0.0.1:62201
	fence
	opens_meanwhile 'with own rules a knock opens'
	trace_end
	refute '... and a message has one packet' has_large
	nft delete table inet own

	signed_conf "$doors"
	knockd_reload
	trace_begin || bail 'no strace'
	flood_begin
	check 'with the rules of the daemon again it has many' -t 30 has_large
	flood_end
	trace_end
	opens_at_once 'a knock opens after that, too'
fi
done_testing
