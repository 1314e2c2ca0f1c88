#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the guest of mode upgrade: knockd 0.8 from Debian, configured and running, is replaced by our package, and comes
# back. The same knocks must open the same doors, with the same log lines, and nobody is asked anything.

. /vm/lib.sh
export DEBIAN_FRONTEND=noninteractive

doors='[options]
	UseSyslog

[openSSH]
	sequence      = 7000,8000,9000
	seq_timeout   = 5
	start_command = echo open %IP% >>/vm/doors
	cmd_timeout   = 2
	stop_command  = echo close %IP% >>/vm/doors
	tcpflags      = syn

[logOnly]
	sequence    = 9100,8100:udp,7100
	seq_timeout = 5
	command     = echo %IP% >>/vm/doors
	tcpflags    = syn'

# package FILE: installs it with dpkg alone, without a terminal
package() {
	dpkg -i "$@" </dev/null
}

# The log of one knock at each door, without time and process id. No port is in both doors: with ours it could begin a
# second attempt (COMPATIBILITY in knockd.conf(5)).
lines_of_knocks() {
	since=$(date '+%F %T')
	: >/vm/doors
	knock_client $server 7000 8000 9000
	wait_for lines /vm/doors 2
	knock_client $server 9100 8100:udp 7100
	wait_for lines /vm/doors 3
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

old_one() {
	now 'dpkg installs knockd 0.8' package /vm/0.8.deb
	echo "$doors" >/etc/knockd.conf
	echo 'KNOCKD_OPTS="-i client"' >/etc/default/knockd
	now '... it is enabled and runs' systemctl enable --now knockd
	check '... and listens' old_listens
	sums=$(file_sums)
	lines_of_knocks /vm/log.old
	equal '... and opens its doors' "$(tr '\n' ' ' </vm/log.old.doors)" 'open 10.0.0.2 close 10.0.0.2 10.0.0.2 '
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

# What the README says about a first door, word by word, on a system without knockd.
fresh() {
	dpkg -P knockd-nft knockd >/dev/null 2>&1
	begun=$(date +%s)
	now 'dpkg installs the package alone' package /vm/ours.deb
	now '... the service is not enabled' not systemctl is-enabled knockd
	now '... and does not run' not is ActiveState active
	zcat /usr/share/doc/knockd-nft/README.md.gz >/vm/readme
	awk '/^    \[openSSH\]/ { inside = !n++ } !/^    / { inside = 0 } inside' /vm/readme >>/etc/knockd.conf
	now 'the first door of the README: knockd -t' knockd -t
	now '... systemctl enable --now knockd' systemctl enable --now knockd
	now '... port 22 is shut' not door_open $server
	# shellcheck disable=SC2046
	knock_client $server $(sed -n 's/^    \$ knock myhost \([0-9:a-z ]*[0-9p]\)\( .*\)*$/\1/p' /vm/readme | head -n 1)
	check '... the knock of the README opens it' door_open $server
	now '... knockctl list has the client' eval 'knockctl list | grep -q 10.0.0.2'
	seconds=$(($(date +%s) - begun))
	echo "# $seconds seconds from dpkg to ssh"
	now '... within five minutes' [ "$seconds" -lt 300 ]
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
old_one
find_client
to_ours
and_back
and_forth
fresh
remove
echo "1..$(cat $count)"
sync
systemctl --no-block poweroff
