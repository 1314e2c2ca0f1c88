#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The process that reads packets can do nothing else.

. "$(dirname "$0")/../lib.sh"
topo_pair
knockd_start "$fence_door"
engine=$(children "$knockd")
equal 'one parent, one engine' "$(echo "$engine" | wc -w)" 1

# status FIELD
status() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$engine/status" | tr '\t' ' '
}

check 'no new privileges' [ "$(status NoNewPrivs)" = 1 ]
for set in CapEff CapPrm CapInh CapBnd CapAmb; do
	equal "$set is empty" "$(status $set)" 0000000000000000
done

if have_uids; then
	uid=$(id -u $engine_user) gid=$(id -g $engine_user)
	equal 'another user, for good' "$(status Uid)" "$uid $uid $uid $uid"
	equal 'another group' "$(status Gid)" "$gid $gid $gid $gid"
	equal 'no other groups' "$(status Groups | tr -d ' ')" ''
else
	skip 'another user' "$no_uids"
fi

# replaced: there is an engine, and it is not the one we knew
replaced() {
	new_engine=$(children "$knockd")
	[ -n "$new_engine" ] && [ "$new_engine" != "$engine" ]
}

kill -KILL "$engine"
check 'killed, it is replaced' replaced
fence
ok 'and the new one works'

done_testing
