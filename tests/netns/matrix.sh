#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each kind of access, over both families, ends at its time and not before, also after crashes, restarts and changes of
# ruleset or clock. For each event the test opens all kinds at once, causes the event, and watches until all are shut.

. "$(dirname "$0")/../lib.sh"
need knock meddle
topo_pair
service 22
service 2222

# Seconds that all is open: on a slow machine (TESTS_DEADLINE) the events take longer.
life=6
[ "$TESTS_DEADLINE" -le 5 ] || life=20
# Tolerances in hundredths of a second: early by ticks of the kernel's timers and of this clock; late on a loaded
# machine (100 otherwise). The measured times are printed.
early=1
late=500
cells='grant4 grant6 open4 open6 command4 command6'

cat >"$T/filter.nft" <<E
table inet filter {
	set ok { type ipv4_addr; flags timeout; }
	set ok6 { type ipv6_addr; flags timeout; }
	chain input {
		type filter hook input priority 0; policy drop;
		ct state established,related accept
		meta l4proto { icmp, icmpv6 } accept
		tcp dport 2222 accept
		ip saddr @ok tcp dport 22 accept
		ip6 saddr @ok6 tcp dport 22 accept
	}
}
E
nft -f "$T/filter.nft" || bail 'cannot load the firewall'
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
		[ $watch_now -lt $((opened + life * 100 + 1500)) ] || break
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
row() {
	rm -f "$T/command4" "$T/command6"
	now begun
	knock $server 1001 1002 1003
	knock $server6 1001 1002 1003
	check "$1: all doors open" all_open
	now opened
	row_since=$(since)
	"$2"
	check '... and are open, or open again, after the event' all_open
	now again
	equal '... with the time of opening' "$(since)" "$row_since"
	check '... a client gets in' all_ports_open
	watch
	for cell in $cells; do
		eval "shut=\$shut_$cell"
		check "... $cell does not shut early" [ $shut -ge $((begun + life * 100 - early)) ]
		check '... nor late' [ $shut -le $((opened + life * 100 + late)) ]
		diag "$1: $cell shut $((shut - begun - life * 100))0 ms after its time at the latest"
	done
	check '... then no client gets in' no_port_open
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
