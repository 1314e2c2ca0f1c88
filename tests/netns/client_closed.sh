#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Something before the service accepts every connection, and closes it when it cannot reach the service: docker's proxy,
# a load balancer, a transparent proxy. --proxy connects again, and sends what it has read again.

. "$(dirname "$0")/client_lib.sh"
client_setup python3 cmp
mkdir "$T/bin"
ln -s "$KNOCK" "$T/bin/knock"
PATH=$T/bin:$PATH
echo ' 7000' >"$T/sequences"
profiles "
[once]
	host = server4
	one_time_sequences = $T/sequences
"
chmod 600 "$T/sequences"

# proxied PORT: accepts on PORT, for the service on PORT + 1000
proxied() {
	socat "TCP4-LISTEN:$1,reuseaddr,fork" "TCP4:127.0.0.1:$(($1 + 1000))" 2>>"$LOG" &
	started $!
	wait_for listening "$1" || bail "nothing accepts on port $1"
}
# refused PORT: a connection to PORT was accepted and closed
refused() {
	grep -q ":$(($1 + 1000)).*refused" "$LOG"
}

proxy() {
	in_client timeout 60 knock --proxy "$@"
}

# behind PORT COMMAND: --proxy to PORT, with the input of this function; COMMAND begins to serve late
behind() {
	proxied "$1"
	in_background client knock --proxy "$1" $server 9 >"$T/out" 2>"$T/err"
	behind_knock=$!
	wait_for refused "$1" || bail 'no connection'
	service $(($1 + 1000)) "$2"
	wait $behind_knock
}

ends 'a service that begins to speak late' 0 behind 3001 'echo hello' </dev/null
equal '... is heard' "$(cat "$T/out")" hello
equal '... without a word' "$(cat "$T/err")" ''
echo question >"$T/in"
ends 'a service that answers' 0 behind 3002 'cat' <"$T/in"
check '... gets the input that was sent before, once' cmp -s "$T/in" "$T/out"
head -c 60000 /dev/urandom >"$T/in"
ends '... also if it is long' 0 behind 3003 'cat' <"$T/in"
check '... and whole' cmp -s "$T/in" "$T/out"

# --- nobody answers ------------------------------------------------------------------------------

proxied 3010
ends_in 'a service that never comes' 2 200 300 proxy 3010 --timeout 2 $server 9 </dev/null
check '... and told from one that is silent' grep -Eq \
	'^knock: 10\.0\.0\.1: port 3010/tcp did not open within 2 s: knocked [0-9]+ times, tried [2-5] times \(connection closed without a byte\)$' \
	"$T/err"

# first_close.py PORT TIMES HOW: closes so many connections, "fin" or "reset", then echoes
cat >"$T/first_close.py" <<'E1'
import socket, struct, sys
port, times, how = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(('', port))
listener.listen(8)
for nth in range(times + 1):
    connection, _ = listener.accept()
    if nth < times:
        if how == 'reset':
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        if how == 'read':
            connection.recv(1000)
        connection.close()
        continue
    while True:
        data = connection.recv(1000)
        if not data:
            break
        connection.sendall(data)
    connection.close()
E1
# answers_at_last HOW PORT
answers_at_last() {
	python3 "$T/first_close.py" "$2" 3 "$1" &
	started $!
	wait_for listening "$2" || bail 'no listener'
	proxy "$2" --timeout 20 $server 9
}
slowly() {
	echo question
	wait_for -t 20 [ -s "$T/out" ]
}
# ends_slowly TEXT HOW PORT: with input that does not end before the answer
ends_slowly() {
	slowly | answers_at_last "$2" "$3" >"$T/out" 2>"$T/err"
	equal "$1" "$? $(cat "$T/out" "$T/err")" '0 question'
}
ends_slowly 'three connections that end' fin 3011
ends_slowly 'three that are reset' reset 3012
ends_slowly 'three that end when the question is read' read 3013
echo question >"$T/in"
ends 'input that has ended: three that end' 0 answers_at_last fin 3014 <"$T/in"
equal '... are replaced' "$(cat "$T/out")" question
ends '... three that are reset' 0 answers_at_last reset 3015 <"$T/in"
equal '... are replaced, too' "$(cat "$T/out")" question
ends '... three that end when the question is read' 0 answers_at_last read 3016 <"$T/in"
equal '... are replaced as well' "$(cat "$T/out")" question

# --- a service that listens, and has nothing to say ------------------------------------------------

service 3020 "cat >>$T/taken"
ends 'a service that takes all and says nothing' 0 proxy 3020 $server 9 <"$T/in"
check '... gets it once' cmp -s "$T/in" "$T/taken"

# --- a one-time sequence ---------------------------------------------------------------------------

ends 'a one-time sequence that a closed connection answers' 2 proxy 3010 --timeout 1 --profile once </dev/null
equal '... is not used up' "$(cat "$T/sequences")" ' 7000'
service 4010
ends '... a service answers' 0 proxy 3010 --profile once </dev/null
equal '... is' "$(cat "$T/sequences")" '#7000'

# --- the time of a connection that is silent -------------------------------------------------------

service 3030 'exec sleep 2'
# another one would end two seconds later
ends_in 'a connection that ends after the time, silently, is not replaced' 0 0 350 \
	proxy 3030 --timeout 1 $server 9 </dev/null
mkfifo "$T/open"
service 3031 'exec sleep 30'
in_background client knock --proxy 3031 $server 9 <>"$T/open" >"$T/out"
idler=$!
wait_for sh -c 'ss -Htn state established "sport = :3031" | grep -q .'
ticks() {
	cut -d ' ' -f 14,15 /proc/$idler/stat | awk '{ print $1 + $2 }'
}
before=$(ticks)
sleep 0.5
check 'a silent connection takes no processor time' [ $(($(ticks) - before)) -le 2 ]
done_testing
