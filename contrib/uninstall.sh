#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# uninstall.sh before SBINDIR UNITDIR | after SYSCONFDIR STATEDIR USER
#
# `make uninstall` runs this before and after it removes the files, for root in the system itself. Before: ends the service, and
# removes the guard, which would keep ports shut with nobody to open them. After: names what stays.

set -u

# Which knockd.service does systemd use? Prints nothing without systemd.
used_unit() {
	systemctl show -P FragmentPath knockd.service 2>/dev/null
}

before() {
	unit=$(used_unit)
	if [ -n "$unit" ] && [ "$(readlink -f "$unit")" != "$(readlink -f "$2/knockd.service")" ]; then
		echo "$unit, which belongs to another installation, and its guard stay as they are"
		return
	fi
	if [ -n "$unit" ]; then
		systemctl disable --now knockd.service
		systemctl stop knockd-guard.service
	fi
	"$1/knockd" --unguard ||
		echo 'guarded ports may still be shut; when no knockd runs, this opens them: nft delete table inet knockd' >&2
}

after() {
	[ -z "$(command -v systemctl)" ] || systemctl daemon-reload 2>/dev/null
	stays=
	for path in "$1/knockd.conf" "$1/knockd" "$1/default/knockd" "$1/logrotate.d/knockd" "$1/apparmor.d/knockd" "$2/knockd"; do
		[ ! -e "$path" ] || stays="$stays $path"
	done
	! id "$3" >/dev/null 2>&1 || stays="$stays, user $3"
	[ -z "$stays" ] || echo "knockd is uninstalled. These stay:${stays#,}"
}

case ${1-} in
before) [ ! -x "$2/knockd" ] || before "$2" "$3" ;;
after) after "$2" "$3" "$4" ;;
esac
