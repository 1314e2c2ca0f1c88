#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A scan of all ports opens no door, in any order; a knocker may use other ports meanwhile.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
topo_client other 1
echo 1 >/proc/sys/net/ipv4/ip_forward
firewall
nft add rule inet filter input meta l4proto tcp reject with tcp reset # a scan is faster with answers

# scan ORDER SERVER: SYN to all these ports, `ascending` or `random`
scan() {
	if command -v nmap >/dev/null; then
		by_nmap "$@" >"$T/nmap" 2>&1 || diag "$(cat "$T/nmap")"
	else
		by_knock "$@"
	fi
	fence
}

by_nmap() {
	case $1 in ascending) set -- "$2" -r ;; *) set -- "$2" ;; esac
	case $1 in *:*) set -- "$@" -6 ;; esac
	in_client nmap -n -Pn -sS -T5 --max-retries 0 -p 6900-9100 "$@"
}

by_knock() {
	case $1 in ascending) order='cat' ;; *) order='shuf' ;; esac
	# shellcheck disable=SC2046 # a list of ports
	knock "$2" $(seq 6900 9100 | $order)
}

# begin TEXT: starts the daemon with these options and the sequence of knockd's examples
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
[far]
	sequence    = 7000,8000,9000
	tcpflags    = syn
	target      = 10.0.1.2
$fence_door"
}

# openings: so far, by all daemons of this script
openings() {
	log_count 'ssh: OPEN SESAME'
}

# connections PORT...: connects to these ports, where nothing listens
connections() {
	for port; do
		port_open $server "$port"
	done
}

begin ''
scan ascending $server
check 'a scan in ascending order is seen' log_has '10.0.0.2: ssh: Stage 1'
check '... as a scan' log_has '10.0.0.2: ssh: scan, attempt dropped'
equal '... logged once' "$(log_count 'scan, attempt dropped')" 1
equal '... and opens nothing' "$(openings)" 0
check 'the scanner is known to the kernel' element_in 'inet knockd knockers4' 10.0.0.2
scan random $server
scan random $server
scan random $server
scan ascending $server6
check 'the same over IPv6' log_has 'fd00::2: ssh: scan, attempt dropped'
check '... and known to the kernel' element_in 'inet knockd knockers6' fd00::2
equal 'in any order: no door opens' "$(openings)" 0
scan ascending 10.0.1.2
check 'a scan of a host that is a door'"'"'s Target' log_has '10.0.0.2: far: scan, attempt dropped'
refute '... opens nothing' log_has 'far: OPEN SESAME'
refute 'elements that packets add are not taken for a change of the table' log_has 'put back'

knock $server 7000
connections 22 443 22
knock $server 8000
connections 443 993
knock $server 9000
check 'a knocker who uses three other ports gets in' element_in 'inet filter ssh_ok' 10.0.0.2
equal '... once' "$(openings)" 1
knockd_stop

# a full set of knockers, 1024 at a time: the socket of an ordinary user takes no more
begin ''
for part in $(seq 64); do
	seq 1024 | awk -v part="$part" '
		BEGIN { printf "add element inet knockd knockers4 { " }
		{ printf "%s10.%d.%d.%d", sep, 1 + part, $1 / 256, $1 % 256; sep = ", " }
		END { print " }" }' >"$T/fill"
	nft -f "$T/fill" || bail 'cannot fill the set'
done
knock $server 7000
fence
refute 'with 65536 others there is no place for one more' \
	nft get element inet knockd knockers4 '{ 10.0.0.2 }' # listing all elements would be slow
knock $server 8000 9000
fence
equal '... and its knock still counts' "$(openings)" 2
knockd_stop

begin 'Scan_Guard = 1'
knock $server 7000
connections 22
fence
knock $server 8000 9000
fence
equal 'Scan_Guard = 1: one other port ends the attempt' "$(openings)" 2
knockd_stop

# few ports, which the kernel compares, and many, which it looks up
for more in '' ,8001,8002,8003,8004,8005,8006,8007,8008,8009,8010; do
	before=$(log_count 'udp: OPEN SESAME')
	knockd_start "
[options]
	Scan_Guard = 1
[udp]
	sequence = 7000,8000:udp,9000
	tcpflags = syn
	grant    = inet filter ssh_ok { %IP% timeout 30s }
[more]
	sequence = 6999$more
$fence_door"
	knock $server 7000
	connections 8000
	fence
	knock $server 8000:udp 9000
	fence
	equal 'a port number of the other protocol is another port' "$(log_count 'udp: OPEN SESAME')" "$before"
	knock $server 7000 8000:udp 9000
	fence
	check '... and the knock itself counts' [ "$(log_count 'udp: OPEN SESAME')" = $((before + 1)) ]
	knockd_stop
done

begin 'Scan_Guard = 0'
refute 'Scan_Guard = 0: no rule for it' sh -c 'nft list table inet knockd | grep -q knockers'
scan ascending $server
equal '... and a scan opens the door, as with 0.8' "$(openings)" 3
knockd_stop

begin 'Interface = client, lo'
check 'Interface: the rules are for that interface alone' \
	sh -c 'nft list chain inet knockd stray_interfaces | grep -q "iifname \"client\" goto strays"'
scan ascending $server
equal '... and a scan that comes in there opens nothing' "$(openings)" 3
knockd_stop

nft 'add set inet filter banned  { type ipv4_addr; flags timeout; }'
nft 'add set inet filter banned6 { type ipv6_addr; flags timeout; }'
nft flush set inet filter ssh_ok
rm -rf "$T/state" # an address that has an access is not banned
begin 'Ban_Set   = inet filter banned  { %IP% }
	Ban_Set_6 = inet filter banned6 { %IP% }
	Ban_Time  = 2h'
scan ascending $server
check 'Ban_Set: the scanner is added' element_in 'inet filter banned' 10.0.0.2
equal '... for Ban_Time' "$(element_get 'inet filter banned' 10.0.0.2 timeout)" 7200
equal '... with the reason' "$(element_get 'inet filter banned' 10.0.0.2 comment)" scan
check '... and in the log' log_has "ssh: running command: nft add element inet filter banned '{ 10.0.0.2 timeout 2h comment"
scan ascending $server6
check '... over IPv6, too' element_in 'inet filter banned6' fd00::2
nft delete element inet filter banned '{ 10.0.0.2 }'
fence
refute 'a ban that the admin lifts stays lifted' element_in 'inet filter banned' 10.0.0.2
knock $server 7000 8000 9000
fence
equal '... and the address can knock' "$(openings)" 4
knockd_stop

nft 'delete set inet filter banned'
nft flush set inet filter ssh_ok
rm -rf "$T/state"
begin 'Ban_Set = inet filter banned { %IP% }
	Ban_Set_6 ='
check 'a missing set: a warning at the start' log_has 'options: warning: Ban_Set: inet filter banned: no such set'
scan ascending $server
check '... and one at the scan' log_has 'ssh: ban failed: inet filter banned: no such set'
equal '... and the scan opens nothing' "$(openings)" 4
knockd_stop
done_testing
