#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A scan of all ports opens no door, in whatever order; who knocks may use other ports besides.

. "$(dirname "$0")/../lib.sh"
need nmap knock
topo_pair
firewall
nft add rule inet filter input meta l4proto tcp reject with tcp reset # an answer is quicker than none

# scan OPTION...
scan() {
	in_client nmap -n -Pn -sS -T5 --max-retries 0 "$@" >"$T/nmap" 2>&1 || diag "$(cat "$T/nmap")"
	fence
}

# begin TEXT: the daemon with these options and the sequence of the tutorial
begin() {
	knockd_start "
[options]
	$1
[ssh]
	sequence    = 7000,8000,9000
	seq_timeout = 25
	tcpflags    = syn
	grant       = inet filter ssh_ok  { %IP% timeout 30s }
	grant_6     = inet filter ssh_ok6 { %IP% timeout 30s }
$fence_door"
}

# openings: so far, by all daemons of this script
openings() {
	log_count 'ssh: OPEN SESAME'
}

# connections PORT...: what a client of something else does; nobody listens there
connections() {
	for port; do
		port_open $server "$port"
	done
}

begin ''
scan -r -p 6900-9100 "$server"
check 'a scan in ascending order is seen' log_has '10.0.0.2: ssh: Stage 1'
check '... as what it is' log_has '10.0.0.2: ssh: scan, attempt dropped'
equal '... said once' "$(log_count 'scan, attempt dropped')" 1
equal '... and opens nothing' "$(openings)" 0
check 'the scanner is known to the kernel' element_in 'inet knockd knockers4' 10.0.0.2
scan -p 6900-9100 "$server"
scan -p 6900-9100 "$server"
scan -p 6900-9100 "$server"
scan -r -p 6900-9100 -6 "$server6"
check 'the same over IPv6' log_has 'fd00::2: ssh: scan, attempt dropped'
check '...' element_in 'inet knockd knockers6' fd00::2
equal 'in any order: nothing opens' "$(openings)" 0
refute 'the table is as it was: elements that packets make are nobody'"'"'s change' log_has 'put back'

knock $server 7000
connections 22 443 22
knock $server 8000
connections 443 993
knock $server 9000
check 'who knocks and uses three other ports gets in' element_in 'inet filter ssh_ok' 10.0.0.2
equal '...' "$(openings)" 1
knockd_stop

begin 'Scan_Guard = 1'
knock $server 7000
connections 22
fence
knock $server 8000 9000
fence
equal 'Scan_Guard = 1: one other port ends the attempt' "$(openings)" 1
knockd_stop

begin 'Scan_Guard = 0'
refute 'Scan_Guard = 0: no rule for it' sh -c 'nft list table inet knockd | grep -q knockers'
scan -r -p 6900-9100 "$server"
equal '... and a scan opens the door, as with 0.8' "$(openings)" 2
knockd_stop

begin 'Interface = client, lo'
check 'an interface: the rules are for it alone' \
	sh -c 'nft list chain inet knockd stray_interfaces | grep -q "iifname \"client\" goto strays"'
scan -r -p 6900-9100 "$server"
equal '... and a scan that comes in there opens nothing' "$(openings)" 2
knockd_stop
done_testing
