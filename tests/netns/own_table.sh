#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An owned table: no other program can change or flush it, so a client that sends SYNs all the time gets in neither
# while the ruleset is flushed again and again, nor while processes are killed, nor at a restart, a reload or an upgrade.
# On a kernel that cannot keep an owned table the daemon says so.

. "$(dirname "$0")/../lib.sh"
need knock knockctl hammer race
topo_pair
"$RACE" -l 2222 2>>"$LOG" &
started $!
wait_for listening 2222 || bail 'no service'
doors="
[door]
	sequence     = 7000
	open         = 2222:tcp
	open_timeout = 1h
[commanded]
	sequence     = 7001
	command      = $T/sockets
$fence_door"
cat >"$T/sockets" <<'E2'
#!/bin/sh
for fd in /proc/self/fd/*; do
	readlink "$fd"
done >"${0%/*}/command_fds.new"
mv "${0%/*}/command_fds.new" "${0%/*}/command_fds"
E2
chmod 755 "$T/sockets"
timeout -s TERM 0.5 nsenter --net=/run/netns/client "$HAMMER" $server 2222 >"$T/hammer"
refute 'the attacker gets in where no daemon runs' grep -q 'in 0 ' "$T/hammer"
diag "$(cat "$T/hammer")"
flags() {
	nft list table inet knockd | sed -n 's/^[[:space:]]*flags //p'
}
owned() {
	case $(flags) in *owner*) return 0 ;; esac
	return 1
}
status_has() {
	knockctl status | grep -q "^table .*$1"
}

# --- the attacker ------------------------------------------------------------------------------------

attack() {
	in_background client "$HAMMER" $server 2222 </dev/null >"$T/hammer4"
	hammer4=$!
	in_background client "$HAMMER" $server6 2222 </dev/null >"$T/hammer6"
	hammer6=$!
	shut_before=$(shut_packets)
	wait_for eval '[ "$(shut_packets)" -gt $((shut_before + 1000)) ]' || bail 'no attack'
}
shut_packets() {
	nft -j list chain inet knockd guard_shut | jq '[.. | .counter?.packets? | select(. != null)] | add'
}
stop_attack() {
	kill $hammer4 $hammer6
	wait $hammer4 $hammer6
}
# nobody_in TEXT
nobody_in() {
	stop_attack
	for count in "$T/hammer4" "$T/hammer6"; do
		diag "$(cat "$count")"
		equal "$1: nobody got in" "$(sed 's/ longest.*//' "$count")" 'in 0'
	done
}
# hurries: the answer to a flush is urgent
hurries() {
	if nice -n -1 true 2>&1 | grep -q .; then
		skip 'the daemon runs before others' 'no CAP_SYS_NICE'
		engine_nice=$(nice)
	else
		check 'the daemon runs before others' [ "$(nice_of "$knockd")" = -20 ]
		engine_nice=0
	fi
	equal '... its engine does not' "$(nice_of "$(children "$knockd")")" "$engine_nice"
}
nice_of() {
	sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 17
}

# --- does this kernel keep an owned table? ----------------------------------------------------------

knockd_start "$doors"
if log_has 'table inet knockd is not owned, because this kernel'; then
	check 'a kernel that cannot: status says so' status_has 'not owned: this kernel cannot'
	refute '... the table has no owner' owned
	nft flush ruleset
	check '... and is put back after a flush' log_has 'is put back'
	equal '... the log says it once' "$(log_count 'because this kernel')" 1
	attack
	for i in 1 2 3 4 5 6 7 8 9 10; do
		for j in 1 2 3 4 5 6 7 8 9 10; do
			nft flush ruleset
		done
	done
	check '... also after the last of 100 flushes under attack' sh -c 'nft list chain inet knockd guard_shut >/dev/null 2>&1'
	stop_attack
	diag "100 flushes, IPv4: $(cat "$T/hammer4")"
	diag "100 flushes, IPv6: $(cat "$T/hammer6")"
	hurries
	done_testing
fi
check 'the log says that the table is owned' log_has 'table inet knockd is owned'
check '... status, too' status_has ' owned: no other program'
check '... and so says the kernel' owned
equal 'there is no hurry' "$(nice_of "$knockd")" "$(nice)"

# --- what others cannot do --------------------------------------------------------------------------

knock $server 7000
check 'a knock opens' element_in 'inet knockd open4' '10.0.0.2 . tcp . 2222'
listed() {
	nft list table inet knockd | sed 's/ expires [0-9hms]*//; s/counter packets.*bytes [0-9]*/counter/'
}
listed >"$T/before"
for change in 'delete table inet knockd' 'flush set inet knockd open4' 'flush chain inet knockd guard' \
	'add element inet knockd open4 { 10.0.0.9 . tcp . 2222 }' 'add table inet knockd { flags dormant; }'; do
	# shellcheck disable=SC2086 # words
	ends "nft $change: refused" 1 nft $change
done
nft flush ruleset
listed >"$T/after"
check 'flush ruleset: nothing is changed' cmp -s "$T/before" "$T/after"
equal '... nor put back' "$(log_count 'is put back')" 0

# --- what knockctl can do ---------------------------------------------------------------------------

ends 'knockctl revoke' 0 knockctl revoke 10.0.0.2
refute '... ends the access' element_in 'inet knockd open4' '10.0.0.2 . tcp . 2222'
ends 'knockctl grant' 0 knockctl grant 10.0.0.2 --door door
check '... lets in' element_in 'inet knockd open4' '10.0.0.2 . tcp . 2222'
knockctl revoke --all >/dev/null


# Elements of the admin's, which nft can neither add nor delete here.
forever() {
	[ -z "$(element_get 'inet knockd open4' "$1 . tcp . 2222" expires)" ] &&
		element_in 'inet knockd open4' "$1 . tcp . 2222"
}
ends 'knockctl grant --forever' 0 knockctl grant 10.0.0.2 --door door --forever
check '... puts in an element without a time' forever 10.0.0.2
check '... that lets in' in_client socat -u OPEN:/dev/null TCP4:$server:2222,connect-timeout=2
equal '... it is no access' "$(knockctl list)" 'no open accesses'
knock $server 7000
check '... a knock leaves it alone' log_has 'no grant'
check '... and without a time' forever 10.0.0.2
ends 'knockctl revoke' 4 knockctl revoke --all
check '... too' forever 10.0.0.2
ends '... and by address' 4 knockctl revoke 10.0.0.2
check '...' forever 10.0.0.2
knockd_reload
check '... a reload, too' forever 10.0.0.2
knockd_stop
knockd_again
check '... a restart, too' forever 10.0.0.2
ends '... a second time is no error' 0 knockctl grant 10.0.0.2 --door door --forever
ends 'knockctl revoke --by-hand of another door' 4 knockctl revoke 10.0.0.2 --by-hand --door fence
check '... leaves it' forever 10.0.0.2
ends '... of its door' 0 knockctl revoke 10.0.0.2 --by-hand --door door
equal '... says how many' "$(cat "$T/out")" '1 revoked'
refute '... deletes it' element_in 'inet knockd open4' '10.0.0.2 . tcp . 2222'
ends '... there is no second one' 4 knockctl revoke 10.0.0.2 --by-hand
knock $server 7000
wait_for element_in 'inet knockd open4' '10.0.0.2 . tcp . 2222'
ends 'an access' 0 knockctl grant 10.0.0.2 --door door --forever
check '... becomes one without a time' forever 10.0.0.2
equal '... and is no access any more' "$(knockctl list)" 'no open accesses'
ends 'IPv6' 0 knockctl grant fd00::7 --door door --forever
check '... the same' element_in 'inet knockd open6' 'fd00::7 . tcp . 2222'
ends '... both at once' 0 knockctl revoke --by-hand 10.0.0.2 fd00::7
equal '... are gone' "$(cat "$T/out")" '2 revoked'
ends 'a door without open' 1 knockctl grant 10.0.0.2 --door commanded --forever
check '... says why' grep -q 'has no open' "$T/err"
ends 'knockctl unguard' 0 knockctl unguard
refute '... removes the guard' sh -c 'nft list table inet knockd | grep -q "chain guard {"'
knockd_reload
check 'a reload brings it back' sh -c 'nft list table inet knockd | grep -q "chain guard {"'
check '... owned' owned

# --- who has the socket -----------------------------------------------------------------------------

# netfilter_sockets: of the descriptors on standard input those that are netlink sockets of netfilter (12)
netfilter_sockets() {
	sed -n 's/^socket:\[\([0-9]*\)\]$/\1/p' | while read -r inode; do
		awk -v i="$inode" '$2 == 12 && $NF == i { print $3 }' /proc/net/netlink
	done
}
fds() {
	for fd in /proc/"$1"/fd/*; do
		readlink "$fd"
	done
}
equal 'the daemon has three netfilter sockets' "$(fds "$knockd" | netfilter_sockets | wc -l)" 3
if [ -r /proc/net/netfilter/nfnetlink_log ]; then
	equal '... the engine has one, which knocks come from' "$(fds "$(children "$knockd")" | netfilter_sockets)" \
		"$(awk '$1 == 7777 { print $2 }' /proc/net/netfilter/nfnetlink_log)"
else
	skip '... the engine has one, which knocks come from' 'no /proc/net/netfilter here'
fi
knock $server 7001
check 'a command ran' test -e "$T/command_fds"
equal '... without any socket' "$(grep -c socket "$T/command_fds")" 0
if have_uids; then
	sed '/^\[commanded\]/,/command /d' "$T/knockd.conf" >"$T/conf.new"
	cp "$T/conf.new" "$T/knockd.conf"
	knockd_stop
	knockd_again
	equal 'a keeper has no netlink socket' "$(fds "$(keeper "$knockd")" | netfilter_sockets | wc -l)" 0
	check '... the daemon that is not root owns the table' owned
	knock $server 7000
	check '... and a knock opens' element_in 'inet knockd open4' '10.0.0.2 . tcp . 2222'
	knockctl revoke --all >/dev/null
	check '... until revoked' not element_in 'inet knockd open4' '10.0.0.2 . tcp . 2222'
fi

# --- under attack -----------------------------------------------------------------------------------

attack
for i in 1 2 3 4 5 6 7 8 9 10; do
	for j in 1 2 3 4 5 6 7 8 9 10; do
		nft flush ruleset
	done
done
nobody_in '100 flushes'
equal '... of which the daemon noticed none' "$(log_count 'is put back')" 0

attack
for i in 1 2 3 4 5; do
	knockd_reload
done
nobody_in '5 reloads'

attack
for i in 1 2 3; do
	knockd_stop >/dev/null
	knockd_again
done
check '3 restarts: owned' owned
nobody_in '3 restarts'
knock $server 7000
wait_for element_in 'inet knockd open4' '10.0.0.2 . tcp . 2222'
knockd_stop >/dev/null
knockd_again
equal 'a restart finds the access' "$(element_get 'inet knockd open4' '10.0.0.2 . tcp . 2222' timeout)" 3600
refute '... and does not write it anew' log_has 'elements put back'
knockctl revoke --all >/dev/null
refute '... knockctl revoke ends it' element_in 'inet knockd open4' '10.0.0.2 . tcp . 2222'

attack
for i in 1 2 3; do
	kill -KILL "$knockd"
	wait "$knockd" 2>/dev/null
	refute "kill -9 of the daemon: no owner" owned
	knockd_again
	check '... the next one owns the table' owned
	engine=$(children "$knockd" | head -n 1)
	engines=$(log_count 'a new engine is running')
	kill -KILL "$engine"
	check 'kill -9 of the engine: a new one' eval '[ "$(log_count "a new engine is running")" -gt $engines ]'
	kill -KILL "$(children "$knockd" | head -n 1)" "$knockd"
	wait "$knockd" 2>/dev/null
	knockd_again
	check 'kill -9 of both: owned again' owned
done
nobody_in 'kill -9'

# --- an upgrade -------------------------------------------------------------------------------------

# An earlier version left a table without an owner, with its guard at another priority, and with open ports.
knock $server 7000
wait_for element_in 'inet knockd open4' '10.0.0.2 . tcp . 2222'
in_client ip addr add 10.0.0.3/24 dev eth0
knockd_stop
for i in 1 2 3; do
	nft delete element inet knockd open4 '{ 10.0.0.7 . tcp . 2222 }' 2>/dev/null
	expires=$(element_get 'inet knockd open4' '10.0.0.2 . tcp . 2222' expires)
	nft list table inet knockd | sed 's/priority -149/priority -150/; /^[[:space:]]*flags *$/d' >"$T/old.nft"
	{
		echo 'delete table inet knockd'
		cat "$T/old.nft"
		[ "$i" = 2 ] || echo 'add element inet knockd open4 { 10.0.0.7 . tcp . 2222 }'
	} >"$T/upgrade.nft"
	nft -f "$T/upgrade.nft" || bail 'cannot make the old table'
	refute 'a table of an earlier version: no owner' owned
	in_background client "$HAMMER" $server6 2222 </dev/null >"$T/hammer6"
	hammer6=$!
	shut_before=$(shut_packets)
	wait_for eval '[ "$(shut_packets)" -gt $((shut_before + 1000)) ]' || bail 'no attack'
	knockd_again
	check '... is owned after an upgrade' owned
	kill $hammer6
	wait $hammer6
	diag "$(cat "$T/hammer6")"
	equal '... nobody got in' "$(sed 's/ longest.*//' "$T/hammer6")" 'in 0'
	check '... who had access has it' element_in 'inet knockd open4' '10.0.0.2 . tcp . 2222'
	check '... for the time left' [ "$(element_get 'inet knockd open4' '10.0.0.2 . tcp . 2222' expires)" -le "$expires" ]
	knockd_stop
done
check 'an element without a time is still there' element_in 'inet knockd open4' '10.0.0.7 . tcp . 2222'
equal '... without a time' "$(element_get 'inet knockd open4' '10.0.0.7 . tcp . 2222' expires)" ''

# --- Own_Table ---------------------------------------------------------------------------------------

knockd_start "
[options]
	Own_Table = no
$doors"
check 'Own_Table = no: status says so' status_has 'not owned$'
hurries
refute '... and so says the kernel' owned
ends '... nft may change the table' 0 nft delete element inet knockd open4 '{ 10.0.0.7 . tcp . 2222 }'
sed -i 's/Own_Table = no/Own_Table = yes/' "$T/knockd.conf"
knockd_reload
check 'a reload with yes: owned' owned
sed -i 's/Own_Table = yes/Own_Table = no/' "$T/knockd.conf"
knockd_reload
refute 'a reload with no: not owned' owned
check '... status says so' status_has 'not owned$'
knock $server 7000
check '... and a knock opens' element_in 'inet knockd open4' '10.0.0.2 . tcp . 2222'
nft delete element inet knockd open4 '{ 10.0.0.2 . tcp . 2222 }'
check '... an admin may end the access' log_has '10.0.0.2: door: element deleted from inet knockd open4'
knockd_stop
knockd_start "
[grant]
	sequence = 7000
	grant    = inet filter ok { %IP% timeout 10s }"
refute 'without open: not owned' owned
knockd_stop
knockd_start "
[options]
	Own_Table = yes
[grant]
	sequence = 7000
	grant    = inet filter ok { %IP% timeout 10s }"
check '... but with Own_Table = yes' owned
knockd_stop
refute '... and at the end no table is left' nft list table inet knockd 2>/dev/null

# --- the guard without a daemon -----------------------------------------------------------------------

knockd_conf "$doors"
ends 'knockd --guard' 0 "$KNOCKD" --guard -c "$T/knockd.conf"
refute '... leaves the table without an owner' owned
attack
knockd_again
check '... until the daemon takes it over' owned
nobody_in '... without a gap'
knockd_stop
ends 'knockd --unguard' 0 "$KNOCKD" --unguard
refute '... leaves nothing' nft list table inet knockd 2>/dev/null
done_testing
