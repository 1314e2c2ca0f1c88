# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# For tests of `open`.

# echo_tcp PORT: a server that sends its input back
echo_tcp() {
	socat "TCP6-LISTEN:$1,ipv6only=0,reuseaddr,fork" EXEC:cat 2>>"$LOG" &
	started $!
	wait_for listening "$1" || bail "no service on port $1"
}

# echo_udp PORT: answers each packet with its own content
echo_udp() {
	socat "UDP6-LISTEN:$1,ipv6only=0,reuseaddr,fork" EXEC:cat 2>>"$LOG" &
	started $!
	wait_for listening_udp "$1" || bail "no service on udp port $1"
}
listening_udp() {
	ss -Hlun "sport = :$1" | grep -q .
}

# udp_open ADDRESS [HOST [PORT]]: is a packet answered?
udp_open() {
	case $1 in
	*.255) udp_to=UDP4-DATAGRAM:$1:${3-443},broadcast ;;
	*:*) udp_to=UDP6:[$1]:${3-443} ;;
	*) udp_to=UDP4:$1:${3-443} ;;
	esac
	[ "$(echo hello | in_host "${2-client}" socat -t 0.3 - "$udp_to" 2>/dev/null)" = hello ]
}

# refused ADDRESS PORT: is the connection refused?
refused() {
	in_client socat -u "TCP:$1:$2,connect-timeout=1" - 2>&1 >/dev/null | grep -q 'Connection refused'
}

# talk NAME ADDRESS PORT: opens a lasting connection of the client to an echo_tcp
# said NAME TEXT [SECONDS]: does TEXT come back on it? TEXT must be new.
talk() {
	mkfifo "$T/$1.in"
	in_client socat - "TCP:$2:$3,connect-timeout=1" <>"$T/$1.in" >"$T/$1.out" 2>>"$LOG" & # <>: no end of file
	started $!
}
said() {
	# shellcheck disable=SC2016 # by the inner shell, which waits for a reader
	timeout 5 sh -c 'echo "$0" >"$1"' "$2" "$T/$1.in" || return
	wait_for ${3:+-t "$3"} grep -q "$2" "$T/$1.out"
}

# udp_refused ADDRESS
udp_refused() {
	echo x | in_client socat -t 1 -T 1 - "UDP:$1:443" 2>&1 | grep -q refused
}


# --- ssh sessions, with client_lib.sh ---------------------------------------------------------------

# session NAME [HOST]: a lasting ssh session; `said NAME TEXT` works in it. Nothing else that tests wait for takes as long to
# begin: an emulated machine needs 15 seconds, a busy one more.
session() {
	mkfifo "$T/$1.in"
	# shellcheck disable=SC2086 # a list of options
	in_background "${2-client}" ssh $ssh_options -o "ConnectTimeout=$((2 * TESTS_DEADLINE))" "root@${3-$server}" cat <>"$T/$1.in" >"$T/$1.out" 2>>"$LOG"
	session=$!
	said "$1" begins 10 || bail "no ssh session: $(tail -n 5 "$LOG")"
}
# pace: $pace is how many times slower than usual an access has to be, for this machine to do in it what the test wants: the
# seconds that a session takes to begin, rounded up. It is 1 on most; a busy or emulated one takes longer.
pace() {
	now pace_begun
	session pace
	now pace_ended
	pace=$(((pace_ended - pace_begun) / 100 + 1))
	kill $session
	wait $session
	diag "pace $pace"
}
# dead NAME: nothing comes back within a second
dead() {
	echo still 1<>"$T/$1.in" # <>: does not wait for a reader
	sleep 1
	! grep -q still "$T/$1.out"
}
