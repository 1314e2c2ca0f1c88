#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# contrib/examples/ssh_config: ssh gets in by ProxyCommand, and by Match exec.

. "$(dirname "$0")/client_lib.sh"
client_setup knockd_ref sshd ssh ssh-keygen uids
sshd_behind_door
profiles '
[home]
	host = server
	sequence = 7000,8000:udp,9000
'
mkdir "$T/bin"
ln -s "$KNOCK" "$T/bin/knock"
PATH=$T/bin:$PATH
sed 's/server.example.com/server/' "$TESTS_TOP/contrib/examples/ssh_config" >"$T/ssh_config"

by_file() {
	ssh_in -F "$T/ssh_config" "root@$1" 'echo inside'
}
ends 'without the knock ssh does not get in' 255 ssh_in -o ConnectTimeout=1 "root@$server" true
ends 'ProxyCommand' 0 by_file home
equal '... ssh is inside' "$(cat "$T/out")" inside
firewall_shut
ends 'Match exec' 0 by_file home-direct
equal '... ssh is inside' "$(cat "$T/out")" inside
done_testing
