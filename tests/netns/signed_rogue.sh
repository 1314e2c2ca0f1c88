#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An attacker has taken over the engine, and so knows the server's key: it can read signed knocks, but not make one.

. "$(dirname "$0")/signed_lib.sh"
rogue=$build/tests/tools/rogue
[ -x "$rogue" ] || skip_all "$rogue is not built (make check builds it)"
signed_setup
KNOCKD=$rogue
ROGUE=$T/words
export ROGUE
: >"$ROGUE"
chmod 666 "$ROGUE" # the engine may be another user
signed_conf '
[ssh]
	sequence     = 62201:auth
	open         = 22:tcp
	open_timeout = 60s
[inner]
	sequence     = 1001,62201:auth
	open         = 23:tcp
'
enrol alice
knockd_again

# engine WORD: the next engine commits this misdeed
engine() {
	echo "$1" >"$ROGUE"
	kill -KILL "$(children "$knockd")"
	wait_for -t 30 taken || bail 'no engine'
}
taken() {
	[ ! -s "$ROGUE" ] && [ "$(children "$knockd" | wc -w)" = 1 ]
}
nonsense='the engine sent an invalid message: killed'

engine open-signed
check 'an opening without a signed knock ends the engine' log_has "$nonsense"
refute '... and opens nothing' opens 192.0.2.1

engine forge
deliver "$(pack alice ssh 62201)" 62201
check 'the engine is ended when it has tried it all' eval '[ "$(log_count "$nonsense")" = 2 ]'
check 'the knock itself opened for the knocker' opens
# 100 repetitions, one from another address, 1024 - 64 - 24 altered bits behind the key's id, 100 forged counters; some
# altered bits make no sense, and are refused before the user is known
check 'repeated, altered and forged knocks are refused' \
	[ "$(knockctl users --json | jq '.[0].refused')" -gt 700 ]
equal '... and open nothing' "$(nft -j list set inet knockd open4 | jq '.nftables[1].set.elem | length')" 1

engine mislead
shut
count=$(log_count refused)
deliver "$(pack alice ssh 62201)" 62201
check 'a knock is no knock at another door' eval '[ "$(log_count refused)" -gt $count ]'
refute '... neither here' opens
refute '... nor there' element_in 'inet knockd open4' '10.0.0.2 . tcp . 23'

engine signed-flood
deliver "$(pack alice ssh 62201)" 62201
check 'one that sends more than its limit is ended' -t 30 log_has 'the engine sent more events than allowed: killed'
wait_for -t 30 taken || bail 'no engine'
fence
accepted 'and knocks count again' deliver "$(pack alice ssh 62201)" 62201
done_testing
