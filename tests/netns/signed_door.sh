#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A signed knock as the last step of a sequence, elements with %PROTO% and %PORT%, commands, Target, IPv6, garbage.

. "$(dirname "$0")/signed_lib.sh"
signed_setup
nft -f - <<-E || bail 'no table'
	table inet filter {
		set ok { type ipv4_addr . inet_proto . inet_service; flags timeout; }
		set ok6 { type ipv6_addr . inet_proto . inet_service; flags timeout; }
		set long { type ipv4_addr; flags timeout; }
		set brief { type ipv4_addr; flags timeout; }
	}
E
ip addr add 10.0.0.9/32 dev lo
signed_conf "
[inner]
	sequence      = 7000,8000,62201:auth
	seq_timeout   = 20
	grant         = inet filter ok { %IP% . %PROTO% . %PORT% timeout 1h }
	grant_6       = inet filter ok6 { %IP% . %PROTO% . %PORT% timeout 1h }
	max_time      = 2h
[run]
	sequence      = 62201:auth
	start_command = echo \"start \$KNOCKD_USER \$KNOCKD_PORT \$KNOCKD_SECONDS \$KNOCKD_DOOR %IP%\" >>$T/ran
	stop_command  = echo \"stop \$KNOCKD_USER \$KNOCKD_PORT\" >>$T/ran
	cmd_timeout   = 60
	max_time      = 1h
[target]
	sequence      = 62201:auth
	target        = 10.0.0.9
	open          = 22:tcp
[ssh]
	sequence      = 62201:auth
	open          = 22:tcp
[two]
	sequence      = 62201:auth
	grant         = inet filter long { %IP% timeout 1h }
	grant         = inet filter brief { %IP% timeout 30s }
[used]
	sequence      = 62201:auth
	open          = 2300:tcp
	idle_timeout  = 20s
	open_timeout  = 1h
[brief_use]
	sequence      = 62201:auth
	open          = 2301:tcp
	idle_timeout  = 3s
	open_timeout  = 1h
[six]
	sequence        = 62201:auth
	start_command_6 = echo \"six \$KNOCKD_PORT\" >>$T/ran
"
enrol alice
enrol port 'ports="22"'
knockd_again
profile inner alice inner 62201 'sequence = 7000,8000'
profile run alice run 62201
profile plain alice inner 62201
invitation_host=$server6
profile six alice ssh 62201
profile sixth alice six 62201
invitation_host=$server

granted() {
	element_in 'inet filter ok' "10.0.0.2 . $1 . $2"
}
knock_as alice inner -d 5 --port 443
check 'ports and then a signed knock' granted tcp 443
check '... has the comment of door and user' equal_field 'inet filter ok' '10.0.0.2 . tcp . 443' comment 'inner alice'
equal 'knockctl list tells the user' "$(knockctl list --json | jq -r '.[0].user')" alice
knock_as alice inner -d 5 --port 53:udp --for 90m
check 'another port of another protocol' granted udp 53
check '... for a time' equal_field 'inet filter ok' '10.0.0.2 . udp . 53' timeout 5400
refused 'the signed knock alone' 'the ports before it were not hit' knock_as alice plain --port 80
refute '... grants nothing' granted tcp 80
refused 'without a port' 'must name a port' knock_as alice inner -d 5
knock_as alice inner -d 5 --port 443
check 'with ports it counts again' granted tcp 443

# the accesses survive a restart, and belong to the user
knockd_stop
nft flush set inet filter ok
knockd_again
check 'a restart puts the elements back' granted tcp 443
check '... with their comment' equal_field 'inet filter ok' '10.0.0.2 . tcp . 443' comment 'inner alice'
equal '... and their user' "$(knockctl list --json | jq -r '.[0].user')" alice

sleep 2.2 # REPLAY_LOST_MSEC
deliver "$(pack alice two 62201 seconds=1800)" 62201
check 'of two elements one gets the time asked for' equal_field 'inet filter long' 10.0.0.2 timeout 1800
check '... and the other no more than its own' equal_field 'inet filter brief' 10.0.0.2 timeout 30
knockctl revoke --all >/dev/null
refused 'a key with ports does not get an element for all ports' 'opens more than the ports of the key' \
	deliver "$(pack port two 62201)" 62201
refute '... in no set' element_in 'inet filter long' 10.0.0.2
refused '... nor a command without a port' 'port refused: it must name a port' deliver "$(pack port run 62201)" 62201
deliver "$(pack alice used 62201 seconds=600)" 62201
check 'an access that lasts while it is used has its time for a pause' \
	equal_field 'inet knockd open4' '10.0.0.2 . tcp . 2300' timeout 20
check '... and the time asked for as its end' eval '[ "$(knockctl list --json | jq ".[] | select(.door == \"used\") | .left_ms | . > 500000 and . <= 600000")" = true ]'

# an access that lasts while it is used, over a restart: its pause, its end and its user are those of before
service 2301
used() {
	knockctl list --json | jq -c '.[] | select(.door == "brief_use") | [.user, .idle_ms, (.left_ms <= 9000)]'
}
deliver "$(pack alice brief_use 62201 seconds=9)" 62201
wait_for element_in 'inet knockd open4' '10.0.0.2 . tcp . 2301'
now began
knockd_stop
knockd_again
equal 'a restart: the pause, the user and the time asked for are those of the knock' "$(used)" '["alice",3000,true]'
# used_on: a connection that does not begin in time on a busy machine is not the end of the access
used_on() {
	port_open $server 2301 || element_in 'inet knockd open4' '10.0.0.2 . tcp . 2301'
}
while used_on; do
	now ended
	[ $((ended - began)) -lt 2000 ] || break
	sleep 0.3
done
now ended
check "... it ends after the time asked for, although it is used ($((ended - began))0 ms)" \
	[ $((ended - began)) -ge 700 -a $((ended - began)) -le 1300 ]
sleep 2.2 # REPLAY_LOST_MSEC, after the restart
deliver "$(pack alice brief_use 62201)" 62201
wait_for element_in 'inet knockd open4' '10.0.0.2 . tcp . 2301'
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
check 'unused, it ends without a daemon' -t 8 not element_in 'inet knockd open4' '10.0.0.2 . tcp . 2301'
knockd_again
fence
refute '... and does not come back with the next one' element_in 'inet knockd open4' '10.0.0.2 . tcp . 2301'
equal '... which does not list it' "$(used)" ''
sleep 2.2

knock_as alice sixth --port 8081
check 'a command for IPv6 alone gets the port' grep -qx 'six 8081' "$T/ran"

knock_as alice run --port 8080 --for 30m
check 'commands get user, port and seconds' grep -qx 'start alice 8080 1800 run 10.0.0.2' "$T/ran"
knock_as alice run --close
check '... and the stop command runs when the user closes' grep -qx 'stop alice 8080' "$T/ran"

refused "to another address than the door's Target" "another door's address" deliver "$(pack alice target 62201)" 62201
in_client "$SIGNED" send 10.0.0.9 62201 "$(pack alice target 62201)"
check 'to the Target' element_in 'inet knockd open4_target' '10.0.0.2 . 10.0.0.9 . tcp . 22'
knock_as alice six
check 'over IPv6' element_in 'inet knockd open6' 'fd00::2 . tcp . 22'

# garbage
counted() {
	knockctl stats --json | jq ".$1"
}
before=$(counted signed_garbage)
in_client "$SIGNED" random "$server" 62201 200
fence
check 'garbage is counted' eval '[ "$(counted signed_garbage)" = $((before + 200)) ]'
equal '... and makes no attempt' "$(knockctl attempts --json | jq '.attempts | length')" 0
hex=$(pack alice ssh 62201)
fence
packets=$(counted packets)
in_client "$SIGNED" send "$server" 62201 "$(echo "$hex" | cut -c 1-366)"
fence
equal 'a shorter datagram is not even reported' "$(counted packets)" $((packets + 1))
accepted 'a random tail does not matter' deliver "${hex}00112233445566" 62201

# reload: another key beside the old one, then without the old one
old=$(invitation ssh 62201)
deliver_old() {
	deliver "$("$SIGNED" pack "$old" "$T/alice")" 62201
}
"$KNOCKD" --keygen "$T/new.key" >/dev/null
ends 'the directory of a key is made, if only that is missing' 0 "$KNOCKD" --keygen "$T/etc/new.key"
ends '... and not the one above' 1 "$KNOCKD" --keygen "$T/no/etc/new.key"
check '... with the reason' grep -q 'No such file or directory' "$T/err"
ends 'no key is made over another' 1 "$KNOCKD" --keygen "$T/new.key"
cat "$T/new.key" "$T/knock.key" >"$T/both.key"
cat "$T/both.key" >"$T/knock.key"
knockd_reload
accepted 'with two keys: the old one' deliver_old
accepted '... and the new one' deliver "$(pack alice ssh 62201)" 62201
cat "$T/new.key" >"$T/knock.key"
knockd_reload
accepted 'with the new one alone' deliver "$(pack alice ssh 62201)" 62201
shut
deliver_old
fence
refute '... the old one opens nothing' opens
chmod 640 "$T/knock.key"
knockd_reload
check 'a key that others can read is refused' log_says 'knock.key: is accessible to other users'
check '... and the configuration stays' log_has 'reload failed: the configuration in use stays in force'
chmod 600 "$T/knock.key"

ends '-t reads the keys, too' 0 "$KNOCKD" -t -c "$T/knockd.conf"
echo nonsense >>"$T/authorized_keys"
ends '... and warns of lines' 0 "$KNOCKD" -t -c "$T/knockd.conf"
check '... by number' grep -q 'authorized_keys: line 3: warning' "$T/err"
rm "$T/authorized_keys"
ends '... and of a missing file, without which the daemon starts' 0 "$KNOCKD" -t -c "$T/knockd.conf"
check '...' grep -qx "$T/authorized_keys: warning: No such file or directory" "$T/err"
done_testing
