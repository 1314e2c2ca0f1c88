#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# contrib/examples: each file is loaded as it is, and its door opens for the knock that it names.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
topo_client other 1
examples=$TESTS_TOP/contrib/examples

# start NAME [TEXT]: the daemon with that example
start() {
	knockd_start "$(cat "$examples/$1.conf")
$fence_door${2-}"
}

# hits NAME: the first sequence of that example, as words for knock
hits() {
	sed -n 's/^[[:space:]]*sequence[[:space:]]*=//p' "$examples/$1.conf" | head -n 1 | tr , ' '
}

# opens NAME ADDRESS PORT: shut before the knock, open after it
opens() {
	refute "$1: the port is shut" port_open "$2" "$3"
	# shellcheck disable=SC2046
	knock "$2" $(hits "$1")
	check "$1: a knock opens it" port_open "$2" "$3"
}

clean() {
	knockd_stop
	"$KNOCKD" --unguard
	nft flush ruleset
	rm -rf "$T/state/"* # or an access of the example before comes back
}

for page in "$examples"/*.md; do
	for file in $(grep -oE '[a-z0-9-]+\.(conf|rules|service|timer|yml)' "$page" | sort -u); do
		case $file in
		knockd.conf | 30-knockd.conf) ;;
		*) [ -e "$examples/$file" ] || missing="${missing-} ${page##*/}:$file" ;;
		esac
	done
done
equal 'the pages name files that are there' "${missing-}" ''

# --- a host behind a router, published ports ------------------------------------------------------------

topo_client inside 5
echo 1 >/proc/sys/net/ipv4/ip_forward
# served PORT: on host inside
served() {
	in_host inside socat "TCP4-LISTEN:$1,reuseaddr,fork" SYSTEM:'echo hello' 2>>"$LOG" &
	started $!
	wait_for eval "in_host inside ss -Hltn 'sport = :$1' | grep -q ." || bail "no service on port $1 inside"
}
served 443
served 80

start router
opens router 10.0.5.2 443
clean

if command -v iptables >/dev/null && iptables -t nat -L >/dev/null 2>&1; then
	# what docker run -p 8080:80 makes
	iptables -t nat -N DOCKER
	iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
	iptables -t nat -A DOCKER -p tcp --dport 8080 -j DNAT --to-destination 10.0.5.2:80
	iptables -P FORWARD DROP
	iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
	iptables -A FORWARD -d 10.0.5.2 -p tcp --dport 80 -j ACCEPT
	start docker
	opens docker $server 8080
	clean
else
	skip docker 'no iptables here'
fi

# --- WireGuard's port -----------------------------------------------------------------------------------

echoes() {
	echo hello | in_client socat -T 1 - "UDP4:$server:51820" 2>/dev/null | grep -q hello
}
socat UDP4-LISTEN:51820,fork EXEC:cat 2>>"$LOG" &
started $!
start wireguard
refute 'wireguard: the port is shut' echoes
# shellcheck disable=SC2046
knock $server $(hits wireguard)
check 'wireguard: a knock opens it' echoes
clean

# --- iptables alone -------------------------------------------------------------------------------------

service 22
if command -v iptables-restore >/dev/null && iptables-restore -n <"$examples/iptables.rules" 2>"$T/err"; then
	start iptables
	opens iptables $server 22
	refute '... and knockd has no table' nft list table inet knockd
	clean
	iptables -P INPUT ACCEPT
else
	skip iptables "iptables cannot load the rules here: $(head -n 1 "$T/err" 2>/dev/null)"
fi

# --- a firewall of nft's own ----------------------------------------------------------------------------

nft -f "$TESTS_TOP/nft/knockd.nft"
start nftables
opens nftables $server 22
nft -f "$TESTS_TOP/nft/knockd.nft"
check 'nftables: a reload leaves it open' port_open $server 22
clean

# --- Ansible: the configuration that the playbook writes ----------------------------------------------------

if python3 -c 'import yaml' 2>/dev/null; then
	python3 - "$examples/ansible.yml" >"$T/ansible.conf" <<-'E'
		import sys, yaml
		play = yaml.safe_load(open(sys.argv[1]))[0]
		text = play["tasks"][0]["ansible.builtin.copy"]["content"]
		sys.stdout.write(text.replace("{{ knock_sequence }}", "7113,2204:udp,4951"))
	E
	knockd_start "$(cat "$T/ansible.conf")
$fence_door"
	refute 'ansible: the port is shut' port_open $server 22
	knock $server 7113 2204:udp 4951
	check 'ansible: a knock opens it' port_open $server 22
	clean
else
	skip ansible "python's yaml is missing"
fi

# --- ufw, whose files are a copy of this script's own --------------------------------------------------------

if ! command -v ufw >/dev/null; then
	skip ufw 'ufw is missing'
elif ! { cp -a /etc "$T/etc" && mount --bind "$T/etc" /etc && mkdir -p "$T/ufw" && cp -a /lib/ufw/. "$T/ufw" &&
	mount --bind "$T/ufw" /lib/ufw; } 2>"$T/err"; then
	skip ufw "no private /etc: $(head -n 1 "$T/err")"
elif ! ufw --force enable >"$T/out" 2>&1; then
	skip ufw "ufw does not run here: $(tail -n 1 "$T/out")"
else
	refute 'ufw: the port is shut by ufw' port_open $server 22
	ufw allow 22/tcp >"$T/out" 2>&1
	check 'ufw: allowed, it is open for all' port_open 10.0.1.1 22 other
	start ufw
	opens ufw $server 22
	ufw reload >"$T/out" 2>&1
	check 'ufw: a reload leaves it open' port_open $server 22
	refute 'ufw: ... and shut for others' port_open 10.0.1.1 22 other
	ufw --force disable >"$T/out" 2>&1
	refute 'ufw: disabled, it is still shut for others' port_open 10.0.1.1 22 other
	clean
fi

# --- fail2ban, Prometheus -------------------------------------------------------------------------------

lines='198.51.100.7: openSSH: scan, attempt dropped
[2026-11-22 18:08] 198.51.100.7: openSSH: scan, attempt dropped
Nov 22 18:08:01 host knockd: 198.51.100.7 (client.example.com): openSSH: scan, attempt dropped
198.51.100.7: openSSH: Stage 1
198.51.100.7: openSSH: OPEN SESAME
198.51.100.7: openSSH: sequence timeout (stage 1)'
if command -v fail2ban-regex >/dev/null; then
	echo "$lines" >"$T/lines"
	fail2ban-regex "$T/lines" "$examples/fail2ban-filter.conf" >"$T/out" 2>&1
	check 'fail2ban: scans match, and nothing else' grep -q 'Lines: 6 lines, 0 ignored, 3 matched, 3 missed' "$T/out"
	check '... as from that address' sh -c "fail2ban-regex -v '$T/lines' '$examples/fail2ban-filter.conf' | grep -q '198.51.100.7'"
else
	skip fail2ban 'fail2ban-regex is missing'
fi
# the jail in the real daemon, with a file in place of the journal
if command -v fail2ban-server >/dev/null && cp -r /etc/fail2ban "$T/fail2ban" 2>/dev/null; then
	rm -f "$T"/fail2ban/jail.d/*
	cp "$examples/fail2ban-filter.conf" "$T/fail2ban/filter.d/knockd.conf"
	cp "$examples/fail2ban-jail.conf" "$T/fail2ban/jail.d/knockd.conf"
	: >"$T/scans"
	printf '[knockd]\nbackend = polling\nlogpath = %s\n' "$T/scans" >"$T/fail2ban/jail.d/knockd.local"
	printf '[Definition]\ndbfile = :memory:\nlogtarget = %s\n' "$T/fail2ban.log" >"$T/fail2ban/fail2ban.local"
	fail2ban-server -c "$T/fail2ban" -s /run/fail2ban.sock -p /run/fail2ban.pid -f start >"$T/out" 2>&1 &
	started $!
	jailed() {
		fail2ban-client -s /run/fail2ban.sock status knockd
	}
	if wait_for -t 30 eval 'jailed >"$T/status" 2>&1'; then
		printf '[%s] 198.51.100.9: openSSH: Stage 1\n[%s] 198.51.100.8: openSSH: scan, attempt dropped\n' \
			"$(date '+%Y-%m-%d %H:%M')" "$(date '+%Y-%m-%d %H:%M')" >>"$T/scans"
		check 'fail2ban: its jail bans the source of a scan' -t 30 eval 'nft list ruleset | grep -q 198.51.100.8'
		refute '... and nobody else' eval 'nft list ruleset | grep -q 198.51.100.9'
		diag "$(grep -e WARNING -e ERROR "$T/fail2ban.log")"
		fail2ban-client -s /run/fail2ban.sock stop >/dev/null 2>&1
		nft flush ruleset
	else
		skip 'fail2ban: its jail bans the source of a scan' "$(tail -n 1 "$T/out" "$T/status" | tail -n 1)"
	fi
else
	skip 'fail2ban: its jail' 'fail2ban-server is missing'
fi
if command -v rsyslogd >/dev/null; then
	echo "include(file=\"$examples/rsyslog.conf\")" >"$T/rsyslog.conf"
	check 'rsyslog takes its file' rsyslogd -N1 -f "$T/rsyslog.conf"
else
	skip rsyslog 'rsyslogd is missing'
fi
if command -v systemd-analyze >/dev/null; then
	equal 'prometheus: the units are in order' "$(systemd-analyze verify "$examples/knockd-metrics.timer" 2>&1 | grep knockd-metrics)" ''
else
	skip 'prometheus' 'systemd-analyze is missing'
fi
done_testing
