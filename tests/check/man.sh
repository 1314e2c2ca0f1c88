#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Manual pages: they render without a warning, leave out no key and no option, and knockd takes their examples.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
: "${KNOCKD:=./knockd}"
umask 027 # an example that everybody can read is warned of
T=$(mktemp -d) || exit
trap 'rm -rf "$T"' EXIT
trap 'exit 1' HUP INT TERM
count=0
failed=0

# point DESCRIPTION: it has passed if nothing is in $T/why
point() {
	count=$((count + 1))
	if [ -s "$T/why" ]; then
		failed=$((failed + 1))
		echo "not ok $count - $1"
		sed 's/^/# /' "$T/why"
	else
		echo "ok $count - $1"
	fi
	: >"$T/why"
}

skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# man-db's man: others know no --warnings
has_man() {
	man --version 2>/dev/null | grep -q '^man [0-9]'
}

# Every key of the table, and the one that stands alone, in a list of keys.
keys() {
	sed -n '/keys\[\] = {$/,/^};$/s/^\t{ "\([A-Za-z0-9_]*\)",.*/\1/p' "$top/src/conf/keys.c"
	echo UseSyslog
}

# options FILE
options() {
	sed -n '/^static const struct option /,/^};$/s/^\t{ "\([a-z0-9-]*\)",.*/\1/p' "$top"/src/*/"$1"
}

commands() {
	sed -n 's/^\t\[REQUEST_[A-Z]*\] = { "\([a-z]*\)",.*/\1/p' "$top/src/wire/request.c"
}

# missing PAGE PATTERN WORD...: words for which no line fits the pattern, in which @ stands for the word
missing() {
	missing_page=$1 missing_pattern=$2
	shift 2
	[ $# -gt 6 ] || echo "only $# words to look for"
	for word in "$@"; do
		grep -q -e "$(echo "$missing_pattern" | sed "s/@/$word/")" "$top/man/$missing_page" || echo "$word"
	done
}

# The displays of the page that are configuration, one file for each; all under one name for one-time sequences.
examples() {
	awk -v dir="$T" '
		/^\.Bd -literal/ { inside = 1; text = ""; next }
		/^\.Ed/ { if (text ~ /^\[/) { n++; printf "%s", text >(dir "/example" n) } inside = 0; next }
		inside { gsub(/\\-/, "-"); gsub(/\\\(aq/, "\047"); text = text $0 "\n" }' "$top/man/knockd.conf.5"
	echo ' 5120,7443:udp,6902' >"$T/sequences"
	for example in "$T"/example*; do
		sed "s|\(one_time_sequences *=\).*|\1 $T/sequences|" "$example" >"$T/conf"
		mv "$T/conf" "$example"
	done
}

: >"$T/why"
for page in "$top"/man/*.[1-8]; do
	text="${page##*/} renders without a warning"
	if has_man; then
		MANROFFSEQ='' LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l "$page" >"$T/page" 2>"$T/why"
		[ "$(wc -l <"$T/page")" -gt 20 ] || echo 'next to nothing comes out' >>"$T/why"
		point "$text"
	else
		skip "$text" 'man is missing'
	fi
done

# shellcheck disable=SC2046 # lists of words
{
	missing knockd.conf.5 '^\.It Ic @\( =.*\)\?$' $(keys) >"$T/why"
	point 'knockd.conf(5) has every key'
	missing knockd.1 '^\.It .*Fl -@\( Ar .*\)\?$' $(options options.c) >"$T/why"
	point 'knockd(1) has every option'
	missing knockctl.1 '^\.It .*Fl -@\( Ar .*\)\?$' $(options ctl_options.c) >"$T/why"
	point 'knockctl(1) has every option'
	missing knockctl.1 '^\.It Cm @\( .*\)\?$' $(commands) >"$T/why"
	point 'knockctl(1) has every command'
}

examples
for example in "$T"/example*; do
	"$KNOCKD" -t -c "$example" >"$T/out" 2>&1
	[ "$(cat "$T/out")" = 'configuration OK' ] || cat "$T/out" "$example" >"$T/why"
	point "knockd takes ${example##*/} of knockd.conf(5)"
done

echo "1..$count"
[ "$failed" = 0 ]
