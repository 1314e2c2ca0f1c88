# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The start of each script in this directory: TAP, $top (the top directory of the sources) and $T (a directory that
# ends with the script). A script begins with
#
#	. "$(dirname "$0")/lib.sh"

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
umask 027 # knockd warns about a configuration that everybody can read
T=$(mktemp -d) || exit
: >"$T/why"
count=0 failed=0 plan=

end() {
	end_status=$?
	rm -rf "$T"
	[ -n "$plan" ] || echo "Bail out! the script ended early, status $end_status"
}
trap end EXIT
trap 'exit 1' HUP INT TERM

# point TEXT: one test point, which fails if something is in $T/why; empties that file
point() {
	count=$((count + 1))
	if [ -s "$T/why" ]; then
		failed=$((failed + 1))
		echo "not ok $count - $1"
		sed 's/^/# /' "$T/why"
	else
		echo "ok $count - $1"
	fi
	: >"$T/why"
}

# equal TEXT GOT EXPECTED
equal() {
	[ "$2" = "$3" ] || printf '%s\n' "got:      $2" "expected: $3" >"$T/why"
	point "$1"
}

skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

skip_all() {
	echo "1..0 # SKIP $*"
	plan=none
	exit 77
}

done_testing() {
	echo "1..$count"
	plan=$count
	[ "$failed" = 0 ]
	exit
}
