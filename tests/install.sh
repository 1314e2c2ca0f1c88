#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make install and make uninstall. /etc is a copy and /usr/local an empty directory, in a namespace of this script's own.

[ -n "${TESTS_INSIDE-}" ] || exec "$(dirname "$0")/netns-run" "$0" "$@"

set -u
LC_ALL=C
export LC_ALL
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR prefix
top=$(cd "$(dirname "$0")/.." && pwd)
T=$(mktemp -d /run/knockd-test.XXXXXX) || exit
cache=$T/cache
count=0
failed=0
: >"$T/log"

ok() {
	count=$((count + 1))
	echo "ok $count - $1"
}

# check TEXT COMMAND...
check() {
	check_text=$1
	shift
	if "$@" >"$T/out" 2>&1; then
		ok "$check_text"
		return
	fi
	failed=$((failed + 1)) count=$((count + 1))
	echo "not ok $count - $check_text"
	echo "# $*"
	sed 's/^/# /' "$T/out" "$T/log"
}

equal() {
	check "$1" [ "$2" = "$3" ]
	[ "$2" = "$3" ] || printf '# got:      %s\n# expected: %s\n' "$2" "$3"
}

not() {
	! "$@"
}

skip_all() {
	echo "1..0 # SKIP $*"
	exit 77
}

# configured NAME OPTION...: a directory $T/NAME, configured so, with nothing built in it
configured() {
	mkdir "$T/$1" && cd "$T/$1" || exit
	shift
	"$top/configure" -q --cache-file="$cache" --disable-tests "$@" >"$T/log" 2>&1 ||
		{ sed 's/^/# /' "$T/log" && echo 'Bail out! configure' && exit 99; }
}

# data [VARIABLE]...: installs all but the programs
data() {
	make install-data "$@" >"$T/log" 2>&1
}

[ ! -e "$top/config.status" ] || skip_all 'the source directory is configured itself'
# Nothing below /usr is written but /usr/local.
for dir in /usr /lib; do
	[ -h $dir ] || { mount --bind $dir $dir && mount -o remount,bind,ro $dir; } || skip_all "no private $dir here"
done
{ cp -a /etc "$T/etc" && mount --bind "$T/etc" /etc && mount -t tmpfs -o mode=755 tmpfs /usr/local; } ||
	skip_all 'no private /etc and /usr/local here'
rm -f /etc/knockd.conf /etc/default/knockd
# No test may depend on the user of the machine itself.
user=knockd-test

# --- the user ---------------------------------------------------------------------------------------

has_user() {
	getent passwd $user
}

configured default --with-user=$user
check 'make install-data with DESTDIR' data DESTDIR="$T/dest"
check '... makes no user' not has_user
check 'make install-data' data
if [ "$(id -u)" = 0 ] && [ "$(awk '{ n += $3 } END { print n < 2 }' /proc/self/uid_map)" = 0 ]; then
	check '... makes the engine'\''s user' has_user
	check '... which cannot log in' sh -c "getent passwd $user | grep -qE ':/(usr/)?s?bin/(nologin|false)$'"
	equal '... and has no rights of its own' "$(id -u $user | awk '{ print $1 < 1000 }')" 1
fi
check 'again' data
check '... there is nothing to say about it' not grep -qi useradd "$T/log"
mount -o remount,bind,ro /etc
data engine_user=$user-2
check 'if that fails: the installation does not' [ $? = 0 ]
check '... and says what to do' grep -q "useradd --system .*$user-2" "$T/log"
mount -o remount,bind,rw /etc

# --- directories ------------------------------------------------------------------------------------

# value NAME: of the Makefile in this directory
value() {
	make -s -f - value <<-E
		include Makefile
		value:; @echo '\$($1)'
	E
}

places() {
	echo "$(value sysconfdir) $(value localstatedir) $(value runstatedir)"
}

# installed: the files in $T/dest, but for documentation
installed() {
	(cd "$T/dest" && find . -type f ! -path '*/share/*' | sort | tr '\n' ' ')
}

rm -rf "$T/dest"
equal 'without a prefix: the directories of the system' "$(places)" '/etc /var /run'
data DESTDIR="$T/dest"
equal '... nothing in the distribution'\''s directories' "$(installed)" './etc/default/knockd ./etc/knockd.conf '\
'./usr/local/lib/systemd/system/knockd-guard.service ./usr/local/lib/systemd/system/knockd.service '\
'./usr/local/lib/sysusers.d/knockd.conf '
check '... the unit has the program'\''s path' grep -q '^ExecStart=/usr/local/sbin/knockd ' contrib/knockd.service
check '... systemd makes its directories' grep -qx 'StateDirectory=knockd' contrib/knockd.service
check '... both' grep -qx 'RuntimeDirectory=knockd' contrib/knockd.service
echo admin | tee /etc/knockd.conf >/etc/default/knockd
data
equal 'files of the admin or of another package stay' "$(cat /etc/knockd.conf /etc/default/knockd)" "$(printf 'admin\nadmin')"

configured local --prefix=/usr/local
equal 'the same with --prefix=/usr/local' "$(places)" '/etc /var /run'

configured usr --prefix=/usr
equal '--prefix=/usr alone' "$(places)" '/etc /var /run'
if [ -d /usr/lib/systemd/system ]; then
	rm -rf "$T/dest"
	data DESTDIR="$T/dest"
	check '... the units are where those of the distribution are' test -e "$T/dest/usr/lib/systemd/system/knockd.service" -o \
		-e "$T/dest/lib/systemd/system/knockd.service"
	rm -rf "$T/dest"
	data DESTDIR="$T/dest" prefix=/usr/local
	check '... but not if make changes the prefix' not find "$T/dest/usr/lib" "$T/dest/lib"
	mkdir "$T/pc"
	pkg-config --variable pc_path pkg-config | tr : '\n' | while read -r dir; do
		[ ! -d "$dir" ] || find "$dir" -name '*.pc' ! -name systemd.pc -exec ln -sf -t "$T/pc" {} +
	done
	cache=/dev/null
	configured no_pc --prefix=/usr PKG_CONFIG_LIBDIR="$T/pc"
	cache=$T/cache
	check '... also without systemd.pc' grep -q '/lib/systemd/system' Makefile
	rm -rf "$T/dest"
	data DESTDIR="$T/dest"
	check '... in its directory' test -e "$T/dest/usr/lib/systemd/system/knockd.service"
fi

opt=$T/opt
# shellcheck disable=SC2016 # make expands it
configured other --prefix="$opt" --with-user=$user-3 --with-systemdsystemunitdir='${prefix}/lib/systemd/system'
equal 'another prefix: directories of its own' "$(places)" "$opt/etc $opt/var $opt/var/run"
check '... make install-data' data
check '... the unit reads the options there' grep -qx "EnvironmentFile=-$opt/etc/default/knockd" contrib/knockd.service
check '... so does the guard'\''s' grep -qx "EnvironmentFile=-$opt/etc/default/knockd" contrib/knockd-guard.service
check '... systemd makes no directory' not grep -q 'Directory=knockd' contrib/knockd.service
check '... which the unit may write to' grep -qx "ReadWritePaths=-$opt/var/lib/knockd -$opt/var/run" contrib/knockd.service
check '... make install makes them' test -d "$opt/var/lib/knockd" -a -d "$opt/var/run"
equal '... not for everybody to read' "$(stat -c %a "$opt/var/lib/knockd")" 750
check '... but no user' not getent passwd $user-3

echo "1..$count"
[ $failed = 0 ]
