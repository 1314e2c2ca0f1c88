#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One-time codes with Capture = nfqueue: the kernel holds the last digit until the door is open, so a connection right
# behind it gets in at its first SYN; a wrong code is released, too.

. "$(dirname "$0")/client_lib.sh"
. "$(dirname "$0")/nfqueue_lib.sh"
need knock_ours knockctl meddle python3
topo_pair
queue_firewall
service 22
(umask 077 && echo 'alice GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' >"$T/totp")
# code STEPS: the one that counts so many steps from now
code() {
	python3 - "$1" <<-'P'
		import hashlib, hmac, struct, sys, time
		step = int(time.time()) // 30 + int(sys.argv[1])
		mac = hmac.new(b"12345678901234567890", struct.pack(">Q", step), hashlib.sha1).digest()
		at = mac[-1] & 15
		print("%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 1000000))
	P
}
if [ $rules = none ]; then
	ports=$(n=20000; while [ $n -lt 20100 ]; do echo $n; n=$((n + 1)); done)
	# shellcheck disable=SC2086 # a list
	queue_rules 7000 $ports -- 22
fi
knockd_conf "$capture
	Totp_Secrets = $T/totp
[ssh]
	sequence = 7000,20000:totp
	grant    = inet filter ok { %IP% timeout 20s }
"
daemon_preload=$MEDDLE_SO
MEDDLE=$T/meddle
export MEDDLE
meddle none
knockd_again

# gets_in: one connection, whose SYN is not repeated
gets_in() {
	[ "$(in_client socat -T 2 -u "TCP4:$server:22,connect-timeout=0.9" - 2>/dev/null)" = hello ]
}
in_ok() {
	element_in 'inet filter ok' 10.0.0.2
}
refute 'the port is shut before' gets_in
late=0
for n in 2 4 6; do
	meddle clock $((n * 30000))
	knockctl revoke --all >/dev/null
	used=$(code $n)
	knock_ours $server 7000 20000:totp --totp "$used"
	gets_in || late=$((late + 1))
done
equal 'a connection right behind a code gets in at its first SYN' "$late" 0
knockctl revoke --all >/dev/null
knock_ours $server 7000 20000:totp --totp "$used"
check 'a code that was used' log_has 'knock of alice refused: the code, or a later one, has been used before'
refute '... opens nothing' in_ok
check '... and no packet is held' nothing_held
done_testing
