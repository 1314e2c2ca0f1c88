#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `knockctl top` on a terminal of 80 columns and 24 lines, which tmux plays.

. "$(dirname "$0")/../lib.sh"
need knock knockctl tmux
built_with HAVE_CURSES || skip_all 'built without ncurses'
topo_pair
firewall
knockd_start '
[ssh]
	sequence = 4201,4507,4303
	tcpflags = syn
	grant    = inet filter ssh_ok { %IP% timeout 1m }
	grant_6  = inet filter ssh_ok6 { %IP% timeout 1h }
[other]
	sequence = 4711,4523,4109
	tcpflags = syn
	grant    = inet filter ssh_ok { %IP% timeout 1m }'

# terminal WORD...: tmux, with a server of its own
terminal() {
	env -u TMUX TERM=xterm LC_ALL=C.UTF-8 tmux -S "$T/tmux" -f /dev/null "$@"
}

# screen: what the terminal shows
screen() {
	terminal capture-pane -p
}

# shows PATTERN: a line of the screen, as a basic regular expression
shows() {
	screen 2>/dev/null | grep -q -- "$1"
}

# screenshot: for whoever reads the test's output
screenshot() {
	diag "$(screen)"
}

key() {
	terminal send-keys "$@"
}

terminal new-session -d -x 80 -y 24 "'$KNOCKCTL' -s '$T/control.sock' top 2>'$T/err'; sleep 100" || bail 'no terminal'
tmux_server=$(terminal display-message -p '#{pid}')
started "$tmux_server"
check 'it begins' shows '^knockd up [0-9]*s  doors 2  accesses 0  attempts 0'
check '... without accesses' shows '^ no open accesses'
check '... with its keys in the last line' sh -c "env -u TMUX TERM=xterm tmux -S '$T/tmux' capture-pane -p | tail -n 1 | grep -q '^q quit'"

knock $server 4201
check 'an event is shown' shows '^[0-9:]*  10\.0\.0\.2: ssh: stage 1'
check '... and counted' shows 'attempts 1'
knock $server 4507 4303
check 'an access is there' shows '^>10\.0\.0\.2  *ssh  *[0-9]*s  *\[#*\.*\]'
knock $server6 4201 4507 4303
check 'another one' shows '^ fd00::2  *ssh  *[0-9a-z]*m[0-9]*s* *\[##*\]'
screenshot
equal 'no line is longer than the screen' "$(screen | awk 'length > 80' | wc -l)" 0

key Down
check 'the second one is chosen' shows '^>fd00::2'
key s
check 'sorted by client' shows 'by client'
key s
check 'sorted by door' shows 'by door'
key e
check 'extended' element_in 'inet filter ssh_ok6' fd00::2
check '... by ten minutes' shows '^>fd00::2  *ssh  *1h[0-9]*m'
key /
key '10.0' Enter
check 'a filter' shows 'with 10\.0'
check '... hides the others' not shows 'fd00::2  *ssh  *1h'
key r
check 'a question' shows '^revoke 10\.0\.0\.2 ssh? (y)'
key n Enter
check '... no' element_in 'inet filter ssh_ok' 10.0.0.2
key r
key y Enter
check '... yes' not element_in 'inet filter ssh_ok' 10.0.0.2
check '... it is gone from the screen' shows 'no open access fits the filter'
key / Enter
key d
check 'the table of doors' shows '^ssh  *6  *2  *0  *0'
key d

terminal resize-window -x 100 -y 40 2>/dev/null
check 'a larger window' sh -c "env -u TMUX TERM=xterm tmux -S '$T/tmux' capture-pane -p | sed -n 40p | grep -q '^q quit'"
terminal resize-window -x 80 -y 24
check '... and the old one again' sh -c "env -u TMUX TERM=xterm tmux -S '$T/tmux' capture-pane -p | sed -n 24p | grep -q '^q quit'"

# Terminals without colours: each shows the head, the chosen access and the keys.
for type in vt100 vt220; do
	infocmp $type >"$T/type" 2>&1
	refute "terminal type $type has no colours" grep -q 'colors#' "$T/type"
	terminal new-window "TERM=$type '$KNOCKCTL' -s '$T/control.sock' top 2>'$T/err2'; echo status \$?; sleep 100"
	check '... the head is shown' shows '^knockd up [0-9]*[a-z].*  doors 2  accesses 1'
	check '... the access' shows '^>fd00::2  *ssh  *1h[0-9]*m'
	check '... its keys' shows '^q quit'
	key q
	check '... which work, and it ends without an error' shows '^status 0$'
	equal '... nor a message' "$(cat "$T/err2")" ''
	terminal kill-window
done
terminal new-window "TERM=dumb '$KNOCKCTL' -s '$T/control.sock' top 2>'$T/err2'; echo status \$?; sleep 100"
check 'a terminal whose cursor cannot be moved' shows '^status 1'
check '... is an error' grep -q 'top needs a terminal' "$T/err2"
terminal kill-window
kill -STOP "$knockd"
kill -CONT "$knockd"
ends 'without a terminal' 1 knockctl top
check '... it says so' grep -q 'top needs a terminal' "$T/err"
knockd_stop
check 'the end of the daemon ends it' not shows '^q quit'
ends 'no daemon' 3 knockctl top
done_testing
