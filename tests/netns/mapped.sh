#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ::ffff:10.0.0.2 is 10.0.0.2, whoever writes it: the configuration, knockctl or the client. And an address that no host
# has is no argument.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack_lib.sh"
need knock_ours knockctl
topo_pair
nft -f - <<-E
	table inet filter {
		set ok  { type ipv4_addr; flags timeout; }
		set ok6 { type ipv6_addr; flags timeout; }
		set two { type ipv4_addr . ipv4_addr; flags timeout; }
		set nets { type ipv4_addr; flags interval,timeout; }
		set banned { type ipv4_addr; flags timeout; }
	}
E
knockd_start "
[options]
	Ban_Set    = inet filter banned { %IP% }
	Ban_Except = ::ffff:10.0.0.0/112
	Scan_Guard = 2
[door]
	sequence = 7000,8000:udp
	target   = ::ffff:10.0.0.1
	grant    = inet filter ok { %IP% timeout 1h }
	grant    = inet filter two { %IP% . ::ffff:10.0.0.9 timeout 1h }
	grant    = inet filter nets { ::ffff:10.9.0.0/112 timeout 1h }
	grant_6  = inet filter ok6 { %IP% timeout 1h }
$fence_door"
refute 'the sets fit' log_has warning
check 'the client: an address' knock_ours ::ffff:10.0.0.1 7000 8000:udp
check '... knocks over IPv4' element_in 'inet filter ok' 10.0.0.2
check '... with -4, too' knock_ours -4 ::ffff:10.0.0.1 7000 8000:udp
check '... with --source' knock_ours --source ::ffff:10.0.0.2 10.0.0.1 7000 8000:udp
check 'an address in an element' element_in 'inet filter two' '10.0.0.2 . 10.0.0.9'
check '... and a prefix' sh -c 'nft list set inet filter nets | grep -q 10.9.0.0/16'
ascending '10.0.0.2 > 10.0.0.1 tcp' 7000 7010 S | inject client
check 'Ban_Except' log_has '10.0.0.2: door: not banned: it is in a network of Ban_Except'

equal 'knockctl list' "$(knockctl list --json ::ffff:10.0.0.2 | jq -r '.[].ip' | sort -u)" 10.0.0.2
equal '... a prefix' "$(knockctl list --json ::ffff:10.0.0.0/120 | jq length)" 3
equal 'knockctl extend' "$(knockctl extend ::ffff:10.0.0.2 1h)" '3 extended'
equal 'knockctl revoke' "$(knockctl revoke ::ffff:10.0.0.2)" '3 revoked'
check '... ends the access' not element_in 'inet filter ok' 10.0.0.2
equal 'knockctl grant' "$(knockctl grant ::ffff:10.0.0.7 --door door)" '1 granted'
check '... to the IPv4 address' element_in 'inet filter ok' 10.0.0.7
refute '... and to no other' sh -c 'nft list set inet filter ok6 | grep -q elements'

for address in 0.0.0.0 0.1.2.3 224.0.0.251 255.255.255.255 :: ff02::1 ::ffff:224.0.0.1; do
	ends "knockctl grant $address: refused" 2 knockctl grant $address --door door
	check '... with the reason' grep -q 'grant: no host has the address' "$T/err"
done
ends 'knockctl grant: an address with a zone' 2 knockctl grant fe80::2%eth0 --door door
check '... which is no part of it' grep -q 'leave out the zone' "$T/err"
ends 'knockctl revoke 255.255.255.255: refused' 2 knockctl revoke 255.255.255.255
ends 'the broadcast address of a network of this machine' 1 knockctl grant 10.0.0.255 --door door
check '... has no host either' grep -q 'no host has the address 10.0.0.255' "$T/err"
ends '... nor is it let in without an end' 1 knockctl grant 10.0.0.255 --door door --forever
check '... for the same reason' grep -q 'no host has the address 10.0.0.255' "$T/err"
refute '... no element has it' element_in 'inet filter ok' 10.0.0.255
raw() {
	echo "$1" | socat -t 5 - "UNIX-CONNECT:$T/control.sock" >"$T/answer"
	grep -q "$2" "$T/answer"
}
check '... by the daemon, too' raw 'grant 224.0.0.1 --door door' 'no host has the address 224.0.0.1'

# an IPv6 packet from such an address is forged
{
	echo '+0 ::ffff:10.0.0.3 > fd00::1 tcp 7000 S'
	echo '+0 ::ffff:10.0.0.3 > fd00::1 udp 8000'
} | inject client
fence
refute 'no host sends IPv6 packets from there' log_has '10.0.0.3'
knockd_stop
done_testing
