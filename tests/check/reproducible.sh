#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same sources give the same bytes: the tarball, made twice with other times of files and another umask, and the
# programs, built from it in two directories.

. "$(dirname "$0")/lib.sh"
for tool in xz git cmp; do
	command -v $tool >/dev/null || skip_all "$tool is missing"
done
tar --version 2>/dev/null | grep -q GNU || skip_all 'GNU tar is missing'
build=$PWD
[ -f "$build/config.status" ] || skip_all 'not in a build directory'
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR

# quietly COMMAND...: its output is the reason if it fails
quietly() {
	"$@" >"$T/out" 2>&1 || { echo "$*" && cat "$T/out"; } >>"$T/why"
}

# tarball NAME UMASK DATE: `make dist` in a copy of the sources, whose files have this date
tarball() {
	mkdir "$T/$1"
	(cd "$build" && quietly make -s distdir distdir="$T/$1/src") || return
	find "$T/$1/src" -exec touch -d "$3" {} +
	cd "$T/$1" && umask "$2" && quietly ./src/configure -q -C --disable-tests && quietly make -s dist
}

# built NAME: the programs, from the tarball, in directory NAME
built() {
	mkdir -p "$T/$1" && cd "$T/$1" && tar -xf "$T/one/"knockd-nft-*.tar.xz --strip-components=1 &&
		quietly ./configure -q --disable-tests --cache-file="$T/cache" CFLAGS='-O0 -g' && quietly make -s all
}

# same TEXT FILE FILE
same() {
	cmp "$2" "$3" >"$T/why" 2>&1
	point "$1"
}

SOURCE_DATE_EPOCH=1700000000 && export SOURCE_DATE_EPOCH
(tarball one 022 2020-01-01)
(tarball two 077 2021-02-03)
point 'make dist, twice'
same '... gives the same bytes' "$T"/one/knockd-nft-*.tar.xz "$T"/two/knockd-nft-*.tar.xz
tar -tvf "$T"/one/knockd-nft-*.tar.xz | awk '{ print $2, $4, $5 }' | sort -u >"$T/times"
equal '... with one time, and nobody'\''s name' "$(cat "$T/times")" "0/0 $(date -d @$SOURCE_DATE_EPOCH '+%F %R')"
(built a)
(built another/directory/than/a)
point 'two builds of it'
for program in knockd knockd-courier knock knockctl; do
	[ ! -e "$T/a/$program" ] || same "... $program: the same bytes" "$T/a/$program" "$T/another/directory/than/a/$program"
done
done_testing
