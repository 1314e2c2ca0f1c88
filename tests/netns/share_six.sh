#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Gateways, server and clients with IPv6 alone.

. "$(dirname "$0")/share_lib.sh"
share_url='redis://[fd00::254]:6379'
share_setup
kill $redis
wait $redis
for name in a:1 b:2 client:9; do
	ip -n "${name%:*}" addr flush dev eth0
	ip -n "${name%:*}" addr add "fd00::${name#*:}/64" dev eth0 nodad || bail 'no IPv6'
done
ip addr add fd00::254/64 dev br0 nodad || bail 'no IPv6'
redis-server --port 6379 --bind fd00::254 --protected-mode no --dir "$T/redis" --save '' --appendonly no --daemonize no \
	>>"$T/redis/log" 2>&1 &
started $!
six='
[ssh]
	sequence     = 7000,8000
	open         = 22:tcp
	open_timeout = 10m
[web]
	sequence     = 7001,8001
	grant_6      = inet filter ok6 { %IP% timeout 10m }'
for name in a b; do
	in_host $name nft 'add table inet filter; add set inet filter ok6 { type ipv6_addr; flags timeout; }' || bail 'no set'
	gateway $name "$six"
done
check 'two gateways are connected' linked a b
check '... to the server by IPv6' eval 'ask a peers | grep -qF "connected to [fd00::254]:6379"'

# open6_at NAME ADDRESS
open6_at() {
	in_host "$1" nft list set inet knockd open6 | grep -qF "$2"
}
knock fd00::1 7000 8000
check 'a knock at a opens a' open6_at a fd00::9
check '... and b' open6_at b fd00::9
check '... which says so' told b 'fd00::9: ssh: opened by gateway a'
ask b revoke fd00::9 >/dev/null
check 'revoked at b, it ends at a' not open6_at a fd00::9
knock fd00::2 7001 8001
ok6_at() {
	in_host "$1" nft list set inet filter ok6 | grep -qF fd00::9
}
check 'a knock at b opens the set of a' ok6_at a
check '... and of b' ok6_at b
gateway_stop a
in_host a nft flush set inet filter ok6
gateway_again a
check 'a gateway that was away learns of it' ok6_at a
done_testing
