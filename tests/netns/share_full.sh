#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Max_Grants with share = claim: a knock that the gateway refuses opens no other gateway.

. "$(dirname "$0")/share_lib.sh"
share_setup
doors='
[web]
	sequence     = 7001,8001
	grant        = inet filter ok { %IP% timeout 10m }
	share        = claim'
gateway a "$doors" '	Share_Wait = 5s
	Max_Grants = 1'
gateway b "$doors" '	Share_Wait = 5s'
check 'two gateways are connected' linked a b
check '... and open doors with share = claim' -t 15 settled a b
ask a grant 10.0.0.7 --door web >/dev/null
check 'an access, which is all that a may have' ok_at b 10.0.0.7
knock_at a 7001 8001
check 'a knock is refused' told a 'Max_Grants is reached'
refute '... and opens nothing here' ok_at a
ask a revoke 10.0.0.7 >/dev/null
check 'later news come to b' not ok_at b 10.0.0.7
refute '... which the knock has not opened either' ok_at b
equal '... since nothing was claimed' "$(count_of a claims_yes)" 0
knock_at a 7001 8001
check 'when there is room a knock opens both' eval 'ok_at a && ok_at b'
done_testing
