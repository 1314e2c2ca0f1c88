# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The start of each script that runs in the guest: TAP, conditions, and the client, which is another network namespace,
# 10.0.0.2 and fd00::2; this host is 10.0.0.1 and fd00::1.

set -u
LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
deadline=30
count=/vm/count
server=10.0.0.1 server6=fd00::1

# --- TAP -----------------------------------------------------------------------------------------

# result STATUS TEXT [DIRECTIVE]
result() {
	number=$(($(cat $count 2>/dev/null || echo 0) + 1))
	echo $number >$count
	if [ "$1" = 0 ]; then
		echo "ok $number - $2${3:+ # $3}"
		return
	fi
	echo "not ok $number - $2${3:+ # $3}"
	[ -n "${3-}" ] || {
		systemctl --no-pager --full status knockd nftables
		journalctl --no-pager -b -n 30
		nft list ruleset
	} 2>&1 | sed 's/^/# /'
}

# seconds: since boot
seconds() {
	cut -d . -f 1 /proc/uptime
}

# wait_for COMMAND...: until it succeeds; within $deadline seconds
wait_for() {
	wait_until=$(($(seconds) + deadline))
	until "$@"; do
		[ "$(seconds)" -lt "$wait_until" ] || return 1
		sleep 0.1
	done
}

# check TEXT COMMAND...: COMMAND succeeds in time; now TEXT COMMAND...: it succeeds now
check() {
	check_text=$1
	shift
	wait_for "$@" >/dev/null 2>&1
	result $? "$check_text"
}

now() {
	now_text=$1
	shift
	"$@" >/dev/null 2>&1
	result $? "$now_text"
}

equal() {
	[ "$2" = "$3" ]
	result $? "$1"
	[ "$2" = "$3" ] || printf '%s\n' "got:      $2" "expected: $3" | sed 's/^/# /'
}

not() {
	! "$@"
}

# --- conditions ----------------------------------------------------------------------------------

property() {
	systemctl show -P "$1" "${2-knockd}"
}

is() {
	[ "$(property "$1")" = "$2" ]
}

# in_set SET KEY
in_set() {
	nft list set inet filter "$1" | grep -q "[{ ]$2[ ,].*comment"
}

# door_open ADDRESS: does sshd answer?
door_open() {
	case $1 in
	*:*) door=TCP6:[$1]:22 ;;
	*) door=TCP4:$1:22 ;;
	esac
	ip netns exec client socat -T 3 -u "$door,connect-timeout=1" - 2>/dev/null | grep -q '^SSH-2.0'
}

# logged TEXT [N]: N lines (1 by default) or more with TEXT since this boot
logged() {
	[ "$(journalctl -b -u knockd -o cat | grep -cF -- "$1")" -ge "${2-1}" ]
}

lines() {
	[ "$(cat "$1" 2>/dev/null | wc -l)" -ge "$2" ]
}

knock_client() {
	ip netns exec client "$knock" -d 50 "$@"
}

knock_ssh() {
	knock_client "$1" 6421 9573:udp 7184
}

# opens WHEN ADDRESS: deletes the element, which stays deleted, then knocks
opens() {
	nft delete element inet filter ssh_ok '{ 10.0.0.2 }' 2>/dev/null
	nft delete element inet filter ssh_ok6 '{ fd00::2 }' 2>/dev/null
	now "$1: the port is shut" not door_open "$2"
	knock_ssh "$2"
	check "... and a knock opens it" door_open "$2"
}

engine_user() {
	ps -o user=,comm= --ppid "$(property MainPID)" | sed -n 's/ .*knockd-engine$//p'
}

daemon_user() {
	ps -o user= -p "$(property MainPID)"
}

network() {
	[ ! -e /run/netns/client ] || return 0
	ip netns add client &&
		ip link add client type veth peer name eth0 netns client &&
		ip addr add $server/24 dev client && ip addr add $server6/64 dev client nodad &&
		ip link set client up &&
		ip -n client addr add 10.0.0.2/24 dev eth0 && ip -n client addr add fd00::2/64 dev eth0 nodad &&
		ip -n client link set lo up && ip -n client link set eth0 up
}

find_client() {
	network
	knock=$(command -v knock || echo /vm/knock-ref)
	[ -x "$knock" ] && return
	echo "Bail out! no client"
	systemctl --no-block poweroff
	exit 1
}
