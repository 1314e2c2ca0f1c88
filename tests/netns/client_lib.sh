# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# For tests of the client, on top of ../lib.sh: names, profiles, a real sshd. A script begins with
#
#	. "$(dirname "$0")/client_lib.sh"

. "$(dirname "$0")/../lib.sh"

XDG_CONFIG_HOME=$T/config # not the user's profiles
export XDG_CONFIG_HOME

# client_setup WORD...: host client with our client, the server and its names; the script needs WORDs as well
client_setup() {
	need knock_ours "$@"
	topo_pair
	names
}

# names: the server of topo_pair is "server" in both families, "server4" and "server6" in one; no other host has a name
names() {
	cat >"$T/hosts" <<-E
		127.0.0.1 localhost
		$server server server4
		$server6 server server6
	E
	: >"$T/resolv.conf"
	mount --bind "$T/hosts" /etc/hosts || bail 'cannot give names'
	[ ! -e /etc/resolv.conf ] || mount --bind "$T/resolv.conf" /etc/resolv.conf || bail 'cannot take names away'
}

# ends_in TEXT STATUS MIN MAX COMMAND...: two test points: COMMAND has this exit status, and takes so many hundredths of
# a second, which are in $took. A machine that stood still gets two more tries, after $between, a command.
between=:
ends_in() {
	in_text=$1 in_status=$2 in_min=$3 in_max=$4
	shift 4
	for in_try in 1 2 3; do
		[ $in_try = 1 ] || $between
		now in_begun
		"$@" >"$T/out" 2>"$T/err"
		in_got=$?
		now in_ended
		took=$((in_ended - in_begun))
		[ $took -gt "$in_max" ] || break
	done
	equal "$in_text: status" $in_got "$in_status"
	[ $in_got = "$in_status" ] || diag "$(cat "$T/err")"
	check "... in time" [ $took -ge "$in_min" -a $took -le "$in_max" ]
	diag "${took}0 ms, try $in_try"
}

# profiles TEXT: the client's configuration, $T/config/knock/config
profiles() {
	mkdir -p "$T/config/knock"
	(umask 077 && printf '%s\n' "$1" >"$T/config/knock/config")
}

# sshd_behind_door [DOORS]: the firewall, an sshd, and knockd 0.8, which admits an address to all ports when it knocks
# $sequence. DOORS are more doors of its configuration.
sequence='7000 8000:udp 9000'
sshd_behind_door() {
	firewall
	nft add rule inet filter input ip saddr @ssh_ok accept # all ports
	knockd_ref_start "
[ssh]
	sequence = 7000,8000:udp,9000
	tcpflags = syn
	start_command = nft add element inet filter ssh_ok { %IP% timeout 10m }
	start_command_6 = nft add element inet filter ssh_ok6 { %IP% timeout 10m }
${1-}"
	sshd_start
}

# sshd_start: on port 22, with throwaway keys, for user root; $sshd is its pid. Needs sshd, ssh, ssh-keygen, and uids,
# since sshd becomes another user for a while.
sshd_start() {
	mkdir -p /run/sshd "$T/ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$T/ssh/host"
	ssh-keygen -q -t ed25519 -N '' -f "$T/ssh/key"
	cat >"$T/ssh/sshd_config" <<-E
		Port 22
		HostKey $T/ssh/host
		AuthorizedKeysFile $T/ssh/key.pub
		PidFile none
		StrictModes no
		UsePAM no
		UseDNS no
		PermitRootLogin prohibit-password
		PasswordAuthentication no
	E
	: >"$T/ssh/log"
	"$(command -v sshd)" -D -e -f "$T/ssh/sshd_config" 2>"$T/ssh/log" & # sshd must be started by an absolute path
	sshd=$!
	started "$sshd"
	wait_for grep -q 'Server listening on ::' "$T/ssh/log" || bail "no sshd: $(cat "$T/ssh/log")"
}

# with_musl: is the client built with musl, which has words of its own for errors, and no IDNA?
with_musl() {
	grep -q ld-musl "$KNOCK"
}

# ssh_options: the throwaway key, and no configuration of the user's
ssh_options="-F none -i $T/ssh/key -o BatchMode=yes -o StrictHostKeyChecking=no \
	-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"

# ssh_in ARGUMENT...: ssh on host client
ssh_in() {
	# shellcheck disable=SC2086 # a list of options
	in_client ssh $ssh_options "$@"
}

# --- a slow or bad line, instead of topo_pair ---------------------------------------------------------------------

# line_need: the program that is the line, delay.py, is not part of the project; it lies beside the checkout
line_need() {
	line_program=
	for line_dir in "$TESTS_TOP/../shared/tools" "$TESTS_TOP/../../shared/tools"; do
		[ ! -r "$line_dir/delay.py" ] || line_program=$line_dir/delay.py
	done
	[ -n "$line_program" ] || skip_all 'no delay.py in ../shared/tools'
	[ -w /dev/net/tun ] || skip_all '/dev/net/tun is missing'
}

# line_hosts: server and client, and counters at the client of what it sends
line_hosts() {
	server=10.0.0.1 server6=fd00::1
	mkdir -p /run/netns
	: >/run/netns/server
	ip link set lo up && ip netns add client && mount --bind /proc/self/ns/net /run/netns/server &&
		in_client nft -f - <<-E || bail 'cannot make the hosts'
			table inet sent {
				counter syns { }
				counter knocks { }
				set ports { type inet_service; size 1000; flags dynamic; }
				chain output {
					type filter hook output priority 0;
					tcp dport 22 tcp flags & (syn | ack) == syn counter name syns add @ports { tcp sport }
					tcp dport 9000 tcp flags & (syn | ack) == syn counter name knocks
				}
			}
		E
}

# line_up ROUND_TRIP LOSS SEED: ms and %
line_up() {
	python3 -c 'import random, runpy, sys
random.seed(int(sys.argv[1]))
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0])' "$3" "$line_program" server client "$(echo "$1" | awk '{ print $1 / 2 }')" "$2" &
	line=$!
	started $line
	wait_for line_joined || bail 'no line'
	ip -batch - <<-E && ip -n client -batch - <<-E || bail 'cannot use the line'
		addr add 10.0.0.1/24 dev tun0
		addr add fd00::1/64 dev tun0 nodad
		link set tun0 up
	E
		addr add 10.0.0.2/24 dev tun0
		addr add fd00::2/64 dev tun0 nodad
		link set tun0 up
	E
}
line_joined() {
	ip link show tun0 >/dev/null 2>&1 && ip -n client link show tun0 >/dev/null 2>&1
}

# line_down: with all that is under way
line_down() {
	kill $line
	wait $line 2>/dev/null
}

# count_reset; counted NAME; count_ports: how many source ports went to port 22
count_reset() {
	in_client nft 'reset counters table inet sent; flush set inet sent ports' >/dev/null
}
counted() {
	in_client nft -j list counter inet sent "$1" | jq '.nftables[].counter | select(.) | .packets'
}
count_ports() {
	in_client nft -j list set inet sent ports | jq '.nftables[].set | select(.) | .elem // [] | length'
}
