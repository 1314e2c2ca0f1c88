#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Memory of each contestant's processes (PSS), idle and at work.

. "$(dirname "$0")/lib.sh"
hosts

# pss PID...: KiB
pss() {
	for pss_pid; do
		cat "/proc/$pss_pid/smaps_rollup"
	done | awk '$1 == "Pss:" { sum += $2 } END { print sum }'
}

progress knockd-nft
closed
doors=16 # one takes 10,000 openings at once
ours_start nflog "$(many_doors $doors)" 'Max_Grants = 100000'
pss "$knockd" "$engine" | record knockd-nft idle KiB
send knocker -g 0 -c 100000 -n 1000 -d $doors >"$T/knocks"
wait_idle "$engine" "$knockd"
pss "$knockd" "$engine" | record knockd-nft '100,000 grants' KiB
stop "$knockd"

nft flush ruleset
closed
ours_start nflog '
[door]
	sequence = 7000,8000,9000
	seq_timeout = 600
	grant = inet filter ok { %IP% timeout 10m }
' 'Max_Attempts = 1000000'
before=$(pss "$knockd" "$engine")
send flood -n 1000000 -c 1000000 -r 200000 >/dev/null
wait_idle "$engine"
after=$(pss "$knockd" "$engine")
echo "$after" | record knockd-nft '1,000,000 attempts' KiB
calc %.1f "($after - $before) * 1024 / $(ours_stat attempts)" | record knockd-nft 'an attempt' bytes
stop "$knockd"

if old_here; then
	progress 'knockd 0.8'
	nft flush ruleset
	closed
	old_start 7000,8000,9000 600
	before=$(pss "$old")
	echo "$before" | record 'knockd 0.8' idle KiB
	send flood -n 10000 -c 10000 -r 2000 >/dev/null
	wait_idle "$old"
	calc %.1f "($(pss "$old") - $before) * 1024 / 10000" | record 'knockd 0.8' 'an attempt' bytes
	stop "$old"
fi

if fwknop_here; then
	progress fwknopd
	nft flush ruleset
	closed
	fwknop_start 0
	pss "$fwknopd" | record fwknopd idle KiB
	stop "$fwknopd"
fi
