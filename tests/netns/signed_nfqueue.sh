#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Signed knocks with Capture = nfqueue: the kernel holds each until the door is open, so a connection right behind it
# gets in at its first SYN; garbage and repetitions are released, too.

. "$(dirname "$0")/signed_lib.sh"
. "$(dirname "$0")/nfqueue_lib.sh"
signed_setup
queue_firewall
service 22
[ $rules = auto ] || queue_rules 62201:udp 7000 -- 22
signed_conf "$capture
[ssh]
	sequence = 62201:auth
	grant    = inet filter ok { %IP% timeout 20s }
[inner]
	sequence = 7000,62201:auth
	grant    = inet filter ok { %IP% timeout 10s }
"
enrol alice
knockd_again
profile home alice ssh 62201
profile inner alice inner 62201 'sequence = 7000'

# gets_in: one connection, whose SYN is not repeated
gets_in() {
	[ "$(in_client socat -T 2 -u "TCP4:$server:22,connect-timeout=0.9" - 2>/dev/null)" = hello ]
}
in_ok() {
	element_in 'inet filter ok' 10.0.0.2
}

refute 'the port is shut before' gets_in
late=0
for n in 1 2 3 4 5; do
	knockctl revoke --all >/dev/null
	knock_as alice home
	gets_in || late=$((late + 1))
done
equal 'a connection right behind a signed knock gets in at its first SYN' "$late" 0
check 'no packet is held any more' nothing_held

knockctl revoke --all >/dev/null
knock_as alice inner -d 20
check 'ports and then a signed knock' in_ok
check '... with the time of that door' equal_field 'inet filter ok' 10.0.0.2 timeout 10

knockctl revoke --all >/dev/null
hex=$(pack alice ssh 62201)
deliver "$hex" 62201
check 'a knock' in_ok
knockctl revoke --all >/dev/null
"$SIGNED" send 127.0.0.1 62201 "$hex" 5
deliver "$hex" 62201
in_client "$SIGNED" random "$server" 62201 100
check 'garbage and repetitions are counted' eval '[ "$(knockctl stats --json | jq .signed_garbage)" -ge 90 ]'
refute '... and open nothing' in_ok
check '... and none is held' nothing_held
deliver "$(pack alice ssh 62201)" 62201
check 'the next knock counts' in_ok
done_testing
