#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The QR code of `knockctl new`: a reader finds the client's command in it, and the command opens the door. tmux plays the
# terminal, and its cells become the picture that zbarimg reads.

. "$(dirname "$0")/../lib.sh"
need knock knockctl tmux zbarimg
built_with HAVE_QRENCODE || skip_all 'built without libqrencode'
topo_pair
service 22
knockd_start '
[old]
	sequence = 4201,4507,4303
	open     = 8022:tcp'

# terminal WORD...: tmux, with a server of its own
terminal() {
	env -u TMUX LC_ALL=C.UTF-8 tmux -S "$T/tmux" -f /dev/null "$@"
}

# run_new NAME [VARIABLE=VALUE]...: knockctl new on a terminal; its screen is in $T/screen
run_new() {
	run_name=$1
	shift
	rm -f "$T/done"
	terminal new-window "env $* '$KNOCKCTL' -s '$T/control.sock' new $run_name --open 22:tcp --write -c '$T/knockd.conf'; \
		echo >'$T/done'; sleep 100" || bail 'no terminal'
	wait_for test -e "$T/done" || bail 'knockctl new does not end'
	wait_for sh -c "tmux -S '$T/tmux' capture-pane -p | grep -q 'the door is there'"
	terminal capture-pane -p >"$T/screen"
	terminal capture-pane -p -e >"$T/coloured"
}

# picture: the code of $T/screen as a PGM file, 6 pixels for a module, with a white border
picture() {
	grep '█' "$T/screen" | sed 's/█/F/g; s/▀/U/g; s/▄/L/g; s/ *$//' | awk '
		{ row[NR] = $0; if (length($0) > width) width = length($0) }
		function line(text, drawn, out, i, k, pixel) {
			for (i = 1 - border; i <= width + border; i++) {
				pixel = i < 1 || i > width || index(drawn, substr(text, i, 1)) && i <= length(text) ? 255 : 0
				for (k = 0; k < 6; k++) out = out pixel " "
			}
			for (k = 0; k < 6; k++) print out
		}
		END {
			border = 4
			print "P2", 6 * (width + 2 * border), 12 * (NR + border), 255
			for (r = 1 - border / 2; r <= NR + border / 2; r++) {
				line(row[r], r in row ? "FU" : "FUL ")
				line(row[r], r in row ? "FL" : "FUL ")
			}
		}'
}

# command_of: what $T/screen says in words
command_of() {
	grep -E '^knock [^ ]+( [0-9]+){4} *$' "$T/screen" | sed 's/ *$//' | grep . || echo 'no command on the screen'
}

terminal new-session -d -x 100 -y 60 'sleep 100' || bail 'no terminal'
started "$(terminal display-message -p '#{pid}')"
run_new home TERM=screen
diag "$(cat "$T/screen")"
picture >"$T/code.pgm"
zbarimg --quiet --raw "$T/code.pgm" >"$T/decoded" 2>"$T/err"
equal 'a reader finds the command' "$(cat "$T/decoded")" "$(command_of)"
check '... in white on black' grep -q "$(printf '\033\\[97;40m\|\033\\[97m\033\\[40m\|\033\\[40;97m\|\033\\[97m')" "$T/coloured"
refute 'the port is shut' port_open $server 22
# shellcheck disable=SC2046 # ports
knock $server $(cut -d ' ' -f 3- "$T/decoded")
check '... and what the code says opens it' port_open $server 22

run_new plain TERM=screen NO_COLOR=1
picture >"$T/code.pgm"
equal 'without colours, too' "$(zbarimg --quiet --raw "$T/code.pgm" 2>/dev/null)" "$(command_of)"
refute '... in none' grep -q "$(printf '\033\\[97')" "$T/coloured"
"$KNOCKCTL" -s "$T/control.sock" new file --open 22:tcp -c "$T/knockd.conf" >"$T/out" 2>&1
refute 'a file gets no code' grep -q '█' "$T/out"
done_testing
