#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A courier that an attacker has taken over answers claims in any order, while the kernel holds the knocks.

. "$(dirname "$0")/signed_lib.sh"
. "$(dirname "$0")/nfqueue_lib.sh"
built_with HAVE_HIREDIS || skip_all 'built without hiredis'
rogue=$build/tests/tools/courier_rogue
[ -x "$rogue" ] || skip_all "$rogue is not built (make check builds it)"
need knockctl knock
topo_pair
queue_firewall
[ $rules = auto ] || queue_rules 7000:udp -- 22
mkdir "$T/bin" && cp "$KNOCKD" "$T/bin/knockd" && cp "$rogue" "$T/bin/knockd-courier" || bail 'no copies'
"$KNOCKD" --share-keygen "$T/share.key" >/dev/null || bail 'no key'
KNOCKD=$T/bin/knockd
knockd_start "$capture
	Share      = redis://127.0.0.1
	Share_Key  = $T/share.key
	Share_Wait = 10s
[ssh]
	sequence   = 7000:udp
	grant      = inet filter ok { %IP% timeout 20s }
	share      = claim
$fence_door"
is_settled() {
	[ "$(knockctl peers --json | jq '.[0].settled')" = true ]
}
answered() {
	knockctl stats --json | jq .share_claims_yes
}
check 'the gateway is connected' is_settled
knock $server 7000:udp
for round in 1 2 3 4 5 6; do
	# shellcheck disable=SC2046 # words
	knock $server $(yes 7000:udp | head -n 50)
done
check 'three hundred claims behind one without an answer are answered' eval '[ "$(answered)" = 300 ]'
check 'the daemon goes on' knockctl status
check 'when the time of the first is over it is refused' -t 15 log_has 'did not answer'
check '... and no packet is held' nothing_held
done_testing
