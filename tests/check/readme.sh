#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The README: its benchmark is that of tests/bench/RESULTS.md, and each file, directory and manual page that it names is
# there. tests/netns/readme.sh runs its examples.

. "$(dirname "$0")/lib.sh"
readme=$top/README.md

if command -v python3 >/dev/null; then
	cp "$readme" "$T/README.md"
	python3 "$top/tests/bench/summary.py" "$top/tests/bench/RESULTS.md" "$T/README.md" "$T/bench.svg" 2>"$T/why"
	again='tests/bench/summary.py tests/bench/RESULTS.md README.md doc/bench.svg'
	diff "$readme" "$T/README.md" >"$T/diff" || { echo "run $again" && cat "$T/diff"; } >>"$T/why"
	point 'the table has the figures of RESULTS.md'
	cmp "$T/bench.svg" "$top/doc/bench.svg" >"$T/diff" 2>&1 || { echo "run $again" && cat "$T/diff"; } >>"$T/why"
	point '... and so has the plot'
	sed '/<!-- hits -->/,/<!-- end -->/d' "$top/tests/bench/RESULTS.md" >"$T/RESULTS.md"
	python3 "$top/tests/bench/summary.py" "$T/RESULTS.md" "$T/README.md" "$T/bench.svg" 2>"$T/out" && echo 'it succeeds' >"$T/why"
	grep -q 'figure hits' "$T/out" || cat "$T/out" >>"$T/why"
	point 'a figure that is missing is an error'
else
	skip 'the table has the figures of RESULTS.md' 'python3 is missing'
fi
equal 'it has five rows' "$(sed -n '/<!-- bench -->/,/<!-- end -->/p' "$readme" | grep -c '^| [a-z]')" 5

# what a checkout or a tarball has: paths with a slash, and names in capitals
{
	grep -oE '\]\([^)]*\)' "$readme" | sed 's/^..//; s/)$//'
	grep -oE '(^|[^/a-z.])(contrib|doc|nft|tests)/[A-Za-z0-9._/-]*[A-Za-z0-9]' "$readme" | sed 's/^[^a-z]//'
} | sort -u >"$T/named"
while read -r file; do
	[ -e "$top/$file" ] || echo "it is not there: $file"
done <"$T/named" >"$T/why"
[ "$(wc -l <"$T/named")" -gt 10 ] || echo "only $(wc -l <"$T/named") files are named" >>"$T/why"
point 'every file that it names is there'
grep -oE 'knock[a-z]*(\.conf)?\([15]\)' "$readme" | sort -u | sed 's/(\(.\))/.\1/' >"$T/named"
while read -r page; do
	[ -e "$top/man/$page" ] || echo "it is not there: $page"
done <"$T/named" >"$T/why"
[ "$(wc -l <"$T/named")" -ge 4 ] || cat "$T/named" >>"$T/why"
point '... and every manual page'

# the reasons that troubleshooting.md explains are those of the sources
sed -n '/^## A signed knock/,/^## The door opens/s/^| \(`.*`\) | .*/\1/p' "$top/doc/troubleshooting.md" | sed 1d |
	sed 's/`, `/\n/g' | sed 's/`//g; s/\<N\>\|FILE\|ADDRESS/%s/g; s/120 s/%d s/' >"$T/named"
while read -r reason; do
	grep -qF -e "\"$reason" "$top/src/access/judge.c" || echo "judge.c does not have: $reason"
done <"$T/named" >"$T/why"
[ "$(wc -l <"$T/named")" -ge 10 ] || cat "$T/named" >>"$T/why"
point 'troubleshooting.md has the reasons that the log gives'
done_testing
