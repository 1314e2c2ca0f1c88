#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion at a terminal: what stands in the line of bash, zsh and fish after TAB. Names of profiles and doors, and
# files, may have blanks, quotes and colons, or look like a command that the shell would run.

. "$(dirname "$0")/lib.sh"
dir=$top/contrib/completion
knock=$PWD/knock
[ -x "$knock" ] || knock=$top/knock
command -v python3 >/dev/null || skip_all 'python3 is missing'

mkdir "$T/bin" "$T/home" "$T/knock" "$T/work" "$T/work/home"
ln -s "$knock" "$T/bin/knock"
: >"$T/work/a file"
: >"$T/work/plain"

# --- the shells, where ^G writes the line to $T/line -------------------------------------------------

cat >"$T/bashrc" <<E
PS1='READY> ' PS2='' HISTFILE=
cd "$T/work"
bind -x '"\C-g": printf "%s\n" "\$READLINE_LINE" >"$T/line.new"; mv "$T/line.new" "$T/line"'
for each in knock knockd knockctl; do . "$PWD/contrib/completion/\$each.bash"; done
E
cat >"$T/home/.zshrc" <<E
cd "$T/work"
fpath=("$dir" \$fpath)
autoload -Uz compinit
compinit -u -D
PS1='READY> ' RPS1='' HISTFILE=
write_line() { print -r -- "\$BUFFER" >"$T/line.new"; mv "$T/line.new" "$T/line" }
zle -N write_line
bindkey '^G' write_line
E
cat >"$T/fishrc" <<E
cd "$T/work"
function fish_prompt; echo 'READY> '; end
function fish_right_prompt; end
bind \\cg 'commandline >"$T/line.new"; mv "$T/line.new" "$T/line"'
for each in knock knockd knockctl; source "$dir/\$each.fish"; end
E
bash_at() {
	terminal "$1" bash --rcfile "$T/bashrc" -i
}
zsh_at() {
	terminal "$1" zsh -i
}
fish_at() {
	terminal "$1" fish -N -i -C "source '$T/fishrc'"
}

# terminal KEYS SHELL...
terminal() {
	terminal_keys=$1
	shift
	rm -f "$T/line"
	HOME=$T/home ZDOTDIR=$T/home XDG_CONFIG_HOME=$T XDG_DATA_HOME=$T/home XDG_CACHE_HOME=$T/home TERM=vt100 \
		PATH="$T/bin:$PATH" LC_ALL=C.UTF-8 "$top/tests/check/terminal.py" "$terminal_keys\\t\\x07" "$T/line" "$@" \
		>"$T/why" 2>&1
}

# typed SHELL TEXT KEYS EXPECTED
typed() {
	if ! command -v "$1" >/dev/null; then
		skip "$1: $2" "$1 is missing"
	elif "$1_at" "$3"; then
		equal "$1: $2" "$(cat "$T/line")" "$4"
	else
		point "$1: $2"
	fi
}

# --- the names ---------------------------------------------------------------------------------------

profile() {
	printf "[$1]\nhost = h\nsequence = 7101\n"
}
(
	umask 077
	for name in home 'work place' "don't" 'q"uote' "\$(touch $T/ran)x" "\`touch $T/ran\`x" 'a;b&c|d' 'col:on:two' \
		'back\\slash' 'bang!bang' '~root' '*' 'über' 'e\033]0;x\007vil'; do
		profile "$name"
	done >"$T/knock/config"
)
cat >"$T/bin/knockctl" <<'E'
#!/bin/sh
case $* in
'--json list') printf '[\n{"ip":"2001:db8::7","door":"b"},\n{"ip":"192.0.2.7","door":"a"}\n]\n' ;;
'--json doors') cat "${0%/*}/doors" ;;
esac
E
chmod +x "$T/bin/knockctl"
cat >"$T/bin/doors" <<E
[
{"name":"don't","hosts":1},
{"name":"front door","hosts":1},
{"name":"\$(touch $T/ran)y","hosts":1},
{"name":"q\"uote","hosts":1},
{"name":"back\\\\slash","hosts":1},
{"name":"col:on","hosts":1}
]
E
command="\\\$\\(touch\\ $T/ran\\)" # quoted as a shell writes it

# --- bash ----------------------------------------------------------------------------------------------

typed bash 'a name that is also a directory' 'knock hom' 'knock home '
typed bash '... after options and their words' 'knock -vd 20 -s fd00::2 hom' 'knock -vd 20 -s fd00::2 home '
typed bash 'a blank' 'knock wor' 'knock work\ place '
typed bash '... that was typed' 'knock work\\ pl' 'knock work\ place '
typed bash '... within double quotes' 'knock "work pl' 'knock "work place" '
typed bash '... within single quotes' "knock 'work pl" "knock 'work place' "
typed bash '... within half a word' 'knock wo"rk pl' 'knock wo"rk place" '
typed bash 'a quote' 'knock do' "knock don\\'t "
typed bash '... within double quotes' 'knock "do' "knock \"don't\" "
typed bash '... within single quotes' "knock 'do" "knock 'don'\\''t' "
typed bash 'a double quote' 'knock q' 'knock q\"uote '
typed bash '... within double quotes' 'knock "q' 'knock "q\"uote" '
typed bash 'a command' 'knock \\$' "knock ${command}x "
typed bash '... within double quotes' 'knock "\\$' "knock \"\\\$(touch $T/ran)x\" "
typed bash '... within single quotes' "knock '\$" "knock '\$(touch $T/ran)x' "
typed bash '... in the other form' 'knock \\`' "knock \\\`touch\\ $T/ran\\\`x "
typed bash '... within double quotes' 'knock "\\`' "knock \"\\\`touch $T/ran\\\`x\" "
typed bash 'several commands' 'knock a' 'knock a\;b\&c\|d '
typed bash 'colons' 'knock col:o' 'knock col:on:two '
typed bash '... one is the last character' 'knock col:on:' 'knock col:on:two '
typed bash '... within quotes' 'knock "col:on:' 'knock "col:on:two" '
typed bash 'a backslash' 'knock bac' 'knock back\\slash '
typed bash 'an exclamation mark' 'knock ban' 'knock bang\!bang '
typed bash '... within double quotes' 'knock "ban' "knock \"bang\"'!'\"bang\" "
typed bash 'a tilde' 'knock \\~' 'knock \~root '
typed bash 'a star' 'knock \\*' 'knock \* '
typed bash 'other letters' 'knock \xc3\xbc' 'knock über '
typed bash 'control characters' 'knock e' 'knock e'
typed bash 'a protocol' 'knock h 8000:u' 'knock h 8000:udp '
typed bash '... in a list' 'knock h 7000,8000:u' 'knock h 7000,8000:udp '
typed bash 'an option with its value' 'knock --profile=do' "knock --profile=don\\'t "
typed bash 'an address' 'knockctl revoke 1' 'knockctl revoke 192.0.2.7 '
typed bash '... of IPv6' 'knockctl revoke 2' 'knockctl revoke 2001:db8::7 '
typed bash '... after a colon' 'knockctl revoke 2001:d' 'knockctl revoke 2001:db8::7 '
typed bash '... after two' 'knockctl revoke 2001:db8::' 'knockctl revoke 2001:db8::7 '
typed bash 'a door with a quote' 'knockctl revoke --door d' "knockctl revoke --door don\\'t "
typed bash '... with a blank' 'knockctl revoke --door f' 'knockctl revoke --door front\ door '
typed bash '... like a command' 'knockctl revoke --door \\$' "knockctl revoke --door ${command}y "
typed bash '... with a double quote' 'knockctl revoke --door q' 'knockctl revoke --door q\"uote '
typed bash '... with a backslash' 'knockctl revoke --door b' 'knockctl revoke --door back\\slash '
typed bash '... with a colon' 'knockctl revoke --door=col:' 'knockctl revoke --door=col:on '
typed bash 'a file with a blank' 'knockd -c a' 'knockd -c a\ file '
typed bash '... within double quotes' 'knockd -c "a' 'knockd -c "a file" '

# --- zsh and fish --------------------------------------------------------------------------------------

for shell in zsh fish; do
	typed $shell 'a name that is also a directory' 'knock hom' 'knock home '
	typed $shell '... after options and their words' 'knock -vd 20 --totp 123456 hom' 'knock -vd 20 --totp 123456 home '
	typed $shell 'a blank' 'knock wor' 'knock work\ place '
	typed $shell 'a quote' 'knock do' "knock don\\'t "
	typed $shell 'a command' 'knock \\$' "knock ${command}x "
	typed $shell '... after --profile' 'knock --profile \\$' "knock --profile ${command}x "
	typed $shell 'colons' 'knock col' 'knock col:on:two '
	typed $shell '... one is the last character' 'knock col:on:' 'knock col:on:two '
	typed $shell 'control characters' 'knock e' 'knock e'
	typed $shell 'an address' 'knockctl revoke 2001:d' 'knockctl revoke 2001:db8::7 '
	typed $shell 'a door with a quote' 'knockctl revoke --door d' "knockctl revoke --door don\\'t "
	typed $shell '... like a command' 'knockctl revoke --door \\$' "knockctl revoke --door ${command}y "
	typed $shell '... with a double quote' 'knockctl revoke --door q' 'knockctl revoke --door q\"uote '
	typed $shell '... with a backslash' 'knockctl revoke --door b' 'knockctl revoke --door back\\slash '
	typed $shell '... with a colon' 'knockctl revoke --door col:' 'knockctl revoke --door col:on '
done
typed zsh 'a backslash' 'knock bac' 'knock back\\slash '
typed fish 'a backslash' 'knock bac' 'knock back\\slash '

[ ! -e "$T/ran" ] || echo 'a shell has run it' >"$T/why"
point 'no shell has run a name'
done_testing
