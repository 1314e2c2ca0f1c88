#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make install and make uninstall. /etc is a copy and /usr/local an empty directory, in a namespace of this script's own.

[ -n "${TESTS_INSIDE-}" ] || exec "$(dirname "$0")/../netns-run" "$0" "$@"

set -u
LC_ALL=C
export LC_ALL
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR prefix
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$PWD
[ -x "$build/knockd" ] || build=$top
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

skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
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
{ cp -a /etc "$T/etc" && mount --bind "$T/etc" /etc && mount -t tmpfs -o mode=755 tmpfs /usr/local; } 2>/dev/null ||
	skip_all 'no private /etc and /usr/local here'
rm -f /etc/knockd.conf /etc/default/knockd /etc/logrotate.d/knockd
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

no_programs='bin_PROGRAMS= sbin_PROGRAMS= libexec_PROGRAMS='

rm -rf "$T/dest"
equal 'without a prefix: the directories of the system' "$(places)" '/etc /var /run'
data DESTDIR="$T/dest"
equal '... nothing in the distribution'\''s directories' "$(installed)" './etc/default/knockd ./etc/knockd.conf '\
'./etc/logrotate.d/knockd '\
'./usr/local/lib/systemd/system/knockd-guard.service ./usr/local/lib/systemd/system/knockd.service '\
'./usr/local/lib/sysusers.d/knockd.conf ./usr/local/lib/tmpfiles.d/knockd.conf '
check '... the examples' test -e "$T/dest/usr/local/share/doc/knockd-nft/examples/ufw.conf"
check '... and the program that reads the files of fwknop' test -e "$T/dest/usr/local/share/doc/knockd-nft/examples/fwknop2knockd"
check 'make uninstall takes all of it away' make uninstall DESTDIR="$T/dest" $no_programs
equal '... no file is left' "$(find "$T/dest" ! -type d)" ''
check '... nor the directory of the documentation' not test -e "$T/dest/usr/local/share/doc/knockd-nft"
check 'a DESTDIR with a blank' data DESTDIR="$T/a dest"
equal '... the same files' "$(cd "$T/a dest" && find . -type f ! -path '*/share/*' | wc -l)" 7
check '... make uninstall takes them away, too' make uninstall DESTDIR="$T/a dest" $no_programs
equal '... no file is left' "$(find "$T/a dest" ! -type d)" ''
data DESTDIR="$T/dest"
echo '# mine' >>"$T/dest/etc/logrotate.d/knockd"
make uninstall DESTDIR="$T/dest" $no_programs >"$T/log" 2>&1
equal '... but for a file that the admin has changed' "$(find "$T/dest" ! -type d)" "$T/dest/etc/logrotate.d/knockd"
check '... the unit has the program'\''s path' grep -q '^ExecStart=/usr/local/sbin/knockd ' contrib/knockd.service
check '... systemd makes its directories' grep -qx 'StateDirectory=knockd' contrib/knockd.service
check '... both' grep -qx 'RuntimeDirectory=knockd' contrib/knockd.service
echo admin | tee /etc/knockd.conf >/etc/default/knockd
data
equal 'files of the admin or of another package stay' "$(cat /etc/knockd.conf /etc/default/knockd)" "$(printf 'admin\nadmin')"

# The programs that will read the files judge them.
for shell in contrib/knockd.init contrib/knockd.openrc; do
	make -s $shell
	check "$shell: the syntax" sh -n $shell
	unfilled=$(grep -o '@[a-z_]*@' $shell contrib/knockd.service contrib/knockd-strict.conf contrib/knockd.apparmor)
	equal '... nothing is left to fill in' "$unfilled" ''
done
if command -v apparmor_parser >/dev/null; then
	check 'apparmor_parser takes the profile' apparmor_parser --skip-kernel-load --skip-cache contrib/knockd.apparmor
else
	skip 'apparmor_parser takes the profile' 'apparmor_parser is missing'
fi
if command -v logrotate >/dev/null; then
	check 'logrotate takes its file' logrotate -d -s "$T/logrotate" contrib/knockd.logrotate
	check '... without a complaint' not grep -q error: "$T/out"
else
	skip 'logrotate takes its file' 'logrotate is missing'
fi

# exposed UNIT LIMIT: systemd-analyze security gives it at most LIMIT tenths
exposed() {
	systemd-analyze security --offline=true --threshold="$2" --root="$T/root" "$1"
}
if systemd-analyze --help 2>/dev/null | grep -q -e --offline; then
	units=$T/root/etc/systemd/system
	mkdir -p "$units"
	cp contrib/knockd.service contrib/knockd-guard.service "$units"
	check 'exposure of the unit: 5.2 or less' exposed knockd.service 52
	check '... of the guard: 1.8 or less' exposed knockd-guard.service 18
	mkdir "$units/knockd.service.d"
	cp contrib/knockd-strict.conf "$units/knockd.service.d/strict.conf"
	check '... of the unit with strict.conf: 2.0 or less' exposed knockd.service 20
else
	skip 'exposure of the units' 'systemd-analyze is missing or has no --offline'
fi

configured places --with-apparmor --with-tmpfilesdir=/opt/t --with-bashcompletiondir=/opt/b --with-zshcompletiondir=/opt/z \
	--with-fishcompletiondir=/opt/f
rm -rf "$T/dest"
data DESTDIR="$T/dest"
equal 'other directories' "$(cd "$T/dest" && find opt etc/apparmor.d -type f | LC_ALL=C sort | tr '\n' ' ' | sed 's/opt.b[^ ]* //g')" \
	'etc/apparmor.d/knockd opt/f/knock.fish opt/f/knockctl.fish opt/f/knockd.fish opt/t/knockd.conf '\
'opt/z/_knock opt/z/_knockctl opt/z/_knockd '
check '... for bash, too' test -e "$T/dest/opt/b/knock.bash"

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
	check '... and then they have the other path' grep -q '^ExecStart=/usr/local/sbin/knockd ' \
		"$T/dest/usr/local/lib/systemd/system/knockd.service"
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

# --- make uninstall -----------------------------------------------------------------------------------

# systemctl: notes what it is told, and answers that systemd uses the unit $T/unit
mkdir "$T/bin"
cat >"$T/bin/systemctl" <<-E
	#!/bin/sh
	echo "\$*" >>"$T/systemctl"
	[ "\$1" != show ] || cat "$T/unit"
E
chmod 755 "$T/bin/systemctl"
PATH=$T/bin:$PATH

# installed_for USE: as if installed, with a guard in the kernel, and /usr/local/lib/systemd/system/knockd.service in use, or USE
installed_for() {
	cd "$T/default" && rm -f /etc/knockd.conf /etc/default/knockd && data && mkdir -p /usr/local/bin /usr/local/sbin /usr/local/libexec &&
		cp "$build/knockd" /usr/local/sbin/knockd && : >"$T/systemctl" && echo "$1" >"$T/unit" || exit
	printf '[a]\n\tsequence = 1\n\topen = 22\n' >"$T/open.conf"
	/usr/local/sbin/knockd --guard -c "$T/open.conf" 2>"$T/log"
}

guarded() {
	nft list chain inet knockd guard
}

uninstall() {
	make uninstall "$@" >"$T/log" 2>&1
}

told() {
	tr '\n' ';' <"$T/systemctl"
}

unit=/usr/local/lib/systemd/system/knockd.service
if [ -x "$build/knockd" ] && [ "$(id -u)" = 0 ] && installed_for $unit && guarded >/dev/null 2>&1; then
	data DESTDIR="$T/dest"
	mkdir -p "$T/dest/usr/local/bin" "$T/dest/usr/local/sbin" "$T/dest/usr/local/libexec"
	check 'make uninstall with DESTDIR' uninstall DESTDIR="$T/dest"
	check '... leaves the guard alone' guarded
	equal '... and the service' "$(told)" ''
	check 'make uninstall' uninstall -j4
	check '... removes the program' not test -e /usr/local/sbin/knockd
	check '... and the unit' not test -e $unit
	equal '... ends the service' "$(told)" 'show -P FragmentPath knockd.service;disable --now knockd.service;'\
'stop knockd-guard.service;daemon-reload;'
	check '... and takes away the guard' not guarded
	check '... what is as installed goes' not find /etc/knockd.conf /etc/default/knockd
	check 'again' uninstall

	installed_for $unit
	echo >>/etc/knockd.conf
	mkdir -p "$T/lib/knockd"
	: >"$T/lib/knockd/guard"
	check 'with a changed configuration' uninstall localstatedir="$T"
	check '... which stays' test -e /etc/knockd.conf
	check '... it names what stays' grep -q "These stay: /etc/knockd.conf $T/lib/knockd, user $user\$" "$T/log"

	installed_for /usr/lib/systemd/system/knockd.service
	check 'beside a knockd of the distribution' uninstall
	check '... the service' not grep -qE 'disable|stop' "$T/systemctl"
	check '... and the guard stay' guarded

	cat >"$T/bin/systemctl" <<-E
		#!/bin/sh
		exit 1
	E
	installed_for ''
	check 'without systemd' uninstall
	check '... the guard goes, too' not guarded
	installed_for ''
	nft flush ruleset
	nft add table inet knockd
	nft add chain inet knockd mine
	nft add rule inet knockd mine counter
	check 'a table that is not knockd'\''s' uninstall
	check '... stays' nft list chain inet knockd mine
	check '... and the line that removes it is told' grep -q 'nft delete table inet knockd' "$T/log"
fi

echo "1..$count"
[ $failed = 0 ]
