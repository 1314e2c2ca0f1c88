#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What goes wrong with the server, the key, the records and the gateways themselves: doors open locally all the same, and
# when all is well again, every gateway has the same.

. "$(dirname "$0")/share_lib.sh"
share_setup
private='
[private]
	sequence     = 7002,8002
	grant        = inet filter ok { %IP% timeout 10m }
	share        = no'
# doors NAME
doors() {
	echo "$ssh$private
[run]
	sequence      = 7003,8003
	grant         = inet filter ok { %IP% timeout 10m }
	start_command = echo run >>$T/$1/ran"
}
gateway a "$(doors a)"
gateway b "$(doors b)"
gateway c "$(doors c)"
check 'three gateways are connected' linked a b c

# --- what is not shared

knock_at a 7002 8002
check 'a door with share = no opens' ok_at a
knock_at a 7000 8000
check '... and a later knock is heard' open_everywhere
refute '... but that door only there' eval 'ok_at b || ok_at c'
ask a revoke --all >/dev/null
check 'all is shut again' shut_everywhere
knock_at b 7003 8003
check 'a door with a command opens all' ok_everywhere
check '... and its command runs' [ -e "$T/b/ran" ]
knock_at b 7000 8000
check '... and a later knock is heard' open_everywhere
refute '... but only where the knock came' eval '[ -e "$T/a/ran" ] || [ -e "$T/c/ran" ]'

# --- the server

kill -9 $redis
check 'without the server a says so' told a 'share: the link is down'
knock_at a 7001 8001
check '... and so does doctor' eval 'ask a doctor -c "$T/a/knockd.conf" | grep -q "^FAULT the link to the other gateways is down"'
check '... and opens its own door' ok_at a
ask b revoke --all >/dev/null
check '... as b ends its accesses' not open_at b
redis_start
check 'the server is back, and empty' linked a b c
check 'what was opened meanwhile is open everywhere' ok_everywhere
check 'what was ended meanwhile is ended everywhere' shut_everywhere

knock_at c 7000 8000
check 'open again' open_everywhere
equal 'the server forgets all' "$(redis flushall)" OK
for name in a b c; do
	ask $name peers --sync >/dev/null
done
stored() {
	[ "$(redis zcard '{knockd:main}:x')" -ge 2 ]
}
check 'the gateways fill it again' stored
check '... and everything is still open' open_everywhere

# --- a gateway

gateway_stop b
ask a revoke --door ssh >/dev/null
knock_at c 7001 8001
gateway_again b
check 'a gateway that was away' linked b
check '... ends what was ended meanwhile' shut_everywhere
check '... and opens what was opened' ok_everywhere
kill -9 "$pid_b"
wait "$pid_b" 2>/dev/null
in_host b nft flush set inet filter ok
gateway_again b
check 'a gateway without its elements gets them back' ok_at b

# The server is empty, and one gateway alone comes back with its journal.
knock_at a 7000 8000
check 'another access' open_everywhere
for name in a b c; do
	gateway_stop $name
done
redis flushall >/dev/null
rm -rf "$T/b/state" "$T/c/state"
for name in a b c; do
	in_host $name nft 'flush ruleset; add table inet filter; add set inet filter ok { type ipv4_addr; flags timeout; }'
	gateway_again $name
done
check 'three gateways' linked a b c
check 'the journal of one of them opens all' open_everywhere
ask a revoke --all >/dev/null
check 'is ended' shut_everywhere

# --- strangers

gateway_stop c
mv "$T/share.key" "$T/good.key"
"$KNOCKD" --share-keygen "$T/share.key" >/dev/null
before=$(count_of a bad_seals)
gateway_again c
bad_seals() {
	[ "$(count_of a bad_seals)" -gt "$before" ]
}
knock_at c 7000 8000
check 'a gateway with another key opens its own door' open_at c
check '... whose records a counts as bad' bad_seals
refute '... and ignores' open_at a
check '... with one line' told a 'group'\''s key; "knockctl stats" counts them'
check '... which is true' eval 'ask a stats | grep -qE "^share_bad_seals +[1-9]"'
check '... and doctor' eval 'ask a doctor -c "$T/a/knockd.conf" | grep -q "^FAULT .* have not the seal"'
equal '... and no more' "$(told_count a 'does not bear the seal')" 1
gateway_stop c
mv "$T/good.key" "$T/share.key"

# A record of the past: the server publishes it again, and puts it back.
knock_at a 7000 8000
check 'a grant' open_at b
redis keys '{knockd:main}:g:*' >"$T/keys"
for key in $(cat "$T/keys"); do
	redis dump "$key" | head -c -1 >"$T/dump.${key##*:}"
done
ask a revoke --all >/dev/null
check 'is ended' not open_at b
# a may be the first to find them, and to put back what is right
stale_of_both() {
	echo $(($(count_of a stale) + $(count_of b stale)))
}
stale=$(stale_of_both)
for key in $(cat "$T/keys"); do
	redis del "$key" >/dev/null
	redis -x restore "$key" 600000 <"$T/dump.${key##*:}" >/dev/null
done
resyncs=$(count_of b resyncs)
ask b peers --sync >/dev/null
read_again() {
	[ "$(count_of b resyncs)" -gt "$resyncs" ] && [ "$(ask b peers --json | jq '.[0].synced_ago_ms')" -lt 60000 ]
}
check 'the server has old records again, which b reads' read_again
check '... and they are found old' eval '[ "$(stale_of_both)" -gt "$stale" ]'
refute '... and does not open' open_at b
bad=$(count_of b bad_seals)
redis --raw get "$(head -n 1 "$T/keys")" | head -c -1 >"$T/value"
knock_at a 7000 8000
check 'another grant' open_at b
newest=$(redis keys '{knockd:main}:g:*' | head -n 1)
redis -x set "{knockd:main}:g:00112233445566778899aabbccddeeff" <"$T/value" >/dev/null
redis zadd '{knockd:main}:x' 99999999999999 00112233445566778899aabbccddeeff >/dev/null
ask b peers --sync >/dev/null
check 'a record in the place of another is none' eval '[ "$(count_of b bad_seals)" -gt "$bad" ]'
check '... and the good one stays' open_at b
[ -n "$newest" ] || fail 'no record is stored'

# --- a user of the server who may do nothing else, as in the manual; the key is replaced

redis flushall >/dev/null # of the records with another key, too
ask a peers --sync >/dev/null
acl=$(sed -n '/^ACL SETUSER/,/^\.Ed/p' "$TESTS_TOP/man/knockd-gateways.7" | sed '/^\.Ed/d; s/\\-/-/g' | tr '\n' ' ')
# shellcheck disable=SC2046,SC2086 # words
redis $(set -f && echo $acl | sed 's/PASSWORD/secret/') >"$T/out"
equal 'the server takes the line of the manual' "$(cat "$T/out")" OK
printf '%s\n' 'acl setuser default off' 'client kill type pubsub' 'client kill type normal' | redis >/dev/null
check 'without a login a is refused' told a 'NOAUTH'
echo 'knockd secret' >"$T/login" && chmod 600 "$T/login"
cp "$T/share.key" "$T/old.key"
"$KNOCKD" --share-keygen "$T/new.key" >/dev/null
grep '^share1-key' "$T/new.key" >>"$T/share.key"
for name in a b; do
	sed -i "s|.*Share_Key.*|&\n	Share_Login = $T/login|" "$T/$name/knockd.conf"
	kill -HUP "$(eval "echo \$pid_$name")"
done
check 'with it they are connected' linked a b
knock_at b 7000 8000
check 'and share' open_at a
ask b revoke --all >/dev/null
check 'is ended' eval '! open_at a && ! open_at b'
cat "$T/new.key" "$T/old.key" >"$T/share.key"
bad=$(count_of b bad_seals)
kill -HUP "$pid_a"
check 'a gateway with the keys in another order' linked a
knock_at a 7000 8000
check '... is heard' open_at b
knock_at b 7001 8001
check '... and hears' ok_at a
equal '... without a bad seal' "$(count_of b bad_seals)" "$bad"
done_testing
