#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the guest of mode upgrade: knockd 0.8 from Debian, configured and running, is replaced by our package, and comes
# back. The same knocks must open the same doors, with the same log lines, and nobody is asked anything. Some of the doors are
# of published configurations, as they are written there, if those are on the host.

. /vm/lib.sh
export DEBIAN_FRONTEND=noninteractive

doors='[options]
	UseSyslog

[openSSH]
	sequence      = 40711,38850,41293
	seq_timeout   = 5
	start_command = echo open %IP% >>/vm/doors
	cmd_timeout   = 2
	stop_command  = echo close %IP% >>/vm/doors
	tcpflags      = syn

[logOnly]
	sequence    = 39100,38100:udp,37100
	seq_timeout = 5
	command     = echo %IP% >>/vm/doors
	tcpflags    = syn'

# package FILE: installs it with dpkg alone, without a terminal
package() {
	dpkg -i "$@" </dev/null
}

# The programs that those doors call: each notes how it was called.
recorders() {
	for program in /usr/sbin/iptables /usr/sbin/ip6tables /usr/sbin/ufw /usr/bin/firewall-cmd; do
		printf '#!/bin/sh\necho "${0##*/} $*" >>/vm/doors\n' >$program
		chmod 755 $program
	done
}

# The log of one knock at each door, without time and process id. No port is in two doors: with ours it could begin a
# second attempt (COMPATIBILITY in knockd.conf(5)).
lines_of_knocks() {
	since=$(date '+%F %T')
	: >/vm/doors
	knock_client $server 40711 38850 41293
	wait_for lines /vm/doors 2
	knock_client $server 39100 38100:udp 37100
	wait_for lines /vm/doors 3
	expected=3
	[ ! -e /vm/corpus.knocks ] || while read -r commands hits; do
		expected=$((expected + commands))
		# shellcheck disable=SC2086
		knock_client $server $hits </dev/null
		wait_for lines /vm/doors $expected
	done </vm/corpus.knocks
	wait_for eval 'journalctl -t knockd --since "$since" -o cat | grep -q "logOnly: running command"'
	journalctl -t knockd --since "$since" -o cat | grep -v '^starting up' >"$1"
	cp /vm/doors "$1.doors"
}

pid_of() {
	property MainPID
}

program() {
	basename "$(readlink "/proc/$(pid_of)/exe" | sed 's/ (deleted)$//')"
}

ours() {
	knockd -V 2>&1 | grep -q nft
}

owned_by() {
	[ "$(dpkg-query -S /usr/sbin/knockd | cut -d : -f 1)" = "$1" ]
}

# knockd 0.8 does not say when it is ready.
old_listens() {
	[ "$(wc -l </proc/net/packet)" -gt 1 ]
}

file_sums() {
	md5sum /etc/knockd.conf /etc/default/knockd | tr '\n' ' '
}

# published: the doors of published configurations have run all their commands
published() {
	if [ ! -e /vm/corpus.knocks ]; then
		result 0 '... and those of published configurations' 'SKIP there are none on the host'
		return
	fi
	echo "# $(grep -c . /vm/corpus.knocks) doors of published configurations"
	equal '... and those of published configurations' "$(wc -l </vm/log.old.doors)" \
		$((3 + $(cut -d ' ' -f 1 /vm/corpus.knocks | paste -s -d +)))
}

old_one() {
	now 'dpkg installs knockd 0.8' package /vm/0.8.deb
	{ echo "$doors" && cat /vm/corpus.conf 2>/dev/null; } >/etc/knockd.conf
	echo 'KNOCKD_OPTS="-i client"' >/etc/default/knockd
	now '... it is enabled and runs' systemctl enable --now knockd
	check '... and listens' old_listens
	sums=$(file_sums)
	lines_of_knocks /vm/log.old
	equal '... and opens its doors' "$(head -n 3 /vm/log.old.doors | tr '\n' ' ')" 'open 10.0.0.2 close 10.0.0.2 10.0.0.2 '
	published
}

to_ours() {
	old_pid=$(pid_of)
	now 'our package takes its place without a question' package --auto-deconfigure -B /vm/ours.deb
	check '... it is ours' ours
	now '... and of package knockd-nft' owned_by knockd-nft
	equal '... configuration and options are as they were' "$(file_sums)" "$sums"
	now '... nobody but root can read it' [ "$(stat -c %a /etc/knockd.conf)" = 640 ]
	now '... the service is still enabled' systemctl is-enabled knockd
	check '... and runs' is ActiveState active
	now '... with our daemon' [ "$(pid_of)" != "$old_pid" ]
	lines_of_knocks /vm/log.ours
	equal '... it opens the same doors' "$(tr '\n' ' ' </vm/log.ours.doors)" "$(tr '\n' ' ' </vm/log.old.doors)"
	diff /vm/log.old /vm/log.ours >/vm/log.diff
	equal '... with the same log lines' "$(cat /vm/log.diff)" ''
}

and_back() {
	now 'our package is removed' dpkg -r knockd-nft
	now '... and knockd 0.8 installed' package --force-confold /vm/0.8.deb
	now '... it is of package knockd' owned_by knockd
	equal '... configuration and options are as they were' "$(file_sums)" "$sums"
	now '... no guard and no table of ours is left' not nft list table inet knockd
	systemctl daemon-reload
	systemctl restart knockd
	check '... and listens' old_listens
	lines_of_knocks /vm/log.again
	equal '... it opens the same doors' "$(tr '\n' ' ' </vm/log.again.doors)" "$(tr '\n' ' ' </vm/log.old.doors)"
}

and_forth() {
	now 'our package again' package --auto-deconfigure -B /vm/ours.deb
	equal '... configuration and options are as they were' "$(file_sums)" "$sums"
	check '... and runs' is ActiveState active
	echo nonsense >>/etc/knockd.conf
	kept=$(pid_of)
	now 'the same package, over a configuration with an error' package /vm/ours.deb
	equal '... the daemon goes on' "$(pid_of)" "$kept"
}

remove() {
	echo "$doors" >/etc/knockd.conf
	printf '[guarded]\n\tsequence = 7004,7006\n\topen = 2222\n' >>/etc/knockd.conf
	now 'a guarded port' systemctl restart knockd
	now '... is shut' nft list chain inet knockd guard_shut
	: >/vm/stamp
	now 'dpkg removes the package' dpkg -r knockd-nft
	now '... the daemon has ended' not pgrep -x knockd
	now '... the port is open' not nft list table inet knockd
	now 'dpkg purges it, and 0.8' dpkg -P knockd-nft knockd
	equal '... no file of it is left' "$(find / -xdev -name '*knock*' ! -path '/proc/*' ! -path '/vm/*' ! -path '/run/*')" ''
}

echo "# $(uname -sr), Debian $(cat /etc/debian_version), $(dpkg-deb -f /vm/ours.deb Package Version | tr '\n' ' ')"
check 'the system is up' eval 'systemctl is-system-running | grep -qxE "running|starting"'
equal 'lintian --pedantic has neither error nor warning' "$(cat /vm/lintian)" 0
find_client
recorders
old_one
find_client
to_ours
and_back
and_forth
remove
echo "1..$(cat $count)"
sync
systemctl --no-block poweroff
