# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What the tests of `Capture = nfqueue` share. knockd's own rules do it where the kernel has nft's queue expression;
# elsewhere rules of iptables, and knockd has Rules = none.

built_with HAVE_NFQUEUE || skip_all 'built without libnetfilter_queue'

rules=auto
have_queue || rules=none
[ $rules = auto ] || need iptables-nft
diag "Rules = $rules"

# shellcheck disable=SC2034
capture="
[options]
	Capture = nfqueue
	Rules   = $rules
"

# many_sources: host client has the networks 10.9.0.0/16 and fd09::/64 as well
many_sources() {
	{
		ip -n client route add local 10.9.0.0/16 dev lo &&
			ip -n client route add local fd09::/64 dev lo &&
			ip route add 10.9.0.0/16 via 10.0.0.2 &&
			ip route add fd09::/64 via fd00::2
	} || bail 'no addresses'
}

race() {
	in_client timeout 120 "$RACE" "$@"
}

# race_service PORT: like service, but as fast as race connects
race_service() {
	"$RACE" -l "$1" 2>>"$LOG" &
	started $!
	wait_for listening "$1" || bail "no service on port $1"
}

# nothing_held: the kernel holds no packet
nothing_held() {
	awk '$3 { held = 1 } END { exit held }' /proc/net/netfilter/nfnetlink_queue
}
