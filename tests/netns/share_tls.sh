#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Gateways whose server speaks TLS: their files, a reload that renews them, and what the admin is told.

. "$(dirname "$0")/share_lib.sh"
. "$(dirname "$0")/tls_lib.sh"
share_setup python3
tls_setup
tls_cert server 'DNS:redis.example,IP:10.0.0.254'
tls_cert expired 'DNS:redis.example' ca 20210101000000Z
tls_cert gateway 'DNS:gateway.example'
printf '%s\n' '127.0.0.1 localhost' '10.0.0.254 redis.example' >"$T/hosts"
mount --bind "$T/hosts" /etc/hosts || bail 'cannot give names'

# tls_server CERTIFICATE: at port 6390; $tls_server is its pid
tls_server() {
	redis-server --port 0 --tls-port 6390 --bind 10.0.0.254 --protected-mode no --save '' --appendonly no --daemonize no \
		--tls-cert-file "$tls/$1.pem" --tls-key-file "$tls/$1.key" --tls-ca-cert-file "$tls/ca.pem" \
		>>"$T/redis/tls_log" 2>&1 &
	tls_server=$!
	started $tls_server
}
tls_server server
cp "$tls/gateway.pem" "$T/cert.pem"
cp -p "$tls/gateway.key" "$T/cert.key"
gateway a
gateway b
check 'two gateways without TLS' linked a b
for name in a b; do
	sed -i "s|.*Share = .*|	Share = rediss://redis.example:6390\n	Share_CA = $tls/ca.pem\n	Share_Cert = $T/cert.pem\n	Share_Cert_Key = $T/cert.key|" \
		"$T/$name/knockd.conf"
	gateway_stop $name
	gateway_again $name
done
check 'with TLS they are connected' linked a b
knock_at a 7000 8000
check 'a knock at a opens b' open_at b
check 'knockctl peers shows the server' eval 'ask a peers | grep -q "^a .* connected to 10.0.0.254:6390"'

# --- the secret key is in the courier alone

# finds PID: is the secret number of the key in the memory of this process?
finds() {
	PYTHONPATH=$(dirname "$0") python3 -B -c '
import re, subprocess, sys
from memory import areas
text = subprocess.run(["openssl", "ec", "-in", sys.argv[2], "-noout", "-text"], capture_output=True, text=True).stdout
digits = re.search(r"priv:([0-9a-f:\s]+)pub", text).group(1)
secret = bytes.fromhex(re.sub(r"[^0-9a-f]", "", digits))[-32:]
sys.exit(not any(secret in data or secret[::-1] in data for data in areas(sys.argv[1])))' "$1" "$T/cert.key"
}
# child_of PID NAME
child_of() {
	sed -n "s/^\([0-9]*\) ($2) [A-Z] $1 .*/\1/p" /proc/[0-9]*/stat
}
courier=$(child_of "$pid_a" knockd-courier)
if built_with SANITIZERS; then
	skip 'the courier alone has the secret key' 'the shadow memory of AddressSanitizer is too large to be read'
else
	check 'the courier has the secret key' finds "$courier"
	refute '... the parent has not' finds "$pid_a"
	refute '... nor has the engine' finds "$(child_of "$pid_a" knockd-engine)"
fi

# --- a reload

# reload_a PATTERN: returns when the log has a line more with it
reload_a() {
	reload_before=$(told_count a "$1")
	kill -HUP "$pid_a"
	wait_for told_more "$1"
}
told_more() {
	[ "$(told_count a "$1")" -gt "$reload_before" ]
}
links=$(count_of a links)
check 'a reload that changes nothing' reload_a 're-reading config file'
refused() {
	reload_a 'reload failed' && told a "$1"
}
cp -p "$T/cert.key" "$T/good.key"
chmod 644 "$T/cert.key"
check 'a reload with a key that all can read fails' refused "Share_Cert_Key: $T/cert.key: is accessible to other users"
cat "$tls/server.key" >"$T/cert.key" && chmod 600 "$T/cert.key"
check '... with another key, too' refused 'Share_Cert_Key: is not the key of the certificate in Share_Cert'
"$KNOCKD" -t -c "$T/a/knockd.conf" >"$T/out" 2>&1
equal '... as -t says' "$(cat "$T/out")" 'Share_Cert_Key: is not the key of the certificate in Share_Cert'
mv "$T/cert.pem" "$T/good.pem"
check '... without the certificate, too' refused "Share_Cert: $T/cert.pem: No such file"
equal '... all with the same connection' "$(count_of a links)" "$links"
equal '... of the same courier' "$(child_of "$pid_a" knockd-courier)" "$courier"
tls_cert gateway 'DNS:gateway.example'
cp -p "$tls/gateway.key" "$T/cert.key"
cp "$tls/gateway.pem" "$T/cert.pem"
kill -HUP "$pid_a"
renewed() {
	now_courier=$(child_of "$pid_a" knockd-courier)
	[ "$now_courier" ] && [ "$now_courier" != "$courier" ] && linked a b
}
check 'one with a renewed certificate is used' renewed

# --- a server that is not to be trusted

faults=$(count_of a link_faults)
kill -KILL $tls_server
wait $tls_server 2>/dev/null # until then the port is not free
tls_server expired
check 'a certificate that has expired is told' told a 'link is down: 10.0.0.254:6390: TLS: the certificate is not accepted for redis.example: certificate has expired'
check '... and counted' eval '[ "$(count_of a link_faults)" -gt "$faults" ]'
check '... by knockctl peers' eval 'ask a peers | grep -q "certificate has expired"'
check '... and doctor' eval 'ask a doctor -c "$T/a/knockd.conf" | grep -q "^FAULT the link to the other gateways is down: .*certificate has expired"'
knock_at a 7001 8001
check 'doors open all the same' ok_at a
kill -KILL $tls_server
wait $tls_server 2>/dev/null
tls_server server
check 'a good one is back' linked a b
check 'what was opened meanwhile is open' ok_at b
refute 'no secret is in the log' grep -q 'PRIVATE KEY' "$T/a/log" "$T/b/log"
done_testing
