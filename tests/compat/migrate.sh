#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `knockctl migrate` on configuration files that admins have published: every door whose commands are rules for one
# address, and work, needs none any more; every other door stays byte for byte. The files are outside the sources.

# Doors with commands that stay: id, names.
staying() {
  cat <<'END'
1/005 openHTTPS
1/007 openHTTPS
1/011 openSSH,closeSSH
1/015 block_ssh_scan
1/019 unpauseMCServer-server,unpauseMCServer-rcon,unpauseMCServer-bedrock
1/021 openHTTPS
1/023 openHTTPS,internalSSH
1/025 openSSH,closeSSH
1/027 rsync
1/031 openSSH,closeSSH
1/035 test_udp
1/039 openMineCraft
1/041 unpauseMCServer-server,unpauseMCServer-rcon,unpauseMCServer-bedrock
1/043 unpauseMCServer-server,unpauseMCServer-rcon
1/045 unpauseMCServer-server,unpauseMCServer-rcon
1/053 openSSH
1/055 startEnshrouded
1/057 openSSH,open02,open-udp,open-tcp,open-tcp2
1/059 easyconnectupd,easyconnectreboot
1/063 kurenma
1/065 addHost,delHost
1/067 openSSH,closeSSH
1/069 openSSH,closeSSH
1/071 openSSH,closeSSH
1/079 openSSH,closeSSH
1/083 openSSH,closeSSH
1/103 opencloseSMTP
1/123 opencloseSSH
1/127 opencloseHTTP
1/137 openSSH,closeSSH
1/145 VPNon,VPNoff
1/153 SSH
2/005 openEgidaApiWorker,closeEgidaApiWorker
2/025 opencloseSSH
2/033 sendKeyPart
2/035 SSH
2/045 kurenma,delHost
2/059 openSSH,closeSSH
2/063 openPanel,closePanel
2/067 openSSH,closeSSH
2/087 TOTP
2/099 resume-by-player,resume-by-rcon,resume-by-rest
2/101 openSSH,closeSSH,emergencyshutdown
2/103 OpenSSH
END
}

corpora=${KNOCKD_CORPORA:-${srcdir:-.}/../shared/corpus ${srcdir:-.}/../shared/corpus2}
knockctl=${KNOCKCTL:-./knockctl}
knockd=${KNOCKD:-./knockd}

skip_all() {
  echo "1..0 # SKIP $1"
  exit 77
}

[ -x "$knockctl" ] || skip_all 'knockctl is not built'
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
umask 077

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
  : >"$tmp/why"
}

why() {
  printf '%s\n' "$*" >>"$tmp/why"
}

own='\(start_command\|command\|start_command_6\|command_6\|stop_command\|stop_command_6\|cmd_timeout\)'
new='\(open\|close\|open_timeout\|grant\|grant_6\|revoke\|revoke_6\)'

# section FILE NAME: its lines
section() {
  awk -v name="[$2]" '{ line = $0; gsub(/^[ \t]+|[ \t\r]+$/, "", line) } line ~ /^\[/ { inside = line == name } inside' "$1"
}

check_file() { # id, path
  sed "s|^\([[:space:]]*one_time_sequences[[:space:]]*=\).*|\1 $tmp/onetime|" "$2" >"$tmp/conf"
  cp "$tmp/conf" "$tmp/before"
  "$knockd" -t -c "$tmp/conf" >/dev/null 2>&1 || {
    ! "$knockctl" migrate --apply "$tmp/conf" >"$tmp/out" 2>&1 || why 'a file with errors is migrated'
    cmp "$tmp/before" "$tmp/conf" >>"$tmp/why" 2>&1
    result "$1 has errors and stays"
    return
  }
  "$knockctl" migrate "$tmp/conf" >"$tmp/out" 2>/dev/null || why "exit status $?"
  cmp "$tmp/before" "$tmp/conf" >>"$tmp/why" 2>&1 # without --apply nothing is written
  sed -n 's/^\[\(.*\)\] stays: .*/\1/p' "$tmp/out" >"$tmp/stays"
  expected=$(staying | sed -n "s|^$1 ||p")
  [ "$(paste -sd , "$tmp/stays")" = "$expected" ] || why "stays: $(paste -sd , "$tmp/stays"), expected: $expected"
  "$knockctl" migrate --apply "$tmp/conf" >/dev/null 2>&1 || why "--apply: exit status $?"
  "$knockd" -t -c "$tmp/conf" >"$tmp/err" 2>&1 || why "$(cat "$tmp/err")"
  if [ -e "$tmp/conf.bak" ]; then
    cmp "$tmp/before" "$tmp/conf.bak" >>"$tmp/why" 2>&1
    cp "$tmp/before" "$tmp/patched"
    ! command -v patch >/dev/null || patch -s "$tmp/patched" "$tmp/out" >>"$tmp/why" 2>&1 || why 'patch does not take the output'
    ! command -v patch >/dev/null || cmp "$tmp/patched" "$tmp/conf" >>"$tmp/why" 2>&1
  else
    cmp "$tmp/before" "$tmp/conf" >>"$tmp/why" 2>&1
  fi
  while read -r door; do
    section "$tmp/before" "$door" >"$tmp/a"
    section "$tmp/conf" "$door" >"$tmp/b"
    [ -s "$tmp/a" ] || why "$door is not found"
    cmp "$tmp/a" "$tmp/b" >>"$tmp/why" 2>&1
  done <"$tmp/stays"
  # all other lines stay where they are; a note behind a number becomes a comment
  grep -vi "^[[:space:]]*${own}[[:space:]]*=" "$tmp/before" | sed 's/[[:space:]]*$//' >"$tmp/a"
  grep -vi "^[[:space:]]*\($own\|$new\)[[:space:]]*=" "$tmp/conf" | grep -v '# Close after 1 hour\|# Keep port open for 30' |
    sed 's/[[:space:]]*$//' >"$tmp/b"
  diff "$tmp/a" "$tmp/b" >>"$tmp/why"
  rm -f "$tmp/conf.bak"
  moved=$((moved + $(grep -c '^\[.*\] \(open\|grant\|close\|revoke\)' "$tmp/out")))
  stayed=$((stayed + $(wc -l <"$tmp/stays")))
  result "$1: the right doors move"
}

# many NUMBER: a file of so many doors, half of them closers
many() {
  awk -v n="$1" 'BEGIN {
    for (i = 0; i < n; i++)
      printf "[door%d]\n\tsequence = %d,%d,%d\n\tcommand  = /sbin/iptables -%s INPUT -s %%IP%% -p tcp --dport %d -j ACCEPT\n",
        i, 1 + i % 65535, 65535 - i, 7, i % 2 ? "D" : "A", 1 + int(i / 2) }'
}

: >"$tmp/why"
many 10000 >"$tmp/conf"
"$knockctl" migrate "$tmp/conf" 2>/dev/null | grep -q '^10000 of 10000 doors' || why 'not all doors move'
result 'a file of 10,000 doors'

# --apply: through a link, with the owner's mode, never half
printf '[a]\n\tsequence = 9,4\n\tcommand = iptables -A INPUT -s %%IP%% -p tcp --dport 22 -j ACCEPT\n' >"$tmp/real"
cp "$tmp/real" "$tmp/before"
chmod 640 "$tmp/real"
ln -s real "$tmp/link"
mkdir "$tmp/real.new"
! "$knockctl" migrate --apply "$tmp/link" >"$tmp/out" 2>&1 || why 'no error'
cmp "$tmp/before" "$tmp/real" >>"$tmp/why" 2>&1
[ ! -e "$tmp/real.bak" ] || why 'a backup of nothing'
result 'a file that cannot be written stays'
rmdir "$tmp/real.new"
: >"$tmp/real.bak"
"$knockctl" migrate --apply "$tmp/link" >"$tmp/out" 2>&1 || why "$(cat "$tmp/out")"
[ -L "$tmp/link" ] || why 'the link is no link any more'
[ "$(stat -c %a "$tmp/real")" = 640 ] || why "mode $(stat -c %a "$tmp/real")"
grep -q 'open *= 22:tcp' "$tmp/real" || why 'nothing has moved'
cmp "$tmp/before" "$tmp/real.bak1" >>"$tmp/why" 2>&1
[ ! -e "$tmp/real.new" ] || why 'real.new is left'
result 'the file behind a link is replaced, and the old one kept under a free name'
"$knockctl" migrate --apply "$tmp/link" >"$tmp/out" 2>&1 || why "exit status $?"
[ ! -e "$tmp/real.bak2" ] || why 'a backup although nothing has changed'
result 'a second time changes nothing'
! "$knockctl" migrate "$tmp/none" >"$tmp/out" 2>&1 || why 'no error'
grep -q "none: No such file" "$tmp/out" || why "$(cat "$tmp/out")"
result 'no file'

moved=0
stayed=0
printf ' 1001,5003,1002\n' >"$tmp/onetime"
number=0
for corpus in $corpora; do
  number=$((number + 1))
  for file in "$corpus"/*.conf; do
    [ ! -r "$file" ] || check_file "$number/$(basename "$file" .conf)" "$file"
  done
done
echo "# $moved doors move, $stayed stay"
echo "1..$count"
[ "$failed" -eq 0 ]
