#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# --proxy: ssh gets in by "ProxyCommand knock --profile home --proxy %p", and bytes pass as through
# a wire: whole, in both directions at once, with the end of each of them.
. "$(dirname "$0")/client_lib.sh"

set_firewall
cat >"$tmp/knockd.conf" <<CONF
[options]
  LogFile = $tmp/knockd.log
[ssh]
  sequence = 7000,8000:udp,9000
  tcpflags = syn
  start_command = nft add element inet fw ok4 { %IP% timeout 10m }
CONF
start_daemon "$tmp/knockd.conf"
start_sshd
write_profiles <<CONF
[home]
  host = server4
  sequence = 7000,8000:udp,9000
CONF
mkdir "$tmp/bin"
ln -s "$knock" "$tmp/bin/knock"
PATH=$tmp/bin:$PATH

# --- ssh -----------------------------------------------------------------------------------------

proxy='knock --profile home --proxy %p'
check_status 255 "without the knock ssh does not get in" at_client_ssh -o ConnectTimeout=1 "root@$server4" true
check_status 0 "with it, it does" at_client_ssh -o "ProxyCommand=$proxy" root@home 'echo inside; cat' </dev/null
check "... and says what it should" same "$(cat "$tmp/out")" inside
check_status 5 "the command's status comes back" at_client_ssh -o "ProxyCommand=$proxy" root@home 'exit 5'
shut_door
check_status 0 "-v does not disturb the connection" at_client_ssh -o "ProxyCommand=$proxy -v" root@home 'echo inside'
check "... but speaks on standard error" grep -q 'hitting 1 of 3' "$tmp/err"
head -c 50000000 /dev/urandom >"$tmp/big"
check_status 0 "50 MB there and back" at_client_ssh -o "ProxyCommand=$proxy" root@home cat <"$tmp/big"
check "... arrive whole" cmp "$tmp/big" "$tmp/out"
started=$(now_ms)
check_status 255 "a door that stays shut ends ssh" at_client_ssh -o "ProxyCommand=knock --proxy 2222 --timeout 1 server4 9" root@home true
check "... in time" test $(($(now_ms) - started)) -lt 3000
check "... and says why" grep -q 'port 2222/tcp did not open within 1 s' "$tmp/err"
no_proxy_left() { ! pgrep -f 'knock --profile home --proxy' -s 0; }
check "no proxy stays behind" wait_for 5 no_proxy_left

# --- the pump, against servers that end things in every order ------------------------------------

server() {
  background socat "TCP4-LISTEN:$1,reuseaddr,fork" "SYSTEM:$2" 2>>"$tmp/servers.err"
  server_pid=$pid
  wait_for 5 listening "$1"
}
listening() { ss -ltn | grep -q ":$1 "; }
proxy() { at_client timeout 20 knock --profile home --proxy "$@"; }

server 3001 'cat >/dev/null; echo the end'
echo hello | proxy 3001 >"$tmp/out"
check "the end of our side reaches the server, its answer us" same "$(cat "$tmp/out")" "the end"

background socat -u OPEN:"$tmp/big" TCP4-LISTEN:3002,reuseaddr,fork
wait_for 5 listening 3002
sleep 5 | proxy 3002 >"$tmp/out" &
slow=$!
wait_for 10 cmp "$tmp/big" "$tmp/out"
check "the server's end does not cut what it sent" cmp "$tmp/big" "$tmp/out"
wait "$slow"

server 3003 cat
check_status 0 "both directions at once, much more than any buffer" sh -c \
  "nsenter --net=/run/netns/client timeout 20 knock --profile home --proxy 3003 <'$tmp/big'"
check "... arrive whole" cmp "$tmp/big" "$tmp/out"

mkfifo "$tmp/fifo"
(sleep 0.5; cat) <"$tmp/fifo" >"$tmp/out" &
reader=$!
proxy 3003 <"$tmp/big" >"$tmp/fifo"
wait "$reader"
check "... also to a reader that is slow to begin" cmp "$tmp/big" "$tmp/out"

check_status 0 "a reader that goes away is no error" sh -c \
  "nsenter --net=/run/netns/client timeout 20 knock --profile home --proxy 3003 <'$tmp/big' | head -c 1000"
check_status 1 "a full disk is" sh -c \
  "nsenter --net=/run/netns/client timeout 20 knock --profile home --proxy 3003 <'$tmp/big' >/dev/full"
check_status 0 "closed standard input is an empty one" sh -c \
  "nsenter --net=/run/netns/client timeout 20 knock --profile home --proxy 3001 <&-"
check "... and the answer still comes" same "$(cat "$tmp/out")" "the end"

connected() { ss -tn state established | grep -q ":$1 "; }
check_status 1 "a reset connection is an error" sh -c \
  "(until ss -tn state established | grep -q ':3003 '; do sleep 0.02; done
    nft insert rule inet fw input tcp dport 3003 reject with tcp reset; cat '$tmp/big') |
   nsenter --net=/run/netns/client timeout 20 knock --profile home --proxy 3003"
check "... that says so" grep -Eq '^knock: 10.77.0.1: (Connection reset by peer|Broken pipe)$' "$tmp/err"

# Idle costs nothing: no descriptor keeps poll() awake, also when one side has ended.
for idle in 'exec sleep 30' 'exec >&-; exec sleep 30'; do
  server 3005 "$idle"
  mkfifo "$tmp/in"
  nsenter --net=/run/netns/client knock --profile home --proxy 3005 <>"$tmp/in" >"$tmp/out" &
  pid=$!
  pids="$pids $pid"
  wait_for 5 connected 3005
  ticks() { cut -d' ' -f14,15 "/proc/$pid/stat" | awk '{ print $1 + $2 }'; }
  before=$(ticks)
  sleep 0.5
  check "an idle proxy sleeps ($idle)" test $(($(ticks) - before)) -le 2
  stop "$pid"
  stop "$server_pid"
  rm "$tmp/in"
done

done_testing
