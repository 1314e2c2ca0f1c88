#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An admin resets a user whose clock was ahead: the user gets in at each gateway again, and a copy of a knock that was
# used gets in at none, whatever they have missed, and whatever the server shows them again.

. "$(dirname "$0")/share_lib.sh"
share_setup ssh-keygen
signed_keys
enrol alice
doors='
[ssh]
	sequence     = 62201:auth
	open         = 22:tcp
	open_timeout = 10m
[claim]
	sequence     = 62202:auth
	open         = 22:tcp
	open_timeout = 10m
	share        = claim'
for name in a b c; do
	gateway $name "$doors" "	Share_Wait = 5s
	Knock_Key = $T/knock.key
	Authorized_Keys = $T/authorized_keys"
done
check 'three gateways are connected' linked a b c
check '... and open doors with share = claim' -t 15 settled a b c

shut() {
	ask a revoke --all >/dev/null
	wait_for -t 20 shut_everywhere || bail 'the accesses do not end'
}
# opens_all TEXT NAME HEX [PORT]: the knock opens all; opens_none: it is refused
opens_all() {
	opens_text=$1
	shift
	shut
	send_to "$@"
	check "$opens_text" open_everywhere
}
opens_none() {
	none_text=$1 none_at=$2
	shift
	shut
	none_count=$(told_count "$none_at" refused)
	send_to "$@"
	check "$none_text" more_refused
	refute '... and opens nothing' eval '! shut_everywhere'
}
more_refused() {
	[ "$(told_count "$none_at" refused)" -gt "$none_count" ]
}
knock() {
	pack alice ssh 62201 "$@"
}
claim() {
	pack alice claim 62202
}
# taken_back N NAME...: they have heard of so many resets
taken_back() {
	taken_back=$1
	shift
	for taken_name; do
		[ "$(told_count "$taken_name" 'taken back by gateway')" = "$taken_back" ] || return 1
	done
}
records() {
	redis --raw keys '{knockd:main}:g:*' | sort
}

# before the reset
opens_all 'a first knock opens' a "$(knock)"
ahead=$(knock ahead=3600000)
opens_all 'one from the hour ahead opens' a "$ahead"
ahead_too=$(knock ahead=3600000)
opens_all '... and another one' a "$ahead_too"
opens_none 'the right time is behind that, at the same gateway' a "$(knock)"
opens_none '... and at another one' b "$(knock)"
kill -9 "$pid_c"
wait "$pid_c" 2>/dev/null

# the reset
records >"$T/records.before"
equal 'an admin resets the user at one gateway' "$(ask a users --reset alice)" '1 reset'
check '... another one hears of it' taken_back 1 b
records >"$T/records.after"
gateway_again c
check '... and one that was away, when it is back' taken_back 1 c
check 'all are connected' -t 15 settled a b c
sleep 2.2 # REPLAY_LOST_MSEC
used=$(knock)
opens_all 'the right time counts at another gateway' b "$used"
opens_none '... once: not at the one of the reset' a "$used"
opens_none '... nor at the one that was away' c "$used"
opens_all 'it counts at the one that was away' c "$(knock)"
opens_all '... and at the one of the reset' a "$(knock)"
opens_all 'a claim counts' b "$(claim)" 62202
used=$(claim)
opens_all '... at each gateway' a "$used" 62202
opens_none '... once' b "$used" 62202
for name in b c; do
	opens_none "a copy of the knock from the hour ahead does not count at $name" $name "$ahead"
done
opens_all '... and the right time counts on' b "$(knock)"

# the server shows the reset again
old=$(comm -13 "$T/records.before" "$T/records.after")
check 'the reset is a record of its own' redis exists "$old"
used=$(knock)
opens_all 'a knock' a "$used"
redis --raw get "$old" | tail -c +21 | head -c 216 >"$T/event"
bad=$(count_of b bad_seals)
received=$(count_of b received)
redis -x publish '{knockd:main}:e' <"$T/event" >/dev/null
check 'the server shows an old reset again' eval '[ "$(count_of b received)" -gt "$received" ]'
equal '... which is a genuine record' "$(count_of b bad_seals)" "$bad"
opens_none 'it does not take back what was used since' b "$used"
ask b users --reset alice >/dev/null
check 'a second reset is heard' taken_back 1 a
check '... everywhere' taken_back 2 c
received=$(count_of c received)
redis -x publish '{knockd:main}:e' <"$T/event" >/dev/null
check 'the server shows the first one again' eval '[ "$(count_of c received)" -gt "$received" ]'
used=$(knock)
opens_all 'a knock after the second one' c "$used"
opens_none '... counts once' a "$used"

# starts
gateway_stop a
gateway_again a
check 'after a restart' -t 15 settled a b c
sleep 2.2
opens_none 'the copy from the hour ahead does not count' a "$ahead"
opens_all 'the right time does' a "$(knock)"
opens_all '... also with a claim' a "$(claim)" 62202
equal '... and it has not heard of its resets anew' "$(told_count a 'taken back by gateway')" 1
gateway_stop c
rm -rf "$T/c/state"
gateway_again c
check 'after the loss of the state directory' -t 15 settled a b c
sleep 2.2
opens_none 'the copy from the hour ahead does not count' c "$ahead"
opens_all 'the right time does' c "$(claim)" 62202

# a server that is lost, and comes back empty
kill "$redis"
check 'the server is lost' eval 'ask a peers --json | jq -e ".[0].up | not" >/dev/null'
ask c users --reset alice >/dev/null
redis_start
check 'a reset without the server is told when it is back, empty' -t 15 taken_back 2 a
check '... everywhere' -t 15 taken_back 2 b
check '... where claims are made' -t 15 settled a b c
opens_all 'the right time counts' b "$(claim)" 62202
opens_none 'the copy of the other knock from the hour ahead does not' b "$ahead_too"
done_testing
