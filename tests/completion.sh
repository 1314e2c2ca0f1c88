#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The completions parse, and bash's offer options, profiles and ports where they belong.
top=$(cd "$(dirname "$0")/.." && pwd)
dir=$top/contrib/completion
knock=$PWD/knock
[ -x "$knock" ] || knock=$top/knock
command -v bash >/dev/null || { echo "1..0 # SKIP bash is not here"; exit 0; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export XDG_CONFIG_HOME="$tmp"
mkdir "$tmp/knock"
(umask 077; printf '[home]\nhost=h\nsequence=7101\n[work place]\nhost=w\nsequence=7102\n' >"$tmp/knock/config")

# complete_bash PROGRAM WORD...: the candidates for the last word.
complete_bash() {
  bash -c 'dir=$1; shift; program=${1##*/}; source "$dir/$program.bash"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    "_$program"; printf "%s|" "${COMPREPLY[@]}"' bash "$dir" "$@"
}

count=0
is() { # DESCRIPTION EXPECTED ARGUMENTS...
  count=$((count + 1)) description=$1 expected=$2; shift 2
  got=$(complete_bash "$@")
  if [ "$got" = "$expected" ]; then echo "ok $count - $description"; else echo "not ok $count - $description"; echo "# $got"; fi
}

is "options of knock" "--verbose|--version|" "$knock" --ver
is "profiles, alone" "home|" "$knock" ho
is "profiles, with a blank" "work place|" "$knock" wo
is "profiles, after --profile" "home|work place|" "$knock" --profile ""
# shellcheck disable=SC2016 # a name of that kind
(umask 077; printf '[$(>%s/ran)]\nhost=h\nsequence=7103\n' "$tmp" >>"$tmp/knock/config")
# shellcheck disable=SC2016
is "names are not run by bash" "\$(>$tmp/ran)|" "$knock" --profile '$'
count=$((count + 1)) description="... this one was not"
if [ -e "$tmp/ran" ]; then echo "not ok $count - $description"; else echo "ok $count - $description"; fi
is "no profile as a port" "|" "$knock" localhost hom
is "nothing after --delay" "|" "$knock" localhost -d ""
is "interfaces" "lo|" "$knock" -i lo
is "options of knockd" "--print-rules|" knockd --print
is "interfaces of knockd" "any|" knockd -i an

knockctl=$PWD/knockctl
is "commands of knockctl" "revoke|reload|" "$knockctl" re
is "options of a command" "--json|--door|--all|" "$knockctl" revoke -
is "no option of another" "--json|--door|" "$knockctl" --socket /nowhere list -
is "nor those of all" "--json|" "$knockctl" --socket /nowhere doors -
mkdir "$tmp/bin"
cat >"$tmp/bin/knockctl" <<'E'
#!/bin/sh
[ "$*" = '--json list' ] && printf '[\n{"ip":"192.0.2.7","door":"a"},\n{"ip":"2001:db8::7","door":"b"}\n]\n'
E
chmod +x "$tmp/bin/knockctl"
is "addresses that are in" "192.0.2.7|2001:db8::7|" "$tmp/bin/knockctl" revoke ""
is "... several of them" "192.0.2.7|" "$tmp/bin/knockctl" list 10.0.0.1 19

# parses SHELL OPTION FILE: where that shell is installed.
parses() {
  count=$((count + 1))
  command -v "$1" >/dev/null || { echo "ok $count - $3 # SKIP $1 is not here"; return; }
  if "$1" "$2" "$dir/$3"; then echo "ok $count - $3 parses"; else echo "not ok $count - $3 parses"; fi
}
for each in knock knockd knockctl; do
  parses bash -n $each.bash
  parses zsh -n _$each
  parses fish --no-execute $each.fish
done
echo "1..$count"
