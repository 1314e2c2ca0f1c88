#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --proxy: ssh gets in by "ProxyCommand knock --profile home --proxy %p", and bytes pass unchanged, in both directions
# at once, and each direction ends on its own.

. "$(dirname "$0")/client_lib.sh"
client_setup knockd_ref sshd ssh ssh-keygen uids pgrep cmp
sshd_behind_door
profiles '
[home]
	host = server4
	sequence = 7000,8000:udp,9000
'
mkdir "$T/bin"
ln -s "$KNOCK" "$T/bin/knock"
PATH=$T/bin:$PATH
big=$T/big
head -c 50000000 /dev/urandom >"$big"

# --- ssh -----------------------------------------------------------------------------------------

by_proxy='ProxyCommand=knock --profile home --proxy %p'
ends 'without the knock ssh does not get in' 255 ssh_in -o ConnectTimeout=1 "root@$server" true
ends '... with the knock it does' 0 ssh_in -o "$by_proxy" root@home 'echo inside; cat' </dev/null
equal '... and prints the output of the command' "$(cat "$T/out")" inside
ends "the command's status comes back" 5 ssh_in -o "$by_proxy" root@home 'exit 5'
firewall_shut
ends '-v does not disturb the connection' 0 ssh_in -o "$by_proxy -v" root@home 'echo inside'
check '... and prints the hits on standard error' grep -q 'hitting 1 of 3' "$T/err"
ends '50 MB there and back' 0 ssh_in -o "$by_proxy" root@home cat <"$big"
check '... arrive whole' cmp -s "$big" "$T/out"
now begun
ends 'a door that stays shut ends ssh' 255 \
	ssh_in -o 'ProxyCommand=knock --proxy 2222 --timeout 1 server4 9' root@home true
now ended
check '... in time' [ $((ended - begun)) -lt $((60 * TESTS_DEADLINE)) ]
check '... and gives the reason' grep -q 'port 2222/tcp did not open within 1 s' "$T/err"
proxy_left() {
	pgrep -f 'knock --profile home --proxy' -s 0 >/dev/null
}
check 'no proxy process stays' not proxy_left

# --- the pump, with servers that end connections in every order ----------------------------------

proxy() {
	in_client timeout 100 knock --profile home --proxy "$@"
}

service 3001 'cat >/dev/null; echo the end'
equal 'the end of our input reaches the server, and its answer comes back' "$(echo hello | proxy 3001)" 'the end'

socat -u OPEN:"$big" TCP4-LISTEN:3002,reuseaddr,fork 2>>"$LOG" &
started $!
wait_for listening 3002
mkfifo "$T/open"
in_background client knock --profile home --proxy 3002 <>"$T/open" >"$T/out" # our input has no end
check "all data of the server arrive when it ends first" -t 10 cmp -s "$big" "$T/out"
kill $!
wait $! 2>/dev/null

service 3003 cat
ends 'both directions at once, with more data than any buffer holds' 0 proxy 3003 <"$big"
check '... arrive whole' cmp -s "$big" "$T/out"

mkfifo "$T/late"
(sleep 0.5; cat) <"$T/late" >"$T/out" &
reader=$!
proxy 3003 <"$big" >"$T/late"
wait $reader
check '... also at a reader that begins late' cmp -s "$big" "$T/out"

# the status of a pipe is that of its last command
to_reader_that_goes() {
	{
		proxy 3003 <"$big"
		echo $? >"$T/status"
	} | head -c 1000
	return "$(cat "$T/status")"
}
to_full_disk() {
	proxy 3003 <"$big" >/dev/full
}
without_input() {
	proxy 3001 <&-
}
ends 'a reader that goes away is no error' 0 to_reader_that_goes
ends 'a full disk is an error' 1 to_full_disk
ends 'closed standard input counts as empty' 0 without_input
equal '... and the answer still comes' "$(cat "$T/out")" 'the end'

# connected PORT
connected() {
	ss -Htn state established "sport = :$1" | grep -q .
}
# A connection that is reset before a byte has come back would be tried again.
to_reset() {
	{
		echo first
		wait_for [ -s "$T/out" ]
		nft insert rule inet filter input tcp dport 3003 reject with tcp reset
		cat "$big"
	} | proxy 3003
}
ends 'a reset connection is an error' 1 to_reset
check '... that says so' grep -Eq '^knock: 10\.0\.0\.1: (Connection reset by peer|Broken pipe)$' "$T/err"

# An idle proxy uses no processor time: no descriptor keeps poll() awake, also when one side has ended.
ticks() {
	cut -d ' ' -f 14,15 /proc/$idler/stat | awk '{ print $1 + $2 }'
}
for idle in 'exec sleep 30' 'exec >&-; exec sleep 30'; do
	service 3005 "$idle"
	in_background client knock --profile home --proxy 3005 <>"$T/open" >"$T/out"
	idler=$!
	wait_for connected 3005
	before=$(ticks)
	sleep 0.5
	check "an idle proxy sleeps ($idle)" [ $(($(ticks) - before)) -le 2 ]
	kill $idler "$service"
	wait $idler "$service" 2>/dev/null
done
done_testing
