# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# For the client's tests: a server and a client in namespaces of their own, joined by veth. Sourced
# as the first thing; the script then runs inside. Nothing of the host is touched.
#
#   server  this shell's namespaces   interface srv   10.77.0.1   fd77::1   name "server"
#   client  at_client COMMAND...      interface cli   10.77.0.2   fd77::2

if [ -z "${TESTS_INSIDE-}" ]; then
  exec "$(dirname "$0")/../netns-run" "$0" "$@"
fi
awk '$3 > 1 { more = 1 } END { exit !more }' /proc/self/uid_map ||
  { echo "1..0 # SKIP needs root: sshd and knockd 0.8 want a second uid"; exit 77; }

build=$PWD
[ -x "$build/knock" ] || build=$TESTS_TOP
server4=10.77.0.1 server6=fd77::1
knock=${KNOCK:-$build/knock}
count=0
pids=

# --- TAP -----------------------------------------------------------------------------------------

ok() { count=$((count + 1)); echo "ok $count - $1"; }
not_ok() { count=$((count + 1)); echo "not ok $count - $1"; }
skip() { count=$((count + 1)); echo "ok $count - $1 # SKIP $2"; }
done_testing() { echo "1..$count"; }
skip_all() { echo "1..0 # SKIP $1"; exit 77; }

# check DESCRIPTION COMMAND...: the command's output is shown when it fails.
check() {
  description=$1; shift
  if "$@" >"$tmp/check.out" 2>&1; then
    ok "$description"
  else
    not_ok "$description"
    echo "# failed: $*"
    sed 's/^/#   /' "$tmp/check.out"
  fi
}

# check_status STATUS DESCRIPTION COMMAND...: leaves the output in $tmp/out and $tmp/err.
check_status() {
  wanted=$1 description=$2; shift 2
  "$@" >"$tmp/out" 2>"$tmp/err"
  got=$?
  if [ "$got" -eq "$wanted" ]; then
    ok "$description"
  else
    not_ok "$description"
    echo "# failed: $*: status $got instead of $wanted"
    sed 's/^/#   /' "$tmp/out" "$tmp/err"
  fi
}

same() { [ "$1" = "$2" ] || { echo "got \"$1\" instead of \"$2\""; return 1; }; }
no() { ! "$@"; }

# --- time ----------------------------------------------------------------------------------------

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
  until_ms=$(($(now_ms) + $1 * 1000)); shift
  until "$@" >/dev/null 2>&1; do
    [ "$(now_ms)" -lt "$until_ms" ] || return 1
    sleep 0.02
  done
}

# --- processes -----------------------------------------------------------------------------------

at_client() { nsenter --net=/run/netns/client "$@"; }

# background COMMAND...: a program, no function; its id is in $pid; it ends with the test.
background() { "$@" & pid=$!; pids="$pids $pid"; }
background_at_client() { background nsenter --net=/run/netns/client "$@"; }
stop() { kill "$1" 2>/dev/null; wait "$1" 2>/dev/null; }

clean_up() {
  for each in $pids; do kill "$each" 2>/dev/null; done
  for each in $pids; do wait "$each" 2>/dev/null; done
  cd / && rm -rf "$tmp"
}

# --- the two hosts -------------------------------------------------------------------------------

set_names() {
  cat >"$tmp/hosts" <<HOSTS
127.0.0.1 localhost
10.77.0.1 server server4 myserver.example.com
fd77::1   server server6
HOSTS
  : >"$tmp/resolv.conf"
  mount --bind "$tmp/hosts" /etc/hosts
  [ ! -e /etc/resolv.conf ] || mount --bind "$tmp/resolv.conf" /etc/resolv.conf
}

set_network() {
  ip link set lo up
  ip netns add client
  ip link add srv type veth peer name cli netns client
  ip addr add 10.77.0.1/24 dev srv
  ip addr add fd77::1/64 dev srv nodad
  ip link set srv up
  ip -n client link set lo up
  ip -n client addr add 10.77.0.2/24 dev cli
  ip -n client addr add fd77::2/64 dev cli nodad
  ip -n client link set cli up
  ip -n client route add default via 10.77.0.1
}

# A firewall of the kind people have: port 22 is open to who is in the set, all else is dropped.
set_firewall() {
  nft -f - <<'NFT'
table inet fw {
	set ok4 { type ipv4_addr; flags timeout; }
	set ok6 { type ipv6_addr; flags timeout; }
	chain input {
		type filter hook input priority filter; policy drop;
		iifname lo accept
		meta l4proto ipv6-icmp accept
		ct state established,related accept
		ip saddr @ok4 accept
		ip6 saddr @ok6 accept
	}
}
NFT
}

shut_door() { nft flush set inet fw ok4; nft flush set inet fw ok6; }
is_open() { nft list set inet fw "ok$1" | grep -q elements; }

# --- other people's programs ---------------------------------------------------------------------

# find_reference bin/knock: knockd 0.8's, named by KNOCK_REF and KNOCKD_REF, unpacked by
# fetch-reference, or installed.
find_reference() {
  case $1 in
  bin/knock) named=${KNOCK_REF-} ;;
  *) named=${KNOCKD_REF-} ;;
  esac
  for each in "$named" "$build/tests/ref/usr/$1" "/usr/$1"; do
    if [ -x "$each" ] && "$each" -V 2>/dev/null | tr '\n' ' ' | grep -q ' 0\.8 .*Judd Vinet'; then
      echo "$each"
      return
    fi
  done
}

# start_daemon FILE: knockd 0.8 on FILE at the server, or the daemon that $daemon names.
start_daemon() {
  : "${daemon:=$(find_reference sbin/knockd)}"
  [ -n "$daemon" ] || skip_all "knockd 0.8 is not here"
  background "$daemon" -c "$1" -i srv -v >"$tmp/daemon.log" 2>&1
  daemon_pid=$pid
  wait_for 5 grep -q 'listening on' "$tmp/daemon.log" || { cat "$tmp/daemon.log"; echo "Bail out! no daemon"; exit 1; }
}

# start_sshd: a real one with a throwaway key, for root, on port 22.
start_sshd() {
  [ -x /usr/sbin/sshd ] || skip_all "sshd is not here"
  mkdir -p /run/sshd "$tmp/ssh"
  chmod 755 "$tmp" "$tmp/ssh"
  ssh-keygen -q -t ed25519 -N '' -f "$tmp/ssh/host"
  ssh-keygen -q -t ed25519 -N '' -f "$tmp/ssh/key"
  cp "$tmp/ssh/key.pub" "$tmp/ssh/authorized_keys"
  cat >"$tmp/ssh/sshd_config" <<SSHD
Port 22
HostKey $tmp/ssh/host
AuthorizedKeysFile $tmp/ssh/authorized_keys
PidFile none
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin prohibit-password
PasswordAuthentication no
SSHD
  background /usr/sbin/sshd -D -e -f "$tmp/ssh/sshd_config" 2>"$tmp/sshd.log"
  sshd_pid=$pid
  wait_for 5 grep -q 'Server listening on ::' "$tmp/sshd.log" || { cat "$tmp/sshd.log"; echo "Bail out! no sshd"; exit 1; }
}

# at_client_ssh ARGUMENTS...: with the throwaway key and nobody's configuration.
at_client_ssh() {
  at_client ssh -F none -i "$tmp/ssh/key" -o BatchMode=yes -o StrictHostKeyChecking=no \
    -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "$@"
}

# write_profiles TEXT: the client's configuration.
write_profiles() {
  mkdir -p "$tmp/config/knock"
  (umask 077; cat >"$tmp/config/knock/config")
}

tmp=$(mktemp -d /run/client-test.XXXXXX)
trap clean_up EXIT
trap 'exit 1' INT TERM HUP
export XDG_CONFIG_HOME="$tmp/config"
set_names
set_network
