#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The doors of published configurations that `knockctl migrate` moves do the same before and after: see migrate.sh. Each
# set of commands runs once, with times of two seconds. This takes minutes: `make check-migrate-long`. firewalld and
# ipset are left out.

. "$(dirname "$0")/migrate_lib.sh"
corpora=${KNOCKD_CORPORA:-$TESTS_TOP/../shared/corpus $TESTS_TOP/../shared/corpus2}
# shellcheck disable=SC2086 # a list
ls $corpora >/dev/null 2>&1 || skip_all "no files in $corpora"
have_ufw || diag 'no ufw: its doors are left out'

firewall_sets() {
	nft -f - <<-F
		table inet filter {
			set allow_v4 { type ipv4_addr; flags timeout; }
			set knock_allowed { type ipv4_addr; flags timeout; }
			chain input {
				type filter hook input priority 0; policy drop;
				ct state established,related accept
				iif lo accept
				meta l4proto icmpv6 accept
				ip saddr @allow_v4 accept
				ip saddr @knock_allowed accept
			}
		}
	F
}

# sequence_of DOOR: its ports, as words
sequence_of() {
	awk -v name="[$1]" '{ line = $0; gsub(/^[ \t]+|[ \t\r]+$/, "", line) } line ~ /^\[/ { inside = line == name }
		inside && tolower(line) ~ /^sequence[ \t]*=/ { sub(/^[^=]*=[ \t]*/, "", line); gsub(/,[ \t]*/, " ", line); print line }' \
		"$T/before.conf"
}

# Knocks at each door that moves, in the order of the file; the end of those with a time.
all_doors() {
	while IFS= read -r all_name; do
		# shellcheck disable=SC2046 # ports
		knock_and_see $(sequence_of "$all_name")
	done <"$T/names"
	sleep 3
	wait_for -t 15 opened 0
	seen="$seen| $(reached)"
}

# plain FILE: without what belongs to another machine: paths, logs, interfaces, flags, long times
plain() {
	printf '[options]\n\tUser = %s\n\tState_Dir = %s\n\tControl_Socket = %s\n' "$engine_user" "$T/state" "$T/control.sock"
	sed -E 's/\r$//; s,/[^ ]*/(ip6?tables|ufw|nft)\b,\1,g
		s/^([ \t]*cmd_timeout[ \t]*=).*/\1 2/I; s/^([ \t]*seq_timeout[ \t]*=).*/\1 20/I
		s/^([ \t]*)one_time_sequences[ \t]*=.*/\1sequence = 5107,5733,5419/I
		/^[ \t]*(logfile|pidfile|interface|tcpflags|usesyslog)/Id' "$1"
}

served=' 22 80 8080 '
done_before=''
for corpus in $corpora; do
	for file in "$corpus"/*.conf; do
		plain "$file" >"$T/knockd.conf"
		chmod 640 "$T/knockd.conf"
		"$KNOCKCTL" migrate "$T/knockd.conf" >"$T/moved" 2>/dev/null || continue
		sed -n 's/^\[\(.*\)\] \(open\|grant\|close\|revoke\).*/\1/p' "$T/moved" >"$T/names"
		commands=$(sed -n 's/^-[^=]*command[^=]*= *//p' "$T/moved")
		[ -s "$T/names" ] || continue
		case $done_before in *"<$commands>"*) continue ;; esac
		done_before="$done_before<$commands>"
		case $commands in
		*firewall-cmd* | *ipset*) continue ;;
		*ufw*) have_ufw || continue; side_firewall=ufw ;;
		*'nft add element'*) side_firewall=sets ;;
		*nft*) side_firewall=nft ;;
		*) side_firewall=iptables ;;
		esac
		ports=$(echo "$commands" | grep -oE '(dports?|port) +[0-9,]+' | grep -oE '[0-9]+' | sort -un | tr '\n' ' ')
		ports="${ports:-22 80} 8080"
		for port in $ports; do
			case $served in *" $port "*) ;; *) service "$port"; served="$served$port " ;; esac
		done
		side_by_side "$(basename "$corpus")/$(basename "$file"): $(paste -sd ' ' "$T/names")" $side_firewall all_doors ''
	done
done
done_testing
