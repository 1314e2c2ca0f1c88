#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The control socket of a daemon that is not root: the engine's user is not let in, and a member of the group learns
# nothing about sequences.

. "$(dirname "$0")/../lib.sh"
need knock knockctl uids setpriv jq
topo_pair
firewall
nft add set inet filter banned '{ type ipv4_addr; flags timeout; }'
socket=$T/control.sock

# the group that may use the socket: a file of our own in this mount namespace
sed '/^knockd:/d' /etc/group >"$T/group"
echo 'knockd:x:4242:' >>"$T/group"
mount --bind "$T/group" /etc/group || bail 'cannot make a group'
engine_uid=$(id -u $engine_user)

# as UID WORD...: a member of the group
as() {
	as_uid=$1
	shift
	setpriv --reuid "$as_uid" --regid "$as_uid" --groups 4242 "$KNOCKCTL" -s "$socket" "$@"
}
member() {
	as 54321 "$@"
}

knockd_start "
[options]
	Scan_Guard = 2
	Ban_Set    = inet filter banned { %IP% }
[ssh]
	sequence    = 7000,7010,7020
	seq_timeout = 1
	grant       = inet filter ssh_ok { %IP% timeout 1m }
[guarded]
	sequence    = 7001
	open        = 25:tcp
$fence_door"
equal 'without commands the daemon has the engine'\''s uid' \
	"$(sed -n 's/^Uid:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$knockd/status")" "$engine_uid"

# --- the engine's user ---------------------------------------------------------------------------

ends 'the engine'\''s user, a member, is refused' 1 as "$engine_uid" status
check '... by the daemon' grep -qx 'knockctl: permission denied' "$T/err"
ends '... opens nothing' 1 as "$engine_uid" grant 10.0.0.66 --door ssh
refute '...' element_in 'inet filter ssh_ok' 10.0.0.66
ends '... takes no guard away' 1 as "$engine_uid" unguard
check '...' sh -c 'nft list table inet knockd | grep -q "chain guard {"'
check '... which is logged' log_has "control: uid $engine_uid: refused"
stranger() {
	setpriv --reuid 54322 --regid 54322 --clear-groups "$KNOCKCTL" -s "$socket" "$@"
}
ends 'a user who is no member' 1 stranger list
check '... is told who may' grep -q 'Permission denied (root and the group knockd may use it)' "$T/err"
if built_with HAVE_CURSES; then
	ends '... also by top' 1 stranger top
	check '... with the same words' grep -q 'Permission denied (root and the group knockd may use it)' "$T/err"
fi
ends '... doctor' 1 stranger doctor -c "$T/knockd.conf"
check '... finds that only root sees all' grep -q 'only root sees the ruleset' "$T/out"
refute '... and starts or installs nothing for that' grep -qE 'systemctl|apt-get' "$T/out"
ends 'root is let in' 0 knockctl status
ends 'another member is' 0 member status
ends '... and may open' 0 member grant 10.0.0.77 --door ssh
knockctl revoke --all >/dev/null

# --- what a member can find out ------------------------------------------------------------------

# picture: everything that a member gets; but for openings, of which the fence is one
picture() {
	member --json stats | jq -cS 'del(.uptime_ms, .openings, .per_door[].openings, .per_door[].last_opening_ms)'
	member stats --prometheus | grep -v '^#\|uptime\|opening'
	member --json status | jq -cS 'del(.uptime_ms)'
	member --json attempts 2>&1
	member --json list
	member --json doors | jq -cS 'map(del(.openings, .last_opening_ms))'
}
# betrayed PORT...: after a packet to each of which a member's picture has changed
betrayed() {
	for port; do
		picture >"$T/before"
		knock $server "$port"
		fence
		picture >"$T/after"
		cmp -s "$T/before" "$T/after" || echo "$port"
	done
}
equal 'a member who sends to one port after the other finds no knock port' "$(betrayed 6999 7000 7002 7020 7010)" ''
knock $server 7000
wait_for log_has '10.0.0.2: ssh: sequence timeout' || bail 'no timeout'
fence
picture >"$T/after"
check '... nor does the timeout show' cmp -s "$T/before" "$T/after"
check 'root has the counters' sh -c "'$KNOCKCTL' --json -s $socket stats | jq -e '.packets >= 4 and .timeouts >= 1'"
ends 'attempts are root'\''s' 1 member attempts
check '... it says why' grep -qx 'knockctl: only root may see attempts' "$T/err"

member watch --json >"$T/watch" &
started $!
knockctl watch --json >"$T/watch.root" &
started $!
wait_for grep -q watching "$T/watch" || bail 'no watcher'
wait_for grep -q watching "$T/watch.root" || bail 'no watcher'
# scanned TEXT PORT...: after a scan the log has TEXT; the attempt of a slow one is over before
scanned() {
	scanned_text=$1
	shift
	knock $server 7000 "$@"
	fence
	log_has "$scanned_text"
}
wait_for scanned '10.0.0.2: ssh: scan, attempt dropped' 990 991 || bail 'no scan'
wait_for element_in 'inet filter banned' 10.0.0.2 || bail 'no ban'
nft delete set inet filter banned
wait_for scanned 'ban failed' 992 993 || bail 'no ban that fails'
knock $server 7001 # opens [guarded]
fence
check 'who watches sees openings' grep -q '"event":"open","door":"guarded","ip":"10.0.0.2"' "$T/watch"
check '... and what they lead to' grep -q 'running command: nft add element inet knockd open4' "$T/watch"
equal '... but neither stages nor scans' "$(jq -r .event "$T/watch" | sort -u | tr '\n' ' ')" 'notice open watching '
refute '... nor bans' grep -q banned "$T/watch"
check 'root sees all of it' grep -q '"event":"stage"' "$T/watch.root"
check '...' grep -q '"event":"scan"' "$T/watch.root"
check '...' grep -q 'running command: nft add element inet filter banned' "$T/watch.root"
check '...' grep -q 'ban failed' "$T/watch.root"
refute 'an opening does not tell how long its sequence is' grep -q '"event":"open".*"stage"' "$T/watch.root"

# --- what the daemon says about its configuration ------------------------------------------------

sed -i 's/7000,7010,7020/7000,70100,7020/; s/seq_timeout = 1/seq_timeout = 1s/' "$T/knockd.conf"
ends 'a member checks a file with an error' 1 member check
check '... and is told so' grep -qx 'knockctl: the configuration has errors: only root may see them' "$T/err"
ends 'and reloads it' 1 member reload
check '... likewise' grep -qx 'knockctl: reload failed: only root may see why, and the log says it' "$T/err"
refute 'the error quotes what no member is to see' grep -q 7010 "$T/err" "$T/out" "$T/watch"
ends 'root gets the errors' 1 knockctl check
check '...' grep -q 'port 70100 is invalid' "$T/err" "$T/out"
sed -i 's/70100/7010/' "$T/knockd.conf"
ends 'a good file' 0 member reload
refute '... without its warnings' grep -q Seq_Timeout "$T/out" "$T/err" "$T/watch"
ends 'which root gets' 0 knockctl reload
check '...' grep -q Seq_Timeout "$T/out"
done_testing
