#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Does `knockctl migrate` understand commands as the programs do? What it moves, the program takes; what it says opens
# nothing, the program refuses. What it does not understand may be either.

. "$(dirname "$0")/migrate_lib.sh"
umask 077

commands() {
	cat <<'END'
iptables -I INPUT 1 -s %IP%/32 -p tcp --dport 22 -j ACCEPT
iptables -t filter -I INPUT --source %IP% -p TCP --dport ssh -j ACCEPT
iptables -w -v -4 -A INPUT -s %IP%/255.255.255.255 -p 6 --destination-port 22 -j ACCEPT
iptables -w 5 -A INPUT -s %IP% -p all -j ACCEPT
iptables --append INPUT --in-interface eth0 --protocol udp --src %IP% --dport=53 --jump ACCEPT
iptables -A INPUT -s %IP% -p tcp --dport 0:65535 -j ACCEPT
iptables -A INPUT -s %IP% -p tcp --dport 1024: -j ACCEPT
iptables -A INPUT -s %IP% -p tcp --dport :1024 -j ACCEPT
iptables -A INPUT -s %IP% -p tcp -m multiport --dport 22,80 -j ACCEPT
iptables -A INPUT -s %IP% -p tcp -m multiport --dports 22,80:89 -j ACCEPT
iptables -A INPUT -s %IP% -m tcp --dport 22 -p tcp -j ACCEPT
iptables -A INPUT -s %IP% -m multiport --dports 22,80 -p tcp -j ACCEPT
iptables -A INPUT -s %IP% -m multiport --dports 22,80 -j ACCEPT
iptables -A INPUT -s %IP% -p tcp -m tcp --syn -m state --state new,ESTABLISHED -j ACCEPT
iptables -A INPUT -s %IP% -m conntrack --ctstate NEW -m comment --comment 'a b' -j ACCEPT
iptables -I OUTPUT -d %IP% -p tcp --sport 22 -j ACCEPT; iptables -A INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
iptables -A INPUT -s %IP%/128 -p tcp --dport 22 -j ACCEPT
iptables -A INPUT -s %IP% -p tcp --dport 22,80 -j ACCEPT
iptables -A INPUT -s %IP% -p tcp --dports 22,80 -j ACCEPT
iptables -A INPUT -s %IP% -p tcp --dport 22,80 -m multiport -j ACCEPT
iptables -A INPUT -s %IP% -p tcp -m tcp -m multiport --dport 22,80 -j ACCEPT
iptables -A INPUT -s %IP% -p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 -j ACCEPT
iptables -A INPUT -s %IP% --dport 22 -j ACCEPT
iptables -A INPUT -s %IP% --dport 22 -p tcp -j ACCEPT
iptables -A INPUT -s %IP% -p icmp --dport 22 -j ACCEPT
iptables -A INPUT -s %IP% -p udp -m tcp --dport 22 -j ACCEPT
iptables -A INPUT -s %IP% -p udp --syn -j ACCEPT
iptables -A INPUT -s %IP% --state NEW -j ACCEPT
iptables -A INPUT -s %IP% -m state --ctstate NEW -j ACCEPT
iptables -A INPUT -s %IP% --comment x -j ACCEPT
iptables -A INPUT -s %IP% -p tcp --dport nosuch -j ACCEPT
ufw allow from %IP%
ufw allow from %IP%/32 to any port 22
ufw insert 1 allow from %IP% to any port 22 proto tcp
ufw prepend allow proto tcp from %IP% to any port 22,80 comment 'x y'
ufw rule allow in on eth0 from %IP% to 192.0.2.1 port 22 proto tcp
ufw ALLOW FROM %IP% TO ANY PORT 22 PROTO tcp
ufw allow from %IP% to any port 22 proto TCP
ufw --force delete allow from %IP%
ufw allow from %IP% to any port 22/tcp
ufw allow from %IP% to any port
ufw allow from %IP% to any port 22,80
ufw allow from %IP% to any port 6000:6007
nft add element inet filter ok { %IP% }
nft create element inet filter ok '{ %IP% timeout 1h }'
nft -a 'add element inet filter plain { %IP% . ssh }'
nft -- insert rule inet filter input ip saddr == %IP%/32 tcp dport == 22 ct state new,established accept
nft add rule inet filter input iifname eth0 ip saddr %IP% tcp dport { 22, ssh, 80 } counter packets 0 bytes 0 accept
nft 'add rule inet filter input ip saddr %IP% ct state { new, established } counter accept comment "x y"'
ipset -exist add knock %IP% timeout 60
ipset add knock %IP%/32 -exist
ipset -! -A knock %IP% timeout 0
ipset add knock %IP% timeout 1h
END
}

# verdict COMMAND: moves, refused, or stays
verdict() {
	printf '[d]\n\tsequence = 4201,4507,4303\n\ttcpflags = syn\n\tcommand = %s\n' "$1" >"$T/words.conf"
	"$KNOCKCTL" migrate "$T/words.conf" >"$T/words" 2>>"$LOG" || bail 'knockctl migrate fails'
	case $(head -n 1 "$T/words") in
	'[d] stays: '*'opens nothing'* | '[d] stays: '*'unknown port'* | '[d] stays: '*'names no port'*) echo refused ;;
	'[d] stays: '*/128* | '[d] stays: '*'a network around'*) echo refused ;;
	'[d] stays: '*) echo stays ;;
	'[d] '*) echo moves ;;
	esac
}

firewall_nft
firewall_iptables
! have_ipset || firewall_ipset
! have_ufw || firewall_ufw
commands >"$T/commands"
while IFS= read -r line; do
	case $line in
	ufw*) have_ufw || continue ;;
	ipset*) have_ipset || continue ;;
	esac
	expected=refused
	sh -c "$(echo "$line" | sed 's/%IP%/10.0.0.2/g')" >>"$LOG" 2>&1 </dev/null && expected=moves
	got=$(verdict "$line")
	[ "$got" != stays ] || expected=stays
	equal "$line" "$got" "$expected"
	! have_ipset || ipset flush knock
	nft flush set inet filter ok
done <"$T/commands"
done_testing
