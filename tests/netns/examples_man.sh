#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The examples of the manual pages, each as it is displayed there: configurations are loaded and knocked at, commands are
# run. A new example that nothing here runs is an error.

. "$(dirname "$0")/client_lib.sh"
. "$(dirname "$0")/signed_lib.sh"
need knock knock_ours knockctl uids jq sshd ssh ssh-keygen
built_with HAVE_SODIUM || skip_all 'built without libsodium'
topo_pair
topo_client other 1

# The files and directories that the examples name.
{ cp -a /etc "$T/etc" && mount --bind "$T/etc" /etc && mount -t tmpfs tmpfs /var/log && mount -t tmpfs tmpfs /var/lib; } 2>"$T/err" ||
	skip_all "no private /etc: $(head -n 1 "$T/err")"
names
printf '%s server.example.com knock.example.com\n' $server >>/etc/hosts
mkdir -p "$T/bin" "$T/displays" "$T/home/.ssh" "$T/home/.config/knock" /var/lib/prometheus/node-exporter

# program NAME COMMAND: NAME, as the examples call it
program() {
	printf '#!/bin/sh\n%s\n' "$2" >"$T/bin/$1"
	chmod 755 "$T/bin/$1"
}
program knockd "case \$1 in --keygen) exec $KNOCKD \"\$@\" ;; esac; exec $KNOCKD -c /etc/knockd.conf \"\$@\""
program knockctl "case \$1 in new | migrate) exec $KNOCKCTL \"\$@\" -c /etc/knockd.conf ;; esac; exec $KNOCKCTL -s $T/control.sock \"\$@\""
program knock "exec $KNOCK \"\$@\""
program logger "echo logger \"\$*\" >>$T/told"
program systemctl "echo systemctl \"\$*\" >>$T/told"
PATH=$T/bin:$PATH
HOME=$T/home
unset XDG_CONFIG_HOME SSH_AUTH_SOCK
export PATH HOME

# --- the displays -----------------------------------------------------------------------------------

# Each display is a file, PAGE.N; a line of .Dl is one, too.
for page in "$TESTS_TOP"/man/*.[1-8]; do
	awk -v out="$T/displays/${page##*/}" '
		function plain(text) {
			gsub(/\\-/, "-", text)
			gsub(/\\\(aq/, "\047", text)
			gsub(/\\e/, "\\", text)
			gsub(/\\&/, "", text)
			return text
		}
		/^\.Dl / { print plain(substr($0, 5)) >(out "." (100 + ++n)); next }
		/^\.Bd -literal/ { inside = 1; n++; next }
		/^\.Ed/ { inside = 0 }
		inside { print plain($0) >(out "." (100 + n)) }' "$page"
done

# display PAGE PATTERN: prints the first display whose first two lines, as one, begin with PATTERN; each display once
display() {
	for display_file in "$T/displays/$1".???; do
		head -n 2 "$display_file" | tr -s '\t\n' ' ' | grep -q "^$2" || continue
		cat "$display_file"
		rm "$display_file"
		return
	done
	echo "no display of $1 begins with $2" >&2
	return 1
}

# script PAGE PATTERN [SED]: that display, after the sed command, in $T/script, without prompts
script() {
	display "$1" "$2" | sed -e 's/^# //' -e "${3-}" >"$T/script"
	script_name="$1: $(head -n 1 "$T/script" | cut -c 1-60)"
}

# runs PAGE PATTERN [SED]: a test point: that script succeeds, on host $on
on=
runs() {
	script "$@"
	runs_it
}
runs_it() {
	# shellcheck disable=SC2086
	[ -s "$T/script" ] && ${on:+in_host $on} sh -e "$T/script" >"$T/out" 2>"$T/err" </dev/null
	runs_status=$?
	equal "$script_name" $runs_status 0
	[ $runs_status = 0 ] || diag "$(cat "$T/err" "$T/out")"
}

# base TEXT: /etc/knockd.conf, with what a test needs
base() {
	knockd_conf "$1
$fence_door"
	cp -p "$T/knockd.conf" /etc/knockd.conf
}

# door PAGE PATTERN [SED]: the daemon with that display
door() {
	display "$1" "$2" | sed -e "${3-}" >"$T/door"
	[ -s "$T/door" ] || bail "no display: $2"
	base "$(cat "$T/door")"
	knockd_again
}

finish() {
	knockd_stop
	"$KNOCKD" --unguard
	rm -rf "$T"/state/*
	nft flush ruleset
}

# opens ADDRESS PORT HIT...: shut before, open after
opens() {
	opens_address=$1 opens_port=$2
	shift 2
	refute "port $opens_port is shut" port_open "$opens_address" "$opens_port"
	knock "$opens_address" "$@"
	check "... and the knock opens it" port_open "$opens_address" "$opens_port"
}

service 22
ssh_service=$service
service 443

# --- a door and its firewall, knockctl ------------------------------------------------------------------

display knockd.conf.5 'table inet filter' >"$T/rules"
nft -f "$T/rules" || bail 'the rules of knockd.conf(5) are refused'
door knockd.conf.5 '\[openSSH\]'
opens $server 22 6421 9573 7184

# like: with the values of this run in place of those that change
like() {
	sed 's/192\.0\.2\.7/10.0.0.2/g; s/  */ /g; s/expires [0-9a-z]*/expires/; s/20[0-9-]* [0-9:]*/TIME/g; s/ [0-9][0-9]*[smh] inet/ LEFT inet/'
}
equal 'knockd.1: nft list set' "$(nft list set inet filter ssh_ok | like)" "$(display knockd.1 '# nft list set' | sed 1d | like)"
display knockctl.1 '# knockctl list' >"$T/list"
equal 'knockctl.1: knockctl list' "$(knockctl list | like)" "$(sed -n 2,3p "$T/list" | like)"
runs knockctl.1 'knockctl --json list'
equal '... shows the client' "$(cat "$T/out")" 10.0.0.2
runs knockctl.1 'knockctl extend' 's/192.0.2.7/10.0.0.2/'
check '... for longer' [ "$(element_get 'inet filter ssh_ok' 10.0.0.2 expires)" -gt 3600 ]
runs knockctl.1 'cd /var/lib/prometheus'
check '... the file is there' grep -q '^knockd_openings_total.* 1$' /var/lib/prometheus/node-exporter/knockd.prom
equal 'knockctl.1: knockctl revoke' "$(knockctl revoke 10.0.0.2)" "$(tail -n 1 "$T/list")"

# --- knockd -------------------------------------------------------------------------------------------

runs knockd.1 'knockd -t'
runs knockd.1 'knockd -i ppp0 --print-rules'
check '... prints the table' grep -q '^table inet knockd' "$T/out"
finish
script knockd.1 'knockd -v'
timeout 3 sh -e "$T/script" >"$T/out" 2>&1
check "$script_name" grep -q 'starting up' "$T/out"
script knockd.1 'knockd -d' 's|/var/run/|/run/|'
check "$script_name" sh -c "$(head -n 1 "$T/script")"
check '... writes its log' grep -q 'starting up' /var/log/knockd.log
pid=$(cat /run/knockd.pid)
check '... and the second line' sh -c "$(sed 1d "$T/script")"
reloads() {
	[ "$(grep -c 're-reading\|reload' /var/log/knockd.log)" -ge 1 ]
}
check '... is a reload' reloads
kill "$pid"
check '... it ends' not test -e "/proc/$pid"
finish

# --- open and grant -------------------------------------------------------------------------------------

door knockd.conf.5 '\[ssh\]'
opens $server 22 6421 9573:udp 7184
opens $server 443 5310:udp 8642 5977:udp
knock $server 5977:udp 8642 5310:udp
check '... and another one closes it' not port_open $server 443
finish

base '	Own_Table = no
[here]
	sequence = 7001
	open = 22:tcp
[there]
	sequence = 7002
	target = 2001:db8:1::80
	open = 443:tcp'
knockd_again
runs knockd.conf.5 'nft add element inet knockd open4'
check '... for the one port' nft get element inet knockd open4 '{ 192.0.2.7 . tcp . 22 }'
check '... and the other' nft get element inet knockd open6_target '{ 2001:db8::7 . 2001:db8:1::80 . tcp . 443 }'
finish

nft 'add table inet filter; add chain inet filter input { type filter hook input priority 0; policy drop; }
	add rule inet filter input ct state established,related accept
	add rule inet filter input icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
	add rule inet filter input iif lo accept'
runs knockd.conf.5 'nft add set inet filter port_ok'
door knockd.conf.5 '\[web\]'
opens $server 443 5310:udp 8642 5977:udp
knock $server6 5310:udp 8642 5977:udp
check '... over IPv6' port_open $server6 443
knock $server 5977:udp 8642 5310:udp
check '... and another one closes it' not port_open $server 443
knockd_stop
runs knockd.conf.5 'nft add set inet filter ssh_ok6'
door knockd.conf.5 '\[openSSH6\]'
opens $server6 22 7184 6421 9573
check '... for the network' nft get element inet filter ssh_ok6 '{ fd00::99 }'
finish

# --- rules of one's own, commands, one-time sequences -----------------------------------------------------

display knockd.conf.5 'table inet filter' >"$T/rules"
nft -f "$T/rules" || bail 'the rules of knockd.conf(5) for Rules = none are refused'
nft add set inet filter ok '{ type ipv4_addr; flags timeout; }'
echo 1 >/proc/sys/net/ipv4/ip_forward
knockd_start "	Rules = none
[here]
	sequence = 6421,9573,7184
	grant    = inet filter ok { %IP% timeout 30s }
[there]
	sequence = 5310,8642
	target   = 192.0.2.80
	grant    = inet filter ok { %IP% timeout 30s }"
knock $server 6421 9573 7184
check 'knockd.conf.5: rules of your own report the knocks' log_has '10.0.0.2: here: OPEN SESAME'
knock 192.0.2.80 5310 8642
check '... to another host, too' log_has '10.0.0.2: there: OPEN SESAME'
finish

door knockd.conf.5 '\[options\] UseSyslog' 's/eth0/client, lo/'
knock $server 4813 6190 5026
told() {
	grep -qxF "$1" "$T/told" 2>/dev/null
}
check 'knockd.conf.5: the command has run' told 'logger -t doors 10.0.0.2 opens backup'
check '... all of it' told 'systemctl start backup.socket'
finish

printf ' 5120,7443,6902\n' >/etc/knockd.sequences
chmod 600 /etc/knockd.sequences
nft 'add table inet filter; add set inet filter ssh_ok { type ipv4_addr; flags timeout; }'
door knockd.conf.5 '\[once\]'
knock $server 5120 7443 6902
check 'knockd.conf.5: a one-time sequence opens' element_in 'inet filter ssh_ok' 10.0.0.2
check '... and is used up' grep -q '^#' /etc/knockd.sequences
finish

# --- migrate ----------------------------------------------------------------------------------------------

display knockctl.1 '# knockctl migrate' >"$T/migrate"
base '[openSSH]
	sequence      = 6421,9573,7184
	tcpflags      = syn
	start_command = iptables -A INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
	cmd_timeout   = 60
	stop_command  = iptables -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT'
(cd "$T" && sed -n 's/^# //p' "$T/migrate" | sh -e >"$T/out" 2>"$T/err")
equal 'knockctl.1: knockctl migrate' $? 0
diag "$(cat "$T/out" "$T/err")"
grep -v '^# ' "$T/migrate" | grep -v '^\.\.\.' | while read -r line; do
	grep -qxF "$line" "$T/out" || echo "$line"
done >"$T/lacks"
equal '... prints what the page shows' "$(cat "$T/lacks")" ''
check '... and its door opens the port itself' grep -q '^[[:space:]]*open[[:space:]]*=' /etc/knockd.conf
cp -p /etc/knockd.conf "$T/knockd.conf"
knockd_again
opens $server 22 6421 9573 7184
finish

# Other scripts do what these show, with a store and its servers, or with an app's codes: share*.sh, courier*.sh, totp*.sh.
# tests/check/man.sh loads the configurations.
display knockd.conf.5 '\[options\] Totp_Secrets' >/dev/null
display knockd.conf.5 'knock knock.example.com' >/dev/null
display knockd.conf.5 '\[options\] Share' >/dev/null
rm -f "$T"/displays/knockd-gateways.7.*

# --- signed knocks ----------------------------------------------------------------------------------------

ssh-keygen -q -t ed25519 -N '' -C alice -f "$HOME/.ssh/id_ed25519"
ssh-keygen -q -t ed25519 -N '' -C bob -f "$T/bob"
alice=$(cut -d ' ' -f 1,2 "$HOME/.ssh/id_ed25519.pub") bob=$(cut -d ' ' -f 1,2 "$T/bob.pub")
cd "$HOME/.ssh" || exit
nft 'add table inet filter; add set inet filter ok { type ipv4_addr . inet_proto . inet_service; flags timeout; }'
base "$(display knockd.conf.5 '\[options\] Knock_Key')"
# the daemon starts in the middle of it
script knockd.conf.5 'knockd --keygen'
sed '/^systemctl restart knockd/,$d' "$T/script" >"$T/before"
check "$script_name" sh -e "$T/before"
knockd_again
sed '1,/^systemctl restart knockd/d' "$T/script" >"$T/enrol"
line=$(sh -e "$T/enrol" 2>"$T/err")
check 'knockd.conf.5: knockctl enrol' test -n "$line"
diag "$(cat "$T/err")"
on=client
runs knock.1 'knock --add home' "s|knock1:...|${line#\'}|"
check '... and the signed knock opens' port_open $server 22
on=
knockctl revoke --all >/dev/null

# the time of expiry-time may be over, so nobody knocks with these lines
display knockd.conf.5 'user="alice"' |
	sed "s|ssh-ed25519 AAAA...\$|$alice|; s|sk-ssh-ed25519@openssh.com AAAA...\$|$bob|" >"$T/lines"
cp /etc/knockd/authorized_keys "$T/authorized_keys"
cat "$T/lines" >/etc/knockd/authorized_keys
both() {
	knockctl users >"$T/out" 2>&1 && grep -q '^alice ' "$T/out" && grep -q '^bob ' "$T/out"
}
check 'knockd.conf.5: lines of users' both
diag "$(cat "$T/out")"
cat "$T/authorized_keys" >/etc/knockd/authorized_keys

# --- ssh ----------------------------------------------------------------------------------------------------

kill "$ssh_service"
check 'the port is free' not listening 22
sshd_start
cat "$HOME/.ssh/id_ed25519.pub" >>"$T/ssh/key.pub"

# ssh_config PATTERN: ~/.ssh/config with that display, and what a throwaway key needs
ssh_config() {
	display knock.1 "$1" >"$HOME/.ssh/config"
	printf '    %s\n' 'User root' "IdentityFile $HOME/.ssh/id_ed25519" 'StrictHostKeyChecking no' 'UserKnownHostsFile /dev/null' \
		'LogLevel ERROR' 'BatchMode yes' >>"$HOME/.ssh/config"
}
ssh_home() {
	in_client ssh -F "$HOME/.ssh/config" home echo inside
}
ssh_banner() {
	in_client socat -T 2 -u "TCP4:$server:22,connect-timeout=0.3" - 2>/dev/null | grep -q '^SSH-'
}
both_users() {
	knockctl users >"$T/out" 2>&1 && ! grep -q '^bob ' "$T/out"
}
check 'the line of one user again' both_users
ssh_config 'Host home'
ends 'knock.1: ssh with ProxyCommand, by a signed knock' 0 ssh_home
equal '... is inside' "$(cat "$T/out")" inside
finish

base '[ssh]
	sequence = 7000,8000:udp,9000
	tcpflags = syn
	open     = 22:tcp'
knockd_again
display knock.1 '\[home\]' >"$HOME/.config/knock/config"
chmod 600 "$HOME/.config/knock/config"
ends 'knock.1: a profile' 0 in_client knock home
check '... its knock opens' ssh_banner
knockctl revoke --all >/dev/null
ssh_config 'Host home'
ends 'knock.1: ssh with ProxyCommand, by a profile' 0 ssh_home
equal '... is inside' "$(cat "$T/out")" inside
knockctl revoke --all >/dev/null
sed -i 's/^Host home/Host server.example.com/; /ProxyCommand/d; /HostName/d' "$HOME/.ssh/config"
on=client
runs knock.1 'knock server.example.com' "s|-- ssh|-- ssh -F $HOME/.ssh/config|; s|\$| echo inside|"
equal '... is inside' "$(cat "$T/out")" inside
on=
finish

rest=$(for file in "$T"/displays/*; do [ ! -e "$file" ] || echo "${file##*/}: $(head -n 1 "$file")"; done)
equal 'there is no other example' "$rest" ''
done_testing
