#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Capture = nfqueue and share = claim: the kernel holds a knock, and what follows it, until the server has answered, so a
# connection right behind it gets in at its first SYN; a server that hangs holds nothing for longer than Share_Wait.

. "$(dirname "$0")/signed_lib.sh"
. "$(dirname "$0")/nfqueue_lib.sh"
built_with HAVE_HIREDIS || skip_all 'built without hiredis'
need redis-server redis-cli knockctl knock
topo_pair
queue_firewall
service 22
[ $rules = auto ] || queue_rules 7000 8000 -- 22
redis-server --port 6379 --bind 127.0.0.1 --dir "$T" --save '' --daemonize no >"$T/redis.log" 2>&1 &
redis=$!
started $redis
wait_for eval '[ "$(redis-cli ping 2>&1)" = PONG ]' || bail 'no server'
"$KNOCKD" --share-keygen "$T/share.key" >/dev/null || bail 'no key'
knockd_start "$capture
	Share      = redis://127.0.0.1
	Share_Key  = $T/share.key
	Share_Wait = 400ms
[ssh]
	sequence   = 7000,8000
	grant      = inet filter ok { %IP% timeout 20s }
	share      = claim
$fence_door"
is_up() {
	[ "$(knockctl peers --json | jq '.[0].settled')" = true ]
}
check 'the gateway is connected' is_up

gets_in() {
	[ "$(in_client socat -T 2 -u "TCP4:$server:22,connect-timeout=0.9" - 2>/dev/null)" = hello ]
}
refute 'the port is shut before' gets_in
late=0
for n in 1 2 3 4 5 6 7 8 9 10; do
	knockctl revoke --all >/dev/null
	knock $server 7000 8000
	gets_in || late=$((late + 1))
done
equal 'a connection right behind a knock gets in at its first SYN' "$late" 0
check 'no packet is held any more' nothing_held
equal 'each was claimed' "$(knockctl stats --json | jq .share_claims_yes)" 10

knockctl revoke --all >/dev/null
kill -STOP $redis
knock $server 7000 8000
check 'a server that hangs: the knock is refused' log_has 'did not answer'
check '... and no packet is held' nothing_held
refute '... and the port stays shut' gets_in
kill -CONT $redis
check 'it goes on' -t 15 is_up
knock $server 7000 8000
check '... and the next knock opens' gets_in
done_testing
