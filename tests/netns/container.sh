#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fewer rights than root has: without CAP_SETUID the engine can only be the daemon's own user, which the daemon says. An
# engine that does not start says why, in every log, also under a seccomp filter of a container.

. "$(dirname "$0")/../lib.sh"
need knock setpriv filtered uids
topo_pair
firewall
conf=$T/knockd.conf
door='
[ssh]
	sequence = 1001,1002
	grant    = inet filter ssh_ok { %IP% timeout 1m }
'
mkdir "$T/state" "$T/socket"

# configured USER [TEXT]
configured() {
	printf '[options]\n\tUser = %s\n\tState_Dir = %s\n\tControl_Socket = %s\n\tLogFile = %s\n%s\n' \
		"$1" "$T/state" "$T/socket/control" "$T/file" "$door${2-}$fence_door" >"$conf"
	chmod 640 "$conf"
	rm -f "$T/file"
}

# refuses TEXT PATTERN COMMAND...: ends with status 1, and the pattern is in what it prints and in its log file
refuses() {
	refuses_text=$1 refuses_pattern=$2
	shift 2
	timeout 10 "$@" >"$T/out" 2>"$T/err" </dev/null
	equal "$refuses_text: status" $? 1
	check "$refuses_text: says why" grep -qE -- "$refuses_pattern" "$T/err"
	if built_with SANITIZERS; then
		skip "$refuses_text: ... in the log file, too" 'the engine has standard error for the sanitizers'
	else
		check "$refuses_text: ... in the log file, too" grep -qE -- "$refuses_pattern" "$T/file"
	fi
	diag "$(cat "$T/err")"
}

# works TEXT COMMAND...: the daemon starts and opens the door
works() {
	works_text=$1
	shift
	works_count=$(log_count 'starting up')
	rm -rf "$T/state/"* # or what is open comes back
	"$@" -v >>"$LOG" 2>&1 </dev/null &
	knockd=$!
	started "$knockd"
	if wait_for works_started && alive "$knockd"; then
		knock $server 1001 1002
		check "$works_text" element_in 'inet filter ssh_ok' 10.0.0.2
	else
		fail "$works_text"
	fi
	knockd_stop
	nft flush set inet filter ssh_ok
}
works_started() {
	[ "$(log_count 'starting up')" -gt "$works_count" ] || ! alive "$knockd"
}

# --- root without most of its capabilities: cap_drop ALL, cap_add NET_ADMIN -----------------------

configured nobody
refuses 'root with CAP_NET_ADMIN alone' \
	'engine: could not change to its user: Operation not permitted: .* CAP_SETUID .*: User = root$' \
	setpriv --bounding-set=-all,+net_admin "$KNOCKD" -c "$conf"
configured root
works '... with User = root' setpriv --bounding-set=-all,+net_admin "$KNOCKD" -c "$conf"
equal '... by number' "$(configured 0:0 && "$KNOCKD" -t -c "$conf")" 'configuration OK'

# --- an ordinary user with CAP_NET_ADMIN ----------------------------------------------------------

uid=54321
as_user="setpriv --reuid $uid --regid $uid --clear-groups --bounding-set=-all,+net_admin --inh-caps=-all,+net_admin --ambient-caps=-all,+net_admin"
configured nobody
chown -R $uid:$uid "$T/state" "$T/socket" "$conf"
: >"$T/file"
chown $uid "$T/file"
# shellcheck disable=SC2086 # a list of words
refuses 'another user' "engine: could not change to its user: .*: User = $uid\$" $as_user "$KNOCKD" -c "$conf"
configured $uid
: >"$T/file"
chown $uid "$T/file" "$conf"
# shellcheck disable=SC2086
works "... with User = its number, which has no name" $as_user "$KNOCKD" -c "$conf"
chown -R 0:0 "$T/state" "$T/socket" "$conf"

# --- numbers instead of names ---------------------------------------------------------------------

ids() {
	sed -n "s/^$2:[[:space:]]*\([0-9]*\).*/\1/p" "/proc/$(children "$1")/status"
}
for user in 54321 54321:12345; do
	configured $user
	knockd_again
	equal "User = $user: the engine's user" "$(ids "$knockd" Uid)" 54321
	equal '... and group' "$(ids "$knockd" Gid)" "${user#*:}"
	knockd_stop
done
configured "$(id -u nobody)"
knockd_again
equal 'a number that has a name has its group' "$(ids "$knockd" Gid)" "$(id -g nobody)"
knockd_stop
for user in 4294967295 99999999999 -1 1: :1 1:x 1:2:3 0x1; do
	configured "$user"
	timeout 5 "$KNOCKD" -c "$conf" >"$T/out" 2>"$T/err"
	equal "User = $user: status" $? 1
	check '... says why' grep -qE "(there is no user|User must be a name alone, or the numbers uid:gid, not) \"$user\"" "$T/err"
done

# --- rootless: one user id only -------------------------------------------------------------------

if unshare -rn true 2>/dev/null; then
	configured nobody
	refuses 'a user namespace without that user' \
		'engine: could not change to its user: (Invalid argument|Operation not permitted): .*: User = root$' unshare -rn "$KNOCKD" -c "$conf"
	configured root
	unshare -rn sh -c 'ip link set lo up && exec "$0" "$@"' "$KNOCKD" -c "$conf" -v >"$T/out" 2>&1 &
	rootless=$!
	started $rootless
	check '... with User = root it runs' grep -q 'starting up' "$T/out"
	kill $rootless
	wait $rootless

	# what a container of an ordinary user has: namespaces of its own, a read-only root, tmpfs for the state
	rm "$T/out"
	mkdir "$T/root"
	printf '[options]\n\tUser = root\n\tState_Dir = /state\n\tControl_Socket = /run/control\n%s\n%s\n' "$door" "[guarded]
	sequence = 1003,1004
	open     = 22:tcp" >"$T/conf"
	chown $uid:$uid "$T/root" "$T/conf"
	cat >"$T/inside" <<-'E'
		mount -t tmpfs -o mode=755 tmpfs "$1/root" && cd "$1/root" && install -m 600 "$1/conf" knockd.conf || exit
		for each in /*; do
			if [ -L "$each" ]; then
				cp -P "$each" ".$each"
			elif [ -d "$each" ]; then
				mkdir ".$each" && { [ "$each" = /run ] || mount --rbind "$each" ".$each"; } || exit
			fi
		done
		mkdir state && mount -t tmpfs -o mode=700 tmpfs state && mount -t tmpfs -o mode=755 tmpfs run &&
			mount -o remount,bind,ro "$1/root" && ip link set lo up &&
			nft 'table inet filter { set ssh_ok { type ipv4_addr; flags timeout; }; }' || exit
		exec chroot . "$2" -c /knockd.conf -v
	E
	setpriv --reuid $uid --regid $uid --clear-groups unshare -rnm sh "$T/inside" "$T" "$KNOCKD" >"$T/out" 2>&1 &
	rootless=$!
	started $rootless
	in_rootless() {
		nsenter -U -n -t $rootless "$@"
	}
	in_rootless_root() {
		(cd / && nsenter -U -m -r -t $rootless "$@")
	}
	rootless_has() {
		in_rootless nft list table inet "$1" | grep -q "$2"
	}
	check 'a container of an ordinary user: it runs' grep -q 'starting up' "$T/out"
	in_rootless "$KNOCK" 127.0.0.1 1001 1002
	check '... a knock opens' rootless_has filter 'elements = { 127.0.0.1'
	in_rootless "$KNOCK" 127.0.0.1 1003 1004
	check '... a port that the daemon guards, too' rootless_has knockd '127.0.0.1 . tcp . 22'
	check '... the state is kept' in_rootless_root sh -c 'grep -q ssh_ok /state/grants/*'
	refute '... no other file' in_rootless_root sh -c ': >/file' 2>/dev/null
	refute '... nothing is missing' grep -qE 'cannot|could not|journal|failed' "$T/out"
	diag "$(cat "$T/out")"
	kill $rootless
	wait $rootless
else
	skip 'rootless' 'no user namespaces'
fi

# --- filters of system calls ----------------------------------------------------------------------

configured nobody
# refused CALL PATTERN: fails with EPERM
refused() {
	rm -f "$T/file"
	refuses "a filter that refuses $1" "$2" "$FILTERED" "$1" 1 "$KNOCKD" -c "$conf"
}
refused setresuid 'engine: could not change to its user: Operation not permitted'
refused capset 'engine: could not drop its capabilities: Operation not permitted'
# sanitizers want to know the limits themselves
built_with SANITIZERS || refused prlimit64 'engine: could not limit its resources: Operation not permitted'
refused getrandom 'engine: could not start: Operation not permitted'
for call in chroot capset; do
	rm -f "$T/file"
	refuses "a filter that kills for $call" \
		'the engine did not start: it was ended by signal 31 \(Bad system call\): a seccomp filter' \
		"$FILTERED" $call kill "$KNOCKD" -c "$conf"
done
works 'a filter that refuses chroot is no hindrance' "$FILTERED" chroot 1 "$KNOCKD" -c "$conf"

# the engine runs, but cannot read
rm -f "$T/file"
"$FILTERED" recvmmsg 1 "$KNOCKD" -c "$conf" >"$T/out" 2>&1 &
knockd=$!
started "$knockd"
wait_for grep -qs 'starting up' "$T/file" || bail 'the daemon does not start'
knock $server 1001
check 'an engine that cannot read packets says so' -t 10 grep -q 'the engine ended: it could not read packets: Operation not permitted' "$T/file"
knockd_stop
done_testing
