#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One knock opens three gateways; what ends or extends an access on one does so on all.

. "$(dirname "$0")/share_lib.sh"
share_setup
gateway a
gateway b
gateway c
check 'three gateways are connected' linked a b c

knock_at a 7000 8000
check 'a knock at a opens all' open_everywhere
check '... which says b' told b '10.0.0.9: ssh: opened by gateway a'
refute '... and a did not hear of itself' told a 'opened by gateway'
equal 'b knows where it began' "$(ask b list --json | jq -r '.[].origin')" a
equal '... and a' "$(ask a list --json | jq -r '.[].origin')" null
check 'knockctl list has the column' eval 'ask b list | grep -q "ORIGIN *BY"'

ask b revoke --all >/dev/null
check 'revoked at b, it ends on all' shut_everywhere
check '... which says a' told a '10.0.0.9: ssh: ended by gateway b'

knock_at c 7000 8000
check 'a knock at c opens all again' open_everywhere
ask a extend 10.0.0.9 -5m >/dev/null
shorter() {
	for shorter_name in a b c; do
		[ "$(left_at $shorter_name)" -le 300 ] || return 1
	done
}
check 'shortened at a, it is shorter on all' shorter
refute 'and no longer anywhere' eval '[ "$(left_at b)" -gt 300 ]'
ask b extend 10.0.0.9 1h >/dev/null
longer() {
	[ "$(left_at b)" -gt 3600 ] && [ "$(left_at a)" -gt 500 ]
}
check 'extended by an hour at b' longer
refute '... the others give no more than their door' eval '[ "$(left_at a)" -gt 600 ] || [ "$(left_at c)" -gt 600 ]'


knock_at a 7001 8001
check 'a door with a set of the admin' ok_everywhere
in_host c nft delete element inet filter ok '{ 10.0.0.9 }' || bail 'no element'
check 'an element that is deleted by hand at c' told c 'element deleted from'
check '... ends the access on all' ok_nowhere
check 'and only that' open_everywhere

ask a grant 10.0.0.77 --door ssh >/dev/null
check 'a grant by hand opens all' open_everywhere 10.0.0.77
ask c revoke 10.0.0.77 >/dev/null
check '... and a revoke by hand shuts all' shut_everywhere 10.0.0.77

# --- peers, stats

equal 'a knows two others' "$(ask a peers --json | jq -r 'map(select(.self | not) | .gateway) | sort | join(" ")')" 'b c'
check 'knockctl peers shows them' eval 'ask a peers | grep -q "^b .* heard of"'
check '... and the link' eval 'ask a peers | grep -q "^a .* connected to 10.0.0.254:6379"'
equal 'peers --sync gives one JSON object' "$(ask a peers --sync --json)" '{"done":true}'
check 'Prometheus has the numbers' eval 'ask a stats --prometheus | grep -q "^knockd_share_received_total [1-9]"'
check 'doctor finds the others' eval 'ask a doctor -c "$T/a/knockd.conf" | grep -q "^ok .*2 other gateways, through 10.0.0.254:6379"'
equal 'no record had a bad seal' "$(count_of a bad_seals)" 0
equal '... and no message was lost' "$(count_of a gaps) $(count_of b gaps) $(count_of c gaps)" '0 0 0'
done_testing
