#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Doors with share = claim, and what an access may be: some of the door's ports, or none at all.

. "$(dirname "$0")/share_lib.sh"
share_setup ssh-keygen
"$KNOCKD" --keygen "$T/knock.key" >/dev/null || bail 'no key'
: >"$T/authorized_keys" && chmod 644 "$T/authorized_keys"
enrol alice 'ports="22,24"'
invitation_host=10.0.0.1
doors="$ssh
[some]
	sequence     = 62201:auth
	open         = 22:tcp, 23:tcp, 24:tcp
	open_timeout = 10m
	share        = claim
[shut]
	sequence     = 7002,8002
	revoke       = inet filter ok { %IP% }
	share        = claim"
for name in a b; do
	gateway $name "$doors" "	Knock_Key = $T/knock.key
	Authorized_Keys = $T/authorized_keys"
done
check 'two gateways are connected' linked a b
check '... and know what was used' -t 15 settled a b

# --- a key for some of the ports

# port_at NAME PORT
port_at() {
	in_host "$1" nft list set inet knockd open4 | grep -qF "10.0.0.9 . tcp . $2"
}
in_host client "$SIGNED" send 10.0.0.1 62201 "$(pack alice some 62201)"
check 'a knock of a key for two of three ports opens one' port_at a 22
check '... and the other' port_at a 24
check '... on the other gateway, too' port_at b 22
check '... both' port_at b 24
refute '... but not the third' port_at a 23
refute '... there neither' port_at b 23
ask a revoke --all >/dev/null
check 'is ended' eval '! port_at b 22 && ! port_at b 24'

# --- a door that opens nothing

knock_at a 7001 8001
check 'an access' eval 'ok_at a && ok_at b'
lasting=$(redis zcount '{knockd:main}:x' 4e15 +inf)
knock_at a 7002 8002
check 'a door that revokes it does so everywhere' eval '! ok_at a && ! ok_at b'
knock_at a 7001 8001
check 'a later access' eval 'ok_at a && ok_at b'
gateway_stop b
in_host b nft flush set inet filter ok
gateway_again b
check 'a gateway that starts' linked a b
check '... has it' ok_at b
knock_at a 7000 8000
check '... and hears of another' open_at b
check '... has it still' ok_at b
equal 'the server keeps nothing of the revoking door' "$(redis zcount '{knockd:main}:x' 4e15 +inf)" "$lasting"
done_testing
