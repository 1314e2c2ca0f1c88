#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Knock to open: the time from sending the last hit to the kernel's nftables event for the element. The knocker waits
# for the event without sleeping, so that only the daemon's wake-ups count. Hits are 150 us apart: Debian's knock(1)
# takes 100 to 250 us for each.

. "$(dirname "$0")/lib.sh"
hosts
# Of a single door that is knocked at three hundred times a second lines would be left out of the log. Without them the
# second process, woken only once in each knock, would be colder than behind any door that somebody uses.
doors=16
what='last hit to element'
gap=-g150
quiet=-i10000

# floors CASE [OPTION]: OPTION is one of the knocker's
floors() {
	nft flush ruleset
	closed
	logging
	: >"$T/came"
	$receiver "$bench/floor" stamp $group 3000 >"$T/came" 2>>"$LOG" &
	reader=$!
	started $reader
	wait_for grep -q listening "$T/came" || bail 'the reader does not start'
	send knocker -b -c 1000 $gap ${2:+"$2"} >"$T/sent"
	wait $reader
	sed 1d "$T/came" | awk 'NR % 3 == 0' | paste - "$T/sent" | awk '{ printf "%.3f\n", ($1 - $2) / 1000 }' |
		record 'floor: reads' "$1" us
	"$bench/floor" answer 1000 | record 'floor: writes' "$1" us
}

# ours CASE [OPTION]
ours() {
	for capture in $(captures); do
		progress "$(ours_name "$capture")"
		nft flush ruleset
		closed
		ours_start "$capture" "$(many_doors $doors)"
		send knocker -c 1000 -d $doors $gap ${2:+"$2"} | record "$(ours_name "$capture")" "$1" us
		stop "$knockd"
	done
}

progress 'one knock after another'
floors "$what"
ours "$what"
progress 'after 10 ms without a packet'
floors "$what, after 10 ms" "$quiet"
ours "$what, after 10 ms" "$quiet"
if [ -n "$receiver" ]; then
	progress 'the same, awake'
	keep_awake
	floors "$what, after 10 ms, awake" "$quiet"
	ours "$what, after 10 ms, awake" "$quiet"
	let_sleep
fi

nft flush ruleset
closed dynamic
recipe
progress 'nftables alone'
send knocker -a -c 1000 $gap | record 'nftables alone' "$what" us
note 'nftables alone' 'causes no event, so the knocker asks the kernel until it has the element; one question is in the figure'

if old_here; then
	progress 'knockd 0.8'
	nft flush ruleset
	closed
	old_start
	send knocker -c 300 $gap | record 'knockd 0.8' "$what" us
	stop "$old"
fi

if fwknop_here; then
	progress 'fwknopd'
	nft flush ruleset
	closed
	fwknop_start 100
	send knocker -p udp:62201 -c 100 -l "$work/spa" | record 'fwknopd' "$what" us
	stop "$fwknopd"
	note fwknopd 'its knock is one packet, and it polls; the figure includes its pause'
fi
