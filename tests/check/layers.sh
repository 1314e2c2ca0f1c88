#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# HACKING says which module stands on which; the #include lines must agree.

top=$(cd "$(dirname "$0")/../.." && pwd)
n=0
fails=0

report() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "$2" | sed 's/^/# /'
		echo "not ok $n - $1"
		fails=$((fails + 1))
	fi
}

layers=$(sed -n 's/^  layer \([0-9]\): \(.*\)$/\1 \2/p' "$top/HACKING" | sed 's/   .*//' |
	while read -r layer modules; do
		for module in $modules; do echo "$module $layer"; done
	done)

layer_of() {
	echo "$layers" | sed -n "s/^$1 //p"
}

# A module's own header, and on the lowest layer each other's, are no step up.
upward() {
	for file in "$top"/src/main.c "$top"/src/*/*.[ch] "$top"/include/*/*.h; do
		module=$(basename "$file")
		module=${module%.[ch]}
		[ -n "$(layer_of "$module")" ] || module=${module%%_*} # x_part.c belongs to x
		case $module in client | ctl) continue ;; esac # programs of their own
		mine=$(layer_of "$module")
		[ -n "$mine" ] || { echo "$module is on no layer"; continue; }
		sed -n 's/^#include "\([a-z]*\/\)\{0,1\}\(.*\)\.h"$/\2/p' "$file" | while read -r used; do
			case $used in config | "$module" | "$module"_*) continue ;; esac
			theirs=$(layer_of "$used")
			[ "${theirs:-9}" -lt "$mine" ] || [ "$mine$theirs" = 00 ] ||
				echo "$(basename "$file") ($mine) uses $used.h (${theirs:-?})"
		done
	done
}

# includes MODULE HEADER...: which of them, directly or not
includes() {
	seen=" $1 "
	queue=$1
	while [ -n "$queue" ]; do
		next=
		for module in $queue; do
			for used in $(cat "$top"/src/*/"$module.c" "$top"/src/*/"${module}"_*.c "$top"/*/*/"$module.h" 2>/dev/null |
				sed -n 's/^#include "\([a-z]*\/\)\{0,1\}\(.*\)\.h"$/\2/p'); do
				case $seen in *" $used "*) continue ;; esac
				seen="$seen$used "
				[ "$used" = engine ] || next="$next $used"
			done
		done
		queue=$next
	done
	shift
	for header; do
		case $seen in *" $header "*) echo "uses $header.h" ;; esac
	done
}

report 'every module uses only what stands below it' "$(upward)"
report 'the parent knows nothing of packets' "$(includes daemon packet knock)"
report 'the engine knows nothing of actions' "$(includes engine nftset command access closing)"
echo "1..$n"
[ $fails = 0 ]
