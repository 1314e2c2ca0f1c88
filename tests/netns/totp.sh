#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One-time codes of an authenticator app: at the end of a sequence, typed into any knock client, and beside a key. A code
# counts once, also after a restart and from another address; guessing is limited, also for an engine that an attacker
# has taken over.

. "$(dirname "$0")/signed_lib.sh"
need knock knock_ours knockctl meddle python3
topo_pair
topo_client other 1
keys=
conf="	Totp_Secrets = $T/totp
[ssh]
	sequence     = 7000,8000,20000:totp
	open         = 22:tcp
	open_timeout = 20s
[udp]
	sequence     = 7001:udp,20200:totp:udp
	users        = alice, carol
	open         = 23:tcp
[few]
	sequence     = 7002,20400:totp
	users        = bob
	totp_tries   = 2
	open         = 24:tcp
"
if built_with HAVE_SODIUM && command -v ssh-keygen >/dev/null; then
	keys=yes
	"$KNOCKD" --keygen "$T/knock.key" >/dev/null || bail 'no key'
	: >"$T/authorized_keys"
	enrol alice 'totp'
	conf="	Knock_Key = $T/knock.key
	Authorized_Keys = $T/authorized_keys
$conf
[key]
	sequence     = 62201:auth
	open         = 25:tcp
	users        = alice, nobody
"
fi
knockd_conf "$conf$fence_door"
daemon_preload=$MEDDLE_SO
MEDDLE=$T/meddle
export MEDDLE

# beginning: waits until half of the current step is left, for codes that are good or bad in this step alone
beginning() {
	while [ $(($(date +%s) % 30)) -gt 15 ]; do
		sleep 1
	done
}

# the daemon's clock is ahead of ours by so many milliseconds
ahead=0
forward() {
	ahead=$((ahead + $1 * 30000))
	meddle clock $ahead
}
step() {
	echo $(($(date +%s) / 30))
}
meddle none
started_at=$(step)
knockd_again

# code USER [STEPS]: by another implementation than ours, STEPS ahead of the daemon's clock
code() {
	python3 - "$(sed -n "s/^$1 //p" "$T/totp")" "$((ahead / 30000 + ${2-0}))" <<-'P'
		import base64, hashlib, hmac, struct, sys, time
		text = sys.argv[1]
		step = int(time.time()) // 30 + int(sys.argv[2])
		key = base64.b32decode(text + "=" * (-len(text) % 8))
		mac = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
		at = mac[-1] & 15
		print("%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 1000000))
	P
}
# wrong USER: a code that does not count
wrong() {
	wrong_code=000000
	while [ $wrong_code = "$(code "$1")" ] || [ $wrong_code = "$(code "$1" 1)" ] || [ $wrong_code = "$(code "$1" -1)" ]; do
		wrong_code=$(printf '%06d' $(($(echo $wrong_code | sed 's/^0*//;s/^$/0/') + 1)))
	done
	echo $wrong_code
}
# typed CODE BASE: the ports to type for it
typed() {
	for typed_pair in $(echo "$1" | sed 's/../& /g'); do
		echo $(($2 + ${typed_pair#0}))
	done
}

# --- knockd -t ---------------------------------------------------------------------------------------

ends 'knockd -t: no file yet is no error' 0 "$KNOCKD" -t -c "$T/knockd.conf"
check '... but a warning' grep -q "^$T/totp: No such file or directory" "$T/err"
(umask 077 && echo 'alice SHORT' >"$T/totp")
ends '... a bad line' 0 "$KNOCKD" -t -c "$T/knockd.conf"
check '... likewise, with its number' grep -q "^$T/totp: line 1: " "$T/err"
refute '... without the secret' grep -q SHORT "$T/err"
rm "$T/totp"

# --- enrolment ---------------------------------------------------------------------------------------

uri=$(knockctl totp alice --host gate.example.org)
check 'knockctl totp prints the URI for the app' eval \
	'echo "$uri" | grep -qxE "otpauth://totp/gate\.example\.org:alice\?secret=[A-Z2-7]{32}&issuer=gate\.example\.org"'
equal '... and adds that secret to the file' "$(cat "$T/totp")" "alice $(echo "$uri" | sed 's/.*secret=\([A-Z2-7]*\).*/\1/')"
equal '... which is private' "$(stat -c %a "$T/totp")" 600
ends 'a second secret of the same user is refused' 1 knockctl totp alice
check '... with the reason' grep -q 'alice: has a secret already' "$T/err"
ends 'a name that no line could have is refused' 1 knockctl totp 'al ice'
disk_full "$T/totp"
ends 'a full disk is an error' 1 knockctl totp bob
check '... with the reason' grep -q 'No space left on device' "$T/err"
check '... no part of a line is in the file' cmp -s "$T/before" "$T/totp"
refute '... and no secret is shown' grep -q otpauth "$T/out"
disk_emptied "$T/totp"
knockctl totp bob >/dev/null
knockctl totp carol >/dev/null
check 'the daemon reads the file when it has changed' log_has "$T/totp has changed and is read again"
if [ "$keys" ]; then
	check 'a user without a key is warned of at doors of signed knocks' log_has 'key: warning: users: no line of'
	refute '... and not at doors of codes' log_has "few: warning: users: no line of $T/authorized_keys"
fi
refute 'no secret is in the log' log_has "$(sed -n 's/^alice //p' "$T/totp")"
fence


refused 'a code of before the start does not count' 'the code is from before' \
	knock_ours $server 7000 8000 20000:totp --totp "$(code alice $((started_at - $(step))))"
forward 2

# --- beside a key --------------------------------------------------------------------------------------

if [ -n "$keys" ]; then
	profile key alice key 62201
	knock25() {
		element_in 'inet knockd open4' '10.0.0.2 . tcp . 25'
	}
	sleep 2.2 # REPLAY_LOST_MSEC, after the start
	refused 'a key that needs a code, without one' 'the key needs a code beside it' knock_as alice key
	refused '... with a wrong one' 'key: signed knock of alice refused: the code is wrong' knock_as alice key --totp "$(wrong alice)"
	key_code=$(code alice)
	knock_as alice key --totp "$key_code"
	check '... with the right one' knock25
	shut
	refused '... with the same one again' 'has been used before' knock_as alice key --totp "$key_code"
	refute '... which opens nothing' knock25
	refused '... and a code that a key has used opens no door either' 'has been used before' \
		knock_ours $server 7000 8000 20000:totp --totp "$key_code"
fi

# --- at the end of a sequence --------------------------------------------------------------------------

forward 2
now_code=$(code alice)
accepted 'any knock client: the digits as ports' eval 'knock $server 7000 8000 $(typed $now_code 20000)'
check '... for its user' log_has '10.0.0.2: ssh: code of alice'
check '... as the element tells' equal_field 'inet knockd open4' '10.0.0.2 . tcp . 22' comment 'ssh alice'
refused 'the same code does not count again' 'has been used before' eval 'knock $server 7000 8000 $(typed $now_code 20000)'
shut
# shellcheck disable=SC2046 # a list of ports
knock_from other 10.0.1.1 7000 8000 $(typed $now_code 20000)
fence
refute '... nor from another address' eval 'opens || opens 10.0.1.2'
refused 'nor does one before it' 'has been used before' eval 'knock $server 7000 8000 $(typed "$(code alice -1)" 20000)'
accepted "another user's code is another" eval 'knock $server 7000 8000 $(typed "$(code bob)" 20000)'
refute 'no code is in the log' eval 'log_has "$now_code" || log_has "$(typed $now_code 20000 | head -n 1)"'

forward 1
accepted 'an app whose clock is a step ahead' knock_ours $server 7000 8000 20000:totp --totp "$(code alice 1)"
refused '... uses up the step before' 'has been used before' knock_ours $server 7000 8000 20000:totp --totp "$(code alice)"
forward 3
beginning
accepted 'one that is a step behind' knock_ours $server 7000,8000,20000:totp --totp "$(code alice -1)"
refused 'two steps ahead are too much' 'the code is wrong' knock_ours $server 7000 8000 20000:totp --totp "$(code alice 2)"
refused '... and two behind' 'the code is wrong' knock_ours $server 7000 8000 20000:totp --totp "$(code alice -2)"
knockctl stats >"$T/out"
refusals=$(grep -cE ': ssh: knock (of [a-z]+ )?refused: ' "$LOG")
check "each of the $refusals refusals is counted, in all" grep -qE "^refused +$refusals " "$T/out"
check '... and for the door' grep -qE "^ssh +[0-9]+ +[0-9]+ +$refusals " "$T/out"

knock_ours $server 7001:udp 20200:totp:udp --totp "$(code carol)"
check 'by UDP' element_in 'inet knockd open4' '10.0.0.2 . tcp . 23'
refused "the code of a user who is not one of the door's" 'the code is wrong' knock_ours $server 7002 20400:totp --totp "$(code alice)"
knock_ours $server6 7000 8000 20000:totp --totp "$(code bob)"
check 'over IPv6' element_in 'inet knockd open6' 'fd00::2 . tcp . 22'
if have_reference; then
	forward 2
	accepted "knockd 0.8's client" eval 'knock_ref $server 7000 8000 $(typed "$(code alice)" 20000)'
else
	skip "knockd 0.8's client" "$no_reference"
fi

# a profile, with the code on the command line or asked for
forward 2
mkdir -p "$T/home/.config/knock"
printf '[gate]\n\thost = %s\n\tsequence = 7000,8000,20000:totp\n' $server >"$T/home/.config/knock/config"
chmod 600 "$T/home/.config/knock/config"
at_home() {
	in_client env HOME="$T/home" XDG_CONFIG_HOME= "$@"
}
accepted 'a profile' at_home "$KNOCK" gate --totp "$(code alice)"
forward 2
if command -v script >/dev/null; then
	shut
	code alice | at_home script -qec "$KNOCK gate" /dev/null >"$T/out"
	check 'the client asks for the code' opens
	check '... on the terminal' grep -q 'knock: code: ' "$T/out"
else
	skip 'the client asks for the code' 'no script(1)'
fi
ends 'a code needs six digits' 1 at_home "$KNOCK" gate --totp 12345
ends 'without a terminal it has to be given' 1 at_home setsid "$KNOCK" gate

# --- restarts ------------------------------------------------------------------------------------------

# again: a daemon whose clock goes on as the last one's
again() {
	knockd_again
	fence
}
forward 2
beginning
last=$(code alice 1)
accepted 'before a restart' knock_ours $server 7000 8000 20000:totp --totp "$last"
check 'its step is in the journal' grep -q ' counter .*totp' "$T/state/grants/journal"
knockd_stop >/dev/null
again
refused 'after a restart that code does not count' 'has been used before' knock_ours $server 7000 8000 20000:totp --totp "$last"
forward 2
last=$(code alice)
accepted 'before kill -9' knock_ours $server 7000 8000 20000:totp --totp "$last"
kill -9 "$knockd"
wait "$knockd" 2>/dev/null
again
refused 'after kill -9 that code does not count' 'has been used before' knock_ours $server 7000 8000 20000:totp --totp "$last"
knockd_stop >/dev/null
rm -rf "$T/state"
nft delete table inet knockd
again
refused 'with a lost state directory neither' 'the code is from before' knock_ours $server 7000 8000 20000:totp --totp "$last"

# --- the secrets stay where they are ------------------------------------------------------------------

cat >"$T/search.py" <<'P'
import base64, sys
from memory import areas
pid, text = sys.argv[1:]
secret = base64.b32decode(text + "=" * (-len(text) % 8))
found = any(secret in data or text.encode() in data for data in areas(pid))
print("found" if found else "none")
P
secret=$(sed -n 's/^alice //p' "$T/totp")
engine=$(children "$knockd")
if have_uids; then
	equal 'the daemon has the secret in its memory' "$(PYTHONPATH=$(dirname "$0") python3 -B "$T/search.py" "$knockd" "$secret")" found
	equal '... and the engine does not' "$(PYTHONPATH=$(dirname "$0") python3 -B "$T/search.py" "$engine" "$secret")" none
else
	skip 'the engine does not have the secrets' "$no_uids"
fi
chmod 640 "$T/totp"
check 'a file that others can read is refused' log_has "$T/totp: is accessible to other users"
check '... and what was read before counts' log_has 'the secrets that were read before stay in force'
chmod 600 "$T/totp"
wait_for [ "$(log_count 'totp has changed and is read again')" -ge 2 ]
count=$(log_count 'totp has changed and is read again')
sed -i 's/^alice /alice 0/' "$T/totp"
check 'a line that makes no sense does not count' log_has "$T/totp: line 1: its secret is not Base32; the line does not count"
forward 2
sed -i 's/^alice 0/alice /' "$T/totp"
alice_code=$(code alice)
sed -i '/^alice/d' "$T/totp"
wait_for [ "$(log_count 'totp has changed and is read again')" -gt $((count + 1)) ]
refused 'a user whose line is gone opens nothing' 'the code is wrong' knock_ours $server 7000 8000 20000:totp --totp "$alice_code"

# --- guessing ------------------------------------------------------------------------------------------

forward 2
now guessing # a half minute of the limit begins with the first wrong code
refused 'a wrong code' 'few: knock refused: the code is wrong' knock_ours $server 7002 20400:totp --totp "$(wrong bob)"
refused '... and a second one' 'few: knock refused: the code is wrong' knock_ours $server 7002 20400:totp --totp "$(wrong bob)"
refused 'then not even the right one counts' 'few: knock refused: too many wrong codes' \
	knock_ours $server 7002 20400:totp --totp "$(code bob)"
count=$(log_count 'too many wrong codes')
for i in 1 2 3 4 5; do
	knock_ours $server 7002 20400:totp --totp "$(wrong bob)"
done
fence
now guessed
told=$(($(log_count 'too many wrong codes') - count)) later=$(((guessed - guessing) / 3000)) # slow machines need minutes
check '... which the log tells once in half a minute' [ $told -le $later ]
refute '... and opens nothing' element_in 'inet knockd open4' '10.0.0.2 . tcp . 24'
sleep 30
knock_ours $server 7002 20400:totp --totp "$(code bob)"
check 'half a minute later it counts' element_in 'inet knockd open4' '10.0.0.2 . tcp . 24'
count=$(log_count 'ssh: knock refused')
knock_ours $server 7000 20007 20008 20009
fence
equal 'digits without the ports before them are no try' "$(log_count 'ssh: knock refused')" "$count"
done_testing
