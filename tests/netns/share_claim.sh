#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Doors with share = claim, and signed knocks: what one gateway has accepted is refused by all.

. "$(dirname "$0")/share_lib.sh"
share_setup ssh-keygen
signed_keys
enrol alice
secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ # of RFC 6238, appendix B
echo "alice $secret" >"$T/totp" && chmod 600 "$T/totp"
signed="	Share_Wait = 2s
	Knock_Key = $T/knock.key
	Totp_Secrets = $T/totp
	Authorized_Keys = $T/authorized_keys"
printf ' 7100,8100\n 7101,8101\n 7102,8102\n' >"$T/once"
# doors NAME
doors() {
	cp "$T/once" "$T/once.$1" && chmod 600 "$T/once.$1" && chown "$(stat -c %u "$T")" "$T/once.$1"
	echo "[ssh]
	sequence     = 62201:auth
	open         = 22:tcp
	open_timeout = 10m
	share        = claim
[free]
	sequence     = 62202:auth
	open         = 23:tcp
	open_timeout = 10m
[plain]
	sequence     = 7000,8000
	grant        = inet filter ok { %IP% timeout 10m }
	share        = claim
[app]
	sequence     = 7200,8200,20000:totp
	grant        = inet filter ok { %IP% timeout 10m }
	share        = claim
[app_free]
	sequence     = 7300,8300,20000:totp
	grant        = inet filter ok { %IP% timeout 10m }
[once]
	one_time_sequences = $T/once.$1
	grant        = inet filter once { %IP% timeout 10m }
	share        = claim"
}
for name in a b c; do
	in_host $name nft 'add table inet filter; add set inet filter once { type ipv4_addr; flags timeout; }'
	gateway $name "$(doors $name)" "$signed"
done
check 'three gateways are connected' linked a b c
check '... and know what was used' -t 15 settled a b c

# --- signed knocks

knock=$(pack alice ssh 62201)
send_to a "$knock"
check 'a signed knock at a opens all' open_everywhere
check '... and names the user' eval 'ask b list --json | jq -e ".[0].user == \"alice\"" >/dev/null'
refused=$(told_count b 'refused')
ask a revoke --all >/dev/null
check 'is ended' shut_everywhere
send_to b "$knock"
check 'the same knock is refused by b' eval '[ "$(told_count b refused)" -gt "$refused" ]'
refute '... and opens nothing' eval 'open_at a || open_at b || open_at c'

free=$(pack alice free 62202)
port_23() {
	in_host "$1" nft list set inet knockd open4 | grep -q '10.0.0.9 . tcp . 23'
}
send_to c "$free" 62202
check 'a door with share = grants opens all, too' eval 'port_23 a && port_23 b && port_23 c'
ask a revoke --all >/dev/null
check 'is ended' eval '! port_23 a && ! port_23 b && ! port_23 c'
refused=$(told_count a 'refused')
send_to a "$free" 62202
check 'its knock is refused by the others, too' eval '[ "$(told_count a refused)" -gt "$refused" ]'

# To two gateways at once: one of them opens.
claims() {
	echo $(($(count_of a claims_$1) + $(count_of b claims_$1)))
}
yes=$(claims yes)
for round in 1 2 3 4 5 6 7 8 9 10; do
	knock=$(pack alice ssh 62201)
	send_to a "$knock" &
	send_to b "$knock"
	wait $!
done
all_yes() {
	[ "$(claims yes)" = $((yes + 10)) ]
}
check 'ten knocks that come to two gateways open ten times' all_yes
equal '... each at one gateway' "$(claims unknown)" 0

# --- sequences

knock_at b 7000 8000
check 'a sequence opens all' ok_everywhere
ask c revoke --all >/dev/null
check 'is ended' ok_nowhere
knock_at c 7000 8000
check 'and opens again' ok_everywhere

once_at() {
	in_host "$1" nft list set inet filter once | grep -qF 10.0.0.9
}
knock_at a 7100 8100
check 'a one-time sequence opens all' eval 'once_at a && once_at b && once_at c'
marked() {
	for marked_name in a b c; do
		grep -q '^#7100,8100' "$T/once.$marked_name" || return 1
	done
}
check '... and is used up on all' marked
check '... which reads the file again' told b 'is read again'
ask a revoke --door once >/dev/null
check 'is ended' eval '! once_at a && ! once_at b && ! once_at c'
knock_at b 7100 8100
knock_at b 7101 8101
check 'the next one opens b' once_at b
equal '... and the first one did not' "$(told_count b 'once: OPEN SESAME')" 1

# --- codes: those of the next half minute, as the gateways have just started

# code STEPS: in ports
code() {
	python3 - $secret "$1" <<-'P'
		import base64, hashlib, hmac, struct, sys, time
		step = int(time.time()) // 30 + int(sys.argv[2])
		mac = hmac.new(base64.b32decode(sys.argv[1]), struct.pack('>Q', step), hashlib.sha1).digest()
		at = mac[-1] & 15
		code = '%06d' % ((struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000)
		print(*(20000 + int(code[i:i + 2]) for i in (0, 2, 4)))
	P
}
if command -v python3 >/dev/null; then
	ask a revoke --door plain >/dev/null
	check 'is shut' ok_nowhere
	ports=$(code 1) # which counts for half a minute more, at least
	# shellcheck disable=SC2086 # words
	knock_at a 7200 8200 $ports
	check 'a code opens all' ok_everywhere
	ask b revoke --door app >/dev/null
	check 'is ended' ok_nowhere
	# shellcheck disable=SC2086 # words
	knock_at b 7200 8200 $ports
	check 'the same code is refused by another gateway' told b 'has been used before'
	# shellcheck disable=SC2086 # words
	knock_at c 7300 8300 $ports
	check '... and at another door' told c 'has been used before'
	check '... and opens nothing' ok_nowhere
else
	skip 'codes' 'python3 is missing'
fi

# --- without the server

kill -9 $redis
check 'without the server' told a 'share: the link is down'
ask a revoke --all >/dev/null
ask c revoke --all >/dev/null
knock=$(pack alice ssh 62201)
send_to a "$knock"
check 'a claim is refused' told a 'ssh: refused: the server of the group did not answer'
refute '... and opens nothing' open_at a
equal '... which is counted' "$(count_of a claims_unknown)" 1
check '... for its door, too' eval 'ask a doors --json | jq -e "any(.name == \"ssh\" and .refused > 0)" >"$T/out"'
gateway_stop c
sed -i 's/^\[options\]/&\n	Share_Down = open/' "$T/c/knockd.conf"
gateway_again c
# after its start a counter must be two seconds later
opens_c() {
	open_at c && return
	send_to c "$(pack alice ssh 62201)"
	return 1
}
check 'with Share_Down = open it opens' opens_c
redis_start
check 'the server is back' linked a b c
check '... and all know what was used' -t 15 settled a b c
check '... and all hear of it' open_everywhere

# A server that hangs: the claim waits no longer than Share_Wait, and what it may have done is undone.
ask a revoke --all >/dev/null
check 'is ended' shut_everywhere
knock_at a 7000 8000
check 'an access' ok_everywhere
kill -STOP $redis
knock_at a 7000 8000
check 'a server that hangs: a knock of a client that has an access is refused' told a 'plain: refused: the server'
knock=$(pack alice ssh 62201)
before=$(told_count b 'did not answer')
now began
send_to b "$knock"
check 'a server that hangs: refused' eval '[ "$(told_count b "did not answer")" -gt "$before" ]'
now ended
kill -CONT $redis
check '... after two seconds' [ $((ended - began)) -lt 400 ]
check 'when it goes on' linked a b c
check '... and all know what was used' -t 15 settled a b c
check 'what was open is open' ok_everywhere
ask a revoke --door plain >/dev/null
check 'is ended' ok_nowhere
knock_at c 7000 8000
check 'a later knock is heard' ok_everywhere
check '... and the refused one opens nothing' shut_everywhere
done_testing
