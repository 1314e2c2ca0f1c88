#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Share_Bans: who scans one gateway is banned on all that want it, except the addresses that must not be banned there.

. "$(dirname "$0")/share_lib.sh"
share_setup socat
for name in a b c; do
	in_host $name nft -f - <<-END || bail 'no set'
		table inet filter {
			set banned { type ipv4_addr; flags timeout; }
		}
	END
	options="	Scan_Guard = 2
	Ban_Set = inet filter banned { %IP% }
	Ban_Time = 30m"
	case $name in
	a) options="$options
	Share_Bans = yes" ;;
	b) options="$options
	Share_Bans = yes
	Ban_Except = 10.0.0.77" ;;
	esac
	gateway $name "$ssh" "$options"
done
check 'three gateways are connected' linked a b c
ip -n client -batch - <<-END || bail 'no addresses'
	addr add 10.0.0.77/24 dev eth0
	addr add 10.0.0.78/24 dev eth0
END

# scan ADDRESS: the first port of a door of a, then others
scan() {
	for scan_port in 7000 990 991 992; do
		in_client socat -u - "TCP4:10.0.0.1:$scan_port,bind=$1,connect-timeout=0.05" </dev/null 2>/dev/null
	done
}
# banned_at NAME ADDRESS
banned_at() {
	in_host "$1" nft list set inet filter banned | grep -qF "$2"
}
# fence_for NAME: it has all that a has told
fence_for() {
	ask a grant "10.0.0.$1" --door ssh >/dev/null
	wait_for open_everywhere "10.0.0.$1" || bail 'no fence'
}
scan 10.0.0.9
check 'a scan at a bans there' banned_at a 10.0.0.9
check '... and at b' banned_at b 10.0.0.9
check '... which says who has seen it' eval 'grep -q "10.0.0.9.*banned.*gateway a" "$T/b/log"'
fence_for 201
refute '... not at c, which does not share bans' banned_at c 10.0.0.9

# Those that b knows for some seconds it does not take from the server again.
ban_is_old() {
	in_host b nft -j list set inet filter banned |
		jq -e '.nftables[].set | select(.) | .elem[0].elem.expires < 1785' >/dev/null
}
read_more() {
	[ "$(count_of b resyncs)" -gt "$resyncs" ] &&
		ask b peers --json | jq -e '.[0] | .synced and .synced_ago_ms < 5000' >/dev/null
}
check 'some seconds later' -t 30 ban_is_old
for n in 211 212; do
	[ $n = 211 ] || in_host b nft delete element inet filter banned '{ 10.0.0.9 }'
	resyncs=$(count_of b resyncs)
	ask b peers --sync >/dev/null
	check 'b reads all' read_more
	fence_for $n
done
refute 'a ban that an admin has deleted stays deleted' banned_at b 10.0.0.9
scan 10.0.0.77
check 'another scan bans at a' banned_at a 10.0.0.77
fence_for 202
refute '... not at b, which excepts this address' banned_at b 10.0.0.77
ask b grant 10.0.0.78 --door web >/dev/null
check 'an access of b' ok_everywhere 10.0.0.78
ask a revoke 10.0.0.78 --door web >/dev/null
gateway_stop b
scan 10.0.0.78
check 'a scan while b is away' banned_at a 10.0.0.78
in_host b nft flush set inet filter banned
gateway_again b
check 'b is back' linked a b
check '... and learns of that ban' banned_at b 10.0.0.78
check '... and of the first one again' banned_at b 10.0.0.9
refute '... but for its exception' banned_at b 10.0.0.77
done_testing
