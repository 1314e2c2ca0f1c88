#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# contrib/fwknop2knockd: knockd accepts what it makes of an access.conf, which says the same; and it says what is lost.

. "$(dirname "$0")/lib.sh"
: "${KNOCKD:=./knockd}"
command -v python3 >/dev/null || skip_all 'python3 is missing'
"$KNOCKD" --keygen "$T/knock.key" >/dev/null 2>&1 || skip_all 'built without libsodium'
cat >"$T/authorized_keys" <<'E'
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBfLefsrQSDysexl5BmNbgiyjoE/6wHkpACDm4XhgIDO alice
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMaCJjfH0xDsV2J74AuiWdJTdJ9Kr2REcM/75To19zJC bob
E

cat >"$T/fwknopd.conf" <<'E'
# a comment
PCAP_INTF                   eth0;
PCAP_FILTER                 udp port 40001;
E
cat >"$T/access.conf" <<'E'
# three ways to use fwknop
SOURCE              ANY
OPEN_PORTS          tcp/22, udp/53
FW_ACCESS_TIMEOUT   60
MAX_FW_TIMEOUT      300
REQUIRE_USERNAME    alice
REQUIRE_SOURCE_ADDRESS  Y
KEY_BASE64          c2VjcmV0
HMAC_KEY_BASE64     c2VjcmV0Mg==
ACCESS_EXPIRE       01/31/2027

SOURCE              192.0.2.0/24, 2001:db8::/32
FORCE_NAT           10.0.0.5 22
ENABLE_CMD_EXEC     Y
KEY                 secret3

	SOURCE:	ANY;
REQUIRE_USERNAME	bob;	# the other one
CMD_CYCLE_OPEN      /usr/sbin/ipset add friends $SRC
CMD_CYCLE_CLOSE     /usr/sbin/ipset del friends $SRC
CMD_CYCLE_TIMER     90
E
"$top/contrib/fwknop2knockd" -f "$T/fwknopd.conf" "$T/access.conf" >"$T/conf" 2>"$T/err"
sed "s|/etc/knockd/|$T/|" "$T/conf" >"$T/knockd.conf"
chmod 600 "$T/knockd.conf"

# has TEXT: the file has this line, blanks aside
has() {
	grep -q "^[[:space:]]*$(echo "$1" | sed 's/ = / *= /')\$" "$T/conf" || cat "$T/conf" >"$T/why"
	point "the file has: $1"
}

"$KNOCKD" -t -c "$T/knockd.conf" >"$T/out" 2>&1
[ "$(grep -v 'users: no line of .* has the user' "$T/out")" = 'configuration OK' ] || cat "$T/out" "$T/conf" >"$T/why"
point 'knockd accepts it, with no warning but of users who have no key yet'
has 'sequence = 40001:auth'
has 'open = 22:tcp, 53:udp'
has 'open_timeout = 60s'
has 'max_time = 300s'
has 'users = alice'
has 'bound = yes'
has 'users = bob'
has 'grant = inet filter fwknop { %IP% . %PROTO% . %PORT% timeout 30s }'
has 'start_command = /usr/sbin/ipset add friends %IP%'
has 'stop_command = /usr/sbin/ipset del friends %IP%'
has 'cmd_timeout = 90'
has '# user="alice",doors="fwknop1",expiry-time="20270131" ssh-ed25519 AAAA...'
has '# user="NAME",doors="fwknop2",from="192.0.2.0\/24,2001:db8::\/32" ssh-ed25519 AAAA...'
for each in FORCE_NAT ENABLE_CMD_EXEC; do
	grep -q "line 12: $each: " "$T/err" || cat "$T/err" >"$T/why"
	point "it says that $each has no equal"
done
! grep -q 'c2VjcmV0\|secret3' "$T/conf" "$T/err" || echo 'a key' >"$T/why"
point 'no key of fwknop is in what it prints'
done_testing
