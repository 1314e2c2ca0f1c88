#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A scan opens no door with whatever packets that door takes: SYN+ACK where the flags are `syn`, any TCP packet where
# there are none, UDP where the sequence has UDP. What a host's own programs have asked for is no scan.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack_lib.sh"
need knock
topo_pair
topo_client other 1
echo 1 >/proc/sys/net/ipv4/ip_forward
firewall

# begin NAME SEQUENCE FLAGS OPTIONS
begin() {
	knockd_start "
[options]
	$4
[$1]
	sequence    = $2
	seq_timeout = 25
	${3:+tcpflags = $3}
	grant       = inet filter ssh_ok  { %IP% timeout 30s }
	grant_6     = inet filter ssh_ok6 { %IP% timeout 30s }
$fence_door"
}

# scanned NAME ADDRESS TEXT: the scan has begun an attempt, was seen, and has opened nothing
scanned() {
	check "$3: begins an attempt" log_has "$2: $1: Stage 1"
	check "$3: is seen" log_has "$2: $1: scan, attempt dropped"
	refute "$3: opens nothing" log_has "$2: $1: OPEN SESAME"
}

begin synack 7000,8000,9000 syn ''
ascending '10.0.0.2 > 10.0.0.1 tcp' 6950 9050 SA | inject client
scanned synack 10.0.0.2 'SYN+ACK'
ascending 'fd00::2 > fd00::1 tcp' 6950 9050 SA | inject client
scanned synack fd00::2 'SYN+ACK over IPv6'
ascending '10.0.0.3 > 10.0.0.1 tcp' 6950 9050 SPUEC | inject client
scanned synack 10.0.0.3 'SYN with more'
ascending '10.0.0.4 > 10.0.0.1 tcp' 6950 9050 SF | inject client
scanned synack 10.0.0.4 'SYN and FIN'
if command -v nmap >/dev/null; then
	in_client nmap -n -Pn -sS --scanflags SYNACK -r -T5 --max-retries 0 -p 6950-9050 $server >"$T/nmap" 2>&1 ||
		diag "$(cat "$T/nmap")"
	fence
	refute 'nmap with SYN+ACK: opens nothing' log_has '10.0.0.2: synack: OPEN SESAME'
fi
knockd_stop

begin rst 7000,8000,9000 rst ''
ascending '10.0.0.2 > 10.0.0.1 tcp' 6950 9050 R | inject client
scanned rst 10.0.0.2 'RST, where the door wants that'
ascending '10.0.0.3 > 10.0.0.1 tcp' 6950 9050 RA | inject client
scanned rst 10.0.0.3 'RST and ACK'
knockd_stop

begin any 7000,8000,9000 '' ''
n=10
for flags in A F - R SA FA PA FPU; do
	ascending "10.0.0.$n > 10.0.0.1 tcp" 6950 9050 $flags | inject client
	scanned any 10.0.0.$n "no flags asked for: $flags"
	ascending "fd00::$n > fd00::1 tcp" 6950 9050 $flags | inject client
	scanned any fd00::$n "... over IPv6: $flags"
	n=$((n + 1))
done
knockd_stop

begin udp 7000:udp,8000:udp,9000:udp syn ''
ascending '10.0.0.2 > 10.0.0.1 udp' 6950 9050 | inject client
scanned udp 10.0.0.2 'UDP'
ascending 'fd00::2 > fd00::1 udp' 6950 9050 | inject client
scanned udp fd00::2 'UDP over IPv6'
# the first pass leaves entries in connection tracking, which must not help the second
ascending '10.0.0.3 > 10.0.0.1 udp' 7001 9050 | inject client
ascending '10.0.0.3 > 10.0.0.1 udp' 6950 9050 | inject client
scanned udp 10.0.0.3 'UDP, twice'
# nor do answers that the scanner forges itself
ascending 'fd00::3 > fd00::1 udp' 7001 9050 | inject client
seq 7001 9050 | sed 's/.*/+0 fd00::1 > fd00::3 udp 40000 sport=&/' | inject client
ascending 'fd00::3 > fd00::1 udp' 6950 9050 | inject client
scanned udp fd00::3 'UDP, with forged answers'
knockd_stop

begin mixed 7000,8000:udp,9000 'syn,!ack' ''
for port in $(seq 6950 9050); do
	echo "+0 10.0.0.2 > 10.0.0.1 tcp $port S"
	echo "+0 10.0.0.2 > 10.0.0.1 udp $port"
done | inject client
scanned mixed 10.0.0.2 'TCP and UDP in turn'
knockd_stop

knockd_start "
[far]
	sequence    = 7000:udp,8000:udp
	target      = 10.0.1.2
[farsyn]
	sequence    = 7000,8000
	tcpflags    = syn
	target      = 10.0.1.2
$fence_door"
ascending '10.0.0.2 > 10.0.1.2 udp' 6950 9050 | inject client
scanned far 10.0.0.2 'a Target: UDP'
ascending '10.0.0.2 > 10.0.1.2 tcp' 6950 9050 SA | inject client
scanned farsyn 10.0.0.2 'a Target: SYN+ACK'
knockd_stop

# --- what is no scan -------------------------------------------------------------------------------

# The server asks the client, from a new port each time, while the client knocks.
in_background client socat "UDP6-LISTEN:53,ipv6only=0,reuseaddr,fork" EXEC:cat
in_background client socat "TCP6-LISTEN:53,ipv6only=0,reuseaddr,fork" EXEC:cat
answered() {
	[ "$(echo hello | socat -t 1 - UDP4:10.0.0.2:53)" = hello ] && [ "$(echo hello | socat -t 1 - TCP4:10.0.0.2:53)" = hello ]
}
wait_for answered || bail 'the client does not answer'
begin honest 7000,8000:udp,9000 '' 'Scan_Guard = 2'
knock $server 7000
check 'a knock begins' log_has '10.0.0.2: honest: Stage 1'
for _ in 1 2 3 4 5 6; do
	answered || fail 'no answer'
done
knock $server 8000:udp 9000
check 'answers to what this machine has asked are no scan' log_has '10.0.0.2: honest: OPEN SESAME'
knockd_stop

begin off 7000:udp,8000:udp,9000:udp '' 'Scan_Guard = 0'
ascending '10.0.0.9 > 10.0.0.1 udp' 6950 9050 | inject client
check 'Scan_Guard = 0: a scan opens the door, as with 0.8' log_has '10.0.0.9: off: OPEN SESAME'
knockd_stop
done_testing
