#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Configuration files that admins have published: `knockd -t` accepts and refuses the same ones as knockd 0.8, and
# prints the same "config: ..." lines with -D. The files and 0.8's output for each are outside the sources.

# Files with another answer than 0.8's on purpose: id, our answer, reason.
exceptions() {
  cat <<'END'
041	accepted	Seq_Cooldown is a key of two active forks that ours knows, too
END
}

# All warnings about mistakes, but for those about sequences of examples: id, door, words of the warning. Each has been
# looked at and is right; no other door of a file that 0.8 accepts may have one.
mistakes() {
  cat <<'END'
003	opencloseSSH	a scan of all ports in ascending order
031	closeSSH	also opens [openSSH]
057	open-udp	a scan of all ports in ascending order
057	open-tcp	a scan of all ports in ascending order
057	open-tcp2	a scan of all ports in ascending order
065	delHost	the answers begin a knock
END
}
known='\(7000,8000,9000\|9000,8000,7000\|12345,54321,24680,13579\|12345,23456,34567\|2222:udp,3333,4444:udp\|2222,3333,4444\)'

corpus=${KNOCKD_CORPUS:-${srcdir:-.}/../shared/corpus}
knockd=${KNOCKD:-./knockd}
tab=$(printf '\t')

skip_all() {
  echo "1..0 # SKIP $1"
  exit 0
}

[ -r "$corpus/INDEX.tsv" ] || skip_all "no corpus in $corpus"
[ -x "$knockd" ] || skip_all "knockd is not built"

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

count=0
failed=0

result() { # title; the test point fails if something is in $tmp/why
  count=$((count + 1))
  if [ -s "$tmp/why" ]; then
    failed=$((failed + 1))
    echo "not ok $count - $1"
    sed 's/^/# /' "$tmp/why"
  else
    echo "ok $count - $1"
  fi
}

why() {
  printf '%s\n' "$*" >>"$tmp/why"
}

# Puts the one-time file that a configuration names into the temporary directory, and changes the name in the
# configuration and in the expected lines.
provide_one_time() {
  path=$(sed -n 's/^[[:space:]]*one_time_sequences[[:space:]]*=[[:space:]]*//p' "$tmp/conf")
  [ -n "$path" ] || why "names no one-time file"
  printf ' 1001,1002,1003\n' >"$tmp/onetime"
  for file in conf golden; do
    sed "s|$path|$tmp/onetime|" "$tmp/$file" >"$tmp/edited" && mv "$tmp/edited" "$tmp/$file"
  done
}

# Only warnings with the name of a section are compared: those with a line are about a value, and older.
check_mistakes() { # id
  grep '^config: section .*: warning: ' "$tmp/err" | grep -v 'any user can read it' >"$tmp/warnings"
  grep -c 'one of the examples' "$tmp/warnings" >"$tmp/count"
  sed 's/[[:space:]]//g; s/:tcp//g' "$tmp/conf" | grep -ci "^sequence=$known\$" | diff - "$tmp/count" >/dev/null ||
    why "$(cat "$tmp/count") sequences are called examples"
  grep -v 'one of the examples' "$tmp/warnings" >"$tmp/others"
  mistakes | while IFS=$tab read -r of door words; do
    [ "$of" != "$1" ] || grep -F "section $door: warning: " "$tmp/others" | grep -qF "$words" || why "no warning: $door: $words"
  done
  [ "$(mistakes | grep -c "^$1$tab")" -eq "$(wc -l <"$tmp/others")" ] || why "$(cat "$tmp/others")"
}

check_accepted() { # $1: exit status
  [ "$1" -eq 0 ] || why "refused (exit status $1), 0.8 accepts it:"
  [ "$1" -eq 0 ] || cat "$tmp/err" >>"$tmp/why"
  diff -u "$tmp/golden" "$tmp/said" >"$tmp/diff" || {
    why "the output of -D differs from 0.8:"
    cat "$tmp/diff" >>"$tmp/why"
  }
}

# 0.8 stops at the first error and ours goes on, so ours begins with the lines of 0.8.
check_beginning() {
  head -n "$(wc -l <"$tmp/golden")" "$tmp/said" | diff -u "$tmp/golden" - >"$tmp/diff" || {
    why "the output of -D does not begin like 0.8:"
    cat "$tmp/diff" >>"$tmp/why"
  }
}

check_rejected() { # $1: exit status, $2: 0.8's message
  [ "$1" -eq 1 ] || why "exit status $1, 0.8 refuses it with 1"
  first=$(grep -m 1 '^config: line [0-9]*: ' "$tmp/err")
  case $first in
  "$2"*) ;;
  *) why "first error is \"$first\", 0.8's is \"$2\"" ;;
  esac
  check_beginning
}

check_file() { # id, 0.8's verdict, its message
  : >"$tmp/why"
  cp "$corpus/$1.conf" "$tmp/conf"
  grep '^config: ' "$corpus/golden/$1.txt" >"$tmp/golden"
  ours=$(exceptions | awk -F "$tab" -v id="$1" '$1 == id { print $2 }')
  [ "$2" != accepted-if-file ] || provide_one_time
  "$knockd" -D -t -c "$tmp/conf" >"$tmp/out" 2>"$tmp/err" </dev/null
  status=$?
  grep '^config: ' "$tmp/out" >"$tmp/said"
  case $ours:$2 in
  accepted:rejected)
    check_mistakes "$1"
    [ "$status" -eq 0 ] || why "refused (exit status $status): $(cat "$tmp/err")"
    check_beginning
    ;;
  :accepted*)
    check_accepted "$status"
    check_mistakes "$1"
    ;;
  :rejected) check_rejected "$status" "$3" ;;
  *) why "verdict $2 and exception $ours make no sense" ;;
  esac
  result "$1 ${ours:+is $ours on purpose, }0.8: $2"
}

# Without -D there is only the same verdict. A copy: in a user namespace the owner of the file itself may be nobody.
check_quiet() { # id
  cp "$corpus/$1.conf" "$tmp/conf"
  "$knockd" -t -c "$tmp/conf" >"$tmp/out" 2>"$tmp/err" </dev/null
  status=$?
  : >"$tmp/why"
  ! grep -q '^config: new section' "$tmp/out" || why "prints lines without -D: $(cat "$tmp/out")"
  [ "$status" -eq "$2" ] || why "exit status $status, expected $2"
  result "$1 without -D"
}

# One line per file: id, verdict, message. The message may be empty, so no IFS of white space here.
tail -n +2 "$corpus/INDEX.tsv" | sed "s/$tab/|/; s/$tab/|/; s/$tab/|/" >"$tmp/index"
while IFS='|' read -r id verdict message _; do
  check_file "$id" "$verdict" "$message"
done <"$tmp/index"
check_quiet 001 0
check_quiet 009 1
echo "1..$count"
[ "$failed" -eq 0 ]
