#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `knockctl new`: a door whose ports are free, in no rising order, and which a client can open at once.

. "$(dirname "$0")/../lib.sh"
need knock knockctl
topo_pair
service 22
knockd_start '
[old]
	sequence = 4201,4507,4303
	tcpflags = syn
	open     = 8022:tcp'
conf=$T/knockd.conf
cp "$conf" "$T/before"

new() {
	knockctl new "$@" -c "$conf" </dev/null
}

# sequence: the ports of $T/out, in a line
sequence() {
	sed -n 's/^\tsequence  *= //p' "$T/out" | sed 's/:tcp//g; s/,/ /g'
}

# --- what it prints --------------------------------------------------------------------------------

ends 'a new door' 0 new home --open 22:tcp
diag "$(cat "$T/out")"
check '... its lines' grep -qx '	open_timeout = 30s' "$T/out"
check "... the client's profile" grep -qE '^    sequence = [0-9]+:tcp(,[0-9]+:tcp){3}$' "$T/out"
check '... and ssh_config' grep -qx '    ProxyCommand knock --profile "home" --proxy %p' "$T/out"
check '... and the command' grep -qE '^knock [^ ]+( [0-9]+){4}$' "$T/out"
check 'the file is as it was' cmp -s "$T/before" "$conf"
equal 'another time, another sequence' "$(for _ in 1 2 3 4 5; do new x --open 80 | sed -n 's/^\tsequence//p'; done | sort -u | wc -l)" 5

# --- errors ----------------------------------------------------------------------------------------

# refuses TEXT WORD [ARGUMENT]...
refuses() {
	refuses_text=$1 refuses_word=$2
	shift 2
	ends "$refuses_text" 1 new "$@"
	check '... it says so' grep -qF -- "$refuses_word" "$T/err"
}
refuses 'a door that exists' 'old: there is a door of this name' old --open 22
refuses 'no ports and no terminal' '--open says which ports the door opens' home
refuses 'ports that are none' 'is no list of ports' home --open ssh
refuses 'a time that is none' '--for' home --open 22 --for soon
refuses 'a name that no section can have' 'is no name for a door' 'a]b' --open 22
refuses 'the name of the options' 'is no name for a door' options --open 22
check 'the file is as it was' cmp -s "$T/before" "$conf"

# --- --write ---------------------------------------------------------------------------------------

ends 'it is written' 0 new home --open 22:tcp --for 1m --write
check '... the daemon has it' grep -qx 'the door is there' "$T/out"
check '... the backup' cmp -s "$T/before" "$conf.bak"
equal '... the rest stays' "$(head -n "$(wc -l <"$T/before")" "$conf")" "$(cat "$T/before")"
ends '... without a warning' 0 "$KNOCKD" -t -c "$conf"
equal '...' "$(cat "$T/out" "$T/err")" 'configuration OK'
refute '... the guard is there' port_open $server 22
sed -n '/^\[home\]/,$p' "$conf" >"$T/out"
# shellcheck disable=SC2046 # ports
knock $server $(sequence)
check '... its knock opens it' port_open $server 22
knockd_stop
ends 'no daemon' 0 new later --open 25 --write
check '... it is told' grep -q '^knockd does not run' "$T/out"
check '... and written' grep -qx '\[later\]' "$conf"

# --- the choice of ports ---------------------------------------------------------------------------

# Only 1024 to 1031 are not the kernel's: a service, a door and a guarded port leave 1026 to 1030.
echo '1032 65535' >/proc/sys/net/ipv4/ip_local_port_range || bail 'no range of ports of our own'
service 1024
knockd_conf '
[few]
	sequence = 1025
	open     = 1031:udp'
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	new x --open 22 >"$T/out" 2>"$T/err" || cat "$T/err"
	sequence
done >"$T/sequences"
equal 'ports of services, doors and guards are not taken' "$(tr ' ' '\n' <"$T/sequences" | sort -un | tr '\n' ' ')" \
	'1026 1027 1028 1029 1030 '
equal '... each sequence has four' "$(awk 'NF == 4' "$T/sequences" | wc -l)" 20
equal '... different ones' "$(awk '{ for (i = 1; i < 4; i++) for (k = i + 1; k <= 4; k++) if ($i == $k) print }' "$T/sequences")" ''
equal '... and never in rising order' "$(awk '$1 < $2 && $2 < $3 && $3 < $4' "$T/sequences")" ''
service 1026
service 1027
refuses 'too few ports' 'no sequence: ' x --open 22
done_testing
