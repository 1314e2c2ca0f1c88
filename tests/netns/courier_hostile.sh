#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A hostile server, or one of another kind: the courier survives it within its memory, says what is wrong and not the
# password, and goes on when a real server is there.

. "$(dirname "$0")/courier_lib.sh"
courier_setup python3
server=$(dirname "$0")/courier_server.py

# hostile MODE: at port 7000, and a new courier for it; ends those before
hostile=''
hostile() {
	if [ -n "$hostile" ]; then
		kill -KILL "$hostile" "$gateway"
		wait "$hostile" 2>/dev/null # until then it listens, and the new courier would meet it
	fi
	python3 "$server" 7000 "$1" &
	hostile=$!
	started $hostile
	wait_for served || bail 'no server'
	gateway "$1" -l knockd:s3cret-word redis://127.0.0.1:7000
	tell "$1" each off
}
served() {
	ss -Hltn 'sport = 7000' | grep -q .
}

# small NAME: the courier has had less than 16 MB at most; AddressSanitizer keeps what is freed
small() {
	if built_with SANITIZERS; then
		return
	fi
	[ "$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$(courier_of "$1")/status")" -lt 16000 ]
}
unharmed() {
	check '... small' small "$1"
	refute '... alive' heard "$1" '(status|signal|invalid) .*'
	refute '... the password is not told' grep -q s3cret "$T/$1.out"
}

while IFS='|' read -r mode pattern; do
	hostile "$mode"
	check "$mode" -t 60 heard "$mode" "down 127\\.0\\.0\\.1:7000: $pattern"
	unharmed "$mode"
done <<-E
	random|.*
	http|the server does not speak Redis's protocol: .*
	line|the server sent a text of too great a size
	string|the server sent a text of too great a size
	array|the server sent a reply of too great a size
	nested|the server sent a reply of too great a size
	unsolicited|.*
	mute|no answer
	closed|(the server has closed the connection|Connection reset by peer)
	echo|AUTH: the server refuses the login
	echo_later|ROLE: an error with the password in it
	sha|SCRIPT LOAD: .*
	time|TIME: .*
	moved|the group's keys are on another node of the cluster, 127.0.0.1:7001: name it in Share
	moved_here|the group's keys are on another node of the cluster, 127.0.0.1:7000
	moved_bad|MGET: MOVED
	index_same|the index has more than [0-9]* elements
	index_endless|the index has more than [0-9]* elements
	index_score|reading the index: .*
	values|reading records: .*
E
hostile noscript
check 'noscript: up' is_up noscript
tell noscript put ticket=1 id=5 hlc=7 left=60000 seal=1
check '... a claim is unknown' heard noscript 'answer 1 unknown'
check '... down' heard noscript 'down .*NOSCRIPT.*'
unharmed noscript
hostile answer
check 'answer: up' is_up answer
tell answer put ticket=2 id=5 hlc=7 left=60000 seal=1
check '... a claim is unknown' heard answer 'answer 2 unknown'
unharmed answer
hostile late
check 'late: up' is_up late
tell late burst 40
check '... forty answers in four seconds: all arrive' -t 20 heard late 'burst yes=40 .*'
refute '... and the connection stays' heard late 'down .*'
unharmed late
hostile events
check 'events: up' is_up events
tell events put ticket=3 id=5 hlc=7 left=60000 seal=1
check '... a claim is answered all the same' heard events 'answer 3 yes'
tell events deaf $((200 * TESTS_DEADLINE))
check '... what a parent cannot take is counted' heard events 'missed [0-9]*'
unharmed events
kill -KILL "$hostile"
wait "$hostile" 2>/dev/null
forget events
redis one 7000 --requirepass s3cret-word
check 'a real server at the same place' -t 10 heard events 'down .*(WRONGPASS|refuses the login).*'
redis-cli -p 7000 -a s3cret-word acl setuser knockd on '>s3cret-word' '~*' '&*' +@all >/dev/null 2>&1
check '... takes it' -t 15 is_up events
refute 'the password is in no command line' grep -aq s3cret "/proc/$(courier_of events)/cmdline"
done_testing
