#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Idle_Timeout: an access that nobody has used for so long stays ended when a gateway starts and reads all records.

. "$(dirname "$0")/share_lib.sh"
share_setup
doors='
[ssh]
	sequence     = 7000,8000
	open         = 22:tcp
	open_timeout = 1h
	idle_timeout = 3s
[web]
	sequence     = 7001,8001
	grant        = inet filter ok { %IP% timeout 10m }'
for name in a b; do
	gateway $name "$doors"
done
check 'two gateways are connected' linked a b
knock_at a 7000 8000
check 'a knock opens both' eval 'open_at a && open_at b'
check 'without a packet the access ends' -t 15 eval '! open_at a && ! open_at b'
knock_at a 7001 8001
check 'another access' ok_at b
gateway_stop b
in_host b nft flush set inet filter ok
gateway_again b
check 'a gateway that starts' linked a b
check '... opens what is not over' ok_at b
refute '... and not what has ended' open_at b
equal '... nor says so' "$(told_count b 'ssh: opened by gateway')" 1
knock_at a 7000 8000
check 'a later knock opens both' eval 'open_at a && open_at b'
done_testing
