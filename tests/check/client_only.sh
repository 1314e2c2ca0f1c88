#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ./configure --disable-daemon: the client builds on a system that has nothing of Linux. Its headers are musl's, which has
# no linux/, and without what POSIX does not promise.

. "$(dirname "$0")/lib.sh"
command -v musl-gcc >/dev/null || skip_all 'musl-gcc is missing'
[ ! -e "$top/config.status" ] || skip_all 'the source directory is configured itself'
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR

# without HEADER NAME...: that header, lacking these names
without() {
	mkdir -p "$T/include/$(dirname "$1")"
	{
		echo "#include_next <$1>"
		shift
		printf '#undef %s\n' "$@"
	} >"$T/include/$1"
}

for header in sys/prctl.h sys/random.h sys/signalfd.h sys/syscall.h sys/xattr.h; do
	mkdir -p "$T/include/$(dirname $header)"
	echo "#error not in POSIX: $header" >"$T/include/$header"
done
without sys/socket.h SO_BINDTODEVICE SOCK_CLOEXEC SOCK_NONBLOCK MSG_NOSIGNAL
without time.h CLOCK_BOOTTIME

mkdir "$T/build" && cd "$T/build" || exit
"$top/configure" -q --disable-daemon --disable-tests --enable-werror CC=musl-gcc CPPFLAGS="-U__linux__ -I$T/include" \
	PKG_CONFIG=false ac_cv_func_getrandom=no >"$T/out" 2>&1 || cat "$T/out" >"$T/why"
point 'configure, without pkg-config and netfilter libraries'
make -s >"$T/out" 2>&1 || cat "$T/out" >"$T/why"
point 'make'
make -s install DESTDIR="$T/dest" >"$T/out" 2>&1 || cat "$T/out" >"$T/why"
equal 'make install: the client, its manual and completions' "$(cd "$T/dest/usr/local" && find . -type f | LC_ALL=C sort | tr '\n' ' ')" \
	'./bin/knock ./share/bash-completion/completions/knock.bash ./share/fish/vendor_completions.d/knock.fish '\
'./share/man/man1/knock.1 ./share/zsh/site-functions/_knock '
make -s uninstall DESTDIR="$T/dest" >"$T/out" 2>&1 || cat "$T/out" >"$T/why"
equal 'make uninstall' "$(find "$T/dest" -type f)" ''
./knock -V >"$T/out" 2>&1 || cat "$T/out" >"$T/why"
point 'the client runs'
./knock -v 127.0.0.1 7000 8000:udp >"$T/out" 2>&1 || cat "$T/out" >"$T/why"
equal '... and knocks' "$(grep -c '127.0.0.1:[78]000' "$T/out")" 2
! ./knock --interface lo 127.0.0.1 7000 >"$T/out" 2>&1 || echo 'no error' >"$T/why"
equal '... it says what this system cannot do' "$(cat "$T/out")" \
	'error: cannot send from lo: Not supported'
done_testing
