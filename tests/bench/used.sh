#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a packet of a client that has an access costs in the guard, which is all in the kernel: with `open` alone, with
# `cut`, and with `idle_timeout`, where each packet renews the element. The smallest UDP packets, of a flow that
# connection tracking knows, go through a gateway with the guard and, in turn, through a twin without that part of it.

. "$(dirname "$0")/lib.sh"
pairs=500 # of slices
gateways

# guard HOST [LINE]: the rules for an access to the server behind HOST, which is in
guard() {
	cat >"$T/knockd.conf" <<-E
		[used]
			sequence     = 7000
			target       = 10.0.1.2
			open         = 5000:udp
			open_timeout = 1h
			${2-}
	E
	chmod 600 "$T/knockd.conf"
	"$KNOCKD" -c "$T/knockd.conf" --print-rules | in_host "$1" nft -f - &&
		in_host "$1" nft add element inet knockd open4_target '{ 10.0.0.2 . 10.0.1.2 . udp . 5000 timeout 10m }' ||
		bail 'cannot load the guard'
	! in_host "$1" nft list set inet knockd guard_until4_target >/dev/null 2>&1 ||
		in_host "$1" nft add element inet knockd guard_until4_target \
			'{ 10.0.0.2 . 10.0.1.2 . udp . 5000 timeout 1h }' || bail 'no end of the access'
	# connections from before are let on for an hour where a port begins to be cut
	in_host "$1" nft flush set inet knockd guarded_begun 2>/dev/null
}

# answer CLIENT SERVER: a packet each way
answer() {
	echo x | in_host "$1" socat -u - UDP4-SENDTO:10.0.1.2:5000,sourceport=5000 &&
		echo x | in_host "$2" socat -u - UDP4-SENDTO:10.0.0.2:5000,sourceport=5000 || bail 'no flow'
}

# compare VARIANT CASE: nanoseconds that a packet costs more here than in the twin
compare() {
	progress "$1 ($2)"
	answer client server
	answer client2 server2
	send twin -d -n $pairs client server client2 server2 | record "$1" "$2" ns
	nft flush ruleset
	in_host twin nft flush ruleset
}

firewalls
compare 'nobody' 'more than without'
firewalls
guard here
compare 'knockd-nft: open' 'more than without'

for option in 'cut = yes' 'idle_timeout = 10m'; do
	firewalls
	guard here "$option"
	guard twin
	compare "knockd-nft: $option" 'more than open alone'
done
firewalls
guard here 'idle_timeout = 10m'
guard twin
in_host here nft flush chain inet knockd guard_idle
compare 'floor: a jump without a renewal' 'more than open alone'
