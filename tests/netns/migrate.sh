#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What `knockctl migrate` writes does what the commands did: the same address reaches the same ports, for as long.

. "$(dirname "$0")/migrate_lib.sh"

# A door with a time, and its end: not before it, and soon after.
timed() {
	knock_and_see 4201 4507 4303
	shut_again 22
	[ "$lasted" -ge 2 ] || seen="$seen| shut after $lasted s"
	seen="$seen| $(reached)"
}

# ... with one more knock while it is open
again() {
	knock_and_see 4201 4507 4303
	timed
}

# A door that nothing closes.
once() {
	knock_and_see 4201 4507 4303
	sleep 1
	seen="$seen| $(reached)"
}

# An opener and a closer.
pair() {
	knock_and_see 4201 4507 4303
	knock_and_see 4711 4523 4109
}

# door COMMAND STOP_COMMAND: one door, for 2 seconds
door() {
	printf '[ssh]\n\tsequence = 4201,4507,4303\n\ttcpflags = syn\n\tstart_command = %s\n\tcmd_timeout = 2\n\tstop_command = %s\n' \
		"$1" "$2"
}

# doors OPEN CLOSE: two doors
doors() {
	printf '[open]\n\tsequence = 4201,4507,4303\n\ttcpflags = syn\n\tcommand = %s\n' "$1"
	printf '[close]\n\tsequence = 4711,4523,4109\n\ttcpflags = syn\n\tcommand = %s\n' "$2"
}

# moved NUMBER ACTION: the last file has this action, and so many doors without a command
moved() {
	equal "... $2" "$(grep -c "^[[:space:]]*\($2\)[[:space:]]*=" "$T/knockd.conf") $(grep -c 'command' "$T/knockd.conf")" "$1 0"
}

rule='INPUT -s %IP% -p tcp --dport 22 -j ACCEPT'
side_by_side 'iptables, one door' iptables again "$(door "iptables -A $rule" "iptables -D $rule")"
moved 1 open
equal '... it was open, and then shut' "$seen" '| client:22 | client:22 | '
side_by_side '... with grant' iptables timed "$(door "iptables -A $rule" "iptables -D $rule")" --prefer grant
moved 1 grant
side_by_side 'iptables, two doors' iptables pair "$(doors "/usr/sbin/iptables-nft -I $rule" "sudo -n iptables -D $rule")"
moved 2 'open\|close'
side_by_side '... with grant' iptables pair "$(doors "iptables -I $rule" "iptables -D $rule")" --prefer grant
moved 2 'grant\|revoke'
rule='INPUT -s %IP% -p tcp -m multiport --dports ssh,80 -m state --state NEW -m comment --comment "by knock" -j ACCEPT'
# The iptables-nft of Debian 12 for i386 cannot.
deletes_states() {
	iptables -A OUTPUT -m state --state NEW && iptables -D OUTPUT -m state --state NEW
	deletes_status=$?
	clear_firewall
	return $deletes_status
}
if deletes_states 2>>"$LOG"; then
	side_by_side 'two ports, a state and a comment, at a place' iptables timed \
		"$(door "iptables -w -I INPUT 10 ${rule#INPUT }" "iptables -D $rule")"
	moved 1 open
else
	skip 'two ports, a state and a comment, at a place' 'iptables cannot delete a rule with a state'
fi
rule='TCP -i client -s %IP% -p tcp -m tcp --syn --dport=22 -j ACCEPT'
side_by_side "a chain of the admin's, one interface" iptables timed "$(door "iptables -A $rule" "iptables -D $rule")"
moved 1 open
side_by_side 'all ports' iptables pair "$(doors 'iptables -I INPUT -s %IP% -j ACCEPT' 'iptables -D INPUT -s %IP% -j ACCEPT')"
moved 2 'grant\|revoke'
side_by_side 'a list of commands, and the answers' iptables pair "$(doors \
	'iptables -I INPUT -s %IP% -p tcp --dport 22 -j ACCEPT && iptables -I OUTPUT -d %IP% -p tcp --sport 22 -j ACCEPT; iptables -A INPUT -s %IP% -p tcp --dport 80 -j ACCEPT' \
	'iptables -D INPUT -s %IP% -p tcp --dport 80 -j ACCEPT; iptables -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT; iptables -D OUTPUT -d %IP% -p tcp --sport 22 -j ACCEPT')"
moved 2 'open\|close'

rule='INPUT -s %IP% -p tcp --dport 22 -j ACCEPT'
side_by_side 'a command that sleeps' iptables timed "[ssh]
	sequence = 4201,4507,4303
	command  = sh -c 'iptables -A $rule; (sleep 2; iptables -D $rule) &'"
moved 1 open
side_by_side 'nft, an element with a time' nft timed "[ssh]
	sequence = 4201,4507,4303
	command  = nft add element inet filter ok { %IP% timeout 2s }"
moved 1 grant
side_by_side 'nft, an element for a time' nft timed \
	"$(door "nft add element inet filter ok '{ %IP% }'" 'nft delete element inet filter ok { %IP% }')"
moved 1 grant
side_by_side 'nft, elements of two parts' nft pair \
	"$(doors 'nft "add element inet filter plain { %IP% . 22 }"' 'nft delete element inet filter plain { %IP% . 22 }')"
moved 2 'grant\|revoke'
side_by_side 'nft, a rule' nft once "[open]
	sequence = 4201,4507,4303
	command  = nft insert rule inet filter input ip saddr %IP% tcp dport { 22, 80 } accept"
moved 1 grant
rule='nft add rule inet filter input ip saddr %IP% tcp dport 22 accept'
# shellcheck disable=SC2016 # knockd's shell runs it
lookup='nft delete rule inet filter input handle $(nft -a list chain inet filter input | grep %IP% | awk "{print \$NF}")'
side_by_side 'nft, a rule whose handle is looked up' nft timed "$(door "$rule" "$lookup")"
moved 1 grant
side_by_side '... two doors' nft pair "$(doors "$rule" "$lookup")"
moved 2 'grant\|revoke'
side_by_side '... with open' nft once "[open]
	sequence = 4201,4507,4303
	command  = nft insert rule inet filter input ip saddr %IP% tcp dport { 22, 80 } accept" --prefer open
moved 1 open

if have_ufw; then
	side_by_side 'ufw, one door' ufw timed \
		"$(door 'ufw insert 1 allow from %IP% to any port 22' 'ufw delete allow from %IP% to any port 22')"
	moved 1 open
	side_by_side '... with grant' ufw timed \
		"$(door 'ufw allow from %IP% to any port 22 proto tcp' 'ufw delete allow from %IP% to any port 22 proto tcp')" --prefer grant
	moved 1 'grant'
	side_by_side 'ufw, two doors' ufw pair "$(doors \
		"ufw allow proto tcp from %IP% to any port 22,80 comment 'knock'" 'ufw delete allow proto tcp from %IP% to any port 22,80')"
	moved 2 'open\|close'
	side_by_side 'ufw, all ports' ufw pair "$(doors 'ufw allow from %IP%' 'ufw delete allow from %IP%')"
	moved 2 'grant\|revoke'
else
	skip 'ufw' 'tests/ref has no ufw'
fi

if have_ipset; then
	side_by_side 'ipset, a member for a time' ipset again "$(door 'ipset -! add knock %IP%' 'ipset -q del knock %IP%')"
	moved 1 grant
	equal '... it was open, and then shut' "$seen" '| client:22 | client:22 | '
	side_by_side 'ipset, a member with a time' ipset timed "[ssh]
	sequence = 4201,4507,4303
	command  = /usr/sbin/ipset add knock %IP%/32 timeout 2 -exist"
	moved 1 grant
	side_by_side 'ipset, two doors' ipset pair "$(doors 'ipset -A knock %IP%' 'ipset -D knock %IP%')"
	moved 2 'grant\|revoke'
else
	skip 'ipset' 'no program, or not in this kernel'
fi

# rich ADD-OR-REMOVE [OPTION]...
rich() {
	rich_verb=$1
	shift
	echo "firewall-cmd $* --$rich_verb-rich-rule='rule family=\"ipv4\" source address=\"%IP%\" port port=\"22\" protocol=\"tcp\" accept'"
}
if have_firewalld; then
	side_by_side 'firewalld, one door' firewalld again "$(door "$(rich add)" "$(rich remove)")"
	moved 1 open
	equal '... it was open, and then shut' "$seen" '| client:22 | client:22 | '
	side_by_side 'firewalld, a rule with a time' firewalld timed "[ssh]
	sequence = 4201,4507,4303
	command  = $(rich add --zone=public --timeout=2)"
	moved 1 open
	side_by_side 'firewalld, two doors, a service' firewalld pair "$(doors \
		"firewall-cmd --zone=public --add-rich-rule 'rule family=ipv4 source address=%IP% service name=ssh accept'" \
		"firewall-cmd --zone=public --remove-rich-rule 'rule family=ipv4 source address=%IP% service name=ssh accept'")"
	moved 2 'open\|close'
	side_by_side 'firewalld, lasting rules and a reload' firewalld timed "$(door \
		"$(rich add --permanent) && firewall-cmd --reload" "$(rich remove --permanent) && firewall-cmd --reload")"
	moved 1 open
else
	skip 'firewalld' 'it does not run here'
fi
done_testing
