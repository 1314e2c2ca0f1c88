#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An attacker has taken over the engine: the daemon ends it and goes on.

. "$(dirname "$0")/../lib.sh"
need knock jq
rogue=$build/tests/tools/rogue
[ -x "$rogue" ] || skip_all "$rogue is not built (make check builds it)"
KNOCKD=$rogue
ROGUE=$T/words
export ROGUE
topo_pair
firewall
: >"$ROGUE"
chmod 666 "$ROGUE" # the engine may be another user
knockd_start "
[ssh]
	sequence = 1001,1002
	grant    = inet filter ssh_ok { %IP% timeout 1m }
$fence_door"

descriptors() {
	ls "/proc/$knockd/fd" | wc -l
}
fds=$(descriptors)


# engines WORD...: one engine after the other commits these misdeeds; then a normal one must run
engines() {
	news=$(log_count 'a new engine is running')
	printf '%s\n' "$@" >"$ROGUE"
	kill -KILL "$(children "$knockd")"
	if wait_for -t 60 well_again; then
		ok "$*: replaced"
	else
		fail "$*: replaced"
	fi
	fence
}
well_again() {
	[ ! -s "$ROGUE" ] && [ "$(children "$knockd" | wc -w)" = 1 ] && engine_works
}
engine_works() {
	echo | socat -u - UDP4-SENDTO:127.0.0.1:9
	[ "$(log_count 'fence: OPEN SESAME')" -gt "${fences:=0}" ] && fences=$(log_count 'fence: OPEN SESAME')
}

many_news() {
	[ "$(log_count 'a new engine is running')" -ge $((news + 9)) ]
}
knockd_stopped() {
	knockd_stop
	[ $? = 15 ]
}

# --- the time without an engine ------------------------------------------------------------------

nanoseconds() {
	date +%s%N
}
kill -KILL "$(children "$knockd")"
began=$(nanoseconds)
until log_has 'a new engine is running'; do :; done
diag "a new engine after $((($(nanoseconds) - began) / 1000000)) ms"
ok 'an engine that is killed is replaced at once'
check '... and the signal is logged' log_has 'the engine was ended by signal 9 (Killed)'

# --- invalid messages ----------------------------------------------------------------------------

nonsense='the engine sent an invalid message: killed'
engines short long crowd zeros door stage kind ready-again nobody family tail
equal 'each is logged' "$(log_count "$nonsense")" 11
refute '... and no element is added' element_in 'inet filter ssh_ok' 192.0.2.1

engines empty deaf
equal 'an engine that closes its socket is ended' "$(log_count 'the engine was ended by signal 9 (Killed)')" 5
engines abort
check 'an engine that a signal ended is logged' log_has 'the engine was ended by signal 6 (Aborted)'
engines last-words
equal 'an invalid message of an engine that has ended is logged' "$(log_count "$nonsense")" 12
refute '... and no signal goes to its pid, which may belong to another process by now' log_has 'a signal to nobody'
engines not-ready no-word gone
equal 'engines that are not ready in time, or never' "$(log_count 'the engine did not start')" 3

engines descriptor flood
check 'an engine that sends more than its limit is ended' log_has 'the engine sent more events than allowed: killed'
lines=$(log_count '192.0.2.1: ssh: Stage 1')
diag "$lines lines by then"
refute '... with fewer than 20,000 lines in the log' [ "$lines" -gt 20000 ]

# --- addresses that no host has ------------------------------------------------------------------

for set in any any6 banned banned6; do
	case $set in *6) type=ipv6_addr ;; *) type=ipv4_addr ;; esac
	nft add set inet filter $set "{ type $type; flags interval,timeout; }"
done
knockd_conf "
[options]
	Ban_Set   = inet filter banned { %IP% }
	Ban_Set_6 = inet filter banned6 { %IP% }
[any]
	sequence = 1001,1002
	grant    = inet filter any { %IP%/24 timeout 1m }
	grant_6  = inet filter any6 { %IP%/64 timeout 1m }
$fence_door"
knockd_reload
echo martians >"$ROGUE"
kill -KILL "$(children "$knockd")"
martians() {
	[ "$(log_count 'any: refused: no host has this address')" = 10 ] &&
		[ "$(log_count 'any: not banned: no ban for addresses of its kind')" = 10 ]
}
check 'knocks and scans of addresses that no host has are refused' martians
equal '... nothing is made for them' "$(nft list table inet filter | grep -c elements)" 0
kill -KILL "$(children "$knockd")"
wait_for -t 60 well_again || bail 'no engine'

# --- openings for everybody ----------------------------------------------------------------------

# What it opens costs memory, kernel and disk: for a hundred addresses, then for ever new ones.
nft add set inet filter many '{ type ipv4_addr; flags timeout; }'
many='
[many]
	sequence = 1003
	grant    = inet filter many { %IP% timeout 1h }
'"$fence_door"
knockd_conf "$many"
knockd_stop
: >"$LOG"
knockd_again
# kib FIELD: of the daemon's memory
kib() {
	sed -n "s/^$1:[[:space:]]*\([0-9]*\) kB/\1/p" "/proc/$knockd/status"
}
elements() {
	nft -j list set inet filter many | jq '.nftables[1].set.elem // [] | length'
}
now began
engines openings openings openings
now ended
most=$((2 * (20000 + (ended - began) * 4))) # of two doors: twice EVENT_OPEN_BURST and EVENT_OPEN_PER_SECOND
equal 'one that opens for all is ended, too' "$(log_count 'the engine sent more events than allowed: killed')" 3
lines=$(log_count 'OPEN SESAME')
diag "$lines openings, $(elements) elements, $(kib VmRSS) KiB, journal $(stat -c %s "$T/state/grants/journal"), log $(stat -c %s "$LOG")"
check '... and the next ones may send no more than what comes with time' [ "$lines" -le "$most" ]
check '... in the kernel' [ "$(elements)" -le 65536 ]
check '... in memory' [ "$(kib VmRSS)" -le 65536 ]
check '... in the journals' [ "$(stat -c %s "$T/state/grants/journal")" -le 20000000 ]
knockd_conf "[options]
	Max_Grants = 1000
$many"
knockd_stop
nft flush set inet filter many
rm -rf "$T/state"
: >"$LOG"
knockd_again
echo patient >"$ROGUE"
kill -KILL "$(children "$knockd")"
check 'one that never sends too many is not ended' -t 30 log_has 'Max_Grants is reached'
refute '...' log_has 'more events than allowed'
check '... but gets no further than Max_Grants' [ "$(elements)" -le 1000 ]
equal '... with a line a minute' "$(log_count 'Max_Grants is reached')" 1
check '... and little on disk' [ "$(stat -c %s "$T/state/grants/journal")" -le 400000 ]
knockd_stop
knockd_start "
[ssh]
	sequence = 1001,1002
	grant    = inet filter ssh_ok { %IP% timeout 1m }
$fence_door"

# --- reload and end with an engine that does not stop --------------------------------------------

echo flood >"$ROGUE"
kill -HUP "$knockd"
check 'a reload' log_has 're-opening log file'
wait_for -t 60 well_again || bail 'no engine'
echo deaf >"$ROGUE"
kill -HUP "$knockd"
wait_for -t 60 well_again || bail 'no engine'
equal 'the number of descriptors is the same as at the start' "$(descriptors)" "$fds"
knock $server 1001 1002
check '... and the door opens' element_in 'inet filter ssh_ok' 10.0.0.2

# Engines that die at once: five restarts without a pause, then one a second.
news=$(log_count 'a new engine is running')
yes abort | head -n 400 >"$ROGUE"
kill -KILL "$(children "$knockd")"
now began
wait_for -t 60 many_news || bail 'no engines'
now ended
diag "$(($(log_count 'a new engine is running') - news)) engines in $(((ended - began) / 100)) seconds"
refute 'engines that always die are restarted with pauses' [ $((ended - began)) -lt 200 ]
check 'SIGTERM still ends the daemon' knockd_stopped
done_testing
