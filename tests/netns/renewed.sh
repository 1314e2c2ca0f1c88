#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In a set with `flags dynamic` a rule of the admin's renews elements (update @set). The access then lasts as long as
# its element, for knockctl and over a restart.

. "$(dirname "$0")/../lib.sh"
need knock knockctl
topo_pair
topo_client other 1
nft -f - <<-E || bail 'no rules'
	table inet filter {
		set ok { type ipv4_addr; flags timeout,dynamic; size 1000; }
		set clock { type ipv4_addr; flags timeout; }
		chain input {
			type filter hook input priority 0;
			ip saddr @ok tcp dport 22 update @ok { ip saddr timeout 1h }
		}
	}
E
knockd_start "
[ssh]
	sequence = 1001
	grant    = inet filter ok { %IP% timeout 3s }
[clock]
	sequence = 1002
	grant    = inet filter clock { %IP% timeout 3500ms }
$fence_door"
open='inet filter ok'
# later: longer than the door's time
later() {
	later_before=$(log_count 'clock: running command')
	knock $server 1002
	wait_for later_begun && wait_for not element_in 'inet filter clock' 10.0.0.2 || bail 'the clock stands still'
}
later_begun() {
	[ "$(log_count 'clock: running command')" -gt "$later_before" ]
}
listed() {
	knockctl --json list | jq -r '[.[] | select(.door == "ssh")] | map(.ip) | join(" ")'
}
renewed() {
	renewed_left=$(element_get "$open" 10.0.0.2 expires)
	[ "${renewed_left:-0}" -gt 3000 ]
}
in_and_renewed() {
	knock $server 1001
	wait_for element_in "$open" 10.0.0.2 || bail 'the door does not open'
	knock $server 22
	wait_for renewed || bail 'the rule does not renew the element'
}

knock_from other $server 1001
in_and_renewed
later
equal 'an access that packets have renewed goes on, another one is over' "$(listed)" 10.0.0.2
check '... and its end is that of its element' \
	sh -c '[ "$1" -gt 3000000 ]' - "$(knockctl --json list | jq '.[] | select(.door == "ssh") | .left_ms')"
knockd_stop
knock $server 22
knockd_again
equal '... also after a restart' "$(listed)" 10.0.0.2
check '... which removes nothing' renewed
equal 'it can be revoked' "$(knockctl revoke 10.0.0.2)" '1 revoked'
refute '... and is over' element_in "$open" 10.0.0.2

in_and_renewed
knockd_stop
nft add element inet filter clock '{ 10.0.0.2 timeout 3100ms }' # longer than the door's time
wait_for not element_in 'inet filter clock' 10.0.0.2
knockd_again
check 'renewed while no daemon ran, beyond the time of the door: it stays' renewed
equal '... as an access' "$(listed)" 10.0.0.2
refute '... without a line that says otherwise' log_has 'no access has it'
knockctl revoke --all >/dev/null

in_and_renewed
nft -f - <<-E
	delete element $open { 10.0.0.2 }
	add element $open { 10.0.0.2 timeout 1h comment "office" }
E
later
equal 'an element that the admin has put there is no access' "$(listed)" ''
check '... and stays' renewed
knockd_stop
done_testing
