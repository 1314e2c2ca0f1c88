#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# State_Dir: what others can write there runs no command and opens nothing at the next start.

. "$(dirname "$0")/../lib.sh"
need knock knockctl uids setfacl setpriv jq
topo_pair
firewall
nft add set inet filter other '{ type ipv4_addr; flags timeout; }'
nft add set inet filter wide '{ type ipv4_addr; flags interval,timeout; }'

# conf STATE_DIR [TEXT]: doors with a stop command, and an element; TEXT replaces them
doors="
[run]
	sequence     = 1001
	command      = true
	cmd_timeout  = 1000
	stop_command = echo %IP% >>$T/ran
[ssh]
	sequence = 1002
	grant    = inet filter ssh_ok { %IP% timeout 1h }
$fence_door"
conf() {
	knockd_conf "${2-$doors}"
	sed -i "s|State_Dir = .*|State_Dir = $1|" "$T/knockd.conf"
}

# --- a journal to be planted ---------------------------------------------------------------------

# Of a daemon that was killed while the door was open.
conf "$T/origin"
knockd_again
knock $server 1001
fence
check 'a stop command is in the journal' grep -q ' run ' "$T/origin/journal"
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null

# planted DIR: DIR/journal says that there is a stop command to come
planted() {
	mkdir -p "$1"
	chmod 755 "$1"
	cp "$T/origin/journal" "$1/journal"
	chmod 640 "$1/journal"
}
# tried TEXT yes|no REASON: a start, and whether the daemon believes the journal
tried() {
	: >"$LOG"
	rm -f "$T/ran"
	knockd_again
	knockctl revoke --all >/dev/null # runs all stop commands that the daemon knows
	if [ "$2" = yes ]; then
		check "$1: the journal is believed" grep -qsx 10.0.0.2 "$T/ran"
		refute '... without a warning' log_has 'journal:'
	else
		fence
		refute "$1: nothing runs" test -e "$T/ran"
		check '... the reason is said' log_has "$3"
		knock $server 1002
		check '... and a knock opens' element_in 'inet filter ssh_ok' 10.0.0.2
		knockctl revoke --all >/dev/null
	fi
	knockd_stop
}

dir=$T/state
conf "$dir"
planted "$dir"
tried "root's directory" yes

# --- the directory and the file ------------------------------------------------------------------

# changed TEXT COMMAND REASON: COMMAND changes $dir and the journal in it
changed() {
	rm -rf "$dir"
	planted "$dir"
	(cd "$dir" && eval "$2") || bail "$2"
	tried "$1" no "journal: $dir: $3"
}
changed 'a directory of somebody else' 'chown 12345 .' "$dir: belongs to another user, who could change it (chown root)"
changed 'a group can write to it' 'chgrp 12345 . && chmod g+w .' "$dir: a group can write to it (chmod g-w)"
changed 'everybody can' 'chmod 757 .' "$dir: any user can write to it (chmod o-w)"
changed 'everybody can, and it is sticky' 'chmod 1777 .' "$dir: any user can write to it (chmod o-w)"
changed 'a user of an access control list can' 'setfacl -m u:12345:rwx .' \
	"$dir: its access control list lets others write to it"
changed 'a journal of somebody else' 'chown 12345 journal' \
	'journal: belongs to another user, who could change it (chown root)'
changed '... that a group can write to' 'chgrp 12345 journal && chmod g+w journal' \
	'journal: a group can write to it (chmod g-w)'
changed '... that everybody can write to' 'chmod o+w journal' 'journal: any user can write to it (chmod o-w)'
changed '... that a user of its list can write to' 'setfacl -m u:12345:rw journal' \
	'journal: its access control list lets others write to it'
changed '... that is a link' "mv journal $T/elsewhere && ln -s $T/elsewhere journal" ''
rm -rf "$dir"
planted "$dir"
chmod g+w "$dir" "$dir/journal"
tried "root's own group may write" yes

# --- the directories above it --------------------------------------------------------------------

# above TEXT COMMAND yes|no [REASON]: State_Dir is $T/up/state, and COMMAND changes $T/up
above() {
	rm -rf "$T/up"
	planted "$T/up/state"
	chmod 755 "$T/up"
	(cd "$T/up" && eval "$2") || bail "$2"
	conf "$T/up/state"
	tried "$1" "$3" "journal: $T/up/state: ${4-}"
}
above 'a parent of somebody else' 'chown 12345 .' no "$T/up: belongs to another user"
above 'a parent that a group can write to' 'chgrp 12345 . && chmod g+w .' no "$T/up: a group can write to it (chmod g-w)"
above 'a parent that everybody can write to' 'chmod 777 .' no "$T/up: any user can write to it (chmod o-w)"
above 'a parent like /tmp' 'chmod 1777 .' yes
above '... with a directory that somebody else has made' 'chmod 1777 . && chown 12345 state' no \
	"$T/up/state: belongs to another user"
above '... of somebody else' 'chmod 1777 . && chown 12345 .' no "$T/up: belongs to another user"
above '... of a group' 'chgrp 12345 . && chmod 1775 .' yes

# --- links ---------------------------------------------------------------------------------------

above "root's link" 'mv state real && ln -s real state' yes
above '... with a whole name' "mv state real && ln -s $T/up/real state" yes
above '... with a way back' 'mkdir a && mv state real && ln -s a/../../up/./real state' yes
above '... through a directory of somebody else' \
	'mkdir theirs && mv state theirs/real && chown 12345 theirs && ln -s theirs/real state' no \
	"$T/up/theirs: belongs to another user"
above '... into it and back' 'mkdir theirs && chown 12345 theirs && mv state real && ln -s theirs/../real state' no \
	"$T/up/theirs: belongs to another user"
above '... to a directory like /tmp' \
	'mkdir tmp && mv state/journal tmp && rmdir state && chmod 1777 tmp && ln -s tmp state' no \
	"$T/up/tmp: any user can write to it"
above 'a link of somebody else in a directory like /tmp' \
	'chmod 1777 . && mv state real && ln -s real state && chown -h 12345 state' no \
	"$T/up/state: belongs to another user"
above 'a link to itself' 'mv state real && ln -s state state' no ''
above 'a link to a device' 'mv state real && ln -s /dev/null state' no ''

rm -rf "$T/up"
mkdir "$T/up"
chown 12345 "$T/up"
conf "$T/up/state"
knockd_again
fence
refute 'nothing is made in a directory of somebody else' test -e "$T/up/state"
knockd_stop
rm -rf "$T/up"
conf "$T/up/state"
: >"$LOG"
knockd_again
check 'nor where a parent is missing' log_has "journal: $T/up/state: No such file or directory"
knockd_stop

# --- what the configuration does not have --------------------------------------------------------

rm -rf "$dir"
planted "$dir"
conf "$dir" "$(echo "$doors" | sed 's/echo %IP%/echo now %IP%/')"
tried 'a stop command that no door has any more' no \
	"10.0.0.2: run: no door of the configuration has this stop command of the journal: it does not run: echo 10.0.0.2 >>$T/ran"
check '... the old file is kept' grep -q ' run ' "$dir/journal.bad"
check '... which is said' log_has 'journal.bad'
: >"$LOG"
knockd_again
fence
refute '... once' log_has 'journal:'
knockd_stop
planted "$dir"
conf "$dir" "$(echo "$doors" | sed 's/\[run\]/[renamed]/')"
: >"$LOG"
rm -f "$T/ran"
knockd_again
equal 'one that a door of another name has is that door'\''s' "$(knockctl revoke --door renamed)" '1 revoked'
check '...' grep -qsx 10.0.0.2 "$T/ran"
knockd_stop

# --- elements ------------------------------------------------------------------------------------

rm -rf "$dir"
grants="
[ssh]
	sequence = 1002
	grant    = inet filter ssh_ok { %IP% timeout 1h }
	grant    = inet filter other { %IP% timeout 1h }
	grant    = inet filter wide { %IP%/16 timeout 1h }
$fence_door"
conf "$dir" "$grants"
knockd_again
equal 'a daemon without commands is not root' "$(stat -c %U "$dir/grants")" "$engine_user"
knock $server 1002
wait_for element_in 'inet filter ssh_ok' 10.0.0.2 || bail 'no grant'
knockd_stop
cp "$dir/grants/journal" "$T/grants"

# restarted TEXT: with these doors and that journal, and without what was in the sets
restarted() {
	cp "$T/grants" "$dir/grants/journal"
	chown "$engine_user" "$dir/grants/journal"
	nft 'flush set inet filter ssh_ok; flush set inet filter other; flush set inet filter wide'
	: >"$LOG"
	conf "$dir" "$1"
	knockd_again
	fence
}
# elements: how many are in each of the sets
elements() {
	for set in ssh_ok other wide; do
		nft -j list set inet filter $set | jq '.nftables[1].set.elem // [] | length'
	done | tr '\n' ' '
}
restarted "$grants"
equal 'what doors grant is put back' "$(elements)" '1 1 1 '
refute '... and nothing is refused' log_has 'journal:'
knockd_stop
# ended SET: the access there is
ended() {
	log_has "10.0.0.2: ssh: no door grants this access any more: it is ended: inet filter $1 { 10.0.0.2"
}
restarted "$(echo "$grants" | sed '/filter other/d')"
equal 'what no door grants is not' "$(elements)" '1 0 1 '
check '... the reason is said' ended other
refute '... about nothing else' ended ssh_ok
knockd_stop
restarted "[options]
	Max_Prefix = 24,64
$(echo "$grants" | sed 's|IP%/16|IP%/24|')"
equal 'nor what is wider than Max_Prefix' "$(elements)" '1 1 0 '
check '... which is said' ended wide
equal '... it is over' "$(knockctl --json list | jq -r '.[].set' | sort | tr '\n' ' ')" \
	'inet filter other inet filter ssh_ok '
nft 'delete set inet filter wide; add set inet filter wide { type ipv4_addr; flags interval,timeout; }'
fence
equal '... nor does it come back when its set is made again' "$(elements)" '1 1 0 '
equal 'revoke' "$(knockctl revoke --all)" '2 revoked'
equal '...' "$(elements)" '0 0 0 '
knockd_stop

# forged COMMAND: by a process of the engine's user, as is the helper of -l, who can write this journal
forged() {
	setpriv --reuid "$engine_user" --regid "$(id -g "$engine_user")" --clear-groups sh -c "$1" || bail "$1"
}
chmod 755 "$dir" # as systemd makes it
forged "ln -s /etc/passwd $dir/grants/journal.new"
restarted "$grants"
equal 'the engine'\''s user may own it' "$(elements)" '1 1 1 '
check '... a link that it has made is not followed' grep -q root: /etc/passwd
knockd_stop
forged "rm $dir/grants/journal; truncate -s 100G $dir/grants/journal"
: >"$LOG"
knockd_again
check 'a file without end stops nobody' log_has "journal: $dir/grants: File too large"
fence
knockd_stop
rm -f "$dir/grants/journal"
chown 12345 "$dir/grants"
: >"$LOG"
knockd_again
check 'a third user may not' log_has \
	"journal: $dir/grants: $dir/grants: belongs to another user, who could change it (chown root)"
fence
done_testing
