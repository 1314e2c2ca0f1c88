#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A key that the gateways get one after the other: a knock that one has accepted counts for none that learns of the key
# later. And one that was cut off, and comes back when another has put the group's clock far ahead.

. "$(dirname "$0")/share_lib.sh"
share_setup meddle ssh-keygen
signed_keys
enrol alice
# with_keys NAME
with_keys() {
	: >"$T/$1.keys" && chmod 644 "$T/$1.keys"
	gateway "$1" '
[ssh]
	sequence     = 62201:auth
	open         = 22:tcp
	open_timeout = 10m' "	Knock_Key = $T/knock.key
	Authorized_Keys = $T/$1.keys"
}
with_keys a
with_keys b
check 'two gateways are connected' linked a b

# learn NAME
learn() {
	cat "$T/authorized_keys" >"$T/$1.keys"
	check "$1 reads the key" told "$1" 'has changed and is read again'
}
learn a
knock=$(pack alice ssh 62201)
send_to a "$knock"
check 'a knock at a gateway that has the key opens both' eval 'open_at a && open_at b'
ask a revoke --all >/dev/null
check 'is ended' eval '! open_at a && ! open_at b'
learn b
refused=$(told_count b refused)
send_to b "$knock"
check 'a copy is refused by the other one, which has the key now' eval '[ "$(told_count b refused)" -gt "$refused" ]'
refute '... and opens nothing' eval 'open_at a || open_at b'
send_to b "$(pack alice ssh 62201)"
check '... as the next knock does' eval 'open_at a && open_at b'

ask a revoke --all >/dev/null
check 'b ends it, too' not open_at b
ip -n b route add blackhole 10.0.0.254/32
check 'b is cut off' -t 20 told b 'the link is down'
knock=$(pack alice ssh 62201)
send_to a "$knock"
check 'a knock opens the other gateway only' open_at a
meddle none
meddle clock 172800000
cat >"$T/meddled" <<-E
	#!/bin/sh
	LD_PRELOAD=$MEDDLE_SO MEDDLE=$T/meddle exec $KNOCKD "\$@"
E
chmod +x "$T/meddled"
KNOCKD=$T/meddled
with_keys c
check 'another gateway starts, whose clock is two days ahead' linked a c
ask c grant 10.0.0.1 --door ssh >/dev/null
check '... and tells' open_at a 10.0.0.1
ask a revoke 10.0.0.9 >/dev/null
ip -n b route del blackhole 10.0.0.254/32
check 'b is back, and hears that first' -t 20 eval 'linked a b && open_at b 10.0.0.1'
refused=$(told_count b refused)
send_to b "$knock"
check '... a copy of the knock that it missed is refused' eval '[ "$(told_count b refused)" -gt "$refused" ]'
refute '... and opens nothing' open_at b
done_testing
