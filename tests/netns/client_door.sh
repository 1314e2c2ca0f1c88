#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each form of a knock opens a door: of knockd 0.8's, and of ours.
. "$(dirname "$0")/client_lib.sh"

set_firewall

# set_doors OPTION: OPTION is a line that knockd 0.8 would not know.
set_doors() {
  for each in one two; do
    printf ' 4001,4002:udp,4003\n 4003,4002:udp,4001\n4001,4001:udp,4001\n' >"$tmp/$each.seq"
  done
  echo ' 4004' >>"$tmp/one.seq" # knockd 0.8 does not survive the end of its file
  chmod 600 "$tmp/one.seq" "$tmp/two.seq"
  cat >"$tmp/knockd.conf" <<CONF
[options]
  LogFile = $tmp/knockd.log
$1
[mixed]
  sequence = 7000,8000:udp,9000
  tcpflags = syn
  start_command = nft add element inet fw ok4 { %IP% timeout 1m }
  start_command_6 = nft add element inet fw ok6 { %IP% timeout 1m }
[udp]
  sequence = 7001:udp,7002:udp,7003:udp
  start_command = nft add element inet fw ok4 { %IP% timeout 1m }
  start_command_6 = nft add element inet fw ok6 { %IP% timeout 1m }
[services]
  sequence = 22,80,53:udp
  tcpflags = syn
  start_command = nft add element inet fw ok4 { %IP% timeout 1m }
[once]
  one_time_sequences = $tmp/one.seq
  tcpflags = syn
  start_command = nft add element inet fw ok4 { %IP% timeout 1m }
CONF
}

write_profiles <<CONF
[home]
  host = server4
  sequence = 7000,8000:udp,9000
  delay = 1
[once]
  host = server4
  one_time_sequences = ../../two.seq
CONF

# opens FAMILIES ARGUMENTS...: knocks, and the door stands open for these families.
opens() {
  families=$1; shift
  shut_door
  at_client "$knock" "$@" || return
  for each in $families; do wait_for 5 is_open "$each" || return; done
}

all_forms() {
  check "$who: ports as separate words" opens 4 "$server4" 7000 8000:udp 9000
  check "$who: ... over IPv6" opens 6 "$server6" 7000 8000:udp 9000
  check "$who: commas in one word" opens 4 "$server4" 7000,8000:udp,9000
  check "$who: a protocol in capitals" opens 4 "$server4" 7000:TCP 8000:UDP 9000
  check "$who: -u" opens 4 -u "$server4" 7001 7002:tcp 7003
  check "$who: -u over IPv6" opens 6 -u "$server6" 7001 7002 7003
  check "$who: service names" opens 4 "$server4" ssh http domain:udp
  check "$who: bundled options and a delay" opens 4 -vd5 "$server4" 7000 8000:udp 9000
  check "$who: a name, -4" opens 4 -4 server 7000 8000:udp 9000
  check "$who: a name, -6" opens 6 -6 server 7000 8000:udp 9000
  check "$who: --both opens both" opens "4 6" --both server 7000 8000:udp 9000
  check "$who: --source" opens 4 -s 10.77.0.2 server 7000 8000:udp 9000
  check "$who: --interface" opens 6 -i cli "$server6" 7000 8000:udp 9000
  check "$who: a profile by its name alone" opens 4 home
  check "$who: --profile" opens 4 --profile home

  # The last hit of the wrong order begins a new attempt; when that is logged, all were seen.
  shut_door
  stages=$(grep -c 'mixed: Stage 1' "$tmp/knockd.log")
  at_client "$knock" "$server4" 9000 8000:udp 7000
  more_stages() { [ "$(grep -c 'mixed: Stage 1' "$tmp/knockd.log")" -gt "$stages" ]; }
  check "$who: the wrong order is heard" wait_for 5 more_stages
  check "$who: ... and opens nothing" no is_open 4
  check "$who: ... until the rest follows the last" opens 4 "$server4" 8000:udp 9000

  # One-time sequences: server and client hold the same file and stay in step.
  for each in 1 2 3; do check "$who: one-time sequence $each" opens 4 once; done
  check "$who: the client's file is used up, its digits kept" same "$(cat "$tmp/two.seq")" \
    "$(printf '#4001,4002:udp,4003\n#4003,4002:udp,4001\n#4001,4001:udp,4001')"
  check_status 1 "$who: an exhausted file is an error" at_client "$knock" once
  check "$who: ... that says so" grep -q "two.seq: no sequence is left" "$tmp/err"
}

who="ours" daemon=${KNOCKD:-$build/knockd}
set_doors "  User = nobody"
start_daemon "$tmp/knockd.conf"
all_forms
stop "$daemon_pid"

who="knockd 0.8" daemon=$(find_reference sbin/knockd)
if [ -n "$daemon" ]; then
  rm "$tmp/knockd.log"
  set_doors ""
  start_daemon "$tmp/knockd.conf"
  all_forms
else
  skip "each form opens a door of knockd 0.8's" "it is not here"
fi
done_testing
