#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shows a door at work, step by step; `quickstart.sh demo` builds the programs and runs it. It uses
# the tests' harness, so it runs in namespaces of its own and leaves nothing behind.

[ -n "${TESTS_INSIDE-}" ] || exec "$(dirname "$0")/../tests/netns-run" "$0"
. "$(dirname "$0")/../tests/lib.sh"
. "$(dirname "$0")/demo_lib.sh"
need knock

# wrong TEXT: ends the demonstration
wrong() {
	tell "${red}This should not happen: $*${plain}"
	diag "$(cat "$LOG")"
	tap_done=yes
	exit 1
}

# at HOST COMMAND...: shows the command, then its output
at() {
	at_host=$1 at_program=$2
	shift 2
	printf '    %s$ %s\n' "$at_host" "${at_program##*/} $*"
	"in_$at_host" "$at_program" "$@" 2>&1 | sed 's/^/        /'
}

# try open|shut: the client connects, and the port must be open or shut
try() {
	printf '    client$ socat - TCP:%s:22\n' $server
	if port_open $server 22; then
		tell "    hello" "    ${green}connected${plain}"
		[ "$1" = open ] || wrong 'the port is open'
	else
		tell "    ${red}no answer${plain}"
		[ "$1" = shut ] || wrong 'the port is shut'
	fi
}

topo_pair
service 22
nft -f "$TESTS_TOP/nft/knockd.nft" || bail 'cannot load nft/knockd.nft'
door='[openSSH]
    sequence = 7000,8000:udp,9000
    grant    = inet filter ssh_ok { %IP% timeout 10s }'

chapter 'Two hosts, made for this demonstration only'
tell 'client 10.0.0.2 ------ 10.0.0.1 server' '' \
	'The server has a service on port 22, and a firewall (nft/knockd.nft) that lets in only the' \
	'addresses of a set:' ''
nft list chain inet filter input | grep '@ssh_ok ' | sed 's/^[[:space:]]*/        /'
tell '' 'knockd runs on the server, with one door in its configuration:' ''
echo "$door" | sed 's/^/        /'
knockd_start "$door"

chapter '1. The client connects without a knock.'
try shut

chapter '2. The client knocks: three packets to three closed ports, in the right order.'
at client "$knock_with" -d 20 -v $server 7000 8000:udp 9000
wait_for element_in 'inet filter ssh_ok' 10.0.0.2 || wrong 'the set is empty'
tell "The server's log:"
sed -n '/Stage 1/,$p' "$LOG" | sed 's/^/        /'

chapter '3. The address of the client is in the set now, and the kernel counts the time down.'
at server nft list set inet filter ssh_ok

chapter '4. The client connects again.'
try open

chapter '5. The daemon is killed with SIGKILL.'
tell "server\$ kill -KILL $knockd"
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
tell 'No daemon is left that could close the door. The kernel closes it ten seconds after the knock.'
wait_for -t 15 not element_in 'inet filter ssh_ok' 10.0.0.2 || wrong 'the element has not gone'
at server nft list set inet filter ssh_ok

chapter '6. The client connects once more.'
try shut

chapter 'End. The two hosts and their rules end with this script; it has not changed the rules of your machine.'
echo
tap_done=yes
exit 0
