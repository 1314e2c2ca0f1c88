#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Memory is out at each allocation in turn, while signed knocks and codes come and the files of keys change: the daemon
# goes on, opens nothing for a number that was used, and afterwards knows everybody.

. "$(dirname "$0")/signed_lib.sh"
. "$(dirname "$0")/starve_lib.sh"
need starve
signed_setup
(umask 077 && : >"$T/totp")
enrol alice
signed_conf "	Totp_Secrets = $T/totp
[ssh]
	sequence     = 62201:auth
	open         = 22:tcp
	open_timeout = 1h
[code]
	sequence     = 7000,20000:totp
	open         = 24:tcp
	open_timeout = 1h"
knockd_again
profile home alice ssh 62201
profile home bob ssh 62201

starved 'a signed knock' any heard knock_as alice home
starved '... that asks for a time' any heard knock_as alice home --for 30s
used=$(pack alice ssh 62201)
deliver "$used" 62201
check 'a number is used' opens
shut
not_open() {
	! opens
}
starved 'a copy opens nothing' not_open heard deliver "$used" 62201

n=0
new_user() {
	rm -f "$T/bob" "$T/bob.pub"
	enrol bob
	heard knock_as bob home
}
starved 'a line more in the file' any new_user
starved 'knockctl users' any knockctl users
starved '... --reset' any knockctl users --reset alice
enrol_another() {
	n=$((n + 1))
	knockctl enrol "user$n" --host gate.example.org --door ssh <"$T/alice.pub"
}
starved 'knockctl enrol' any enrol_another
totp_another() {
	n=$((n + 1))
	knockctl totp "user$n" --host gate.example.org
}
starved 'knockctl totp' any totp_another

knockctl reload >/dev/null
shut
knock_as alice home
check 'after that, alice gets in' opens
shut
knock_as bob home
check '... and bob' opens
knockd_stop
equal 'the daemon ends as usual' $? 15
done_testing
