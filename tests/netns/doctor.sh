#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `knockctl doctor` finds why a door stays shut, and the commands that it names mend it.

. "$(dirname "$0")/../lib.sh"
need knock knockctl jq
topo_pair
service 22
firewall
door="
[ssh]
	sequence = 4201,4507,4303
	tcpflags = syn
	grant    = inet filter ssh_ok { %IP% timeout 1m }
	grant_6  = inet filter ssh_ok6 { %IP% timeout 1m }"
guarded="
[guarded]
	sequence = 4711,4523,4109
	tcpflags = syn
	open     = 8022:tcp"
knockd_start "$door"
knock $server 4201 4507 4303
wait_for element_in 'inet filter ssh_ok' 10.0.0.2 || bail 'the door does not open'

# shellcheck disable=SC2120 # check calls it with a word
# doctor [WORD]...: its answer is in $T/says
doctor() {
	knockctl doctor "$@" -c "$T/knockd.conf" >"$T/says" 2>&1
}

# finds TEXT FAULT [COMMAND]: it finds this fault, and names this command
finds() {
	doctor
	equal "$1" "$?" 1
	check '... the fault' grep -qF "FAULT $2" "$T/says"
	[ $# = 2 ] || check '... the command that mends it' grep -qxF "      > $3" "$T/says"
}

mkdir "$T/tools"
printf '#!/bin/sh\nexec "%s" -s "%s" "$@"\n' "$KNOCKCTL" "$T/control.sock" >"$T/tools/knockctl"
chmod +x "$T/tools/knockctl"

# mend FAULT: runs the command that it names for this fault
mend() {
	PATH=$T/tools:$PATH sh -c "$(grep -A1 -F "FAULT $1" "$T/says" | sed -n 's/^      > //p' | head -n 1)" >>"$LOG" 2>&1
}

# ruleset TEXT: this ruleset alone
ruleset() {
	printf 'flush ruleset\n%s\n' "$1" >"$T/ruleset"
	nft -f "$T/ruleset" || bail 'cannot load the ruleset'
}

ends 'nothing is wrong' 0 knockctl doctor
diag "$(cat "$T/out")"
cp "$T/out" "$T/says"
check '... it says so' grep -qx 'no fault found' "$T/says"
check '... and what it has looked at' \
	grep -q '^ok    \[ssh\] the set inet filter ssh_ok is there, and a rule looks into it' "$T/says"
check '... and when the door was opened' \
	grep -qE '^ok    \[ssh\] was opened once, [0-9]+ seconds ago$' "$T/says"
check '... nor is it with one door' doctor ssh
ends 'a door that is none' 1 knockctl doctor nosuch
refute '... a sequence is never shown' grep -qE '4201|4507|4303' "$T/says"

# --- the knock -------------------------------------------------------------------------------------

knock $server 4201 4507
wait_for log_has 'ssh: Stage 2'
finds 'a knock that ends too early' '[ssh] the last knock, '
check '... where it ended' grep -q 'ended after packet 2 of 3' "$T/says"
knockd_stop
knockd_again
finds 'no packet at all' '[ssh] no packet of a knock has come since the start' 'tcpdump -nni any host CLIENT'
knock $server 4201 4507 4303
check 'it is well again' doctor

# --- sets and rules --------------------------------------------------------------------------------

ruleset 'table inet filter {
	chain input { type filter hook input priority 0; policy drop; iif lo accept; meta l4proto icmpv6 accept; }
}'
finds 'no set' '[ssh] there is no set inet filter ssh_ok' "nft add set inet filter ssh_ok '{ type ipv4_addr; flags timeout; }'"
check '... of IPv6' grep -qF "nft add set inet filter ssh_ok6 '{ type ipv6_addr; flags timeout; }'" "$T/says"
mend '[ssh] there is no set inet filter ssh_ok'
mend '[ssh] there is no set inet filter ssh_ok6'
finds 'no rule looks into it' '[ssh] no rule looks into the set inet filter ssh_ok' \
	'nft insert rule inet filter input ip saddr @ssh_ok tcp dport PORT accept'
nft insert rule inet filter input ip saddr @ssh_ok tcp dport 22 accept
nft insert rule inet filter input ip6 saddr @ssh_ok6 tcp dport 22 accept
finds 'no rule for established connections' 'chain input of table inet filter cuts connections off' \
	'nft insert rule inet filter input ct state established,related accept'
mend 'chain input of table inet filter cuts connections off'
check 'all of it is mended' doctor
ruleset 'table inet filter {
	set ssh_ok { type ipv4_addr; }
	set ssh_ok6 { type ipv4_addr; flags timeout; }
	chain input { ip saddr @ssh_ok accept; ip saddr @ssh_ok6 accept; }
}'
# shellcheck disable=SC2016 # quotes of the text
finds 'a set without times' '[ssh] the set inet filter ssh_ok has no `flags timeout`' \
	'table inet filter { set ssh_ok { type ipv4_addr; flags timeout; } } in your ruleset, and load it anew'
check '... and one for the other family' \
	grep -qF '[ssh] the set inet filter ssh_ok6 is for addresses of another family' "$T/says"
nft flush ruleset
firewall

# --- before knockd ---------------------------------------------------------------------------------

wait_for nft list table inet knockd >/dev/null
echo 'table netdev early { chain in { type filter hook ingress device client priority 0; tcp dport 4507 drop; }; }' >"$T/early"
if nft -f "$T/early" 2>/dev/null; then
	finds 'a table that is first' 'the chain in of table netdev early drops packets before knockd sees them' \
		'nft list chain netdev early in'
	nft delete table netdev early
else
	skip 'a table that is first' 'the kernel has no ingress hook for nft'
fi
interface=client
ip link property add dev client altname the-client 2>/dev/null && interface="$interface, the-client"
ip link add bridge0 type bridge 2>/dev/null && ip link add port0 type veth peer name port1 &&
	ip link set port0 master bridge0 && interface="$interface, port0"
ip link add bond0 type bond 2>/dev/null && ip link add slave0 type veth peer name slave1 &&
	ip link set slave0 master bond0 && interface="$interface, slave0"
ip link add member type veth peer name member1 && ip link set member up && ip link set member1 up &&
	interface="$interface, member"
path=$PATH
if ! { ip link add blue type vrf table 100 && ip link set member master blue; } 2>/dev/null; then
	# what ip says of a member, where the kernel has no VRF
	mkdir "$T/bin"
	cat >"$T/bin/ip" <<-F
		#!/bin/sh
		$(command -v ip) "\$@" | jq -c 'map(if .ifname == "member" then .master = "blue" | .linkinfo.info_slave_kind = "vrf" else . end)'
	F
	chmod +x "$T/bin/ip"
	PATH=$T/bin:$PATH
fi
knockd_stop
knockd_start "[options]
	Interface = nosuch, $interface$door"
finds 'no such interface' 'there is no interface nosuch' 'ip link'
check '... and one that is there' grep -qx 'ok    the interface client is there' "$T/says"
case $interface in
*the-client*) check '... another name' grep -qF 'FAULT the-client is another name of the interface client, which nft does not know' "$T/says" ;;
*) skip '... another name' 'no alternative names here' ;;
esac
case $interface in
*port0*) check '... a port of a bridge' grep -qF 'FAULT port0 is a port of the bridge bridge0: its packets arrive there' "$T/says" ;;
*) skip '... a port of a bridge' 'no bridges here' ;;
esac

case $interface in
*slave0*) check '... a slave of a bond' grep -qF 'FAULT slave0 is a port of the bond bond0: its packets arrive there' "$T/says" ;;
*) skip '... a slave of a bond' 'no bonds here' ;;
esac
check '... a member of a VRF' grep -qx 'ok    the interface member is there, in the VRF blue' "$T/says"
PATH=$path

# --- the guard -------------------------------------------------------------------------------------

knockd_stop
knockd_start "$door$guarded"
finds 'a firewall behind the guard' '[guarded] the guard opens 8022:tcp, but chain input of table inet filter drops it' \
	'nft add rule inet filter input tcp dport 8022 accept'
mend '[guarded] the guard opens 8022:tcp'
doctor
refute '... it is mended' grep -q 'guard opens' "$T/says"
check '... the guard is there' grep -qx 'ok    the guard is in the kernel' "$T/says"
knockctl unguard >/dev/null
finds 'no guard' 'the guard is missing: the ports of open are open to everybody' 'knockctl reload'

mend 'the guard is missing'
doctor
refute '... it is mended' grep -q 'guard is missing' "$T/says"

# --- the daemon and its file -----------------------------------------------------------------------

knockd_conf "$door"
finds 'a file that has changed' "$T/knockd.conf has changed since knockd has read it" 'knockctl reload'
mend "$T/knockd.conf has changed"
doctor
refute '... it is mended' grep -q 'has changed' "$T/says"
printf '\tnonsense\n' >>"$T/knockd.conf"
finds 'a file with an error' 'config: line '
knockd_conf "$door"
chmod 644 "$T/knockd.conf"
finds 'a file that all can read' "$T/knockd.conf: warning: any user can read it"
knockd_conf "$door"
mkdir "$T/other"
sed "s|$T/|$T/other/|; s|^.options.|[options]\n\tRules = none\n\tNflog_Group = 4|" "$T/knockd.conf" >"$T/other/conf"
chmod 640 "$T/other/conf"
"$KNOCKD" -c "$T/other/conf" >>"$LOG" 2>&1 &
other=$!
started $other
wait_for test -S "$T/other/control.sock" || diag "$(tail -n 3 "$LOG")"
finds 'another knockd' "another knockd runs here, as process $other" "kill $other"
mend 'another knockd'
wait $other
doctor
refute '... it is mended' grep -q 'another knockd' "$T/says"
knockd_stop
finds 'no daemon' "no knockd listens at $T/control.sock" 'systemctl start knockd'
check '... and its table' grep -qF 'FAULT table inet knockd is missing, so no packet is reported' "$T/says"
check '... and its group' grep -qF 'FAULT no process reads NFLOG group 7777' "$T/says"
done_testing
