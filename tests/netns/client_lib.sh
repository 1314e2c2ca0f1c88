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

# ssh_options: the throwaway key, and no configuration of the user's
ssh_options="-F none -i $T/ssh/key -o BatchMode=yes -o StrictHostKeyChecking=no \
	-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"

# ssh_in ARGUMENT...: ssh on host client
ssh_in() {
	# shellcheck disable=SC2086 # a list of options
	in_client ssh $ssh_options "$@"
}
