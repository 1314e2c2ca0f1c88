#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Profiles are secret: no port of them is in the process list or in the output, and other users cannot read the file.

. "$(dirname "$0")/client_lib.sh"
client_setup

profiles '# a comment
[home]
	host = server4
	sequence = 7101,8202:udp,9303
	wait = 22
[once]
	host = server4
	one_time_sequences = once.seq
'
config=$T/config/knock/config
once=$T/config/knock/once.seq
(umask 077 && printf ' 7101,8202\n 9303,bad\n 8202,9303\n' >"$once")

# shows_ports: the output contains a port of the profiles
shows_ports() {
	grep -Eq '7101|8202|9303' "$T/out" "$T/err"
}

ends '--list' 0 "$KNOCK" --list
equal '... shows names and hosts' "$(cat "$T/out")" "$(printf 'home\tserver4\nonce\tserver4')"
ends '-v with a profile' 0 knock_ours -v --profile once
equal '... counts the hits' "$(cat "$T/out")" "$(printf "hitting %s of 2 at $server\n" 1 2)"
refute '... and shows no port' shows_ports
ends '-v with --wait' 2 knock_ours -v home --timeout 0.5
refute '... shows no port either' shows_ports

# While the client waits, the process list shows only the words that were typed.
in_background client "$KNOCK" home --timeout 20 2>"$T/err"
knocker=$!
wait_for grep -q '^knock$' /proc/$knocker/comm
tr '\0' ' ' </proc/$knocker/cmdline >"$T/out"
tr '\0' ' ' </proc/$knocker/environ >>"$T/out"
check 'the process list shows the profile' grep -q 'knock home --timeout 20' "$T/out"
refute '... and no port' shows_ports
holds_config() {
	readlink "/proc/$knocker/fd/"* | grep -q config/knock
}
refute 'the file is not held open' holds_config
kill "$knocker"
wait "$knocker" 2>/dev/null

ends 'a bad one-time line is skipped' 0 knock_ours once
check '... with a warning' grep -q 'once.seq: line 2: not a list of ports' "$T/err"
refute '... without its ports' shows_ports
equal 'the used line is marked' "$(cat "$once")" "$(printf '#7101,8202\n 9303,bad\n#8202,9303')"

# When the client sees no open door, the line stays in use: the server may not have got the knock.
printf ' 7101,8202\n' >"$once"
ends 'a door that stays shut' 2 knock_ours once --wait 22 --timeout 0.3
equal '... keeps the one-time line' "$(cat "$once")" ' 7101,8202'
check '... and says so' grep -q 'once.seq: line 1 is not marked' "$T/err"

printf ' 7101,8202\n' >"$once"
chmod 644 "$once"
ends 'one-time files that others can read are refused' 1 knock_ours once
check '... with the remedy' grep -q 'once.seq: is accessible to other users.*chmod 600' "$T/err"
equal '... and nothing is used' "$(cat "$once")" ' 7101,8202'

for mode in 640 604 620; do
	chmod $mode "$config"
	ends "mode $mode is refused" 1 knock_ours home
	check '... with the remedy' grep -q 'config: is accessible to other users.*chmod 600' "$T/err"
done
chmod 600 "$config"
if have_uids; then
	chown 65534 "$config"
	ends "a file of another user is refused" 1 knock_ours home
	chown 0 "$config"
else
	skip "a file of another user is refused" "$no_uids"
fi

# --- which addresses, and how long ---------------------------------------------------------------

profiles '[both]
	host = server
	sequence = 7101,8202
	both = yes
[source]
	host = server
	sequence = 7101,8202
	source = 10.0.0.2
[soon]
	host = server4
	sequence = 7101,8202
	wait = 22
	timeout = 0.3
'
nft 'table inet heard {
	counter ipv4 { }
	counter ipv6 { }
	chain input {
		type filter hook input priority 0;
		ip version 4 tcp dport { 7101, 8202 } counter name ipv4
		ip6 version 6 tcp dport { 7101, 8202 } counter name ipv6
	}
}'
# heard: which families have knocked since the last question
heard() {
	nft -j reset counters table inet heard |
		jq -r '[.nftables[].counter | select(. and .packets > 0) | .name] | sort | join(" ")'
}
for line in 'both yields ipv4 ipv6' '-4 both yields ipv4' '-6 both yields ipv6' '-s 10.0.0.2 both yields ipv4' \
	'source yields ipv4' '-6 source yields ipv6' '--both source yields ipv4 ipv6' '-s fd00::2 source yields ipv6'; do
	# shellcheck disable=SC2086 # words
	ends "${line% yields *}" 0 knock_ours ${line% yields *}
	equal "... knocks over ${line#* yields }" "$(heard)" "${line#* yields }"
done
ends_in 'timeout' 2 30 200 knock_ours soon
check '... and named' grep -q 'did not open within 0.3 s' "$T/err"
ends '... unless the command line has another' 2 knock_ours soon --timeout 0.4
check '...' grep -q 'did not open within 0.4 s' "$T/err"
heard >/dev/null
ends 'a source and a family that exclude each other' 1 knock_ours -6 -s 10.0.0.2 server 7101
check '... are an error' grep -q '^error: source 10.0.0.2 and fd00::1 are not of one family' "$T/err"
equal '... and nothing is sent' "$(heard)" ''
ends 'a source that no other machine answers' 1 knock_ours -s ::1 server 7101 --wait 22
check '... is an error' grep -q '^error: source ::1 reaches this machine alone, and fd00::1 is another one' "$T/err"
equal '... and nothing is sent' "$(heard)" ''
for client_own in ::1 fd00::2 2001:db8:7::9; do
	in_client ip -6 route replace local 2001:db8:7::/64 dev lo
	ends "it reaches its own $client_own" 0 knock_ours -s ::1 $client_own 7101
done
ends 'likewise over IPv4, by the kernel: nothing is sent' 2 knock_ours -s 127.0.0.1 server4 7101 --wait 22
check '... with its reason' grep -q 'cannot send the knock' "$T/err"

ends 'a profile that does not exist' 1 knock_ours nowhere
check '... is named, with the file' grep -q 'no profile "nowhere" in .*/knock/config' "$T/err"
ends 'no host, but --wait takes it' 1 knock_ours --wait server4 22
equal '... is no error of a profile' "$(cat "$T/err")" 'error: no host given: --wait takes "server4" as the port'
profiles '[soon]
	host = server4
	sequence = 7101,8202
	wait = 22
	timeout = 0
'
ends 'a timeout of 0' 1 knock_ours soon
check '... is told what is allowed' grep -q 'line 5: timeout is not a number of seconds or a time such as 2m, at most 24h$' "$T/err"
profiles '[home]
host = x
sequence = 7101,98202
foo = 9303'
ends 'errors in the file' 1 knock_ours home
equal '... are all reported, each once' "$(grep -c 'config: line' "$T/err")" 2
refute '... without a port' shows_ports
done_testing
