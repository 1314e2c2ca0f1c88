# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What the tests of attacks share: packets that no honest host sends.

inject=$build/tests/compat/inject
[ -x "$inject" ] || skip_all "$inject is not built (make check builds it)"

# wire HOST: the server's end of HOST's wire, as inject wants it
wire() {
	echo "/run/netns/$1:eth0:$(ip -j link show "$1" | jq -r '.[].address')"
}

# inject HOST: puts the packets of standard input on HOST's wire, and behind them one for the fence; returns when that
# one has gone through the daemon, so that all before it have gone through the kernel. Needs $fence_door.
inject() {
	inject_count=$(log_count 'fence: OPEN SESAME')
	{
		cat
		echo "+0 fe80::ffff > fd00::1 udp 9 sport=9"
	} | "$inject" "$(wire "$1")" >/dev/null || bail 'cannot inject'
	wait_for -t 30 injected || bail "the daemon does not react any more"
}
injected() {
	[ "$(log_count 'fence: OPEN SESAME')" -gt "$inject_count" ]
}

# ascending "FROM > TO PROTOCOL" FIRST LAST [FLAGS]: a line of inject's for each of these ports
ascending() {
	seq "$2" "$3" | sed "s/^/+0 $1 /; s/\$/ ${4-}/"
}
