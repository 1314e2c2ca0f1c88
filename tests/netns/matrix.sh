#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each kind of access, over both families, ends at its time and not before, also after crashes, restarts and changes of
# ruleset or clock. For each event the test opens all kinds at once, causes the event, and watches until all are shut.
# `idle` is an access that nothing uses. Of the two that cut there is a connection, which lives as long as the access.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guard_lib.sh"
need knock meddle
topo_pair
service 22
service 2222
echo_tcp 2223
echo_tcp 2225
echo_udp 2224
# else the next packet of the server would begin a flow, of which those of the client are the answers
echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_loose || bail 'no sysctl'

# Seconds that all is open: on a slow machine (TESTS_DEADLINE) the events take longer.
life=6
[ "$TESTS_DEADLINE" -le 5 ] || life=20
# Tolerances in hundredths of a second: early by ticks of the kernel's timers and of this clock; late on a loaded
# machine (100 otherwise) or a slow one. The measured times are printed.
early=1
late=$((100 * TESTS_DEADLINE))
cells='grant4 grant6 open4 open6 cut4 cut6 idle4 idle6 flow4 command4 command6'
built_with HAVE_CONNTRACK || cells=$(echo "$cells" | sed 's/ flow4//')

cat >"$T/filter.nft" <<E
table inet filter {
	set ok { type ipv4_addr; flags timeout; }
	set ok6 { type ipv6_addr; flags timeout; }
	set flows { type ipv4_addr . inet_service; flags timeout; }
	chain input {
		type filter hook input priority 0; policy drop;
		ct state established,related accept
		meta l4proto { icmp, icmpv6 } accept
		meta l4proto { tcp, udp } th dport 2222-2224 accept
		ip saddr . tcp dport @flows accept
		ip saddr @ok tcp dport 22 accept
		ip6 saddr @ok6 tcp dport 22 accept
	}
}
E
nft -f "$T/filter.nft" || bail 'cannot load the firewall'
flow_door=
! built_with HAVE_CONNTRACK || flow_door="
[flow]
	sequence       = 1006
	grant          = inet filter flows { %IP% . 2225 timeout ${life}s }
	cut            = yes"
knockd_meddled "
[options]
Own_Table = yes
[grant]
	sequence       = 1001
	grant          = inet filter ok { %IP% timeout ${life}s }
	grant_6        = inet filter ok6 { %IP% timeout ${life}s }
[open]
	sequence       = 1002
	open           = 2222
	open_timeout   = ${life}s
[cut]
	sequence       = 1004
	open           = 2223
	cut            = yes
	open_timeout   = ${life}s
[idle]
	sequence       = 1005
	open           = 2224:udp
	idle_timeout   = ${life}s
	open_timeout   = 1h
$flow_door
[command]
	sequence       = 1003
	cmd_timeout    = $life
	command        = touch $T/command4
	stop_command   = rm $T/command4
	command_6      = touch $T/command6
	stop_command_6 = rm $T/command6"

# --- looking ---------------------------------------------------------------------------------------

# look: sets $seen to the open cells
look() {
	seen=
	rules=$(nft list ruleset)
	case $rules in *'10.0.0.2 timeout'*) seen="$seen grant4" ;; esac
	case $rules in *'fd00::2 timeout'*) seen="$seen grant6" ;; esac
	case $rules in *'10.0.0.2 . '*' . 2222 timeout'*) seen="$seen open4" ;; esac
	case $rules in *'fd00::2 . '*' . 2222 timeout'*) seen="$seen open6" ;; esac
	case $rules in *'10.0.0.2 . '*' . 2223 timeout'*) seen="$seen cut4" ;; esac
	case $rules in *'fd00::2 . '*' . 2223 timeout'*) seen="$seen cut6" ;; esac
	case $rules in *'10.0.0.2 . '*' . 2224 timeout'*) seen="$seen idle4" ;; esac
	case $rules in *'fd00::2 . '*' . 2224 timeout'*) seen="$seen idle6" ;; esac
	case $rules in *'10.0.0.2 . 2225 timeout'*) seen="$seen flow4" ;; esac
	[ ! -e "$T/command4" ] || seen="$seen command4"
	[ ! -e "$T/command6" ] || seen="$seen command6"
	seen=${seen# }
}
all_open() {
	look
	[ "$seen" = "$cells" ]
}
# all_ports_open; no_port_open: for a client
all_ports_open() {
	port_open $server 22 && port_open $server6 22 && port_open $server 2222 && port_open $server6 2222
}
no_port_open() {
	! port_open $server 22 && ! port_open $server6 22 && ! port_open $server 2222 && ! port_open $server6 2222
}
# connected ROW; all_answer ROW; all_dead ROW: connections that the accesses which cut have let in
connections='cut4 cut6'
! built_with HAVE_CONNTRACK || connections="$connections flow4"
connected() {
	talk "$1.cut4" $server 2223
	talk "$1.cut6" "[$server6]" 2223
	! built_with HAVE_CONNTRACK || talk "$1.flow4" $server 2225
}
all_answer() {
	for all_name in $connections; do
		said "$1.$all_name" "$2" || return
	done
}
all_dead() {
	for all_name in $connections; do
		echo still 1<>"$T/$1.$all_name.in" # <>: does not wait for a reader
	done
	sleep 1
	for all_name in $connections; do
		! grep -q still "$T/$1.$all_name.out" || return
	done
}
# since: the time of each opening, from knockctl if that is built
since() {
	[ ! -x "$KNOCKCTL" ] || knockctl list --json 2>/dev/null | jq -c 'map([.door, .ip, .since_ms]) | sort'
}

# watch: until all has shut or it is much too late; sets $shut_CELL to the time when each was found shut
watch() {
	left=$cells
	while [ -n "$left" ]; do
		look
		now watch_now
		for cell in $left; do
			case " $seen " in *" $cell "*) continue ;; esac
			eval "shut_$cell=$watch_now"
			left=$(echo "$left" | sed "s/ *$cell */ /; s/^ //; s/ $//")
		done
		[ $watch_now -lt $((opened + life * 100 + late + 1000)) ] || break
	done
	for cell in $left; do
		eval "shut_$cell=$((watch_now + 100000))"
	done
}

# --- events ----------------------------------------------------------------------------------------

nothing() {
	:
}
daemon_sigkill() {
	kill -KILL "$knockd"
	wait "$knockd" 2>/dev/null
	knockd_again
}
new_engine() {
	[ "$(log_count 'a new engine is running')" -gt "$engines" ]
}
engine_sigkill() {
	engines=$(log_count 'a new engine is running')
	kill -KILL "$(children "$knockd" | head -n 1)"
	wait_for new_engine || bail 'no new engine'
}
sigterm() {
	knockd_stop
	knockd_again
}
sighup() {
	knockd_reload
}
flush_ruleset() {
	nft flush ruleset
	nft -f "$T/filter.nft"
}
# with_own_table yes|no: a reload; the daemon then gives its table up, or takes it
with_own_table() {
	sed -i "s/^\(Own_Table *= *\).*/\1$1/" "$T/knockd.conf"
	knockd_reload
}
sets_again() {
	with_own_table no
	nft -f - <<-E || bail 'cannot delete the sets'
		flush chain inet filter input
		delete set inet filter ok
		delete set inet filter ok6
		delete set inet filter flows
		flush table inet knockd
		delete set inet knockd open4
		delete set inet knockd open6
	E
	nft delete chain inet filter input
	nft -f "$T/filter.nft"
	with_own_table yes
}
# Within one boot only the boot clock counts; here the wall clock steps before a restart and before the end.
clock_forward() {
	meddle clock 86400000
	daemon_sigkill
}
clock_back() {
	meddle clock -86400000
	sigterm
	meddle clock -90000000
}

# --- the matrix ------------------------------------------------------------------------------------

# row NAME EVENT: all cells for this event
rows=0
row() {
	rows=$((rows + 1))
	rm -f "$T/command4" "$T/command6"
	now begun
	knock $server 1001 1002 1003 1004 1005 1006
	knock $server6 1001 1002 1003 1004 1005
	check "$1: all doors open" all_open
	now opened
	connected "$rows"
	check '... with connections' all_answer "$rows" before
	row_since=$(since)
	"$2"
	check '... and are open, or open again, after the event' all_open
	now again
	equal '... with the time of opening' "$(since)" "$row_since"
	check '... a client gets in' all_ports_open
	check '... the connections live' all_answer "$rows" after
	watch
	for cell in $cells; do
		eval "shut=\$shut_$cell"
		check "... $cell does not shut early" [ $shut -ge $((begun + life * 100 - early)) ]
		check '... nor late' [ $shut -le $((opened + life * 100 + late)) ]
		diag "$1: $cell shut $((shut - begun - life * 100))0 ms after its time at the latest"
	done
	check '... then no client gets in' no_port_open
	check '... and what was cut is dead' all_dead "$rows"
	diag "$1: all open again after $((again - opened))0 ms"
	meddle none
}

row 'nothing happens' nothing
row 'SIGKILL of the daemon' daemon_sigkill
row 'SIGKILL of the engine' engine_sigkill
row 'SIGTERM and a restart' sigterm
row SIGHUP sighup
row 'flush ruleset' flush_ruleset
row 'sets deleted and made again' sets_again
row 'the clock a day ahead, and a crash' clock_forward
row 'the clock a day back, a restart, and an hour more' clock_back
done_testing
