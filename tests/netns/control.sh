#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# knockctl and the control socket: every command in both forms, who may use it, and clients that misbehave.

. "$(dirname "$0")/../lib.sh"
need knock knockctl
topo_pair
firewall
socket=$T/control.sock

# the group that may use the socket: a file of our own in this mount namespace
sed '/^knockd:/d' /etc/group >"$T/group"
echo 'knockd:x:4242:' >>"$T/group"
mount --bind "$T/group" /etc/group || bail 'cannot make a group'

doors="
[ssh]
	sequence = 1001,1003,1002
	grant    = inet filter ssh_ok { %IP% timeout 1m }
	grant_6  = inet filter ssh_ok6 { %IP% timeout 1m }
[cmd]
	sequence     = 2001
	command      = echo opened %IP% >>$T/cmd
	cmd_timeout  = 100
	stop_command = echo closed %IP% >>$T/cmd
[slow]
	sequence     = 2002
	command      = until test -e $T/go; do sleep 0.05; done
	cmd_timeout  = 100
	stop_command = touch $T/gone
$fence_door"
knockd_start "$doors"

# json FILTER COMMAND...: the command's JSON, filtered by jq
json() {
	json_filter=$1
	shift
	knockctl --json "$@" 2>"$T/err" | jq -r "$json_filter"
}

# shows EXPECTED FILTER COMMAND...: a condition for `check`
shows() {
	shows_expected=$1
	shift
	[ "$(json "$@")" = "$shows_expected" ]
}

# ask LINE...: sends requests over the socket
ask() {
	printf '%s\n' "$@" | socat -t 5 - "UNIX-CONNECT:$socket" 2>/dev/null
}

# --- looking ---

ends 'status' 0 knockctl status
check '... as text' grep -q "^processes  *$knockd, engine [0-9]" "$T/out"
equal '... as JSON' "$(json '"\(.pid) \(.doors) \(.config) \(.capture)"' status)" \
	"$knockd 4 $T/knockd.conf nflog group 7777"
ends 'doors' 0 knockctl doors
check '... as text, aligned' grep -qx 'ssh    grant inet filter ssh_ok, grant inet filter ssh_ok6  1m        25s       0     0       -' "$T/out"
equal '... as JSON' "$(json 'map(.name) | join(" ")' doors)" 'ssh cmd slow fence'
refute '... never a sequence' sh -c "'$KNOCKCTL' -s $socket doors --json | grep -E '100[123]|200[12]'"
equal 'list, when nobody is in' "$(knockctl list; json length list)" 'no open accesses
0'

knockctl watch >"$T/watch" &
started $!
knockctl watch --json >"$T/watch.json" &
started $!
check 'watch' grep -q watching "$T/watch"
wait_for grep -q watching "$T/watch.json"
knock $server 1001
wait_for log_has 'ssh: Stage 1'
ends 'attempts' 0 knockctl attempts
check '... as text' grep -qE '^10\.0\.0\.2  ssh   1      ' "$T/out"
check '... the exact number' grep -qx '1 under way' "$T/out"
equal '... as JSON' "$(json '"\(.under_way) \(.attempts[0].ip) \(.attempts[0].door) \(.attempts[0].stage)"' attempts)" \
	'1 10.0.0.2 ssh 1'
knock $server 1003 1002 2001
check 'watch shows a knock' grep -qE '^..:..:..  10\.0\.0\.2: ssh: open$' "$T/watch"
check '... and the command for it' grep -q 'running command: nft add element' "$T/watch"
wait_for grep -q '"event":"open".*"door":"cmd"' "$T/watch.json"
equal '... as JSON' "$(jq -r 'select(.event == "open") | "\(.door) \(.ip)"' "$T/watch.json")" 'ssh 10.0.0.2
cmd 10.0.0.2'
fence
equal 'no attempt any more' "$(json '"\(.under_way) \(.attempts | length)"' attempts)" '0 0'

ends 'list' 0 knockctl list
check '... an element' grep -qE '^10\.0\.0\.2  ssh   ....-..-.. ..:..:..  ....-..-.. ..:..:..  (1m|[0-9]+s)  .*inet filter ssh_ok \{ 10\.0\.0\.2 \}' "$T/out"
check '... a command' grep -qE '^10\.0\.0\.2  cmd   .* 1m[0-9]+s  echo closed 10\.0\.0\.2' "$T/out"
equal '... as JSON' "$(json 'map("\(.ip) \(.door) \(.kind)") | join(", ")' list)" '10.0.0.2 ssh element, 10.0.0.2 cmd command'
equal 'status counts them' "$(json '"\(.grants) \(.commands)"' status)" '1 1'

# --- steering ---

equal 'extend' "$(knockctl extend 10.0.0.2 --door ssh 1h)" '1 extended'
equal '... in the kernel' "$(($(element_get 'inet filter ssh_ok' 10.0.0.2 expires) / 600))" 6
equal '... a command' "$(json '"\(.extended)"' extend 10.0.0.2 --door cmd 10m)" 1
equal '... by so much' "$(json '.[1].left_ms / 100000 | floor' list)" 6
equal '... for a shorter time' "$(knockctl extend 10.0.0.2 --door ssh -30m)" '1 extended'
equal '... in the kernel' "$(($(element_get 'inet filter ssh_ok' 10.0.0.2 expires) / 300))" 6
ends '... nobody' 4 knockctl extend 10.9.9.9 1h
equal '... which is shown' "$(cat "$T/out")" '0 extended'
ends '... as JSON' 4 knockctl --json extend 10.9.9.9 1h
ends 'revoke nobody' 4 knockctl revoke 10.9.9.9 --door ssh
nft 'delete table inet filter; add table inet filter; add set inet filter ssh_ok { type ipv6_addr; flags timeout; }'
ends 'what cannot be extended' 1 knockctl extend 10.0.0.2 --door ssh 1h
check '... it says why' grep -qx 'knockctl: ssh: 10.0.0.2 cannot be extended: .*the key needs ipv6_addr.*' "$T/err"
nft delete table inet filter
firewall
wait_for element_in 'inet filter ssh_ok' 10.0.0.2
equal 'revoke one door' "$(knockctl revoke 10.0.0.2 --door ssh)" '1 revoked'
refute '... in the kernel' element_in 'inet filter ssh_ok' 10.0.0.2
equal 'revoke a door' "$(json .revoked revoke --door cmd)" 1
check '... runs the stop command now' grep -qsx 'closed 10.0.0.2' "$T/cmd"
fence
equal '... once' "$(grep -c closed "$T/cmd")" 1
equal 'no access is left' "$(json length list)" 0
knock $server 2002
check 'a start command that is still running' shows 'slow null' '"\(.[0].door) \(.[0].left_ms)"' list
equal '... revoked' "$(knockctl revoke --door slow)" '1 revoked'
fence
refute '... the stop command waits for it' test -e "$T/gone"
touch "$T/go"
check '... and runs then' test -e "$T/gone"
check 'the log has the user and the request' log_has 'control: uid 0: revoke 10.0.0.2 --door ssh'

equal 'grant by hand' "$(knockctl grant fd00::77 --door ssh)" '1 granted'
check '... opens' element_in 'inet filter ssh_ok6' fd00::77
equal '... as JSON, a command' "$(json .granted grant 10.0.0.77 --door cmd)" 1
check '... runs it' grep -qsx 'opened 10.0.0.77' "$T/cmd"
check '... the log says so' log_has '10.0.0.77: cmd: opened by hand'
ends '... a door that is not there' 1 knockctl grant 10.0.0.77 --door nope
check '... the reason' grep -qx 'knockctl: there is no door "nope"' "$T/err"
equal 'revoke --all' "$(knockctl revoke --all)" '2 revoked'
check '... all' grep -qsx 'closed 10.0.0.77' "$T/cmd"
ends '... and again' 4 knockctl revoke --all

# several addresses, and prefixes
for ip in 10.1.0.1 10.1.0.2 10.1.1.1 10.2.0.1 fd00::77 fd00::78; do
	knockctl grant $ip --door ssh >/dev/null
done
knockctl grant 10.1.0.3 --door cmd >/dev/null
ips='map(.ip) | join(" ")'
equal 'list of an address' "$(json "$ips" list 10.1.0.2)" 10.1.0.2
equal '... of several, and prefixes' "$(json "$ips" list 10.1.0.0/24 10.2.0.1 fd00::78/127)" \
	'10.1.0.1 10.1.0.2 10.2.0.1 fd00::78 10.1.0.3'
equal '... of a door' "$(json "$ips" list 10.1.0.0/24 --door cmd)" 10.1.0.3
equal '... of nobody' "$(knockctl list 10.9.0.0/16)" 'no open accesses'
equal '... of a door without accesses' "$(knockctl list --door slow)" 'no open accesses'
for each in 'list 10.1.0.1' 'revoke 10.1.0.1' 'extend 10.1.0.1 5m'; do
	# shellcheck disable=SC2086 # words
	ends "$each, of a door that is not there" 1 knockctl $each --door nope
	check '... the reason' grep -qx 'knockctl: there is no door "nope"' "$T/err"
done
equal 'extend several' "$(knockctl extend 10.1.0.0/24 fd00::77 --door ssh 1h)" '3 extended'
equal 'a time that is over' "$(knockctl extend 10.1.0.1 -2h)" '1 extended'
check '... ends the access' shows '10.1.0.2 10.1.1.1 10.2.0.1 fd00::77 fd00::78 10.1.0.3' "$ips" list
refute '... in the kernel' element_in 'inet filter ssh_ok' 10.1.0.1
equal 'revoke several' "$(knockctl revoke 10.1.1.1 10.2.0.0/16 fd00::/16)" '4 revoked'
equal '... and no others' "$(json "$ips" list)" '10.1.0.2 10.1.0.3'
ends 'grant is for one address' 2 knockctl grant 10.1.0.0/24 --door ssh
check 'the log has all of it' log_has 'control: uid 0: revoke 10.1.1.1 10.2.0.0/16 fd00::/16'
knockctl revoke --all >/dev/null

# --- counting ---

ends 'stats' 0 knockctl stats
check '... as text' grep -qE '^packets  +[0-9]+  +Packets' "$T/out"
check '... as JSON' shows true '.packets >= 5' stats
knockctl stats --prometheus >"$T/prom"
check '... for Prometheus' grep -qE '^knockd_packets_total [1-9][0-9]*$' "$T/prom"
names=$(json 'del(.per_door) | keys | length' stats)
equal '... all numbers as text' "$(sed '/^$/,$d' "$T/out" | grep -c .)" "$names"
equal '... and for Prometheus' "$(grep -v door_ "$T/prom" | grep -c '^# TYPE')" "$names"
equal '... each with its type' "$(grep -v door_ "$T/prom" | grep -c '^# TYPE')" "$(grep -v door_ "$T/prom" | grep -cv '^#')"
knock $server 1001 992 993 994 995 996 997 998 999
check '... a scan' shows 1 .scans stats
check '... which watch shows' grep -qE '10\.0\.0\.2: ssh: scan, dropped at stage 1$' "$T/watch"
wait_for grep -q '"event":"scan"' "$T/watch.json"
equal '... as JSON' "$(jq -r 'select(.event == "scan") | "\(.door) \(.ip) \(.stage)"' "$T/watch.json")" 'ssh 10.0.0.2 1'
equal 'each door has its numbers' \
	"$(json '.[] | select(.name == "ssh") | "\(.hits) \(.openings) \(.scans) \(.timeouts) \(.live) \(.last_hit_stage)"' doors)" \
	"$(json '.[] | select(.name == "ssh") | "\(.hits) 1 1 0 0 1"' doors)"
check '... and the time of its last opening' shows true \
	'.[0].last_opening_ms / 1000 > now - 3600 and .[0].last_opening_ms / 1000 < now + 60' doors
knockctl grant 10.1.0.9 --door ssh >/dev/null
equal '... and its accesses' "$(json '.[0].live' doors)" 1
knockctl stats >"$T/out"
equal '... in the JSON of stats, too' "$(json '.per_door[0] | del(.last_opening_ms)' stats)" \
	"$(json '.[0] | {name, live, openings, refused, signed_refused, hits, timeouts, scans}' doors)"
check '... with all doors' shows true '.doors == (.per_door | length)' stats
check '... as text' grep -qE '^ssh +1 +1 +0 +0 +[0-9]+ +0 +1$' "$T/out"
knockctl stats --prometheus >"$T/prom"
check '... for Prometheus' grep -qx 'knockd_door_openings_total{door="ssh"} 1' "$T/prom"
equal '... each metric with one type' "$(grep -c '^# TYPE knockd_door_' "$T/prom")" \
	"$(sed -n 's/^\(knockd_door_[a-z_]*\){.*/\1/p' "$T/prom" | sort -u | wc -l)"
knockctl revoke --all >/dev/null
packets=$(json .packets stats)
engine=$(json .engine_pid status)
kill -KILL "$engine"
check 'another engine' shows 1 .engine_restarts status
check '... does not count from zero' shows true ".packets >= $packets" stats

# --- the configuration ---

equal 'check' "$(knockctl check)" 'configuration OK'
equal 'reload' "$(knockctl reload)" 'done'
equal '... as JSON' "$(json '"\(.done) \(.messages | length)"' reload)" 'true 0'
knockd_conf "$doors
	nonsense
	Timeout = soon"
ends 'check, of a file with an error' 1 knockctl check
check '... the reason' grep -q '^config: line .* "nonsense"' "$T/out"
refute '... nothing is logged' log_has nonsense
equal '... as JSON' "$(json '"\(.messages | length) \(.error)"' check)" '2 the configuration has errors'
ends 'reload with an error' 1 knockctl reload
check '... the reason' grep -q '^config: line .* "nonsense"' "$T/out"
equal '... as JSON' "$(json '"\(.messages | length) \(.error)"' reload)" '3 reload failed'

# the command of the systemd unit, with the programs of this test
# shellcheck disable=SC2016
unit=$(sed -n 's/^ExecReload=//p' "$TESTS_TOP/contrib/knockd.service.in" |
	sed 's|@sbindir@/knockctl|"$KNOCKCTL" -s "$unit_socket"|; s/\$\$/$/g')
unit_reload() {
	MAINPID=$knockd KNOCKCTL=$KNOCKCTL unit_socket=$1 sh -c "$unit"
}
ends 'the unit: a reload that fails is seen' 1 unit_reload "$socket"
knockd_conf "$doors
[new]
	sequence = 3001"
ends '... one that does not' 0 unit_reload "$socket"
reloads=$(log_count 're-opening log file: ')
ends '... without a socket' 0 unit_reload "$T/nowhere"
check '... there is a reload, too' reloaded
ends 'reload with a new door' 0 knockctl reload
equal '... it is there' "$(json 'map(.name) | join(" ")' doors)" 'ssh cmd slow fence new'

# --- the guard ---

knockd_conf "[guarded]
	sequence     = 2003
	open         = 25:tcp, 443:udp
	open_timeout = 1m
$doors"
knockctl reload >/dev/null
equal 'the ports that a door opens' "$(json '.[0] | "\(.open | join(" ")) \(.open_timeout_ms)"' doors)" '25:tcp 443:udp 60000'
equal '... by hand' "$(knockctl grant 10.0.0.5 --door guarded)" '1 granted'
check '... is open' element_in 'inet knockd open4' '10.0.0.5 . tcp . 25'
equal '... and listed' "$(json 'map(select(.door == "guarded") | .element) | join(", ")' list)" \
	'10.0.0.5 . tcp . 25, 10.0.0.5 . udp . 443'
knockctl revoke --all >/dev/null
guarded() {
	nft list table inet knockd | grep -q 'chain guard {'
}
check 'a guard' guarded
equal 'unguard' "$(knockctl unguard)" 'done'
refute '... takes it away' guarded
fence
refute '... and the daemon does not put it back' guarded
knockctl reload >/dev/null
check '... until the next reload' guarded
knockd_conf "$doors
[new]
	sequence = 3001"
knockctl reload >/dev/null

# a name with blanks, quotes, control characters and bytes that are no UTF-8
strange=$(printf 'a "b" \\ \033[31m \377')
knockd_conf "[$strange]
	sequence = 4001
	command  = true
	stop_command = true
$fence_door"
ends 'a door with a strange name' 0 knockctl reload
equal '... can be named' "$(knockctl grant 10.0.0.5 --door "$strange")" '1 granted'
equal '... is valid JSON' "$(json '.[0].door | explode | map(. == 27) | any' list)" true
refute '... and no escape on a terminal' sh -c "'$KNOCKCTL' -s $socket list | grep -q '$(printf '\033')'"
knockctl revoke --all >/dev/null
knockd_conf "$doors"
knockctl reload >/dev/null

# --- exit statuses ---

ends 'no command' 2 knockctl
ends 'an unknown command' 2 knockctl dance
ends 'an unknown option' 2 knockctl list --dance
ends 'an address that is none' 2 knockctl revoke 10.0.0.999
ends 'revoke without address, door or --all' 2 knockctl revoke
ends 'no daemon' 3 knockctl -s "$T/nowhere" status
ends '--help' 0 knockctl --help

# --- users ---

as() {
	setpriv --reuid "$1" --regid "$1" --groups "$2" "$KNOCKCTL" -s "$socket" status
}
if have_uids; then
	equal 'the socket is for root and the group' "$(stat -c '%a %g' "$socket")" '660 4242'
	ends 'another user is refused' 1 as 54321 54321
	check '... by the kernel' grep -q 'Permission denied' "$T/err"
	ends 'a member of the group is admitted' 0 as 54321 54321,4242
	chmod 666 "$socket"
	ends 'another user is refused, too, when the file is open to all' 1 as 54321 54321
	check '... by the daemon' grep -qx 'knockctl: permission denied' "$T/err"
	check '... which logs it' log_has 'control: uid 54321: refused'
	ends "the engine's user is refused, member or not" 1 as nobody 4242
	chmod 660 "$socket"
else
	skip 'other users' "$no_uids"
fi

# --- clients that misbehave ---

# connections: the number of the daemon's open sockets, with those of the two watchers
connections() {
	find "/proc/$knockd/fd" -lname 'socket:*' | wc -l
}
connected() {
	[ "$(connections)" = $((before + $1)) ]
}
before=$(connections)

if have_uids; then
	members=
	for uid in 54321 54322; do
		for _ in 1 2 3 4 5 6 7 8 9; do
			sleep 100 | setpriv --reuid $uid --regid $uid --groups 4242 \
				socat - "UNIX-CONNECT:$socket" >/dev/null 2>&1 &
			started $!
			members="$members $!"
		done
	done
	check 'two members take all places that they can get' connected 12
	ends '... a third gets none' 1 as 54323 54323,4242
	check '... with the reason' grep -qx 'knockctl: there are too many clients already' "$T/err"
	ends '... and root gets one' 0 knockctl status
	# shellcheck disable=SC2086 # numbers
	kill $members
	check '... and the places are free again' connected 0
else
	skip 'other users' "$no_uids"
fi

equal 'an invalid request gets an answer' "$(ask 'what?' | jq -r .error)" 'unknown command "what?"'
equal '... several requests on one connection' "$(ask dance 'extend 10.0.0.1' 'stats x' status | jq -rc 'has("error")' | tr '\n' ' ')" \
	'true true true false false '
head -c 300000 /dev/urandom | socat -t 5 - "UNIX-CONNECT:$socket" >/dev/null 2>&1
check 'random bytes: the daemon closes the connection' connected 0
equal 'a line that is too long' "$(head -c 4097 /dev/zero | tr '\0' x | socat -t 5 - "UNIX-CONNECT:$socket" 2>/dev/null | jq -r .error)" \
	'the line is too long'
equal 'no newline at the end' "$(printf status | socat -t 5 - "UNIX-CONNECT:$socket" | jq -r '.version // empty')" \
	"$(json .version status)"

# 4000 doors make an answer that is longer than all buffers on the way
{
	cat "$T/knockd.conf"
	i=0
	while [ $i -lt 4000 ]; do
		i=$((i + 1))
		printf '[door%d]\n\tsequence = 4000\n' $i
	done
} >"$T/many" && mv "$T/many" "$T/knockd.conf"
knockctl reload >/dev/null
equal 'a long answer, in portions' "$(json length doors)" 4004
knockctl doors --json | head -c 100 >/dev/null
check 'a client that hangs up in the middle of it' connected 0
# shellcheck disable=SC2216
{ echo doors; sleep 100; } | socat - "UNIX-CONNECT:$socket" | sleep 100 &
started $!
check 'a client that never reads' connected 1
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13; do
	sleep 100 | socat - "UNIX-CONNECT:$socket" >/dev/null 2>&1 &
	started $!
done
check 'with thirteen silent clients all places are taken' connected 14
ends '... another client is refused' 1 knockctl status
check '... with the reason' grep -qx 'knockctl: there are too many clients already' "$T/err"
now start
fence
now end
check "a knock does not wait for them ($((end - start))0 ms)" [ $((end - start)) -lt 300 ]
check 'their connections are closed, those of the watchers are not' -t 20 connected 0
knockd_conf "$doors"
knockctl reload >/dev/null
check 'watchers still watch' grep -q 'control: uid 0: reload' "$T/watch"

# a watcher that does not read disturbs neither others nor the daemon
knockctl watch --json | { read -r _; sleep 100; } &
started $!
check 'a watcher that does not read' connected 1
yes 'grant 10.0.0.99 --door ssh' | head -n 3000 | socat -t 30 - "UNIX-CONNECT:$socket" | tail -n 1 >"$T/out"
equal '... misses 3000 openings; the client that made them gets its answers' "$(jq -r .granted "$T/out")" 1
fence
check '... and its connection is closed' -t 20 connected 0

# --- many ---

knockctl revoke --all >/dev/null
nft 'delete set inet filter ssh_ok6; flush chain inet filter input' 2>/dev/null
nft add set inet filter many '{ type ipv4_addr; flags timeout; }'
knockd_conf "[many]
	sequence = 5001
	grant    = inet filter many { %IP% timeout 10m }
$fence_door"
knockctl reload >/dev/null
i=0
while [ $i -lt 5000 ]; do
	echo "grant 10.1.$((i / 250)).$((i % 250 + 1)) --door many"
	i=$((i + 1))
done | socat -t 60 - "UNIX-CONNECT:$socket" >"$T/out"
equal '5000 grants over one connection' "$(grep -c '"granted":1' "$T/out")" 5000
equal '... are listed, each once' "$(json 'map(.ip) | unique | length' list)" 5000
equal '... and revoked' "$(knockctl revoke --door many)" '5000 revoked'

# --- the daemon comes and goes ---

knockd_conf "$doors"
knockctl reload >/dev/null
knockctl grant 10.0.0.42 --door cmd >/dev/null
wait_for shows true '.[0].left_ms != null' list
knockctl extend 10.0.0.42 1h >/dev/null
since=$(json '"\(.[0].ip) \(.[0].since_ms)"' list)
kill -STOP "$knockd"
knockctl status >"$T/out" 2>"$T/err" &
asking=$!
# a connection waits to be accepted
asked() {
	[ "$(ss -Hxl | awk -v path="$socket" '$5 == path { print $3 }')" = 1 ]
}
wait_for asked
kill -KILL "$knockd"
wait "$asking"
equal 'the daemon dies in the middle of an answer: status' $? 1
check '... and the reason' grep -q 'knockd closed the connection' "$T/err"
check 'its socket stays' test -S "$socket"
ends '... and no daemon answers' 3 knockctl status
knockd_again
ends '... until the next one takes its place' 0 knockctl status

check 'an extension outlives a crash' shows true '.[0].left_ms > 3600000' list
equal '... and so does the time of the opening' "$(json '"\(.[0].ip) \(.[0].since_ms)"' list)" "$since"
check '... which is not 0' shows true '.[0].since_ms > 0' list
knockctl revoke --all >/dev/null

sed "s|$T/state|$T/state2|" "$T/knockd.conf" >"$T/second.conf"
printf '[options]\n\tNflog_Group = 7779\n\tRules = none\n' >>"$T/second.conf"
first=$knockd
"$KNOCKD" -c "$T/second.conf" -v >"$T/second" 2>&1 &
second=$!
started $second
check 'a second daemon leaves the socket alone' grep -qE "control: could not listen at $socket: Address (already )?in use" "$T/second"
wait_for grep -q 'starting up' "$T/second"
kill $second
wait $second
equal '... also when it ends' "$(json .pid status)" "$first"

knockd_stop
refute 'the daemon removes the socket at its end' test -e "$socket"
echo precious >"$socket"
knockd_again
check 'a file that is no socket is not replaced' log_has "could not listen at $socket: File exists"
knockd_stop
equal '... nor removed' "$(cat "$socket")" precious
rm "$socket"

knockd_conf "[options]
	Control_Socket = none
$doors"
knockd_again
refute 'Control_Socket = none: no socket' test -e "$socket"
knockd_stop
knockd_conf "[options]
	Control_Socket = $T/new/sock
$doors"
knockd_again
equal 'the last directory of the path is made' "$(stat -c %a "$T/new")" 755
ends '... and used' 0 "$KNOCKCTL" -s "$T/new/sock" status
done_testing
