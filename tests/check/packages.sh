#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The files for distributions: the version is filled in from configure.ac, the scripts are in order, and OpenWrt's init
# script renders a configuration that knockd takes.

. "$(dirname "$0")/lib.sh"
build=$PWD
contrib=$top/contrib
version=$(sed -n 's/^AC_INIT(\[knockd-nft\], \[\([0-9.]*\)\].*/\1/p' "$top/configure.ac")

for file in debian/changelog rpm/knockd-nft.spec alpine/APKBUILD arch/PKGBUILD openwrt/Makefile homebrew/knockd-nft.rb; do
	# a tarball has them with the version
	grep -qF -e @VERSION@ -e "$version" "$contrib/$file" || echo 'it has no version' >"$T/why"
	[ ! -e "$top/.git" ] || ! grep -F "$version" "$contrib/$file" >>"$T/why"
	point "$file: the version is configure.ac's"
done

# every library that configure.ac can use
for module in $(sed -n 's/^ *KNOCKD_LIB[A-Z_]*(\[[A-Z]*\], \[\([a-z_]*\)\].*/\1/p' "$top/configure.ac"); do
	package=${module%w} # ncurses
	debian=$(echo "$package" | tr _ - | sed 's/^openssl$/libssl/')
	grep -q -e "$debian-dev" "$contrib/debian/control" || echo 'not in debian/control' >>"$T/why"
	grep -qF "pkgconfig($module)" "$contrib/rpm/knockd-nft.spec" || echo 'not in rpm/knockd-nft.spec' >>"$T/why"
	grep -qF -e "$package-dev" "$contrib/alpine/APKBUILD" || echo 'not in alpine/APKBUILD' >>"$T/why"
	grep -qF "'${package#lib}'" "$contrib/arch/PKGBUILD" || grep -qF "'$package'" "$contrib/arch/PKGBUILD" ||
		echo 'not in arch/PKGBUILD' >>"$T/why"
	grep -q "^[[:space:]]*pc:$module " "$contrib/quickstart.sh" || echo 'not in quickstart.sh' >>"$T/why"
	point "$module is needed to build a package"
done
# rpm ends with an error when a file is in no package
for page in $(sed -n 's/^dist_doc_DATA = //p' "$top/Makefile.am"); do
	grep -qF "%{_docdir}/%{name}/${page##*/}" "$contrib/rpm/knockd-nft.spec" || echo "not in the spec: $page" >>"$T/why"
done
point 'every page is in the spec'

scripts='debian/preinst.in debian/knockd-nft.postinst debian/knockd-nft.prerm debian/knockd-nft.postrm debian/tests/door
	alpine/APKBUILD alpine/knockd-nft.pre-install alpine/knockd-nft.pre-deinstall
	openwrt/files/knockd.init knockd.init.in knockd.openrc.in'
for file in $scripts; do
	sh -n "$contrib/$file" 2>"$T/why"
	point "$file: the syntax"
done
if command -v shellcheck >/dev/null; then
	cd "$contrib" || exit
	# what other files define or use; openrc-run and rc.common have `local`; lists of options are split
	# shellcheck disable=SC2086
	shellcheck -s sh -e SC1091,SC2016,SC2034,SC2086,SC2154,SC3043 $scripts >"$T/why" 2>&1
	point 'shellcheck: scripts'
	shellcheck -s bash -e SC2016 arch/PKGBUILD arch/knockd-nft.install >"$T/why" 2>&1
	point 'shellcheck: Arch'
else
	skip 'shellcheck' 'it is missing'
fi
if command -v rpmspec >/dev/null; then
	sed -e "s/@VERSION@/$version/; s/@RPM_DATE@/Thu Jan 01 2026/" "$contrib/rpm/knockd-nft.spec" >"$T/knockd-nft.spec"
	rpmspec -P "$T/knockd-nft.spec" >/dev/null 2>"$T/why" || :
	point 'rpmspec takes the spec'
else
	skip 'rpmspec takes the spec' 'it is missing'
fi

# --- OpenWrt ------------------------------------------------------------------------------------------

# What OpenWrt's /lib/functions.sh and network.sh do, for the configuration below.
values='
ssh.sequence=4071,9183:udp,2266
ssh.tcpflags=syn
ssh.open=22:tcp
ssh.open_timeout=1m
nas.sequence=7113,2204
nas.seq_timeout=10
nas.start_command=logger "%IP% may reach the NAS"
nas.cmd_timeout=60
nas.stop_command=logger "%IP% may no longer"
globals.source_rate=100'
config_load() { :; }
config_get() {
	got=$(echo "$values" | sed -n "s/^$2\.$3=//p")
	eval "$1=\$got"
}
config_get_bool() {
	eval "$1=$4"
}
config_list_foreach() {
	"$3" wan
	"$3" wan6
}
config_foreach() {
	"$1" ssh
	"$1" nas
}
network_get_device() {
	eval "$1=pppoe-\$2"
}

sed "s|/var/etc/|$T/|g; s|/var/lib/knockd|$T/lib|g; s|/etc/knockd.user|$T/user|g" "$contrib/openwrt/files/knockd.init" >"$T/init"
printf '[own]\n\tsequence = 4,3,2\n' >"$T/user"
# shellcheck source=/dev/null
. "$T/init"
render
# all but those that procd or the networks set, and the gateways', for which the package lacks hiredis
for key in $(cat "$top"/src/conf/keys_*.c | sed -n 's/^\t{ "\([A-Za-z0-9_]*\)", CONF_.*/\1/p' | tr '[:upper:]' '[:lower:]'); do
	case $key in
	pidfile | interface | share*) ;;
	*) grep -qw "$key" "$contrib/openwrt/files/knockd.init" || echo "$key" >>"$T/why" ;;
	esac
done
point 'OpenWrt: no option is left out'
equal 'OpenWrt: the configuration is rendered' "$(cat "$T/knockd.conf")" "# from /etc/config/knockd
[options]
	UseSyslog
	Interface = pppoe-wan, pppoe-wan6
	source_rate = 100
[ssh]
	sequence = 4071,9183:udp,2266
	tcpflags = syn
	open = 22:tcp
	open_timeout = 1m
[nas]
	sequence = 7113,2204
	seq_timeout = 10
	start_command = logger \"%IP% may reach the NAS\"
	cmd_timeout = 60
	stop_command = logger \"%IP% may no longer\"
[own]
	sequence = 4,3,2"
if [ -x "$build/knockd" ]; then
	"$build/knockd" -t -c "$T/knockd.conf" >"$T/out" 2>&1 || cat "$T/out" >"$T/why"
	point '... and knockd takes it'
	grep -o 'config_get [a-z_]*\|write_options "$1".*\|^	*[a-z_ 0-9]*$' "$T/init" | grep -oE '\b(logfile|capture|nflog_group|rules|scan_guard|user|state_dir|control_socket|one_time_sequences|seq_cooldown|target|grant_6|revoke_6|start_command_6|stop_command_6)\b' |
		sort -u >"$T/keys"
	while read -r key; do
		printf '[%s]\n\tsequence = 1,2\n\t%s =\n' "$(echo "$key" | sed -E 's/^(logfile|capture|nflog_group|rules|scan_guard|user|state_dir|control_socket)$/options/')" "$key" >"$T/key.conf"
		"$build/knockd" -t -c "$T/key.conf" 2>&1 | grep "unknown key \"$key\"" >>"$T/why"
	done <"$T/keys"
	point '... every key that it can render is one'
else
	skip '... and knockd takes it' 'knockd is not built'
fi
done_testing
