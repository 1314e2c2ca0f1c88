#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Netlink fails: the daemon repeats what can be repeated, and logs each error.

. "$(dirname "$0")/../lib.sh"
need knock meddle
topo_pair
firewall
service 22
nft list table inet filter >"$T/filter.nft"
{
	echo flush ruleset
	cat "$T/filter.nft"
} >"$T/reload.nft"
knockd_meddled "
[ssh]
	sequence = 1001
	grant    = inet filter ssh_ok { %IP% timeout 1h }
	grant_6  = inet filter ssh_ok6 { %IP% timeout 1h }
$fence_door"
open='inet filter ssh_ok'
# shellcheck disable=SC2034 # by eval
EINTR=4 ENOMEM=12 EBUSY=16 EINVAL=22 ENOBUFS=105

# --- a knock ---------------------------------------------------------------------------------------

for error in EINTR ENOMEM EBUSY ENOBUFS; do
	firewall_shut
	count=$(log_count 'ssh: running command')
	eval "meddle send \$$error 3"
	knock $server 1001
	done_now() {
		[ "$(log_count 'ssh: running command')" -gt "$count" ]
	}
	check "$error, three times: the door opens" done_now
	check '... and the port is open' port_open $server 22
done
refute '... without a line in the log' log_has failed
firewall_shut
meddle send $ENOMEM 1000000
knock $server 1001
check 'ENOMEM, always: the reason is logged' log_says 'ssh: grant failed: inet filter ssh_ok: (Cannot allocate|Out of) memory'
refute '... and the door stays shut' port_open $server 22
meddle send 0 0
knock $server 1001
check '... until netlink works and there is another knock' port_open $server 22
knock $server6 1001
check '... over IPv6' port_open $server6 22

# --- putting back ----------------------------------------------------------------------------------

own_table() {
	nft list chain inet knockd prerouting >/dev/null 2>&1
}
mended=$(log_count 'is put back')
mended_again() {
	[ "$(log_count 'is put back')" -gt "$mended" ]
}
meddle send $ENOBUFS 1000000
nft -f "$T/reload.nft"
check 'ENOBUFS while the ruleset is put back: a line for the table' log_has \
	'could not install table inet knockd: No buffer space available'
check '... and one for the elements' log_has \
	'could not put back 2 elements, trying again: No buffer space available'
refute '... there is no table' own_table
sleep 2.2 # at least two more tries
equal '... one line for all tries' "$(log_count 'could not put back')" 1
meddle send 0 0
check '... when netlink works the elements come back by themselves' element_in "$open" 10.0.0.2
check '... over IPv6' element_in 'inet filter ssh_ok6' fd00::2
check '... and the table' -t 15 mended_again
check '... and knocks count again' port_open $server 22

# --- events ----------------------------------------------------------------------------------------

for error in ENOBUFS ENOMEM; do
	mended=$(log_count 'is put back')
	eval "meddle event \$$error 1"
	nft -f "$T/reload.nft"
	check "$error instead of events: the elements come back" element_in "$open" 10.0.0.2
	check '... the table, too' mended_again
done
kill -STOP "$knockd"
nft -f "$T/reload.nft"
nft add set inet filter noise '{ type ipv4_addr; flags interval; }'
awk 'BEGIN {
	for (i = 0; i < 65536; i++)
		printf "add element inet filter noise { 10.%d.%d.1 }\n", i / 256, i % 256
}' >"$T/noise.nft"
nft -f "$T/noise.nft"
nft -f "$T/noise.nft"
mended=$(log_count 'is put back')
kill -CONT "$knockd"
check 'more events than a socket holds: the elements come back' -t 20 element_in "$open" 10.0.0.2
check '... and the table' -t 20 mended_again

# --- one-time sequences ----------------------------------------------------------------------------

knockd_stop
printf ' 2001\n 2002\n' >"$T/once"
chmod 600 "$T/once"
knockd_meddled "
[once]
	one_time_sequences = $T/once
	command            = true
$fence_door"
meddle send $ENOMEM 1000000
knock $server 2001
check 'ENOMEM at the next one-time sequence: a line in the log' log_says \
	'could not install table inet knockd: (Cannot allocate|Out of) memory'
meddle send 0 0
next_opens() {
	knock $server 2002
	grep -qx '#2002' "$T/once"
}
blamed=$(log_count 'was changed by another program')
check '... when netlink works the kernel gets its ports' -t 20 next_opens
check '... which is logged' log_has 'table inet knockd is in place again'
equal '... and not taken for a change by another program' "$(log_count 'was changed by another program')" "$blamed"

# --- a kernel that lacks nf_tables ------------------------------------------------------------------

knockd_stop
meddle answer $EINVAL 1000000
timeout 5 env LD_PRELOAD="$MEDDLE_SO" "$KNOCKD" -c "$T/knockd.conf" >"$T/out" 2>"$T/err"
equal 'nf_tables is missing: the daemon does not start' $? 1
check '... and says why' grep -q 'could not install table inet knockd: the kernel lacks nf_tables (CONFIG_NF_TABLES)' "$T/err"
meddle answer 0 0
knockd_again

# --- the guard -------------------------------------------------------------------------------------

if ! [ -x "$KNOCKCTL" ]; then
	skip 'an unguard that fails' 'no knockctl'
	done_testing
fi
knockd_stop
knockd_meddled "
[guarded]
	sequence = 3001
	open     = 2222
$fence_door"
has_guard() {
	nft list table inet knockd 2>/dev/null | grep -q 'chain guard {'
}
check 'there is a guard' has_guard
meddle send $ENOMEM 1000000
ends 'ENOMEM at unguard' 1 knockctl unguard
meddle send 0 0
nft delete table inet knockd
check '... the guard stays, also when the table is put back' has_guard
printf '[options]\n\tRules = none\n' >>"$T/knockd.conf"
sed -i '/^\[guarded\]/,/open/d' "$T/knockd.conf"
meddle send $ENOMEM 1000000
knockd_reload
check 'ENOMEM when a reload removes the table: the reload fails' log_has 'reload failed'
meddle send 0 0
check '... and the guard stays' has_guard
knock $server 3001
check '... with its door' log_has 'guarded: OPEN SESAME'
ends 'unguard, without an error' 0 knockctl unguard
refute '... removes the guard' has_guard
done_testing
