#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# "nft list ruleset >file" while a door is open saves the access, and each load of the file would begin it anew. The
# daemon removes what is its own, and no more.

. "$(dirname "$0")/../lib.sh"
need knock knockctl
topo_pair
cat >"$T/empty.nft" <<-E
	flush ruleset
	table inet filter {
		set ok { type ipv4_addr; flags timeout; }
		set ok6 { type ipv6_addr; flags timeout; }
		set pair { type ipv4_addr . inet_service; flags timeout; }
		set nets { type ipv4_addr; flags interval,timeout; }
		set bound { type ipv4_addr; timeout 1h; }
		set endless { type ipv4_addr; flags timeout; }
		set other { type ipv4_addr; flags timeout; }
	}
E
nft -f "$T/empty.nft" || bail 'cannot load the sets'
doors="
[options]
	Guard_Policy = reject
[ssh]
	sequence = 1001
	grant    = inet filter ok { %IP% timeout 1h }
	grant    = inet filter pair { %IP% . 22 timeout 1h }
	grant    = inet filter nets { %IP%/24 timeout 1h }
	grant    = inet filter bound { %IP% }
	grant_6  = inet filter ok6 { %IP% timeout 1h }
[always]
	sequence = 1002
	grant    = inet filter endless { %IP% }
$fence_door"
knockd_start "$doors"
knock $server 1001 1002
knock $server6 1001
wait_for element_in 'inet filter ok6' fd00::2 || bail 'no access'
wait_for element_in 'inet filter endless' 10.0.0.2 || bail 'no access'
{
	echo flush ruleset
	nft list table inet filter
} >"$T/saved.nft"
# elements: how many there are in each set
elements() {
	for set in ok ok6 pair nets bound endless other; do
		nft -j list set inet filter $set | jq '[.nftables[].set | select(.) | .elem // [] | length] | add'
	done | tr '\n' ' '
}
all_are() {
	[ "$(elements)" = "$1" ]
}
equal 'all are open' "$(elements)" '1 1 1 1 1 1 0 '

# --- while the daemon runs -----------------------------------------------------------------------

nft -f "$T/saved.nft"
check 'a saved ruleset, loaded during the access: nothing is removed' all_are '1 1 1 1 1 1 0 '
fence
refute '... nor logged' log_has 'no access has it'
equal '... and the access goes on' "$(knockctl revoke --all)" '6 revoked'
: >"$LOG"
nft -f "$T/saved.nft"
check '... after its end: the elements are removed' all_are '0 0 0 0 0 1 0 '
check '... which is logged' log_has \
	'ssh: inet filter ok { 10.0.0.2 }: removed: no access has it, so a saved ruleset may have brought it back'
check '... for each' log_has 'ssh: inet filter pair { 10.0.0.2 . 22 }: removed'
check '... for a range' log_has 'ssh: inet filter nets { 10.0.0.0/24 }: removed'
check '... over IPv6' log_has 'ssh: inet filter ok6 { fd00::2 }: removed'
check 'without a time: it stays' log_has 'always: inet filter endless { 10.0.0.2 }: kept, without a time'
equal '... one line for each' "$(log_count 'no access has it')" 6

# --- what is an admin's --------------------------------------------------------------------------

cat >"$T/admin.nft" <<-E
	$(cat "$T/empty.nft")
	add element inet filter ok { 10.1.0.1, 10.1.0.2 comment "ssh", 10.1.0.3 timeout 1h, 10.1.0.4 timeout 1h comment "office" }
	add element inet filter ok { 10.1.0.5 timeout 2h comment "ssh" }
	add element inet filter pair { 10.1.0.1 . 80 timeout 1h comment "ssh" }
	add element inet filter nets { 10.1.0.0/16 timeout 1h comment "ssh", 10.2.0.0/24 comment "ssh" }
	add element inet filter other { 10.1.0.1 timeout 1h comment "ssh" }
	add element inet filter endless { 10.1.0.1 comment "ssh" }
E
: >"$LOG"
nft -f "$T/admin.nft"
fence
equal 'a ruleset with elements of the admin: they stay' "$(elements)" '5 0 1 2 0 1 1 '
equal '... without a line' "$(log_count 'no access has it')" 0
nft -f "$T/empty.nft"
wait_for all_are '0 0 0 0 0 0 0 '
nft add element inet filter ok '{ 10.1.0.1 timeout 1h comment "ssh" }'
fence
check 'an element that is added by hand to a set that is there stays' element_in 'inet filter ok' 10.1.0.1

# --- at a start ----------------------------------------------------------------------------------

knockd_stop
nft -f "$T/saved.nft"
: >"$LOG"
knockd_again
check 'at a start: the elements are removed' all_are '0 0 0 0 0 1 0 '
check '... which is logged' log_has 'ssh: inet filter bound { 10.0.0.2 }: removed'
knock $server 1001
wait_for element_in 'inet filter bound' 10.0.0.2
knockd_stop
: >"$LOG"
knockd_again
refute 'what the journal has is an access' log_has removed
check '... and stays' element_in 'inet filter ok' 10.0.0.2
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
rm "$T"/state/grants/journal
knockd_again
check 'without the journal of the run before nobody knows: they stay' element_in 'inet filter ok' 10.0.0.2
refute '... and no line says otherwise' log_has removed
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null

# --- many ----------------------------------------------------------------------------------------

{
	cat "$T/empty.nft"
	awk 'BEGIN {
		for (i = 0; i < 30000; i++)
			printf "add element inet filter ok { 10.%d.%d.%d }\n", i / 65536 + 2, i / 256 % 256, i % 256
		for (i = 0; i < 3000; i++)
			printf "add element inet filter ok { 10.8.%d.%d timeout 1h comment \"ssh\" }\n", i / 256, i % 256
	}'
} >"$T/many.nft"
knockd_again
: >"$LOG"
if ! nft -f "$T/many.nft" 2>"$T/load.err"; then
	# a message of nft may be no larger than net.core.wmem_max, unless root has sent it
	[ "$(awk '{ print $3 }' /proc/self/uid_map)" = 1 ] || bail "cannot load many elements: $(cat "$T/load.err")"
	skip 'many among many more' 'an ordinary user cannot load so many at once'
	done_testing
fi
thirty_thousand() {
	[ "$(nft list set inet filter ok | grep -o '10\.[0-9]*\.[0-9]*\.[0-9]*' | wc -l)" = 30000 ]
}
check 'many among many more' -t 20 thirty_thousand
# The kernel may make the set larger meanwhile, so that a first look does not see all.
told() {
	[ "$(log_count 'removed: no access has it')" -le 40 ] &&
		[ "$(awk '/removed: no access has it/ { n++ } /more elements of no access/ { n += $1 } END { print n + 0 }' "$LOG")" = 3000 ]
}
check '... ten lines for each look, and the number of the others' told
knockd_stop
done_testing
