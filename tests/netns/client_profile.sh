#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Profiles keep secrets: out of the process list, out of what is printed, out of others' reach.
. "$(dirname "$0")/client_lib.sh"

secret='7101|8202|9303'
write_profiles <<CONF
# a comment
[home]
  host = server4
  sequence = 7101,8202:udp,9303
  wait = 22
[once]
  host = server4
  one_time_sequences = once.seq
CONF
once=$tmp/config/knock/once.seq
(umask 077; printf ' 7101,8202\n 9303,bad\n 8202,9303\n' >"$once")

silent_about_ports() { ! grep -Eq "$secret" "$tmp/out" "$tmp/err"; }

check_status 0 "--list" "$knock" --list
check "... shows names and hosts" same "$(cat "$tmp/out")" "$(printf 'home\tserver4\nonce\tserver4')"
check_status 0 "-v with a profile" at_client "$knock" -v --profile once
check "... counts the hits" same "$(cat "$tmp/out")" "$(printf 'hitting %s of 2 at 10.77.0.1\n' 1 2)"
check "... and shows no port" silent_about_ports
check_status 2 "-v with --wait" at_client "$knock" -v home --timeout 0.5
check "... shows no port either" silent_about_ports

# While it waits, the process list says no more than what was typed.
background_at_client "$knock" home --timeout 20 2>"$tmp/err"
wait_for 5 grep -q '^knock$' "/proc/$pid/comm"
tr '\0' ' ' <"/proc/$pid/cmdline" >"$tmp/out"
tr '\0' ' ' <"/proc/$pid/environ" >>"$tmp/out"
check "the process list shows the profile" grep -q 'knock home --timeout 20' "$tmp/out"
check "... and no port" silent_about_ports
holds_config() { readlink "/proc/$pid/fd/"* | grep -q config/knock; }
check "the file is not held open" no holds_config
stop "$pid"

cp "$once" "$tmp/before"
check_status 0 "a bad one-time line is skipped" at_client "$knock" once
check "... with a warning" grep -q 'once.seq: line 2: not a list of ports' "$tmp/err"
check "... without its ports" silent_about_ports
check "the line that was used is marked" same "$(cat "$once")" "$(printf '#7101,8202\n 9303,bad\n#8202,9303')"

# A knock that was not seen to open anything keeps its line: the server may not have had it.
printf ' 7101,8202\n' >"$once"
check_status 2 "a door that stays shut" at_client "$knock" once --wait 22 --timeout 0.3
check "... keeps the one-time line" same "$(cat "$once")" " 7101,8202"
check "... and says so" grep -q 'once.seq: line 1 stays in use' "$tmp/err"

printf ' 7101,8202\n' >"$once"
chmod 644 "$once"
check_status 1 "one-time files that others can read are refused" at_client "$knock" once
check "... with the remedy" grep -q 'once.seq: is open to others.*chmod 600' "$tmp/err"
check "... and nothing is used" same "$(cat "$once")" " 7101,8202"

for mode in 640 604 620; do
  chmod $mode "$tmp/config/knock/config"
  check_status 1 "mode $mode is refused" at_client "$knock" home
  check "... with the remedy" grep -q 'config: is open to others.*chmod 600' "$tmp/err"
done
chmod 600 "$tmp/config/knock/config"
chown 65534 "$tmp/config/knock/config"
check_status 1 "somebody else's file is refused" at_client "$knock" home
chown 0 "$tmp/config/knock/config"

check_status 1 "a profile that does not exist" at_client "$knock" nowhere
check "... is named, with the file" grep -q 'no profile "nowhere" in .*/knock/config' "$tmp/err"
printf '[home]\nhost = x\nsequence = 7101,98202\nfoo = 9303\n' | write_profiles
check_status 1 "errors in the file" at_client "$knock" home
check "... are all reported" same "$(grep -c 'config: line' "$tmp/err")" 3
check "... without a port" silent_about_ports

done_testing
