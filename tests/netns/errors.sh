#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The daemon does not start: one clear line on standard error, exit status 1. A set that does not exist yet is only a
# warning.

. "$(dirname "$0")/../lib.sh"
need knock nflog setpriv
topo_pair
door='
[openSSH]
	sequence = 7000,9000,8000
	grant    = inet filter ssh_ok { %IP% timeout 30s }
'

# refuses DESCRIPTION WORD COMMAND...: ends with status 1 after one line, which contains WORD
refuses() {
	refuses_text=$1 refuses_word=$2
	shift 2
	timeout 5 "$@" >"$T/out" 2>"$T/err" </dev/null
	equal "$refuses_text: exit status" $? 1
	equal "$refuses_text: one line" "$(grep -c . "$T/err")" 1
	check "$refuses_text: it says '$refuses_word'" grep -qiF -- "$refuses_word" "$T/err"
	diag "$(cat "$T/err")"
}

conf=$T/knockd.conf
knockd_conf "$door"

refuses 'no capability' permi \
	setpriv --bounding-set=-all --inh-caps=-all --ambient-caps=-all "$KNOCKD" -c "$conf"
if have_uids; then
	cp "$KNOCKD" "$T/knockd"
	refuses 'an ordinary user' permi \
		setpriv --reuid=65534 --regid=65534 --clear-groups "$T/knockd" -c "$conf"
else
	skip 'an ordinary user' "$no_uids"
fi

"$NFLOG" 7777 >"$T/holder" &
holder=$!
started $holder
wait_for grep -q listening "$T/holder" || bail 'cannot hold the group'
refuses 'the NFLOG group is taken' 7777 "$KNOCKD" -c "$conf"
kill $holder
wait $holder 2>/dev/null

knockd_start "$door"
printf '[options]\n\tNflog_Group = 7778\n' >>"$T/knockd.conf"
refuses 'another knockd with another group' \
	'another knockd (NFLOG group 7777) keeps table inet knockd in this network namespace' "$KNOCKD" -c "$conf"
check '... and the first one still has its table' sh -c 'nft list table inet knockd | grep -q "group 7777"'
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
check '... a table of a dead daemon stays' nft list table inet knockd
knockd_again
check '... and a new start replaces it' sh -c 'nft list table inet knockd | grep -q "group 7778"'
knockd_stop
knockd_conf "$door"

knockd_conf '
[once]
	one_time_sequences = 4217,4933:udp
'
refuses 'a sequence instead of the file with sequences' 'one_time_sequences: No such file or directory, in [once]' \
	"$KNOCKD" -c "$conf"
refute '... which is not printed' grep -q 4217 "$T/err"
refuses 'no file' "$T/none: No such file" "$KNOCKD" -c "$T/none"
refuses 'a directory' "$T" "$KNOCKD" -c "$T"
knockd_conf "$door
[options]
	User = nobody-of-this-name"
refuses 'no such user' nobody-of-this-name "$KNOCKD" -c "$conf"
knockd_conf "$door"'
	garbage
'
refuses 'an invalid line' "config: line $(grep -n garbage "$conf" | cut -d : -f 1): " "$KNOCKD" -c "$conf"
refuses '-t: the same' garbage "$KNOCKD" -t -c "$conf"
refute 'no table is left in the kernel' nft list table inet knockd 2>/dev/null

# A service manager that waits for readiness learns that another start would fail as well.
managed() {
	NOTIFY_SOCKET=/run/manager timeout 5 "$KNOCKD" "$@" </dev/null
}
ends 'under a service manager: a bad file' 78 managed -c "$conf"
ends '... -t, as in ExecStartPre' 78 managed -t -c "$conf"
ends '... no file' 78 managed -c "$T/none"
knockd_conf "$door"
ends '... a bad interface' 78 managed -i no/such -c "$conf"
ends '... a bad option' 78 managed --nonsense
knockd_conf "$door
[options]
	User = nobody-of-this-name"
ends '... no such user' 78 managed -c "$conf"
knockd_conf "$door"
"$NFLOG" 7777 >"$T/holder" &
holder=$!
started $holder
wait_for grep -q listening "$T/holder" || bail 'cannot hold the group'
socat -u "UNIX-RECV:$T/manager" "OPEN:$T/told,creat,append" 2>/dev/null &
started $!
wait_for test -S "$T/manager" || bail 'no socket'
NOTIFY_SOCKET=$T/manager timeout 5 "$KNOCKD" -c "$conf" 2>/dev/null
equal '... the group is taken, which may pass' $? 1
check '... systemctl status will show the reason' grep -q '^STATUS=could not listen on NFLOG group 7777: ' "$T/told"
kill $holder
wait $holder 2>/dev/null

nft add table inet filter
knockd_start "$door"
check 'no set: a warning with the command that makes it' log_has 'nft add set inet filter ssh_ok'
knock $server 7000 9000 8000
check 'no set: the knock is heard' log_has 'openSSH: OPEN SESAME'
advice=$(grep -o "nft add set inet filter ssh_ok '{.*}'" "$LOG" | head -n 1)
sh -c "$advice"
check 'the command makes the set' nft list set inet filter ssh_ok
knock $server 7000 9000 8000
check 'the set is there: the door works' element_in 'inet filter ssh_ok' 10.0.0.2

# an IPv6 client, and a set for IPv4: another set, with another name, is made by the line
knock $server6 7000 9000 8000
check 'a client of the other family: a line that makes a set for it' log_has 'nft add set inet filter ssh_ok_6'
advice=$(grep -o "nft add set inet filter ssh_ok_6 '{.*}'" "$LOG" | head -n 1)
ends '... nft takes it' 0 sh -c "$advice"
knockd_conf "$door
	grant_6  = inet filter ssh_ok_6 { %IP% timeout 30s }"
knockd_reload
knock $server6 7000 9000 8000
check '... and with grant_6 the door works' element_in 'inet filter ssh_ok_6' fd00::2
knockd_stop

# sets like those of firewalld and fail2ban: with intervals, without timeout, in a table that another process owns
nft add set inet filter plain '{ type ipv4_addr; flags interval; }'
mkfifo "$T/commands"
nft -i <"$T/commands" >"$T/nft" 2>&1 &
started $!
exec 4>"$T/commands"
echo 'add table inet owned { flags owner; }; add set inet owned ok { type ipv4_addr; flags timeout; }' >&4
knockd_start '
[plain]
	sequence = 7000
	grant    = inet filter plain { %IP% timeout 30s }'
check 'a set that exists: a definition instead of a command' log_has 'plain: warning: grant: inet filter plain: the set has no flags timeout; change its definition in the ruleset to: set plain { type ipv4_addr; flags interval,timeout; }'
knockd_stop
if wait_for -t 2 nft list set inet owned ok >"$T/out" 2>&1; then
	knockd_start '
[owned]
	sequence = 7000
	grant    = inet owned ok { %IP% timeout 30s }'
	check 'a set in a table of another process: said at the start' log_has \
		'owned: warning: grant: inet owned ok: not permitted: the table belongs to another process'
	knockd_stop
else
	skip 'a table of another process' "this kernel or this nft has none: $(cat "$T/nft")"
fi
exec 4>&-

knockd_conf '
[a]
	sequence = 7000
	grant    = inet filter { %IP% timeout 30s }'
refuses 'a grant without the name of a set' 'the name of the set is missing' "$KNOCKD" -t -c "$conf"

if built_with HAVE_SODIUM && built_with HAVE_HIREDIS; then
	knockd_conf "	Knock_Key   = $T/knock.key
	Share       = redis://10.0.0.254
	Share_Key   = $T/share.key
	Share_Login = $T/share.login
$door"
	ends '-t tells of each file of [options] that is missing' 1 "$KNOCKD" -t -c "$conf"
	equal '... with its key' "$(cat "$T/err")" "Knock_Key: $T/knock.key: No such file or directory
Share_Key: $T/share.key: No such file or directory
Share_Login: $T/share.login: No such file or directory"
else
	skip '-t tells of each file of [options] that is missing' 'built without libsodium or hiredis'
fi
done_testing
