#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A key that the gateways get one after the other: a knock that one has accepted counts for none that learns of the key
# later.

. "$(dirname "$0")/share_lib.sh"
share_setup ssh-keygen
signed_keys
enrol alice
for name in a b; do
	: >"$T/$name.keys" && chmod 644 "$T/$name.keys"
	gateway $name '
[ssh]
	sequence     = 62201:auth
	open         = 22:tcp
	open_timeout = 10m' "	Knock_Key = $T/knock.key
	Authorized_Keys = $T/$name.keys"
done
check 'two gateways are connected' linked a b

# send_to ADDRESS HEX
send_to() {
	in_host client "$SIGNED" send "$1" 62201 "$2"
}
# learn NAME
learn() {
	cat "$T/authorized_keys" >"$T/$1.keys"
	check "$1 reads the key" told "$1" 'has changed and is read again'
}
learn a
knock=$(pack alice ssh 62201)
send_to 10.0.0.1 "$knock"
check 'a knock at a gateway that has the key opens both' eval 'open_at a && open_at b'
ask a revoke --all >/dev/null
check 'is ended' eval '! open_at a && ! open_at b'
learn b
refused=$(told_count b refused)
send_to 10.0.0.2 "$knock"
check 'a copy is refused by the other one, which has the key now' eval '[ "$(told_count b refused)" -gt "$refused" ]'
refute '... and opens nothing' eval 'open_at a || open_at b'
send_to 10.0.0.2 "$(pack alice ssh 62201)"
check '... as the next knock does' eval 'open_at a && open_at b'
done_testing
