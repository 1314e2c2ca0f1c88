#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each form of the client's command line opens a door of knockd 0.8 and of ours.

. "$(dirname "$0")/client_lib.sh"
client_setup
firewall

open_4='start_command = nft add element inet filter ssh_ok { %IP% timeout 1m }'
open_6='start_command_6 = nft add element inet filter ssh_ok6 { %IP% timeout 1m }'
doors="
[mixed]
	sequence = 7000,8000:udp,9000
	tcpflags = syn
	$open_4
	$open_6
[udp]
	sequence = 7001:udp,7002:udp,7003:udp
	$open_4
	$open_6
[services]
	sequence = 22,80,53:udp
	tcpflags = syn
	$open_4
[once]
	one_time_sequences = $T/one.seq
	tcpflags = syn
	$open_4
"
profiles '
[home]
	host = server4
	sequence = 7000,8000:udp,9000
	delay = 1
[once]
	host = server4
	one_time_sequences = ../../two.seq
'

# one_time_files: the server's and the client's, the same
one_time_files() {
	for file in one two; do
		printf ' 4001,4002:udp,4003\n 4003,4002:udp,4001\n4001,4001:udp,4001\n' >"$T/$file.seq"
		chmod 600 "$T/$file.seq"
	done
	echo ' 4004' >>"$T/one.seq" # knockd 0.8 crashes at the end of its file
}

# is_open FAMILIES
is_open() {
	for family in $1; do
		case $family in
		4) element_in 'inet filter ssh_ok' 10.0.0.2 ;;
		6) element_in 'inet filter ssh_ok6' fd00::2 ;;
		esac || return
	done
}

# opens TEXT FAMILIES ARGUMENT...: our client knocks once, and the door is open for these families
opens() {
	opens_text="$who: $1" opens_families=$2
	shift 2
	firewall_shut
	if knock_ours "$@" >"$T/out" 2>&1; then
		check "$opens_text" is_open "$opens_families"
	else
		fail "$opens_text"
		diag "knock $*: $(cat "$T/out")"
	fi
}

more_stages() {
	[ "$(log_count 'mixed: Stage 1')" -gt "$stages" ]
}

all_forms() {
	opens 'ports as separate words' 4 $server 7000 8000:udp 9000
	opens '... over IPv6' 6 $server6 7000 8000:udp 9000
	opens 'commas in one word' 4 $server 7000,8000:udp,9000
	opens 'a protocol in capitals' 4 $server 7000:TCP 8000:UDP 9000
	opens '-u' 4 -u $server 7001 7002:tcp 7003
	opens '-u over IPv6' 6 -u $server6 7001 7002 7003
	opens 'service names' 4 $server ssh http domain:udp
	opens 'bundled options and a delay' 4 -vd5 $server 7000 8000:udp 9000
	opens 'a name, -4' 4 -4 server 7000 8000:udp 9000
	opens 'a name, -6' 6 -6 server 7000 8000:udp 9000
	opens '--both opens both' '4 6' --both server 7000 8000:udp 9000
	opens '--source' 4 -s 10.0.0.2 server 7000 8000:udp 9000
	opens '--interface' 6 -i eth0 $server6 7000 8000:udp 9000
	opens 'a profile by its name alone' 4 home
	opens '--profile' 4 --profile home

	# The last hit begins a new attempt; when that is logged, the daemon has seen all hits.
	firewall_shut
	stages=$(log_count 'mixed: Stage 1')
	knock_ours $server 9000 8000:udp 7000
	check "$who: the daemon sees the wrong order" more_stages
	refute "$who: ... and opens nothing" is_open 4
	opens '... until the other two ports follow' 4 $server 8000:udp 9000

	# Server and client hold the same file and stay in step.
	for nth in 1 2 3; do
		opens "one-time sequence $nth" 4 once
	done
	equal "$who: the client's file is used up, with its digits unchanged" "$(cat "$T/two.seq")" \
		"$(printf '#4001,4002:udp,4003\n#4003,4002:udp,4001\n#4001,4001:udp,4001')"
	ends "$who: an exhausted file is an error" 1 knock_ours once
	check "$who: ... that says so" grep -q 'two.seq: no sequence is left' "$T/err"
}

who=ours
one_time_files
knockd_start "$doors"
all_forms
knockd_stop

who='knockd 0.8'
if have_reference_daemon; then
	one_time_files
	knockd_ref_start "$doors"
	all_forms
else
	skip "each form opens a door of knockd 0.8's" "$no_reference_daemon"
fi
done_testing
