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

ends 'a profile that does not exist' 1 knock_ours nowhere
check '... is named, with the file' grep -q 'no profile "nowhere" in .*/knock/config' "$T/err"
profiles '[home]
host = x
sequence = 7101,98202
foo = 9303'
ends 'errors in the file' 1 knock_ours home
equal '... are all reported' "$(grep -c 'config: line' "$T/err")" 3
refute '... without a port' shows_ports
done_testing
