#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Another implementation of signed knocks, contrib/knock1.py, and ours understand each other; and the signature is one
# of ssh-keygen's.

. "$(dirname "$0")/signed_lib.sh"
python=
for python_try in python3 /usr/bin/python3; do
	[ -n "$python" ] || ! "$python_try" -c 'import nacl' 2>/dev/null || python=$python_try
done
[ -n "$python" ] || skip_all 'no PyNaCl (Debian: python3-nacl)'
signed_setup
signed_conf '
[ssh]
	sequence     = 62000-62010:auth
	open         = 22:tcp
	open_timeout = 20s
	max_time     = 1h
'
enrol alice
knockd_again
line=$(invitation ssh 62000-62010)
knock1=$TESTS_TOP/contrib/knock1.py

equal 'both write the same line for a user' "$("$python" "$knock1" invite "$T/knock.key" "$server:62000-62010/ssh")" "$line"
accepted 'our daemon takes its knocks' in_client "$python" "$knock1" send "$line" --key "$T/alice"
accepted '... with a request' in_client "$python" "$knock1" send "$line" --key "$T/alice" \
	--seconds 300 --port 22 --address 10.0.0.2
check '... of a time' equal_field 'inet knockd open4' '10.0.0.2 . tcp . 22' timeout 300

# beside a code
(umask 077 && echo 'bob GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' >"$T/totp")
enrol bob totp
sed -i "s|^\[options\]|&\n\tTotp_Secrets = $T/totp|" "$T/knockd.conf"
knockd_reload
if have_uids; then
	check 'a file that the daemon, which is not root any more, does not know needs a restart' \
		log_has "$T/totp: another file needs privileges dropped at start; restart knockd"
else
	skip 'a file that the daemon does not know needs a restart' "$no_uids"
fi
knockd_stop
knockd_again
sleep 2.2 # REPLAY_LOST_MSEC
refused '... without a code for a key that needs one' 'the key needs a code beside it' \
	in_client "$python" "$knock1" send "$line" --key "$T/bob"
refused '... with a wrong code' 'the code is wrong' \
	in_client "$python" "$knock1" send "$line" --key "$T/bob" --totp 000000

pack alice ssh 62000 counter=8000024 port=176 proto=17 seconds=480 address=2001:db8::8 flags=1 action=2 >"$T/hex"
"$python" "$knock1" open "$T/knock.key" "$(cat "$T/hex")" >"$T/read"
equal 'it reads ours: the counter' "$(jq .counter "$T/read")" 8000024
equal '... the request' "$(jq -c '[.action, .port, .proto, .seconds, .flags]' "$T/read")" '["probe",176,17,480,1]'
equal '... the address' "$(jq -r .address "$T/read")" 20010db8000000000000000000000008

# ssh-keygen: the same message, the same signature
"$python" -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))' "$(jq -r .message "$T/read")" \
	>"$T/message"
ssh-keygen -q -Y sign -n knock@knockd-nft -f "$T/alice" "$T/message" 2>/dev/null
keygen=$(grep -v -e '^-' "$T/message.sig" | base64 -d | tail -c 64 | od -An -v -tx1 | tr -d ' \n')
equal 'ssh-keygen -Y sign makes the same signature' "$(jq -r .signature "$T/read")" "$keygen"
done_testing
