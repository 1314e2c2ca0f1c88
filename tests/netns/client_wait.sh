#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --wait and "-- COMMAND" find out whether the door is open: with a real sshd behind a firewall.
# shellcheck disable=SC2086 # $sequence and $ssh_options are lists

. "$(dirname "$0")/client_lib.sh"
client_setup knockd_ref sshd ssh ssh-keygen uids sysctl
sshd_behind_door "
[slow]
	sequence = 7005,7006
	tcpflags = syn
	start_command = sleep 0.6; nft add element inet filter ssh_ok { %IP% timeout 1m }
[fence]
	sequence = 9:udp"

# shut: empties the sets when the daemon has handled all packets of the client, so that nothing opens again
shut() {
	fence_from client
	wait_for commands_done || bail 'a command does not end'
	firewall_shut
}
commands_done() {
	[ -z "$(children "$knockd")" ]
}

# --- a door that opens ---------------------------------------------------------------------------

ends '--wait sees the door open' 0 knock_ours $server $sequence --wait 22
equal '... silently' "$(cat "$T/out" "$T/err")" ''
shut
ends '... over IPv6' 0 knock_ours $server6 $sequence --wait 22
shut
ends '... with --both, over one of two families' 0 knock_ours --both server $sequence --wait ssh:tcp
shut
ends '... with a slow daemon' 0 knock_ours $server 7005 7006 --wait 22
shut
ends 'a command runs behind the door' 0 knock_ours $server $sequence --wait 22 -- cat /proc/self/cmdline
equal '... by exec, with its arguments' "$(tr '\0' ' ' <"$T/out")" 'cat /proc/self/cmdline '
ends 'its exit status passes through' 7 knock_ours $server $sequence --wait 22 -- sh -c 'exit 7'
ends 'a command that is not there' 127 knock_ours $server $sequence -- no-such-command
shut
ends 'a full login behind the door' 0 \
	knock_ours $server $sequence --wait 22 -- ssh $ssh_options "root@$server" echo inside
equal '... runs the command' "$(cat "$T/out")" inside

# --- a door that stays shut ----------------------------------------------------------------------

shut
ends_in 'a door that stays shut (drop): exit 2' 2 100 300 knock_ours $server 9 --wait 22 --timeout 1
equal '... with one line' "$(wc -l <"$T/err") $(wc -l <"$T/out")" '1 0'
check '... about the tries' grep -Eq \
	'^knock: 10\.0\.0\.1: port 22/tcp did not open within 1 s: knocked [0-9]+ times, tried [0-9]+ times \(no answer\)$' \
	"$T/err"
ends_in '... which begins after the first knock, when that takes longer' 2 180 380 \
	knock_ours -d 400 $server 9 10 --wait 22 --timeout 1
ends_in '... and is 10 s without --timeout' 2 1000 1200 knock_ours $server 9 --wait 22
ends '-v' 2 knock_ours -v $server 9 10 --wait 22 --timeout 2
equal '... prints each hit of the first knock' "$(grep -c '^hitting tcp' "$T/out")" 2
knocked=$(sed -n 's/.* knocked \([0-9]*\) times, .*/\1/p' "$T/err")
equal '... and one line for each repetition' "$(grep -c '^knocking again at 10.0.0.1 ([0-9]*)$' "$T/out")" $((knocked - 1))
equal '... and nothing else' "$(wc -l <"$T/out")" $((knocked + 1))
ends 'the command does not run' 2 knock_ours $server 9 --wait 22 --timeout 0.3 -- echo no
equal '... and prints nothing' "$(cat "$T/out")" ''

ends 'an open door without a server' 2 knock_ours $server $sequence --wait 2222 --timeout 1
check '... is reported as refused' grep -q '(Connection refused)' "$T/err"
shut
nft insert rule inet filter input tcp dport 22 ip saddr != @ssh_ok reject with icmp type admin-prohibited
ends 'a door that rejects' 2 knock_ours $server 9 --wait 22 --timeout 3 # the kernel limits ICMP errors to one a second
check '... is reported with the error' grep -qE '\((No route to host|Host is unreachable)\)' "$T/err"
ends '... opens like any other' 0 knock_ours $server $sequence --wait 22
shut

# --- UDP: only an answer shows that a port is open -----------------------------------------------

socat UDP4-LISTEN:5353,fork SYSTEM:'head -c 1 >/dev/null; echo hello' 2>>"$LOG" &
started $!
ends 'UDP with an answer is open' 0 knock_ours $server $sequence --wait 5353:udp
shut
ends 'UDP without an answer is not' 2 knock_ours $server 9 --wait 5353:udp --timeout 0.5

# --- errors --------------------------------------------------------------------------------------

ends 'a name that does not resolve' 1 knock_ours no-such-name.invalid 7000 --wait 22
check '... is named' grep -q "Failed to resolve hostname 'no-such-name.invalid' on port 7000" "$T/err"
ends 'a family that the name does not have' 1 knock_ours -6 server4 7000 --wait 22
ends 'a link-local address without a link' 1 knock_ours fe80::1 7000 --wait 22
check '... is an error' grep -q '^error: fe80::1 is a link-local address: name its link, as in fe80::1%eth0' "$T/err"
ends '... without a wait' 0 knock_ours fe80::1 7000
check '... is a warning' grep -q '^warning: fe80::1 is a link-local address: name its link, as in fe80::1%eth0' "$T/err"
printf '%s two-links\n' fe80::1 $server >>"$T/hosts"
ends 'a name that has another address, too' 0 knock_ours two-links $sequence --wait 22
equal '... without a word' "$(cat "$T/err")" ''
shut
link=$(ip -j addr show dev client | jq -r '.[].addr_info[] | select(.scope == "link").local')
ends '... with one it is like any other' 0 knock_ours "$link%eth0" $sequence --wait 22
shut
ends '... with --interface, too' 0 knock_ours -i eth0 "$link" $sequence --wait 22
shut

# refused_hit TEXT HOST: the client says at once that a hit cannot leave its host, and gives up soon
refused_hit() {
	ends_in "$1" 2 0 200 knock_ours "$2" $sequence --wait 22
	check '... and is named' grep -qE "^knock: $2: cannot send the knock: (Operation not permitted|Permission denied)$" \
		"$T/err"
}
in_client nft 'table inet local { chain out { type filter hook output priority 0; udp dport 8000 drop; }; }'
refused_hit 'a hit that the local firewall drops' $server
ends '... without a wait, too' 0 knock_ours $server $sequence
check '... is named' grep -q "^knock: $server: cannot send the knock: Operation not permitted$" "$T/err"
nft add element inet filter ssh_ok '{ 10.0.0.2 timeout 1m }'
ends '... but an open door is seen to be open' 0 knock_ours $server $sequence --wait 22
in_client nft delete table inet local
shut
ip -n client route add prohibit 10.0.7.7
refused_hit 'a prohibited route' 10.0.7.7

ip -n client addr flush dev eth0
ends 'a client without a network' 2 knock_ours $server 7000 --wait 22 --timeout 0.3
check '... gets the reason' grep -qE '\(Network (is )?unreachable\)' "$T/err"
ends '... and no error without --wait' 0 knock_ours $server 7000
equal '... and no output' "$(cat "$T/out" "$T/err")" ''
ip -n client addr add 10.0.0.2/24 dev eth0
in_client sysctl -qw net.ipv6.conf.all.disable_ipv6=1
ends 'IPv4 only: a name of both families' 0 knock_ours server $sequence --wait 22
ip -n client addr flush dev eth0
in_client sysctl -qw net.ipv6.conf.all.disable_ipv6=0
ip -n client addr add fd00::2/64 dev eth0 nodad
shut
ends 'IPv6 only: a name of both families' 0 knock_ours server $sequence --wait 22
shut
kill "$sshd"
wait "$sshd"
ends 'the server is gone' 2 knock_ours $server6 $sequence --wait 22 --timeout 0.5
knockd_stop
ip link set client down
ends 'the whole host is gone' 2 knock_ours $server6 $sequence --wait 22 --timeout 0.5
done_testing
