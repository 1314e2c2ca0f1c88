#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# python.sh SCRIPT [ARGUMENT]...: runs a test that is written in Python, or skips it where there is no Python.

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # of nft, for an ordinary user
export PATH

command -v python3 >/dev/null 2>&1 || {
	echo '1..0 # SKIP python3 is missing'
	exit 0
}
[ -r "$1" ] || {
	echo "Bail out! $1 is not there or not readable"
	exit 99
}
exec python3 -B "$@"
