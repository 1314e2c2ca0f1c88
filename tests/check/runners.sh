#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A test that cannot be started says so in TAP: netns-run, unit-run and python.sh print the reason. The demonstrations,
# which no test runs, leave the functions of the tests' libraries as they are.

. "$(dirname "$0")/lib.sh"

# bails TEXT REASON COMMAND...: COMMAND prints one line of TAP, "Bail out!" and a reason that contains REASON
bails() {
	bails_text=$1 bails_reason=$2
	shift 2
	"$@" >"$T/out" 2>"$T/err"
	bails_status=$?
	{ [ "$(grep -c . "$T/out")" = 1 ] && grep -q "^Bail out! .*$bails_reason" "$T/out" && [ $bails_status != 0 ]; } ||
		echo "status $bails_status" | cat - "$T/out" "$T/err" >"$T/why"
	point "$bails_text"
}

printf '#!/bin/sh\necho 1..0\n' >"$T/plain.sh"
printf '#!/nowhere/sh\necho 1..0\n' >"$T/other.sh"
chmod +x "$T/other.sh"
bails 'a script that is not executable' 'plain.sh is not executable' "$top/tests/netns-run" "$T/plain.sh"
bails 'a script whose interpreter is missing' 'other.sh: its interpreter /nowhere/sh' "$top/tests/netns-run" "$T/other.sh"
bails 'a script that is not there' 'none.sh: there is no such script' "$top/tests/netns-run" "$T/none.sh"
bails 'a program that is not there' 'none is not there' "$top/tests/unit-run" "$T/none"
bails 'a program that is not executable' 'plain.sh is not there or not executable' "$top/tests/unit-run" "$T/plain.sh"
bails 'a program that the system cannot start' 'other.sh cannot be started' "$top/tests/unit-run" "$T/other.sh"
if command -v python3 >/dev/null; then
	bails 'a Python script that is not there' 'none.py is not there' "$top/tests/compat/python.sh" "$T/none.py"
else
	skip 'a Python script that is not there' 'python3 is missing'
fi

chmod +x "$T/plain.sh"
equal 'a script that can be started is started' "$("$top/tests/unit-run" "$T/plain.sh")" 1..0

# functions FILE...: the names that they define
functions() {
	cat "$@" | sed -n 's/^\([a-z_0-9]*\)() {.*/\1/p' | sort
}
functions "$top/tests/lib.sh" "$top/tests/netns/signed_lib.sh" "$top/tests/netns/share_lib.sh" "$top/contrib/demo_lib.sh" >"$T/known"
for demo in demo demo-cluster; do
	functions "$top/contrib/$demo.sh" | comm -12 - "$T/known" >"$T/why"
	[ -n "$(functions "$top/contrib/$demo.sh")" ] || echo "no function in $demo.sh" >>"$T/why"
	point "$demo.sh defines no function anew that the tests' libraries have"
done
done_testing
