#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The rooms, which are the folders of src/. Each uses exactly the rooms that its README ("uses: a b c") and HACKING's
# table ("| room | what | a b c |") name, and only their headers in include/. Neither rooms nor files include each other
# in a circle; x.c and x.h are one file in this sense.
# shellcheck disable=SC2046,SC2086 # lists of words

. "$(dirname "$0")/lib.sh"
cd "$top" || exit
rooms=$(ls -d src/*/ | cut -d / -f 2)

# arrows ROOM WORD...: the room, and each room that it uses
arrows() {
	echo "$1"
	for arrows_word; do
		[ "$arrows_word" = "$1" ] || [ "$arrows_word" = - ] || echo "$1 uses $arrows_word"
	done
}

# same TEXT A B: the two lists in $T are equal
same() {
	diff "$T/$2" "$T/$3" | sed -n "s/^</only in $2:/p; s/^>/only in $3:/p" >"$T/why"
	point "$1"
}

# "file header", one line for each #include "header"
grep -Ho '^#include "[^"]*' src/*.c src/*/*.[ch] include/*/*.h | sed 's|^[a-z]*/\(.*\)\.[ch]:#include "|\1 |' >"$T/files"
for room in $rooms; do
	arrows $room $(sed -n "s|^$room/[^ ]* \([^/]*\)/.*|\1|p" "$T/files")
done | sort -u >"$T/#include"
for room in $rooms; do
	uses=$(sed -n 's/^uses:/ /p' src/$room/README 2>/dev/null | tr , ' ')
	[ -z "$uses" ] || arrows $room $uses
done | sort -u >"$T/READMEs"
sed -n 's/^ *|\{0,1\} *\([a-z, ]*[a-z]\) *|[^|]*| *\([a-z, -]*\)|\{0,1\} *$/\1|\2/p' HACKING | tr , ' ' |
	while IFS='|' read -r names uses; do
		for room in $names; do
			[ $room = room ] || arrows $room $uses
		done
	done | sort -u >"$T/HACKING"

same 'each room uses the rooms that its README names' READMEs '#include'
same "HACKING's table says the same as the READMEs" HACKING READMEs
while read -r file header; do
	case $header in
	../*) echo "$file includes $header" ;;
	*/*) [ -f "include/$header" ] || echo "$file includes $header" ;;
	esac
done <"$T/files" >"$T/why"
point 'rooms include headers of other rooms from include/ only'
sed -n 's/ uses / /p' "$T/#include" | tsort 2>"$T/why" >"$T/order"
point 'no circle of rooms'
sed 's|^\([^ ]*/\)\([^ ]* \)\([^/]*\)$|\1\2\1\3|; s|\.h$||' "$T/files" | tsort 2>"$T/why" >"$T/order"
point 'no circle of files'
done_testing
