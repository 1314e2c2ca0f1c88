# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Configurations before and after `knockctl migrate`, side by side: the same knocks, with the real iptables-nft, ufw, nft,
# ipset and firewalld, and the same answers from the ports of $ports.

. "$(dirname "$0")/../lib.sh"
need knock knockctl iptables-nft ip6tables-nft
topo_pair
topo_client other 1
ports='22 80 8080'
for port in $ports; do service "$port"; done
PATH=$T/bin:$PATH
mkdir "$T/bin"
for tool in iptables ip6tables; do ln -s "$(command -v $tool-nft)" "$T/bin/$tool"; done

# shellcheck disable=SC2016 # for the script
printf '#!/bin/sh\nshift\nexec "$@"\n' >"$T/bin/sudo"
chmod +x "$T/bin/sudo"

# --- firewalls: all ports are shut -----------------------------------------------------------------

# An admin's iptables, with a chain for TCP as many tutorials have it, and room for -I INPUT 10.
firewall_iptables() {
	for each in iptables ip6tables; do
		$each -N TCP && $each -A INPUT -i lo -j ACCEPT &&
			$each -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT &&
			$each -A INPUT -p tcp --syn -j TCP && $each -P INPUT DROP
		for _ in 1 2 3 4 5 6 7; do $each -A INPUT -p sctp -j DROP; done
	done
}

firewall_nft() {
	nft -f - <<-F
		table inet filter {
			set ok { type ipv4_addr; flags timeout; }
			set plain { type ipv4_addr . inet_service; }
			chain input {
				type filter hook input priority 0; policy drop;
				ct state established,related accept
				iif lo accept
				meta l4proto icmpv6 accept
				ip saddr @ok tcp dport 22 accept
				ip saddr . tcp dport @plain accept
			}
		}
	F
}

# ufw from a directory of its own, which `make check` has fetched: nothing of the host's
have_ufw() {
	[ -f "$build/tests/ref/usr/sbin/ufw" ] && command -v python3 >/dev/null
}
make_ufw() {
	mkdir "$T/ufw" && cp -r "$build/tests/ref/etc" "$build/tests/ref/usr" "$T/ufw" || bail 'no ufw'
	if [ -d "$build/tests/ref/lib" ]; then
		cp -r "$build/tests/ref/lib" "$T/ufw" || bail 'no ufw'
	else # Debian 13
		ln -s usr/lib "$T/ufw/lib"
	fi
	for each in before after user; do
		cp "$T/ufw/usr/share/ufw/iptables/$each.rules" "$T/ufw/usr/share/ufw/iptables/${each}6.rules" "$T/ufw/etc/ufw"
	done
	sed 's/^ENABLED=.*/ENABLED=yes/' "$T/ufw/usr/share/ufw/ufw.conf" >"$T/ufw/etc/ufw/ufw.conf"
	cat >"$T/bin/ufw" <<-F
		#!/bin/sh
		PYTHONPATH=$T/ufw/usr/lib/python3/dist-packages exec python3 -W ignore "$T/ufw/usr/sbin/ufw" \
			--rootdir="$T/ufw" --datadir="$T/ufw" "\$@" 2>&1
	F
	chmod +x "$T/bin/ufw"
}
firewall_ufw() {
	rm -rf "$T/ufw"
	make_ufw
	ufw --force enable >>"$LOG" || bail 'ufw does not start'
	ufw allow from 192.0.2.99 >>"$LOG" # `insert 1` needs a rule to stand before
}

# An ipset that a rule of iptables looks into
have_ipset() {
	command -v ipset >/dev/null && ipset list -n >/dev/null 2>&1
}
firewall_ipset() {
	ipset create knock hash:ip timeout 0
	ipset create knock6 hash:ip family inet6 timeout 0
	for each in iptables ip6tables; do
		$each -A INPUT -i lo -j ACCEPT &&
			$each -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT && $each -P INPUT DROP
	done
	iptables -A INPUT -p tcp --dport 22 -m set --match-set knock src -j ACCEPT
	ip6tables -A INPUT -p tcp --dport 22 -m set --match-set knock6 src -j ACCEPT
}

# firewalld with a bus and a configuration of its own, its interfaces in the zone $zone
zone=public
firewalld=''
have_firewalld() {
	command -v firewalld >/dev/null && command -v firewall-cmd >/dev/null && command -v dbus-daemon >/dev/null ||
		return
	[ ! -S /run/dbus/system_bus_socket ] || return 0
	{ cp -a /etc "$T/etc" && mount --bind "$T/etc" /etc; } 2>>"$LOG" || return
	mkdir -p /run/dbus
	dbus-daemon --system --nofork --nopidfile >>"$LOG" 2>&1 &
	started $!
	wait_for test -S /run/dbus/system_bus_socket
}
firewalld_runs() {
	firewall-cmd --state >/dev/null 2>&1
}
firewall_firewalld() {
	rm -rf /etc/firewalld/zones /etc/firewalld/direct.xml
	mkdir -p /etc/firewalld/zones
	[ -f "/usr/lib/firewalld/zones/$zone.xml" ] || firewall-offline-cmd --new-zone="$zone" >>"$LOG" 2>&1
	for each in ssh dhcpv6-client mdns samba-client; do
		firewall-offline-cmd --zone="$zone" --remove-service-from-zone=$each >>"$LOG" 2>&1
	done
	firewall-offline-cmd --set-default-zone="$zone" >>"$LOG" 2>&1
	firewalld --nofork --nopid >>"$LOG" 2>&1 &
	firewalld=$!
	wait_for -t 60 firewalld_runs || bail 'firewalld does not run'
}
clear_firewalld() {
	[ -n "$firewalld" ] || return 0
	kill "$firewalld" && wait "$firewalld"
	firewalld=''
}

# --- what the client reaches -------------------------------------------------------------------------

# reached: the ports that each host reaches, such as "client:22 client:80 "
reached() {
	: >"$T/reached"
	reached_pids=
	for port in $ports; do
		(port_open $server "$port" && echo "client:$port" >>"$T/reached") &
		reached_pids="$reached_pids $!"
		(port_open 10.0.1.1 "$port" other && echo "other:$port" >>"$T/reached") &
		reached_pids="$reached_pids $!"
	done
	# shellcheck disable=SC2086 # a list
	wait $reached_pids
	sort "$T/reached" | tr '\n' ' '
}

# opened NUMBER: has the daemon seen so many knocks, and do no commands run any more?
opened() {
	[ "$(log_count 'OPEN SESAME')" -ge "$1" ] && [ "$(children "$knockd" | wc -w)" = 1 ]
}

# knock_and_see PORT...: knocks, and adds what is reached then to $seen
knock_and_see() {
	knocks=$(log_count 'OPEN SESAME')
	now knocked_at
	knock $server "$@"
	wait_for -t 15 opened $((knocks + 1)) || diag "no opening: $*"
	seen="$seen| $(reached)"
}

# shut_again PORT: the client's access to it has ended; $lasted is how long it had been, in seconds, rounded
shut_again() {
	wait_for -t 15 not port_open $server "$1" || diag "port $1 stays open"
	now shut_at
	wait_for -t 15 opened 0
	lasted=$(((shut_at - knocked_at + 50) / 100))
}

# --- before and after ----------------------------------------------------------------------------------

# needs: what the firewall needs after `knockctl migrate`, whose output is in $T/moved
needs() {
	sed '/^The sets that\|^knockd now keeps/,$!d' "$T/moved" | sed -n 's/^  //p'
}

apply_needs() {
	needs | while read -r need; do
		case $need in
		/etc/ufw/*) # a rule for one of ufw's own files
			need_file=$T/ufw${need%%: *}
			sed "s|^COMMIT|${need#*: }\nCOMMIT|" "$need_file" >"$T/need" && cp "$T/need" "$need_file"
			;;
		'your rule with '*) # other words in the place of these
			need_words=${need#your rule with }
			need_mark=${need_words#*: }
			for each in iptables ip6tables; do
				$each-nft-save | sed "s|${need_words%%: *}|${need_mark%% in the place*}|" | $each-nft-restore
			done
			;;
		*) sh -c "$need" >>"$LOG" 2>&1 || diag "fails: $need" ;;
		esac
	done
	! needs | grep -q '^/etc/ufw' || ufw reload >>"$LOG" 2>&1
}

clear_firewall() {
	clear_firewalld
	nft flush ruleset
	for each in iptables ip6tables; do $each -P INPUT ACCEPT; done
	nft flush ruleset
	! have_ipset || ipset destroy
	rm -rf "$T/state"
}

# run_side FIREWALL SCENARIO: $seen is what SCENARIO, a function, sees
run_side() {
	"firewall_$1" || bail "no firewall_$1"
	seen=''
	case $side in
	before) knockd_again ;;
	after)
		# first the sets, or the first knock would find none; open needs the guard before the rules
		grep -q '^The sets that' "$T/moved" && apply_needs
		knockd_again
		grep -q '^knockd now keeps' "$T/moved" && apply_needs
		;;
	esac
	seen="$(reached)"
	"$2"
	knockd_stop
	"$KNOCKD" --unguard >>"$LOG" 2>&1
	clear_firewall
}

# side_by_side TEXT FIREWALL SCENARIO DOORS [OPTION]...: the migrated doors do the same; DOORS "": those in $T/knockd.conf
side_by_side() {
	side_text=$1 side_firewall=$2 side_scenario=$3
	[ -z "$4" ] || knockd_conf "$4"
	shift 4
	cp "$T/knockd.conf" "$T/before.conf"
	side=before
	run_side "$side_firewall" "$side_scenario"
	side_seen=$seen
	"$KNOCKCTL" migrate "$@" --apply "$T/knockd.conf" >"$T/moved" 2>>"$LOG" || bail 'knockctl migrate fails'
	rm -f "$T/knockd.conf.bak"
	side=after
	run_side "$side_firewall" "$side_scenario"
	equal "$side_text" "$seen" "$side_seen"
}
