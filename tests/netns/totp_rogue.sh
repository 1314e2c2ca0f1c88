#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An attacker has taken over the engine: it learns each code that passes, but cannot use one twice, guess one, or open
# without one.

. "$(dirname "$0")/signed_lib.sh"
rogue=$build/tests/tools/rogue
[ -x "$rogue" ] || skip_all "$rogue is not built (make check builds it)"
need knock_ours meddle python3
topo_pair
KNOCKD=$rogue
ROGUE=$T/words
export ROGUE
: >"$ROGUE"
chmod 666 "$ROGUE" # the engine may be another user
(umask 077 && echo 'alice GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' >"$T/totp")
knockd_conf "	Totp_Secrets = $T/totp
[ssh]
	sequence     = 7000,20000:totp
	open         = 22:tcp
	open_timeout = 60s
$fence_door"
daemon_preload=$MEDDLE_SO
MEDDLE=$T/meddle
export MEDDLE
meddle none
knockd_again
meddle clock 60000 # the codes of the start do not count
code() {
	python3 - <<-'P'
		import hashlib, hmac, struct, time
		mac = hmac.new(b"12345678901234567890", struct.pack(">Q", int(time.time()) // 30 + 2), hashlib.sha1).digest()
		at = mac[-1] & 15
		print("%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 1000000))
	P
}

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
check 'an opening without a code ends the engine' log_has "$nonsense"
refute '... and opens nothing' opens 192.0.2.1
wait_for -t 30 taken || bail 'no engine'

engine guess
knock_ours $server 7000 20000:totp --totp "$(code)"
check 'the engine is ended when it has tried it all' eval '[ "$(log_count "$nonsense")" = 2 ]'
check 'the code itself opened for the knocker' opens
check 'used again from another address it opens nothing' log_has '10.0.0.3: ssh: knock of alice refused: the code, or a later one, has been used before'
equal 'of 5,000 guesses five are looked at' "$(log_count 'ssh: knock refused: the code is wrong')" 5
check '... and the log tells of the others once' eval '[ "$(log_count "too many wrong codes")" = 1 ]'
equal '... which open nothing' "$(nft -j list set inet knockd open4 | jq '.nftables[1].set.elem | length')" 1
done_testing
