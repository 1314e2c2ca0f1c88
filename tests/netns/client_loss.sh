#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# --wait gets in although every packet, both ways, is lost with a chance of 30 %. The doors are
# those of knockd 0.8's sample: the closing one begins with the opening one's last port, which a lost
# packet turns into an attempt that swallows the next knock's first hit.
#   KNOCK_LOSS_RUNS=100 for the long form, KNOCK_LOSS_TIMEOUT=5 for the default timeout.
. "$(dirname "$0")/client_lib.sh"

runs=${KNOCK_LOSS_RUNS:-20}
set_firewall
cat >"$tmp/knockd.conf" <<CONF
[options]
  LogFile = $tmp/knockd.log
[openSSH]
  sequence = 7000,8000,9000
  seq_timeout = 5
  tcpflags = syn
  start_command = nft add element inet fw ok4 { %IP% timeout 1m }
[closeSSH]
  sequence = 9000,8000,7000
  seq_timeout = 5
  tcpflags = syn
  start_command = nft delete element inet fw ok4 { %IP% }
CONF
# What is lost must be lost before knockd's capture sees it: at the client.
lose() {
  at_client nft "table inet loss {
    chain out { type filter hook output priority 0; numgen random mod 100 < $1 drop; }
    chain in { type filter hook input priority 0; numgen random mod 100 < $1 drop; }
  }"
}
start_daemon "$tmp/knockd.conf"
background socat TCP4-LISTEN:22,reuseaddr,fork SYSTEM:true

check_status 0 "without loss one knock is enough" at_client "$knock" "$server4" 7000 8000 9000 --wait 22
shut_door
at_client "$knock" "$server4" 8000 9000
check_status 0 "after a knock without its first hit, too" at_client "$knock" "$server4" 7000 8000 9000 --wait 22
shut_door

lose 30
in=0 slowest=0 nth=0
while [ $nth -lt "$runs" ]; do
  nth=$((nth + 1))
  started=$(now_ms)
  if at_client "$knock" "$server4" 7000 8000 9000 --wait 22 \
    --timeout "${KNOCK_LOSS_TIMEOUT:-10}" 2>>"$tmp/loss.err"; then
    in=$((in + 1))
  fi
  took=$(($(now_ms) - started))
  [ $took -le $slowest ] || slowest=$took
  shut_door
done
check "30 % loss: in, $in of $runs times" same "$in" "$runs"
echo "# the slowest took $slowest ms"
[ ! -s "$tmp/loss.err" ] || sed 's/^/# /' "$tmp/loss.err"

done_testing
