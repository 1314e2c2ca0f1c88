#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The shells can parse the completions; bash's offer options, profiles and ports where they belong.

. "$(dirname "$0")/lib.sh"
dir=$top/contrib/completion made=$PWD/contrib/completion # bash's files have a part in common
knock=$PWD/knock knockctl=$PWD/knockctl
[ -x "$knock" ] || knock=$top/knock
command -v bash >/dev/null || skip_all 'bash is missing'
export XDG_CONFIG_HOME="$T"
mkdir "$T/knock"
(umask 077; printf '[home]\nhost=h\nsequence=7101\n[work place]\nhost=w\nsequence=7102\n' >"$T/knock/config")

# candidates PROGRAM WORD...: what bash offers for the last word
candidates() {
	bash -c 'made=$1; shift; program=${1##*/}; source "$made/$program.bash"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		"_$program"; printf "%s|" "${COMPREPLY[@]}"' bash "$made" "$@"
}

# offers TEXT CANDIDATES PROGRAM WORD...
offers() {
	offers_text=$1 offers_expected=$2
	shift 2
	equal "$offers_text" "$(candidates "$@")" "$offers_expected"
}

# parses SHELL OPTION FILE
parses() {
	if command -v "$1" >/dev/null; then
		"$1" "$2" "$3" >"$T/why" 2>&1 || echo "$1 $2 fails" >>"$T/why"
		point "$1 can parse ${3##*/}"
	else
		skip "$1 can parse ${3##*/}" "$1 is missing"
	fi
}

offers 'options of knock' '--verbose|--version|' "$knock" --ver
offers 'a profile as the first word' 'home|' "$knock" ho
offers 'a profile with a blank in its name' 'work\ place|' "$knock" wo
offers 'profiles after --profile' 'home|work\ place|' "$knock" --profile ''
# shellcheck disable=SC2016 # a name that looks like a command
(umask 077; printf '[$(>%s/ran)]\nhost=h\nsequence=7103\n' "$T" >>"$T/knock/config")
# shellcheck disable=SC2016
offers 'a name that looks like a command' "\\\$\\(\\>$T/ran\\)|" "$knock" --profile '$'
[ ! -e "$T/ran" ] || echo 'bash has run it' >"$T/why"
point '... is not run'
offers 'no profile in place of a port' '|' "$knock" localhost hom
offers 'nothing after --delay' '|' "$knock" localhost -d ''
offers 'nothing after --totp' '|' "$knock" --totp ''
offers 'a profile after options and their words' 'home|' "$knock" --totp 123456 -v4d 20 --port 22 : tcp -s fd00 :: 2 ho
offers 'nothing after bundled options' '|' "$knock" -vd ''
offers 'interfaces' 'lo|' "$knock" -i lo
offers '... after bundled options' 'lo|' "$knock" -v4i lo
offers 'options of knockd' '--print-rules|' knockd --print
offers 'interfaces of knockd' 'any|' knockd -i an
offers 'commands of knockctl' 'revoke|reload|' "$knockctl" re
offers 'options of a command' '--json|--door|--all|--cut|--by-hand|' "$knockctl" revoke -
offers '... of another one' '--json|--door|--forever|' "$knockctl" grant -
offers 'no option of another command' '--json|--door|' "$knockctl" --socket /nowhere list -
offers '... nor those of all' '--json|' "$knockctl" --socket /nowhere doors -
offers 'options of new' '--config|--open|--for|--write|' "$knockctl" new --
offers 'options of doctor' '--config|' "$knockctl" doctor --
offers 'options of migrate' '--apply|--prefer|' "$knockctl" migrate --
offers '... and their words' 'open|' "$knockctl" migrate --prefer o
mkdir "$T/bin"
cat >"$T/bin/knockctl" <<'E'
#!/bin/sh
[ "$*" = '--json list' ] && printf '[\n{"ip":"192.0.2.7","door":"a"},\n{"ip":"2001:db8::7","door":"b"}\n]\n'
E
chmod +x "$T/bin/knockctl"
offers 'addresses with access' '192.0.2.7|2001:db8::7|' "$T/bin/knockctl" revoke ''
offers '... several of them' '192.0.2.7|' "$T/bin/knockctl" list 10.0.0.1 19

# lacking PROGRAM FILE: long options of the program, and commands, that a shell does not offer
lacking() {
	lacking_options=$(sed -n '/^static const struct option /,/^};$/s/^\t{ "\([a-z0-9-]*\)",.*/\1/p' "$top"/src/*/"$2")
	[ "$(echo "$lacking_options" | wc -l)" -gt 10 ] || echo "no options in $2"
	for option in $lacking_options; do
		grep -qE -e "--$option( |\\)|\|$)" "$dir/$1.bash.in" || echo "bash: --$option"
		grep -qE -e "--$option(\[|[,}])" "$dir/_$1" || echo "zsh: --$option"
		grep -qE -e "-l $option( |$)" "$dir/$1.fish" || echo "fish: --$option"
	done
	[ "$1" = knockctl ] || return 0
	for command in $(cat "$top"/src/*/*.c |
		sed -n 's/^\t\[REQUEST_[A-Z]*\] = { "\([a-z]*\)",.*/\1/p; s/^\t\[CTL_[A-Z]*\] = "\([a-z]*\)",.*/\1/p'); do
		grep ' status doors ' "$dir/$1.bash.in" | grep -qw "$command" || echo "bash: $command"
		grep -q "^    '$command:" "$dir/_$1" || echo "zsh: $command"
		grep -q -e "-a $command " "$dir/$1.fish" || echo "fish: $command"
	done
}
for each in knock:client_options.c knockd:options.c knockctl:ctl_options.c; do
	lacking "${each%:*}" "${each#*:}" >"$T/why"
	point "all shells offer every option of ${each%:*}"
done

for each in knock knockd knockctl; do
	parses bash -n "$made/$each.bash"
	parses zsh -n "$dir/_$each"
	parses fish --no-execute "$dir/$each.fish"
done
done_testing
