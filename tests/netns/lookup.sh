#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# -l: the log has the clients' names, and the helper that asks for them can do nothing else.

. "$(dirname "$0")/../lib.sh"
need knock uids
topo_pair
{
	echo '127.0.0.1 localhost'
	echo '10.0.0.2 client.example'
} >"$T/hosts"
mount --bind "$T/hosts" /etc/hosts || bail 'cannot give names'
knockd_start "
[log]
	sequence = 1001,1002
$fence_door" -l
helper=$(sed -n "s/^\([0-9]*\) (knockd-lookup) [A-Z] $knockd .*/\1/p" /proc/[0-9]*/stat)
[ -n "$helper" ] || bail 'no helper'

# status FIELD; limit NAME: the helper's
status() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$helper/status" | tr '\t' ' '
}
limit() {
	sed -n "s/^Max $1 *\([^ ]*\) *\([^ ]*\) .*/\1 \2/p" "/proc/$helper/limits"
}
named() {
	knock $server 1001 1002
	log_has '10.0.0.2 (client.example): log: OPEN SESAME'
}
check 'a name in the log' named
uid=$(id -u $engine_user)
equal 'the helper is the engine'\''s user' "$(status Uid)" "$uid $uid $uid $uid"
for set in CapEff CapPrm CapInh CapBnd CapAmb; do
	equal "... $set is empty" "$(status $set)" 0000000000000000
done
equal '... it can gain nothing' "$(status NoNewPrivs)" 1
equal '... starts no process' "$(limit processes)" '0 0'
equal '... opens few files' "$(limit 'open files')" '64 64'
equal '... leaves no core' "$(limit 'core file size')" '0 0'
if built_with SANITIZERS; then
	skip '... writes to no file' 'a build with sanitizers may have to complain'
else
	equal '... writes to no file' "$(limit 'file size')" '0 0'
fi
kill -KILL "$helper"
check 'its end is said' log_has 'the helper for host names has ended: addresses are logged without names'
named_no_more() {
	knock $server 1001 1002
	log_has '10.0.0.2: log: OPEN SESAME' || log_has '10.0.0.2 (client.example): log: OPEN SESAME'
}
check '... and the daemon goes on' named_no_more
fence
done_testing
