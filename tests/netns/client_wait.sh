#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# --wait and "-- COMMAND": did the door open? With a real sshd behind a real closed door.
. "$(dirname "$0")/client_lib.sh"

set_firewall
cat >"$tmp/knockd.conf" <<CONF
[options]
  LogFile = $tmp/knockd.log
[ssh]
  sequence = 7000,8000:udp,9000
  tcpflags = syn
  start_command = nft add element inet fw ok4 { %IP% timeout 1m }
  start_command_6 = nft add element inet fw ok6 { %IP% timeout 1m }
[slow]
  sequence = 7005,7006
  tcpflags = syn
  start_command = sleep 0.6; nft add element inet fw ok4 { %IP% timeout 1m }
CONF
start_daemon "$tmp/knockd.conf"
start_sshd
sequence='7000 8000:udp 9000'

# timed MIN MAX: the last command took that many milliseconds.
timed() { took=$(($(now_ms) - started)); echo "took $took ms"; [ $took -ge "$1" ] && [ $took -le "$2" ]; }
lines() { wc -l <"$tmp/$1" | tr -d ' '; }

# --- a door that opens ---------------------------------------------------------------------------

check_status 0 "--wait sees the door open" at_client "$knock" $server4 $sequence --wait 22
check "... silently" same "$(cat "$tmp/out" "$tmp/err")" ""
shut_door
check_status 0 "... over IPv6" at_client "$knock" $server6 $sequence --wait 22
shut_door
check_status 0 "... over one of both" at_client "$knock" --both server $sequence --wait ssh:tcp
shut_door
check_status 0 "... with a daemon that is slow" at_client "$knock" $server4 7005 7006 --wait 22
shut_door
check_status 0 "a command runs behind the door" at_client "$knock" $server4 $sequence --wait 22 -- cat /proc/self/cmdline
check "... by exec, with its arguments" same "$(tr '\0' ' ' <"$tmp/out")" "cat /proc/self/cmdline "
check_status 7 "its exit status passes through" at_client "$knock" $server4 $sequence --wait 22 -- sh -c 'exit 7'
check_status 127 "a command that is not there" at_client "$knock" $server4 $sequence -- no-such-command
shut_door
check_status 0 "a full login behind the door" at_client "$knock" $server4 $sequence --wait 22 -- ssh -F none \
  -i "$tmp/ssh/key" -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
  -o LogLevel=ERROR "root@$server4" echo inside
check "... says what it should" same "$(cat "$tmp/out")" inside

# --- a door that does not ------------------------------------------------------------------------

shut_door
started=$(now_ms)
check_status 2 "a door that stays shut (drop): exit 2" at_client "$knock" $server4 9 --wait 22 --timeout 1
check "... in the time promised" timed 1000 2000
check "... with one line" same "$(lines err) $(lines out)" "1 0"
check "... that says what was tried" grep -Eq \
  '^knock: 10\.77\.0\.1: port 22/tcp did not open within 1 s: knocked [0-9]+ times, tried [0-9]+ times \(no answer\)$' \
  "$tmp/err"
started=$(now_ms)
check_status 2 "... also when a knock takes longer than that" at_client "$knock" -d 400 $server4 9 10 --wait 22 --timeout 1
check "... which begins after the first knock" timed 1800 2800
started=$(now_ms)
check_status 2 "... and 5 s without --timeout" at_client "$knock" $server4 9 --wait 22
check "... are the default" timed 5000 6000
check_status 2 "the command does not run" at_client "$knock" $server4 9 --wait 22 --timeout 0.3 -- echo no
check "... and prints nothing" same "$(cat "$tmp/out")" ""

check_status 2 "an open door without a server" at_client "$knock" $server4 $sequence --wait 2222 --timeout 1
check "... is refused" grep -q '(Connection refused)' "$tmp/err"
shut_door
nft insert rule inet fw input tcp dport 22 ip saddr != @ok4 reject with icmp type admin-prohibited
check_status 2 "a door that rejects" at_client "$knock" $server4 9 --wait 22 --timeout 0.5
check "... says what came" grep -q '(No route to host)' "$tmp/err"
check_status 0 "... opens like any other" at_client "$knock" $server4 $sequence --wait 22
shut_door

# --- UDP: only an answer proves anything ---------------------------------------------------------

background socat UDP4-LISTEN:5353,fork SYSTEM:'head -c 1 >/dev/null; echo hello'
check_status 0 "UDP with an answer is open" at_client "$knock" $server4 $sequence --wait 5353:udp
shut_door
check_status 2 "UDP without an answer is not" at_client "$knock" $server4 9 --wait 5353:udp --timeout 0.5

# --- what can be wrong ---------------------------------------------------------------------------

check_status 1 "a name that does not resolve" at_client "$knock" no-such-name.invalid 7000 --wait 22
check "... is named" grep -q "Failed to resolve hostname 'no-such-name.invalid' on port 7000" "$tmp/err"
check_status 1 "a family that the name does not have" at_client "$knock" -6 server4 7000 --wait 22
ip -n client addr flush dev cli
check_status 2 "a client without a network" at_client "$knock" $server4 7000 --wait 22 --timeout 0.3
check "... is told so" grep -q '(Network is unreachable)' "$tmp/err"
check_status 0 "... and not told without --wait" at_client "$knock" $server4 7000
check "... as ever" same "$(cat "$tmp/out" "$tmp/err")" ""
ip -n client addr add 10.77.0.2/24 dev cli
at_client sysctl -qw net.ipv6.conf.all.disable_ipv6=1
check_status 0 "IPv4 only: a name of both families" at_client "$knock" server $sequence --wait 22
ip -n client addr flush dev cli
at_client sysctl -qw net.ipv6.conf.all.disable_ipv6=0
ip -n client addr add fd77::2/64 dev cli nodad
shut_door
check_status 0 "IPv6 only: a name of both families" at_client "$knock" server $sequence --wait 22
shut_door
stop "$sshd_pid"
check_status 2 "the server is gone" at_client "$knock" $server6 $sequence --wait 22 --timeout 0.5
stop "$daemon_pid"
ip link set srv down
check_status 2 "the whole host is gone" at_client "$knock" $server6 $sequence --wait 22 --timeout 0.5

done_testing
