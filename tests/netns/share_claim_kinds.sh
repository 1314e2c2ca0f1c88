#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Doors with share = claim: keys for some of the ports, doors that open nothing, and the engine that goes on to the next
# one-time sequence while the claim of the one before is under way.

. "$(dirname "$0")/share_lib.sh"
share_setup ssh-keygen
signed_keys
enrol alice 'ports="22,24"'
printf ' 7100,8100\n 7101,8101\n 7102,8102\n' >"$T/once"
# doors NAME
doors() {
	cp "$T/once" "$T/once.$1" && chmod 600 "$T/once.$1" && chown "$(stat -c %u "$T")" "$T/once.$1"
	echo "$ssh
[some]
	sequence     = 62201:auth
	open         = 22:tcp, 23:tcp, 24:tcp
	open_timeout = 10m
	share        = claim
[shut]
	sequence     = 7002,8002
	revoke       = inet filter ok { %IP% }
	share        = claim
[once]
	one_time_sequences = $T/once.$1
	grant        = inet filter once { %IP% timeout 10m }
	share        = claim"
}
for name in a b; do
	in_host $name nft 'add table inet filter; add set inet filter once { type ipv4_addr; flags timeout; }'
	gateway $name "$(doors $name)" "	Share_Wait = 2s
	Knock_Key = $T/knock.key
	Authorized_Keys = $T/authorized_keys"
done
check 'two gateways are connected' linked a b
check '... and know what was used' -t 15 settled a b

# --- a key for some of the ports

# port_at NAME PORT
port_at() {
	in_host "$1" nft list set inet knockd open4 | grep -qF "10.0.0.9 . tcp . $2"
}
send_to a "$(pack alice some 62201)"
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
check 'all know what was used' -t 15 settled a b

# --- one-time sequences in a hurry

once_at() {
	in_host "$1" nft list set inet filter once | grep -qF 10.0.0.9
}
kill -STOP $redis
knock_at a 7100 8100
knock_at a 7101 8101
check 'while a claim is under way the next sequence is refused' told a 'the claim of its sequence before is under way'
kill -CONT $redis
check 'the first one opens' once_at a
check '... and is used up' grep -q '^#7100,8100' "$T/once.a"
check 'all know what was used' -t 15 settled a b
ask a revoke --door once >/dev/null
check 'is ended' eval '! once_at a && ! once_at b'
knock_at a 7100 8100
knock_at a 7000 8000
check 'a later knock is heard' told a 'ssh: OPEN SESAME'
refute 'the first one does not open again' once_at a
knock_at a 7101 8101
check '... and the next one does' once_at a

# --- a reload that meets the last events of the old engine, without the server

sed -i 's/^\[options\]/&\n	Share_Down = open/' "$T/a/knockd.conf"
cp "$T/once" "$T/once.a"
# reload_a: returns when it has begun
reload_a() {
	reloads=$(told_count a 're-reading config file')
	kill -HUP "$pid_a" && kill -CONT "$pid_a"
	check 'a reload begins' eval '[ "$(told_count a "re-reading config file")" -gt "$reloads" ]'
}
reloaded_a() {
	[ "$(told_count a 're-opening log file')" -ge "$1" ]
}
reload_a
check '... and ends' reloaded_a 1
kill -STOP $redis
kill -STOP "$pid_a"
# the engine tells of each packet, so the parent has not read the last ones when the reload begins
for round in 1 2 3 4 5 6 7 8 9 10; do
	knock_at a 7000 7000 7000 7000 7000 7000 7000 7000 7000 7000
done
knock_at a 7100 8100
reload_a
check '... and ends' reloaded_a 2
check 'what the old engine has told opens' once_at a
check '... and is used up' grep -q '^#7100,8100' "$T/once.a"
in_host a nft flush set inet filter once
ask a revoke --all >/dev/null
knock_at a 7100 8100
knock_at a 7000 8000
check 'a later knock is heard' open_at a
refute 'the same sequence opens nothing' once_at a
knock_at a 7101 8101
check '... and the next one does' once_at a
kill -CONT $redis
done_testing
