#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# quickstart.sh deps | demo | demo-cluster | check
#
#	deps	installs the packages that building and testing need (Debian, Ubuntu, Fedora, Arch, Alpine)
#	demo	builds, then shows a door at work between two throwaway hosts; takes about a minute; installs fewer packages
#	demo-cluster
#		likewise three gateways that share accesses, if Redis is installed
#	check	builds, then runs the whole test suite, and says what was skipped and why
#
# This script builds nothing in the checkout: it copies the sources to a directory of their own, which
# the next run uses again. $QUICKSTART_DIR names another directory.

# shellcheck disable=SC2086 # the shell has to split lists of packages

set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
umask 022
top=$(cd "$(dirname "$0")/.." && pwd)

if [ -z "${QUICKSTART_DIR-}" ]; then
	if [ "$(id -u)" = 0 ]; then
		QUICKSTART_DIR=/var/cache/knockd-nft
	else
		QUICKSTART_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/knockd-nft
	fi
	# one directory per checkout
	QUICKSTART_DIR=$QUICKSTART_DIR/$(printf %s "$top" | cksum | cut -d ' ' -f 1)
fi
src=$QUICKSTART_DIR/src
build=$QUICKSTART_DIR/build
log=$QUICKSTART_DIR/log

bold='' plain=''
if [ -t 1 ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi

say() {
	printf '%s==> %s%s\n' "$bold" "$*" "$plain"
}

die() {
	echo "$0: $*" >&2
	exit 1
}

# quietly TEXT COMMAND...: runs the command, and shows its output only if it fails
quietly() {
	say "$1"
	shift
	if ! "$@" >"$log" 2>&1 </dev/null; then
		tail -n 60 "$log" >&2
		die "failed: $* (the whole output: $log)"
	fi
}

# --- deps ----------------------------------------------------------------------------------------

# The needed programs, headers, pkg-config modules, and words that `present` knows, each with the
# package that has it. "-": every such system has it.
needs() {
	cat <<-'E'
		#                         Debian                 Fedora                 Arch                Alpine
		cmd:gcc                   gcc                    gcc                    gcc                 gcc
		hdr:stdio.h               libc6-dev              glibc-devel            glibc               musl-dev
		hdr:linux/netlink.h       linux-libc-dev         kernel-headers         linux-api-headers   linux-headers
		cmd:make                  make                   make                   make                make
		cmd:autoconf              autoconf               autoconf               autoconf            autoconf
		cmd:automake              automake               automake               automake            automake
		cmd:pkg-config            pkg-config             pkgconf-pkg-config     pkgconf             pkgconf
		pc:libmnl                 libmnl-dev             libmnl-devel           libmnl              libmnl-dev
		pc:libnftnl               libnftnl-dev           libnftnl-devel         libnftnl            libnftnl-dev
		pc:libnfnetlink           libnfnetlink-dev       libnfnetlink-devel     libnfnetlink        libnfnetlink-dev
		pc:libnetfilter_log       libnetfilter-log-dev   libnetfilter_log-devel libnetfilter_log    libnetfilter_log-dev
		pc:libnetfilter_queue     libnetfilter-queue-dev libnetfilter_queue-devel libnetfilter_queue libnetfilter_queue-dev
		pc:libnetfilter_conntrack libnetfilter-conntrack-dev libnetfilter_conntrack-devel libnetfilter_conntrack libnetfilter_conntrack-dev
		pc:jansson                libjansson-dev         jansson-devel          jansson             jansson-dev
		pc:libsodium              libsodium-dev          libsodium-devel        libsodium           libsodium-dev
		pc:hiredis                libhiredis-dev         hiredis-devel          hiredis             hiredis-dev
		pc:openssl                libssl-dev             openssl-devel          openssl             openssl-dev
		pc:libqrencode            libqrencode-dev        qrencode-devel         qrencode            libqrencode-dev
		pc:ncursesw               libncurses-dev         ncurses-devel          ncurses             ncurses-dev
		pc:cmocka                 libcmocka-dev          libcmocka-devel        cmocka              cmocka-dev
		cmd:awk                   mawk                   gawk                   gawk                -
		gnutar                    tar                    tar                    tar                 tar
		cmd:find                  findutils              findutils              findutils           -
		cmd:diff                  diffutils              diffutils              diffutils           -
		cmd:nft                   nftables               nftables               nftables            nftables
		iproute                   iproute2               iproute                iproute2            iproute2
		etc:protocols             netbase                setup                  iana-etc            -
		cmd:socat                 socat                  socat                  socat               socat
		cmd:jq                    jq                     jq                     jq                  jq
		unshare                   util-linux             util-linux-core        util-linux          util-linux-misc
		setpriv                   util-linux             util-linux             util-linux          setpriv
	E
}

# Programs for tests that skip without them. libpcap is for knockd 0.8, which is fetched with apt only.
test_needs() {
	cat <<-'E'
		#                         Debian                 Fedora                 Arch                Alpine
		cmd:python3               python3                python3                python              python3
		cmd:iptables-nft          iptables               iptables-nft           iptables            iptables
		cmd:tcpdump               tcpdump                tcpdump                tcpdump             tcpdump
		cmd:strace                strace                 strace                 strace              strace
		mandb                     man-db                 man-db                 man-db              man-db
		cmd:bash                  bash                   bash                   bash                bash
		cmd:zsh                   zsh                    zsh                    zsh                 zsh
		cmd:fish                  fish                   fish                   fish                fish
		lib:libpcap.so.0.8        libpcap0.8             -                      -                   -
		cmd:setfacl               acl                    acl                    acl                 acl
		cmd:ssh                   openssh-client         openssh-clients        openssh             openssh
		cmd:sshd                  openssh-server         openssh-server         openssh             openssh
		cmd:redis-server          redis-server           valkey-compat-redis    -                   redis
		cmd:nmap                  nmap                   nmap                   nmap                nmap
	E
}

present() {
	case $1 in
	cmd:*) command -v "${1#cmd:}" ;;
	pc:*) pkg-config --exists "${1#pc:}" ;;
	etc:*) [ -e "/etc/${1#etc:}" ] ;; # without it nft prints numbers for names
	hdr:*) [ -e "/usr/include/${1#hdr:}" ] ;;
	iproute) ip -V | grep -q iproute2 && command -v ss ;; # busybox's ip knows no namespaces
	lib:*) ldconfig -p | grep -qw "${1#lib:}" ;;
	mandb) man --version | grep -q '^man [0-9]' ;; # others know no --warnings
	gnutar) tar --version | grep -q GNU ;; # busybox's tar may lack -T
	unshare) unshare --help 2>&1 | grep -q -e --kill-child ;;
	setpriv) setpriv --help 2>&1 | grep -q -e --bounding-set ;;
	esac >/dev/null 2>&1
}

# missing LIST COLUMN: the packages of everything in the list, needs or test_needs, that is missing
missing() {
	$1 | while read -r what debian fedora arch alpine; do
		case $what in '#') continue ;; esac
		present "$what" || eval "echo \$$2"
	done | grep -vx -e - | sort -u
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "this command needs root, and there is no sudo: $*" >&2
		return 1
	fi
}

# Debian starts an sshd as soon as it is installed. The tests run their own, so this one stays off.
apt_install() {
	keep_off=
	case " $* " in *' openssh-server '*) [ ! -d /run/systemd/system ] || keep_off='ssh.service ssh.socket' ;; esac
	[ -z "$keep_off" ] || as_root systemctl mask --runtime $keep_off
	install_status=0
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -y update &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends install "$@" || install_status=$?
	[ -z "$keep_off" ] || {
		as_root systemctl disable $keep_off
		as_root systemctl unmask --runtime $keep_off
	}
	return $install_status
}

# A fresh system has no list of packages yet. A new list on an old system would mix old and new packages.
pacman_install() {
	as_root pacman -S --needed --noconfirm "$@" || as_root pacman -Sy --needed --noconfirm "$@"
}

deps() {
	if command -v apt-get; then
		system=debian install=apt_install
	elif command -v dnf; then
		system=fedora install='as_root dnf -y install'
	elif command -v pacman; then
		system=arch install=pacman_install
	elif command -v apk; then
		system=alpine install='as_root apk add'
	else
		system=
	fi >/dev/null
	if [ -z "$system" ]; then
		packages=$(missing needs debian)
		[ -z "$packages" ] || die "no apt-get, dnf, pacman or apk here. These packages are missing, by Debian's names:" $packages
		return
	fi
	packages=$(missing needs $system)
	[ -z "$packages" ] || quietly "installing $(echo "$packages" | tr '\n' ' ')" $install $packages
	packages=$(missing needs $system)
	[ -z "$packages" ] || die "still missing after the installation:" $packages
}

# Without a package some tests skip, and the table at the end says so.
test_deps() {
	[ -n "$system" ] || return 0
	packages=$(missing test_needs $system)
	[ -n "$packages" ] || return 0
	say "installing $(echo "$packages" | tr '\n' ' ')"
	$install $packages >"$log" 2>&1 </dev/null && return
	for package in $packages; do # one that is not to be had prevents them all
		$install "$package" >>"$log" 2>&1 </dev/null || say "cannot be installed: $package"
	done
}

# --- build ---------------------------------------------------------------------------------------

# The files of the checkout as they are now, or all files of a tarball.
list_sources() {
	if [ -e .git ] && git -c safe.directory="$top" ls-files 2>/dev/null; then
		return
	fi
	[ ! -e config.status ] || die "$top contains a build: run make distclean first"
	find . -name .git -prune -o -type f -print
}

# tar keeps the time stamps, so make knows the new files. Files that the checkout no longer has are removed.
copy_sources() {
	mkdir -p "$src"
	cd "$top"
	list_sources | while read -r file; do
		[ ! -e "$file" ] || echo "$file"
	done | LC_ALL=C sort >"$QUICKSTART_DIR/files"
	tar -c -T "$QUICKSTART_DIR/files" -f - | (cd "$src" && tar -x -o -f -)
	cd "$src"
	if [ -e ../copied ]; then
		LC_ALL=C comm -23 ../copied ../files | while read -r file; do rm -f "$file"; done
	fi
	mv ../files ../copied
	cd /
}

configure_build() {
	mkdir -p "$build"
	[ -x "$src/configure" ] || (cd "$src" && ./autogen.sh) || return
	[ -f "$build/Makefile" ] || (cd "$build" && "$src/configure" --enable-tests)
}

make_build() {
	make -C "$build" -j "$(nproc)" "$@"
}

prepare() {
	mkdir -p "$QUICKSTART_DIR"
	deps
	copy_sources
	quietly 'configuring' configure_build
	quietly 'building' make_build
}

# --- demo, check ---------------------------------------------------------------------------------

demo() {
	prepare
	status=0
	(cd "$build" && "$src/contrib/$1.sh") || status=$?
	case $status in
	0) ;;
	77) die "the demonstration cannot run here, see the reason above (does root run it?)" ;;
	*) die "the demonstration has failed (status $status)" ;;
	esac
}

# The package of Debian starts a server on this machine, so this script does not install it.
demo_cluster() {
	for program in redis-server redis-sentinel; do
		command -v $program >/dev/null ||
			die "$program is missing (Debian: redis-server redis-sentinel; elsewhere: redis or valkey)"
	done
	demo demo-cluster
}

# results: the table of what was skipped, and counts of the results that automake has noted for each test point
results() {
	(cd "$build" && find tests -name '*.trs' | sort | sed 's/trs$/log/' | xargs sh "$src/tests/skipped")
	find "$build" -name '*.trs' -exec cat {} + | awk '
		$1 == ":test-result:" { n[$2]++ }
		END { printf "%d passed, %d failed, %d skipped\n", n["PASS"] + n["XFAIL"],
		      n["FAIL"] + n["XPASS"] + n["ERROR"], n["SKIP"] }'
}

check() {
	prepare
	test_deps
	quietly 'building the tests' make_build check TESTS=
	say 'testing'
	find "$build" -name '*.trs' -exec rm -f {} +
	rm -f "$QUICKSTART_DIR/failed"
	{ make_build check </dev/null 2>&1 || : >"$QUICKSTART_DIR/failed"; } | tee "$log" |
		grep -E '^(PASS|FAIL|SKIP|XPASS|XFAIL|ERROR):' || :
	if [ -e "$QUICKSTART_DIR/failed" ]; then
		say 'failed tests'
		cat "$build/test-suite.log" 2>/dev/null || tail -n 60 "$log"
		results
		exit 1
	fi
	results
}

case ${1-} in
deps)
	mkdir -p "$QUICKSTART_DIR"
	deps
	test_deps
	;;
demo) demo demo ;;
demo-cluster) demo_cluster ;;
check) check ;;
*)
	sed -n '4,/^$/s/^#[[:space:]]\{0,1\}//p' "$0"
	exit 2
	;;
esac
