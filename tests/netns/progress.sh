#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What takes knockctl longer than a second is told on a terminal, which tmux plays, and nowhere else.

. "$(dirname "$0")/../lib.sh"
need knock knockctl tmux
topo_pair
firewall
knockd_start '
[ssh]
	sequence = 4201,4507,4303
	tcpflags = syn
	grant    = inet filter ssh_ok { %IP% timeout 1m }'
knock $server 4201 4507 4303

# terminal WORD...: tmux, with a server of its own
terminal() {
	env -u TMUX TERM=xterm LC_ALL=C.UTF-8 tmux -S "$T/tmux" -f /dev/null "$@"
}

# shows PATTERN: a line of the screen, as a basic regular expression
shows() {
	terminal capture-pane -p 2>/dev/null | grep -q -- "$1"
}

# run COMMAND: in a new window
run() {
	terminal new-window "PATH=$T/bin:$PATH; $1; echo it has ended; sleep 100" || bail 'no terminal'
}

terminal new-session -d -x 100 -y 30 'sleep 100' || bail 'no terminal'
started "$(terminal display-message -p '#{pid}')"

# --- doctor: a slow nft ------------------------------------------------------------------------------

mkdir "$T/bin"
printf '#!/bin/sh\nwhile [ ! -e "%s" ]; do sleep 0.1; done\nexec %s "$@"\n' "$T/go" "$(command -v nft)" >"$T/bin/nft"
chmod +x "$T/bin/nft"
run "'$KNOCKCTL' -s '$T/control.sock' doctor"
check 'doctor tells what it waits for' -t 15 shows '^reading the ruleset \.\.\. [1-9][0-9]* s'
: >"$T/go"
check '... and ends' -t 15 shows '^it has ended'
refute '... without that line' shows 'reading the ruleset'
check '... with its answer' shows '^no fault found'
ends 'a file gets no progress' 0 knockctl doctor
refute '...' grep -q 'reading' "$T/err"

# --- migrate: stopped while it reads -----------------------------------------------------------------

awk 'BEGIN {
	for (i = 0; i < 60000; i++)
		printf "[door%d]\n\tsequence = %d,%d,7\n\tcommand = iptables -A INPUT -s %%IP%% -p tcp --dport %d -j ACCEPT\n",
			i, 1 + i % 65535, 65535 - i, 1 + i }' >"$T/many.conf"
chmod 600 "$T/many.conf"

# reader: the process that reads the file, which is the parent of the one that shows it
reader() {
	for each in /proc/[0-9]*; do
		tr '\0' ' ' <"$each/cmdline" 2>/dev/null | grep -q "^$KNOCKCTL migrate .*many" || continue
		reader=${each#/proc/}
		[ -z "$(cat "/proc/$reader/task/$reader/children")" ] || return 0
	done
	return 1
}
run "'$KNOCKCTL' migrate --apply '$T/many.conf' >'$T/out'"
wait_for reader || bail 'knockctl migrate is not there'
kill -STOP "$reader"
check 'migrate tells what it does' -t 15 shows '^reading .*many.conf \.\.\. [1-9][0-9]* s'
kill -CONT "$reader"
check '... and ends' -t 120 shows '^it has ended'
refute '... without that line' shows 'reading'
equal '... and all doors have moved' "$(grep -c '^60000 of 60000 doors' "$T/out") $(grep -c '	open' "$T/many.conf")" '1 120000'
done_testing
