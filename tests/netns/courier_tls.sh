#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The courier and servers by TLS: a real Redis and real sentinels, and every reason not to trust a server.

. "$(dirname "$0")/courier_lib.sh"
. "$(dirname "$0")/tls_lib.sh"
courier_setup redis-sentinel socat python3
tls_setup
tls_ca stranger
tls_cert server 'DNS:redis.example,IP:127.0.0.1'
tls_cert other 'DNS:other.example,IP:10.9.9.9'
tls_cert strange 'DNS:redis.example,IP:127.0.0.1' stranger
tls_cert expired 'DNS:redis.example,IP:127.0.0.1' ca 20210101000000Z
tls_cert client 'DNS:gateway.example'
printf '%s\n' '127.0.0.1 localhost' '127.0.0.1 redis.example' >"$T/hosts"
mount --bind "$T/hosts" /etc/hosts || bail 'cannot give names'

# tls_redis NAME PORT CERTIFICATE [OPTION]...: one with TLS at PORT, and without at PORT + 100
tls_redis() {
	tls_name=$1 tls_port=$2 tls_with=$3
	shift 3
	redis "$tls_name" $((tls_port + 100)) --tls-port "$tls_port" --tls-cert-file "$tls/$tls_with.pem" \
		--tls-key-file "$tls/$tls_with.key" --tls-ca-cert-file "$tls/ca.pem" "$@"
}
# tls_gateway NAME [OPTION]... URL: with the CA, a certificate, and a password
tls_gateway() {
	tls_name=$1
	shift
	gateway "$tls_name" -C "$tls/ca.pem" -c "$tls/client.pem" -k "$tls/client.key" -l knockd:s3cret "$@"
}

# --- it works

tls_redis one 6379 server
server=$redis
redis-cli -p 6479 acl setuser knockd on '>s3cret' '~*' '&*' +@all >/dev/null
tls_gateway a rediss://127.0.0.1
check 'by address: up' heard a 'up 127\.0\.0\.1:6379'
tls_gateway b rediss://redis.example:6379
check 'by name: up' heard b 'up 127\.0\.0\.1:6379'
tell a put ticket=1 id=5 hlc=70 left=60000 seal=501
check 'a grant is stored' heard a 'answer 1 yes'
check '... the other gateway hears of it' heard b 'record id=5 seal=501 .*'
tell a each off
tell b each off
tell a burst 10000 100000 600000
check '10,000 grants' -t 20 heard a 'burst yes=10000 .*'
diag "$(grep -Ex 'burst .*' "$T/a.out")"
forget b
tell b resync
check '... are read again' -t 20 heard b 'sync end records=10001 .*'
diag "$(grep -Ex 'sync end .*' "$T/b.out")"
if built_with HAVE_SECCOMP; then
	equal '... in a cage' "$(sed -n 's/^Seccomp:[[:space:]]*//p' "/proc/$(courier_of a)/status")" 2
fi
equal '... with five descriptors' "$(descriptors a)" 5
forget a
kill -STOP "$server"
tell a put ticket=2 id=6 hlc=70 left=60000 seal=501
check 'the server hangs: dead after 3 s' heard a 'down .*: no answer'
check '... the claim is unknown' heard a 'answer 2 unknown'
check '... and so is TLS to it' -t 10 heard a 'down .*: TLS: no answer'
tell a put ticket=3 id=6 hlc=70 left=60000 seal=501
check '... while the courier goes on' heard a 'answer 3 unknown'
kill -CONT "$server"
check '... it goes on: up' -t 15 is_up a

# --- who is not let in, and who is not trusted

gateway bare -C "$tls/ca.pem" rediss://127.0.0.1
check 'a server that wants a certificate, and gets none' -t 15 heard bare 'down .*TLS: the server wants a certificate: Share_Cert'
gateway system -c "$tls/client.pem" -k "$tls/client.key" rediss://127.0.0.1
check 'a CA that is none of the system' heard system '.*TLS: (the certificate is not accepted for 127\.0\.0\.1: self-signed certificate in certificate chain|.*list of CAs).*'
while IFS='|' read -r name port host pattern; do
	tls_redis "$name" "$port" "$name" --tls-auth-clients no
	tls_gateway "$name" "rediss://$host:$port"
	check "$name: $host is refused" heard "$name" "down 127\\.0\\.0\\.1:$port: TLS: the certificate is not accepted for $pattern"
	refute '... before anything was said' grep -q 'up ' "$T/$name.out"
	equal '... the server was asked nothing' "$(redis-cli -p $((port + 100)) info commandstats | grep -cE 'cmdstat_(auth|role|subscribe)')" 0
done <<-E
	other|7001|127.0.0.1|127\.0\.0\.1: IP address mismatch
	strange|7002|redis.example|redis\.example: unable to get local issuer certificate
	expired|7003|redis.example|redis\.example: certificate has expired
E
tls_gateway renamed rediss://redis.example:7001
check 'a name that is not in the certificate' heard renamed 'down .*not accepted for redis\.example: [Hh]ostname mismatch'

# --- other servers

tls_gateway plain rediss://127.0.0.1:6479
check 'a server without TLS' -t 10 heard plain 'down .*TLS: (the server does not speak TLS at this port|no answer|the server has closed the connection)'
gateway unencrypted redis://127.0.0.1
check 'a server that wants TLS' heard unencrypted 'down .*(closed the connection|Connection reset by peer|does not speak).*'
socat -u TCP-LISTEN:7010,fork,reuseaddr OPEN:/dev/null &
started $!
listens() {
	ss -Hltn "sport = $1" | grep -q .
}
wait_for listens 7010 || bail 'no silent server'
now began
tls_gateway silent rediss://127.0.0.1:7010
tell silent put ticket=4 id=6 hlc=70 left=60000 seal=501
check 'a server that says nothing: a claim is answered at once' heard silent 'answer 4 unknown'
check '... which the deadline ends' heard silent 'down .*: TLS: no answer'
equal '... later' "$(sed -n 's/^\(answer\|down\) .*/\1/p' "$T/silent.out" | head -n 2 | tr '\n' ' ')" 'answer down '
now ended
diag "$((ended - began)) hundredths of a second"
hostile=''
for mode in random http mute closed; do
	if [ -n "$hostile" ]; then
		kill -KILL "$hostile" "$gateway"
		wait "$hostile" 2>/dev/null
	fi
	python3 "$(dirname "$0")/courier_server.py" 7012 $mode &
	hostile=$!
	started $hostile
	wait_for listens 7012 || bail 'no hostile server'
	tls_gateway $mode rediss://127.0.0.1:7012
	check "a hostile server: $mode" heard $mode 'down 127\.0\.0\.1:7012: TLS: .*'
	refute '... alive' heard $mode '(status|signal|invalid) .*'
done
openssl s_server -quiet -accept 7011 -cert "$tls/server.pem" -key "$tls/server.key" -tls1_1 -cipher ALL:@SECLEVEL=0 \
	>"$T/s_server" 2>&1 </dev/null &
started $!
wait_for listens 7011 || bail "no old server: $(cat "$T/s_server")"
tls_gateway old rediss://127.0.0.1:7011
check 'TLS 1.1' heard old 'down .*TLS: .*(version|protocol).*'

# --- files

while IFS='|' read -r name ca cert key pattern; do
	gateway "$name" -C "$tls/$ca" -c "$tls/$cert" -k "$tls/$key" rediss://127.0.0.1
	check "$name" said "$name" "courier: $pattern"
	check '... is an error' heard "$name" 'status 1'
done <<-E
	no_ca|ca.key|client.pem|client.key|Share_CA: no certificate is in this file
	no_cert|ca.pem|client.key|client.key|Share_Cert: no certificate that can be used is in this file
	no_key|ca.pem|client.pem|client.pem|Share_Cert_Key: no private key without a passphrase is in this file
	other_key|ca.pem|client.pem|server.key|Share_Cert_Key: is not the key of the certificate in Share_Cert
E

# --- sentinel: its address of the primary is that of a host with a name, which alone is in the certificate

tls_cert named DNS:redis.example
tls_redis two 7005 named
redis-cli -p 7105 acl setuser knockd on '>s3cret' '~*' '&*' +@all >/dev/null
mkdir -p "$T/sentinel" && chmod 777 "$T/sentinel"
cat >"$T/sentinel/conf" <<-E
	port 0
	tls-port 26379
	tls-replication yes
	tls-cert-file $tls/named.pem
	tls-key-file $tls/named.key
	tls-ca-cert-file $tls/ca.pem
	dir $T/sentinel
	sentinel monitor knockd 127.0.0.1 7005 1
E
redis-sentinel "$T/sentinel/conf" --daemonize no >"$T/sentinel/log" 2>&1 &
started $!
tls_gateway s rediss-sentinel://redis.example/knockd
check 'a sentinel names the primary' -t 10 heard s 'up 127\.0\.0\.1:7005'
tell s put ticket=5 id=5 hlc=71 left=60000 seal=503
check '... which works' heard s 'answer 5 yes'
gateway stranger -C "$tls/stranger.pem" -c "$tls/client.pem" -k "$tls/client.key" rediss-sentinel://redis.example/knockd
check 'a sentinel that is not trusted' heard stranger 'down sentinel 127\.0\.0\.1:26379: TLS: the certificate is not accepted for .*'

refute 'no password is told' grep -q s3cret "$T"/*.out
refute '... and no key' grep -q 'PRIVATE KEY' "$T"/*.out
done_testing
