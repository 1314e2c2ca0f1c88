#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The whole thing: a door is shut, a knock opens it for the knocker, the kernel shuts it again.
# Over IPv4 and IPv6, TCP and UDP mixed, with our client on one host and knockd 0.8's on another.

. "$(dirname "$0")/../lib.sh"
topo_pair
topo_client original 1
firewall
service 22
knockd_start '
[openSSH]
	sequence    = 7000,8000:udp,9000
	seq_timeout = 5
	tcpflags    = syn
	grant       = inet filter ssh_ok  { %IP% timeout 6s }
	grant_6     = inet filter ssh_ok6 { %IP% timeout 6s }
'

# opens HOST CLIENT ADDRESS SET KNOCKER
opens() {
	refute "$1: $3 is shut before the knock" port_open "$3" 22 "$1"
	in_host "$1" "$2" -d 5 "$3" 7000 8000:udp 9000
	check "$1: the knock puts $5 into $4" element_in "inet filter $4" "$5"
	equal "$1: with the timeout" "$(element_get "inet filter $4" "$5" timeout)" 6
	equal "$1: and the door's name as comment" "$(element_get "inet filter $4" "$5" comment)" openSSH
	check "$1: $3 is open" port_open "$3" 22 "$1"
}

# shuts HOST ADDRESS SET KNOCKER
shuts() {
	check "$1: the element goes by itself" -t 12 not element_in "inet filter $3" "$4"
	refute "$1: $2 is shut again" port_open "$2" 22 "$1"
}

if [ -x "$KNOCK" ]; then
	opens client "$KNOCK" "$server" ssh_ok 10.0.0.2
	opens client "$KNOCK" "$server6" ssh_ok6 fd00::2
else
	skip 'our client' "$KNOCK is not built"
fi
if have_reference; then
	opens original "$KNOCK_REF" "$server" ssh_ok 10.0.1.2
	opens original "$KNOCK_REF" "$server6" ssh_ok6 fd00:1::2
else
	skip "knockd 0.8's client" "$no_reference"
fi

shuts client "$server" ssh_ok 10.0.0.2
shuts client "$server6" ssh_ok6 fd00::2
shuts original "$server" ssh_ok 10.0.1.2
shuts original "$server6" ssh_ok6 fd00:1::2

for stage in 'Stage 1' 'Stage 2' 'Stage 3' 'OPEN SESAME'; do
	check "the log says $stage" log_has "openSSH: $stage"
done
if [ -x "$KNOCK" ]; then knocker=10.0.0.2; else knocker=10.0.1.2; fi
check '... and the command that does the same' log_has \
	"openSSH: running command: nft add element inet filter ssh_ok '{ $knocker timeout 6s comment \"openSSH\" }'"

knockd_stop
equal 'SIGTERM: exit status 15' $? 15
check '... and a last line' log_has 'shutting down'
done_testing
