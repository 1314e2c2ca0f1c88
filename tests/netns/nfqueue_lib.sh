# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# For tests of `Capture = nfqueue`. Where the kernel has nft's queue expression knockd's own rules fill the queues;
# elsewhere iptables rules do, and knockd has Rules = none.

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

: "${ROUNDS:=200}" # knockers in a race

# queue_setup: hosts client, with many_sources, and other; port 22 has a service for races, port 23 another
queue_setup() {
	need knock race
	topo_pair
	topo_client other 1
	many_sources
	race_service 22
	service 23
}

# queue_firewall: port 22 is open to the elements of sets ok and ok6
queue_firewall() {
	nft -f - <<-E || bail 'no firewall'
		table inet filter {
			set ok { type ipv4_addr; flags timeout; }
			set ok6 { type ipv6_addr; flags timeout; }
			chain input {
				type filter hook input priority 0;
				tcp dport != 22 accept
				ct state established accept
				ip saddr @ok accept
				ip6 saddr @ok6 accept
				tcp dport 22 drop
			}
		}
	E
}

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

# at_first_syn TEXT N SOURCE ADDRESS PORT KNOCK...: one test point: of N addresses, from SOURCE on, each knocks and
# connects at once, and gets in at the first SYN
at_first_syn() {
	first_text=$1 first_n=$2
	shift 2
	equal "$first_text" "$(race -n "$first_n" "$@")" "first $first_n late 0 never 0"
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
