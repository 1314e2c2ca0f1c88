#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# knockd --print-rules: needs no privilege; nft loads the output, which is the same table that the daemon installs.

. "$(dirname "$0")/../lib.sh"
need setpriv
topo_pair

# same DESCRIPTION CONFIGURATION [OPTION]...: printed and installed rules are the same
same() {
	same_text=$1 same_conf=$2
	shift 2
	nft flush ruleset # a guard stays when the daemon ends
	knockd_conf "$same_conf"
	setpriv --bounding-set=-all --inh-caps=-all --ambient-caps=-all \
		"$KNOCKD" -c "$T/knockd.conf" --print-rules "$@" >"$T/printed" 2>>"$LOG"
	equal "$same_text: printed without privilege" $? 0
	check "$same_text: nft accepts it" nft -c -f "$T/printed"
	nft -f "$T/printed"
	nft -s list table inet knockd >"$T/loaded"
	nft -f "$T/printed"
	nft -s list table inet knockd >"$T/twice"
	check "$same_text: it makes a table" [ -s "$T/loaded" ]
	# sets that already existed come first
	equal "$same_text: it loads over itself" "$(sort "$T/twice")" "$(sort "$T/loaded")"
	nft delete table inet knockd
	knockd_start "$same_conf" "$@"
	nft -s list table inet knockd | sed 's/ # progname.*//; /^\tflags owner/,/^$/d' >"$T/installed"
	check "$same_text: the daemon installs the same" cmp -s "$T/loaded" "$T/installed"
	diag "$(diff -u "$T/loaded" "$T/installed" | head -n 60)"
	knockd_stop
}

same 'one door' '
[openSSH]
	sequence = 7000,8000,9000
	tcpflags = syn
'
same 'all kinds' '
[options]
	Interface   = client, ppp*
	Nflog_Group = 42
[mixed]
	sequence = 2222:udp,3333,4444:udp
[flags]
	sequence = 7000,8000
	tcpflags = syn,!ack
[udp]
	sequence = 5000:udp
[router]
	sequence = 6000,6001
	target   = 192.0.2.7
[router6]
	sequence = 6000,6001:udp
	target   = 2001:db8::7
'
same 'a guard' '
[options]
	Guard_Policy = reject
[here]
	sequence = 7000
	open     = 22:tcp, 443:udp
[there]
	sequence = 7000
	target   = 192.0.2.7
	open     = 22
[there6]
	sequence = 7000
	target   = 2001:db8::7
	open     = 22
	close    = 22
'
same 'a guard that cuts' '
[here]
	sequence     = 7000
	open         = 22:tcp, 443:udp
	cut          = yes
	open_timeout = 90s
[other]
	sequence     = 7000
	open         = 80
[there]
	sequence     = 7000
	target       = 192.0.2.7
	open         = 22
	cut          = yes
[there6]
	sequence     = 7000
	target       = 2001:db8::7
	open         = 22
	cut          = yes
'
same 'a guard with idle times' '
[here]
	sequence     = 7000
	open         = 22:tcp, 443:udp
	idle_timeout = 10m
[limited]
	sequence     = 7000
	open         = 80
	idle_timeout = 90s
	open_timeout = 1h
	cut          = yes
[there]
	sequence     = 7000
	target       = 192.0.2.7
	open         = 22
	idle_timeout = 10m
[there6]
	sequence     = 7000
	target       = 2001:db8::7
	open         = 22
	idle_timeout = 10m
'
for own in yes no; do
	same "Own_Table = $own" "
[options]
	Own_Table = $own
[here]
	sequence     = 7000
	open         = 22:tcp
	idle_timeout = 10m
	cut          = yes
"
	same "Own_Table = $own, without a guard" "
[options]
	Own_Table = $own
[a]
	sequence = 1,2
"
done
same 'many ports' '
[a]
	sequence = 1,2:udp,3,4,5,6,7,8,9,10,11,12,13
	open     = 21,22,23,24,25,26,27:udp,28,29,30,31,32,33
'
same 'no scan guard' '
[options]
	Scan_Guard = 0
[a]
	sequence = 1,2
'
same 'a rate for each source' '
[options]
	Source_Rate = 100
[a]
	sequence = 1,2
'
same 'one interface' '
[a]
	sequence = 1
' -i client
same 'IPv4 only' '
[a]
	sequence = 1,2:udp
' -4
same 'no door' ''

if have_uids; then
	cp "$KNOCKD" "$T/knockd"
	chmod 644 "$T/knockd.conf"
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$T/knockd" -c "$T/knockd.conf" --print-rules >"$T/nobody" 2>>"$LOG"
	equal 'any user may print' $? 0
	check '... the same table' cmp -s "$T/printed" "$T/nobody"
else
	skip 'any user may print' "$no_uids"
fi

# Printed rules can be loaded over those of another configuration; with a guard, table and accesses stay.
# doors N: a configuration with N ports
doors() {
	printf '[guarded]\n\tsequence = 1\n\topen = 22\n'
	seq 2 "$1" | awk '{ if (NR % 30 == 1) printf "\n[door%d]\n\tsequence = ", NR; else printf ","; printf "%d", $1 }'
	echo
}
# over FROM TO: the rules of TO ports over those of FROM
over() {
	nft flush ruleset
	for over_n; do
		knockd_conf "$(doors "$over_n")"
		"$KNOCKD" -c "$T/knockd.conf" --print-rules | nft -f - || return 1
	done
}
for change in '3 100' '100 1500' '1500 100' '100 3'; do
	# shellcheck disable=SC2086 # two words
	check "rules for ${change#* } ports over those for ${change% *}" over $change
done
done_testing
