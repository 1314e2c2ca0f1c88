#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The doors of published configurations that `knockctl migrate` moves do the same before and after: see migrate.sh. Each
# set of commands runs once, with times of two seconds. Prints the figures for each program. This takes minutes:
# `make check-migrate-long`.

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

# --- figures -------------------------------------------------------------------------------------------

# programs DOOR: those that its commands run, each once: "iptables "
programs() {
	awk -v name="[$1]" '{ line = $0; gsub(/^[ \t]+|[ \t\r]+$/, "", line) } line ~ /^\[/ { inside = line == name }
		inside && tolower(line) ~ /^[a-z_6]*command[a-z_6]*[ \t]*=/ { sub(/^[^=]*=[ \t]*/, "", line); print line }' \
		"$T/whole.conf" | tee "$T/commands" | sed 's/ *#.*//; s/$(.*//; s/[;&()]\+/\n/g' |
		sed 's,^[ \t]*,,; s,^[^ ]*/,,; s/ .*//; s/^sleep$//; s/^:$//' | grep . | sort -u |
		tr '\n' ' '
}

# count_doors FILE: one line for each door with commands, in $T/figures: "iptables moves"
count_doors() {
	sed "s|^\([[:space:]]*one_time_sequences[[:space:]]*=\).*|\1 $T/onetime|" "$1" >"$T/whole.conf"
	"$KNOCKCTL" migrate "$T/whole.conf" 2>/dev/null | sed -n 's/^\[\([^]]*\)\] \(.*\)/\1\t\2/p' >"$T/doors"
	while IFS="$(printf '\t')" read -r count_name count_what; do
		count_programs=$(programs "$count_name")
		count_as=no_rule_for_one_address
		case $count_programs in
		'iptables ' | 'ip6tables ' | 'ip6tables iptables ' | 'ufw ' | 'nft ' | 'firewall-cmd ' | 'ipset ')
			grep -q '%IP%' "$T/commands" && count_as=${count_programs% }
			;;
		esac
		case $count_what in
		'stays: '*'opens nothing'*) count_how=refused_by_the_program ;;
		'stays: '*) count_how=stays ;;
		*': '*) count_how=moves_with_a_remark ;;
		*) count_how=moves ;;
		esac
		echo "$count_as $count_how" >>"$T/figures"
		case $count_how in moves*) echo "$1 $count_name" >>"$T/moves" ;; esac
		[ "$count_as $count_how" = "${count_as#no_rule_for_one_address} stays" ] || continue
		diag "$(basename "$(dirname "$1")")/$(basename "$1"): [$count_name] $count_what"
	done <"$T/doors"
}

# --- side by side ----------------------------------------------------------------------------------------

served=' 22 80 8080 '
done_before=''
printf ' 1001,5003,1002\n' >"$T/onetime"
chmod 600 "$T/onetime"
: >"$T/figures"
: >"$T/moves"
: >"$T/judged"
for corpus in $corpora; do
	for file in "$corpus"/*.conf; do
		count_doors "$file"
		plain "$file" >"$T/knockd.conf"
		chmod 640 "$T/knockd.conf"
		"$KNOCKCTL" migrate "$T/knockd.conf" >"$T/moved" 2>/dev/null || continue
		sed -n 's/^\[\(.*\)\] \(open\|grant\|close\|revoke\).*/\1/p' "$T/moved" >"$T/names"
		commands=$(sed -n 's/^-[^=]*command[^=]*= *//Ip' "$T/moved")
		[ -s "$T/names" ] || continue
		case $commands in
		*ipset*) continue ;;
		*ufw*) have_ufw || continue; side_firewall=ufw ;;
		*firewall-cmd*)
			have_firewalld || continue
			side_firewall=firewalld
			zone=$(echo "$commands" | grep -o -- '--zone=[a-z]*' | head -n 1 | cut -d = -f 2)
			zone=${zone:-public}
			;;
		*'nft add element'*) side_firewall=sets ;;
		*nft*) side_firewall=nft ;;
		*) side_firewall=iptables ;;
		esac
		sed "s|^|$file |" "$T/names" >>"$T/judged"
		case $done_before in *"<$commands>"*) continue ;; esac
		done_before="$done_before<$commands>"
		ports=$(echo "$commands" | grep -oE '(dports?|port)[ ="]+[0-9,]+' | grep -oE '[0-9]+' | sort -un | tr '\n' ' ')
		ports="${ports:-22 80} 8080"
		for port in $ports; do
			case $served in *" $port "*) ;; *) service "$port"; served="$served$port " ;; esac
		done
		side_by_side "$(basename "$corpus")/$(basename "$file"): $(paste -sd ' ' "$T/names")" $side_firewall all_doors ''
		case $side_seen in *client:*) ;; *) diag '... though no port of TCP shows it' ;; esac
	done
done
sort "$T/figures" | uniq -c | while read -r n what; do diag "$n doors: $(echo "$what" | tr _ ' ')"; done
equal 'every door that moves is judged' "$(grep -vxFf "$T/judged" "$T/moves")" ''
done_testing
