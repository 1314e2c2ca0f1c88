#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A name with several addresses: --wait and --proxy get in by the one that works, and soon.

. "$(dirname "$0")/client_lib.sh"
need knock_ours
topo_pair
names
firewall
service 22
knockd_start "
[ssh]
	sequence = 7000,8000:udp,9000
	tcpflags = syn
	start_command = nft add element inet filter ssh_ok { %IP% timeout 1m }
	start_command_6 = nft add element inet filter ssh_ok6 { %IP% timeout 1m }
$fence_door"
nft 'table inet tally {
	counter knocks4 { }
	counter knocks6 { }
	chain input {
		type filter hook input priority -10;
		ip protocol tcp tcp dport 9000 counter name knocks4
		ip6 nexthdr tcp tcp dport 9000 counter name knocks6
	}
}'
sequence='7000 8000:udp 9000'

# The resolver puts 10.0.0.3, which is nearer to 10.0.0.2 than the server's 10.0.0.1, first, and IPv6 before IPv4.
# Nobody answers at an address in .3 to .6, and nobody says so.
for dead in 3 4 5 6; do
	ip -n client neigh add 10.0.0.$dead lladdr 02:00:00:00:00:0$dead dev eth0
	ip -n client neigh add fd00::$dead lladdr 02:00:00:00:00:0$dead dev eth0
done
cat >>"$T/hosts" <<-E
	10.0.0.3 dead-first
	$server dead-first
	fd00::3 hole
	$server hole
	fd00::3 many
	fd00::4 many
	fd00::5 many
	fd00::6 many
	10.0.0.3 many
	10.0.0.4 many
	10.0.0.5 many
	$server many
	10.0.0.9 unreachable
	fd00::9 unreachable
	$server unreachable
E

shut() {
	fence_from client
	firewall_shut
}

# gets_in TEXT LIMIT ARGUMENT...: within so many hundredths of a second, or more on a slow machine
between=shut
gets_in() {
	gets_text=$1 gets_limit=$(($2 * TESTS_DEADLINE / 5))
	shift 2
	ends_in "$gets_text" 0 0 "$gets_limit" knock_ours "$@"
	shut
}

# shellcheck disable=SC2086 # a list
all() {
	gets_in 'the first address is dead' 150 dead-first $sequence --wait 22
	gets_in 'IPv6 leads nowhere' 150 hole $sequence --wait 22
	gets_in 'seven addresses are dead' 400 many $sequence --wait 22
	gets_in '--proxy' 150 dead-first $sequence --proxy 22 </dev/null
	equal '... is connected' "$(cat "$T/out")" hello
	gets_in '--both and a dead first address' 150 --both dead-first $sequence --wait 22
	ip -n client route add unreachable 10.0.0.9/32
	ip -n client route add unreachable fd00::9/128
	gets_in 'addresses without a route' 100 unreachable $sequence --wait 22
}
all

# knocks FAMILY
knocks() {
	nft -j list counter inet tally "knocks$1" | jq '.nftables[].counter | select(.) | .packets'
}
knocks_of_both() {
	echo "$(knocks 4) $(knocks 6)"
}
# After 250 ms the client repeats the knock, and goes on to the other address.
one_family_if_soon() {
	case $(knocks_of_both) in '1 0' | '0 1') ;; *) [ $took -ge 25 ] ;; esac
}
both_families() {
	[ "$(knocks 4)" -ge 1 ] && [ "$(knocks 6)" -ge 1 ]
}
nft reset counters >/dev/null
# shellcheck disable=SC2086
now begun
ends 'a name of both families, on a good line' 0 knock_ours server $sequence --wait 22
now ended
took=$((ended - begun + 1))
check "... in ${took}0 ms: is knocked at over one, if that is less than 250" one_family_if_soon
shut
nft reset counters >/dev/null
# shellcheck disable=SC2086
ends '--both' 0 knock_ours --both server $sequence --wait 22
check '... knocks over both' both_families

# Two addresses of a server that refuses, and opens late: there are connections left then.
ip addr add 10.0.0.9/24 dev client
echo "10.0.0.9 twins
$server twins" >>"$T/hosts"
nft insert rule inet filter input tcp dport 2300 reject with tcp reset
in_background client "$KNOCK" twins 9 --wait 2300 2>"$T/err"
twins=$!
sleep 3 # the pauses are what this is about
service 2300
nft insert rule inet filter input tcp dport 2300 accept
wait $twins
equal 'two addresses that refuse, and open after 3 s' $? 0

# The resolver has a name in other letters as IDNA writes it, and the hosts file may have it as it is.
printf '%s\n' "$server xn--bcher-kva.test" "$server plain-täg.test" >>"$T/hosts"
if with_musl; then
	skip 'a name in other letters' 'musl has no IDNA'
elif ldconfig -p 2>/dev/null | grep -q libidn2; then
	for locale in C C.UTF-8 ''; do
		LC_ALL=$locale ends "a name in other letters (LC_ALL=$locale)" 0 \
			knock_ours bücher.test $sequence --wait 22
		shut
	done
	profiles "
[other letters]
	host = BÜCHER.test
	sequence = 7000,8000:udp,9000
	wait = 22
"
	LC_ALL=C ends '... in a profile' 0 knock_ours 'other letters'
	shut
else
	skip 'a name in other letters' 'no libidn2'
fi
ends '... that the hosts file has as it is' 0 knock_ours plain-täg.test $sequence --wait 22
shut
ends '... that there is not' 1 knock_ours bäcker.invalid $sequence --wait 22
check '... is named' grep -q "Failed to resolve hostname 'bäcker.invalid'" "$T/err"

ends 'a door that stays shut' 2 knock_ours dead-first 9 --wait 2222 --timeout 1
check '... names all addresses' grep -q '^knock: 10\.0\.0\.3 and 10\.0\.0\.1: port 2222/tcp' "$T/err"
done_testing
