#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The doors of the README, as they stand there, with the knock that stands there.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
readme=$TESTS_TOP/README.md

# door NUMBER: the lines of that [openSSH] in the README, in order
door() {
	awk -v number="$1" '
		/^    \[/ { inside = /openSSH/ && ++n == number }
		!/^    / { inside = 0 }
		inside' "$readme"
}

# the words behind the host
knocks=$(sed -n 's/^    \$ knock myhost \([0-9:a-z ]*[0-9p]\)\( .*\)*$/\1/p' "$readme" | head -n 1)
diag "knock: $knocks"
service 22

knockd_start "$(door 1)
$fence_door"
refute 'open: the port is shut' port_open $server 22
refute '... over IPv6, too' port_open $server6 22
# shellcheck disable=SC2086
knock $server $knocks
check '... and a knock opens it' port_open $server 22
# shellcheck disable=SC2086
knock $server6 $knocks
check '... over IPv6, too' port_open $server6 22
knockd_stop
"$KNOCKD" --unguard
check 'knockd --unguard opens it to all' port_open $server 22

nft -f "$TESTS_TOP/nft/knockd.nft"
knockd_start "$(door 2)
$fence_door"
refute 'grant: the port is shut' port_open $server 22
# shellcheck disable=SC2086
knock $server $knocks
check '... and a knock opens it' port_open $server 22
# shellcheck disable=SC2086
knock $server6 $knocks
check '... over IPv6, too' port_open $server6 22
refute '... without a warning about its sets' log_has 'nft add set'
equal 'there is no third one' "$(door 3)" ''
done_testing
