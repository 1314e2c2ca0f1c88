# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# For tests of a daemon whose memory is out, at each allocation in turn: `need starve`.

export STARVE="$T/starve"
# fail_after NUMBER: the allocation behind so many fails; -1: none
fail_after() {
	printf '%12d%12d' "$1" 0 1<>"$STARVE"
}
fail_after -1
# shellcheck disable=SC2034 # for knockd_again
daemon_preload=$STARVE_SO

# starved TEXT GOOD COMMAND...: each allocation of the daemon fails once for COMMAND; GOOD, a function, is true after each
starved() {
	starved_text=$1 starved_good=$2
	shift 2
	"$@" >"$T/whole" 2>/dev/null
	fence
	fail_after -1
	"$@" >/dev/null 2>&1
	fence
	starved_n=$(cut -c 13- "$STARVE")
	starved_bad=
	while [ "$starved_n" -gt 0 ] && alive "$knockd"; do
		starved_n=$((starved_n - 1))
		fail_after $starved_n
		"$@" >"$T/out" 2>"$T/err"
		starved_status=$?
		fail_after -1
		$starved_good || starved_bad="$starved_bad $starved_n"
	done
	equal "$starved_text" "$starved_bad" ''
	check '... and the daemon goes on' alive "$knockd"
}
any() {
	true
}

# heard COMMAND...: sends a knock, which the daemon has dealt with then
heard() {
	"$@"
	fence
}
