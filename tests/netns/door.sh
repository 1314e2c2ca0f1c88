#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The whole thing: a door is shut, a knock opens it for the knocker, the kernel shuts it again.
# Over IPv4 and IPv6, TCP and UDP mixed, with Debian's own client and with ours.

. "$(dirname "$0")/../lib.sh"
topo_pair
firewall
service 22
knockd_start '
[openSSH]
	sequence    = 7000,8000:udp,9000
	seq_timeout = 5
	tcpflags    = syn
	grant       = inet filter ssh_ok  { %IP% timeout 3s }
	grant_6     = inet filter ssh_ok6 { %IP% timeout 3s }
'

# opens CLIENT ADDRESS SET KNOCKER
opens() {
	refute "$1: $2 is shut before the knock" port_open "$2" 22
	"$1" -d 5 "$2" 7000 8000:udp 9000
	check "$1: the knock puts $4 into $3" element_in "inet filter $3" "$4"
	check "$1: $2 is open" port_open "$2" 22
	equal "$1: the element has the timeout" "$(element_get "inet filter $3" "$4" timeout)" 3
	equal "$1: and the door's name as comment" "$(element_get "inet filter $3" "$4" comment)" openSSH
}

# shuts CLIENT ADDRESS SET KNOCKER
shuts() {
	check "$1: the element goes by itself" -t 10 not element_in "inet filter $3" "$4"
	refute "$1: $2 is shut again" port_open "$2" 22
}

# story CLIENT
story() {
	opens "$1" $server ssh_ok 10.0.0.2
	opens "$1" $server6 ssh_ok6 fd00::2
	shuts "$1" $server ssh_ok 10.0.0.2
	shuts "$1" $server6 ssh_ok6 fd00::2
}

if [ -x "$KNOCK" ]; then story knock_ours; else skip 'our client' "$KNOCK is not built"; fi
if have_reference; then story knock_ref; else skip "knockd 0.8's client" "$no_reference"; fi

check 'the log tells each stage' log_has '10.0.0.2: openSSH: Stage 1'
check '... and the opening' log_has 'fd00::2: openSSH: OPEN SESAME'
check '... and the command that does the same' log_has \
	"openSSH: running command: nft add element inet filter ssh_ok '{ 10.0.0.2 timeout 3s comment \"openSSH\" }'"

knockd_stop
equal 'SIGTERM: exit status 15' $? 15
check '... and a last line' log_has 'shutting down'
done_testing
