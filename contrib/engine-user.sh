#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# engine-user.sh USER [FILE]: `make install` makes the engine's user if it is missing, with systemd-sysusers and FILE or
# with the system's own tool. A failure is no error of the installation: it says what the admin has to do.

set -u
PATH=$PATH:/usr/sbin:/sbin
user=$1 file=${2-}

exists() {
	id "$user" >/dev/null 2>&1
}

has() {
	command -v "$1" >/dev/null
}

make_user() {
	if [ -n "$file" ] && has systemd-sysusers; then
		systemd-sysusers "$file" && exists && return
	fi
	if has useradd; then
		useradd --system --home-dir / --shell /usr/sbin/nologin "$user"
	elif has addgroup && has adduser; then # busybox
		addgroup -S "$user" && adduser -S -D -H -h / -s /sbin/nologin -G "$user" "$user"
	fi
}

exists && exit
make_user
exists && exit
echo "knockd needs a user for its engine: useradd --system --shell /usr/sbin/nologin $user" >&2
