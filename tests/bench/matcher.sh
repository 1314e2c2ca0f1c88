#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The matcher alone: knock_feed() in a loop, 32 hits at a time, 64 doors, no kernel, no other process.

. "$(dirname "$0")/lib.sh"
for n in 1000 1000000; do
	progress "$n attempts"
	$receiver "$bench/matcher" $n >"$T/matcher"
	for kind in next first again wrong; do
		awk -v kind=$kind '$1 == kind { printf "%.3f\n", 1000 / $2 }' "$T/matcher" |
			record "$n attempts under way" $kind 'million hits/s'
	done
done
