#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the guest of mode fresh, which has never had a knockd: README.md word by word, from the package alone to ssh behind a
# knock, with a clock; then the rest of its commands, signed knocks too, and what `apt purge` leaves behind.

. /vm/lib.sh
export DEBIAN_FRONTEND=noninteractive TERM=vt100
cd /root || exit

# section HEADING: the lines of README.md below it
section() {
	awk -v heading="$1" '
		/^-+$/ { inside = last == heading; last = ""; next }
		{ if (inside && NR > 1) print last; last = $0 }
		END { if (inside) print last }' /vm/readme
}

# commands HEADING: those of that section, after their prompt, without the words beside them
commands() {
	section "$1" | sed -nE 's/^    ([#$] [^ ]+( [^ ]+)*)(  .*)?$/\1/p'
}

# door HEADING: the first door of that section
door() {
	section "$1" | awk '/^    \[/ { inside = !n++ } !/^    / { inside = 0 } inside' | sed 's/^    //'
}

# follow COMMAND: with the prompt of the client, or of root on the server; what a user types into it is added
follow() {
	echo "# $1"
	case $1 in
	'$ ssh '*) echo 'echo inside' | eval "ip netns exec client ${1#??}" 2>&1 ;;
	'$ knock --add '*) ip netns exec client knock --add home "$(cat /vm/invitation)" ;; # the line that was printed
	'$ '*) eval "ip netns exec client ${1#??}" ;;
	'# knockctl top') (sleep 1; printf q) | script -qec "${1#??}" /dev/null | tr -d '\033' ;;
	*) eval "${1#??}" ;;
	esac >/vm/out 2>&1 </dev/null
}

# followed HEADING: each of its commands; prints those that fail
followed() {
	commands "$1" | while read -r command; do
		follow "$command" 1>&2 || { echo "$command"; sed 's/^/# /' /vm/out 1>&2; }
		case $command in
		'$ ssh '*) cp /vm/out /vm/ssh.out ;;
		'# knockctl enrol'*) grep -o 'knock1:.*' /vm/out >/vm/invitation ;;
		esac
	done
}

sudo() {
	"$@"
}

# --- what the admin has before: a host, with ssh to it ---------------------------------------------------------

prepare() {
	zcat -f /vm/README.md >/vm/readme
	ip netns exec client true 2>/dev/null || network
	echo "$server myhost" >>/etc/hosts
	mkdir -p /root/deb /root/.ssh
	ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
	cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
	printf 'StrictHostKeyChecking no\nConnectTimeout 5\nLogLevel ERROR\n' >/root/.ssh/config
	cp /vm/ours.deb /root/deb/knockd-nft_0_amd64.deb
	check 'sshd is there, for all' door_open $server
	sleep 1 # what comes now is newer than this
	: >/vm/stamp
	sleep 1
}

# --- the clock runs ------------------------------------------------------------------------------------------

first_door() {
	install=$(sed -n 's/.*`sudo \(apt install [^`]*\)`.*/\1/p' /vm/readme)
	begun=$(date +%s)
	follow "# $install"
	installed=$?
	door 'A first door' >>/etc/knockd.conf
	failed=$(followed 'A first door')
	took=$(($(date +%s) - begun))
	echo "# $took seconds from \"$install\" to the last command of A first door"
	equal "$install" $installed 0
	equal 'every command of A first door succeeds' "$failed" ''
	now '... as many as there are' [ "$(commands 'A first door' | grep -c .)" -ge 7 ]
	equal '... ssh is inside' "$(tail -n 1 /vm/ssh.out)" inside # below the message of the day
	now '... within five minutes' [ "$took" -lt 300 ]
	now 'the service is enabled' systemctl is-enabled knockd
	now 'knockctl list has the client' eval 'knockctl list | grep -q 10.0.0.2'
	knockctl revoke --all >/dev/null
	now 'the door has shut port 22' not door_open $server
	now 'over IPv6, too' not door_open $server6
}

# What the section says beside its commands.
beside_it() {
	new=$(section 'A first door' | sed -n 's/^`\(knockctl new [^`]*\)`.*/\1/p')
	now "$new" eval "$new"
	now '... the daemon has the door' eval 'knockctl doors | grep -q "^ssh "'
	now 'knockctl unguard' knockctl unguard
	check '... opens it while knockd runs' door_open $server
	systemctl restart knockd
	now 'a restart shuts it again' not door_open $server
	systemctl stop knockd
	now '... and so it stays when knockd ends' not door_open $server
	now 'knockd --unguard' knockd --unguard
	check '... opens it when knockd does not run' door_open $server
}

# Its keys stay in /etc/knockd, and the user's profile in /root.
signed_door() {
	cp /etc/knockd.conf /vm/kept
	sed '/^\[openSSH\]/,$d' /vm/kept >/vm/conf
	section 'Signed knocks' | sed -n 's/^    //; /^\[/,/^$/p' >>/vm/conf
	cp /vm/conf /etc/knockd.conf
	cp /root/.ssh/id_ed25519.pub /root
	equal 'every command of Signed knocks succeeds' "$(followed 'Signed knocks')" ''
	check '... the last one opens port 22' door_open $server
	systemctl stop knockd
	knockd --unguard
	cp /vm/kept /etc/knockd.conf
}

firewall_door() {
	door 'A door in your firewall' >>/vm/second
	sed '/^\[openSSH\]/,$d' /etc/knockd.conf >/vm/conf
	cat /vm/conf /vm/second >/etc/knockd.conf
	equal 'every command of A door in your firewall succeeds' "$(followed 'A door in your firewall')" ''
	systemctl restart knockd
	now 'the firewall shuts port 22' not door_open $server
	follow "$(commands 'A first door' | grep '^\$ knock')"
	check '... the same knock opens it' door_open $server
	now '... and ssh is inside' [ "$(echo 'echo inside' | ip netns exec client ssh myhost 2>&1 | tail -n 1)" = inside ]
	now 'a reload of the firewall' systemctl reload nftables
	check '... ends no access' door_open $server
}

# --- what is left ---------------------------------------------------------------------------------------------

# Files that are newer than the stamp, without those of the package manager, of the system's own logs and caches, of the
# user who stays, and of this script.
newer() {
	find / -xdev \( -type f -o -type l \) \( -newer /vm/stamp -o -cnewer /vm/stamp \) \
		! -path '/vm/*' ! -path '/proc/*' ! -path '/sys/*' ! -path '/run/*' ! -path '/tmp/*' ! -path '/root/*' \
		! -path '/var/lib/dpkg/*' ! -path '/var/lib/apt/*' ! -path '/var/cache/apt/*' ! -path '/var/log/apt/*' \
		! -path /var/log/dpkg.log ! -path '/var/log/journal/*' ! -path '/var/log/[wb]tmp' ! -path /var/log/lastlog \
		! -path '/var/cache/debconf/*' ! -path '/var/cache/man/*' ! -path '/var/cache/ldconfig/*' \
		! -path '/var/lib/systemd/*' ! -path '/etc/passwd*' ! -path '/etc/shadow*' ! -path '/etc/group*' \
		! -path '/etc/gshadow*' ! -path /etc/.pwd.lock | sort
}

purge() {
	purge=$(sed -n 's/^`\(apt purge [^`]*\)`.*/\1/p' /vm/readme)
	now "$purge" eval "yes | $purge"
	now '... the daemon has ended' not pgrep -x knockd
	now '... no table of it' not nft list table inet knockd
	now '... no unit that starts' not ls /etc/systemd/system/*.wants/knockd*
	now '... the user stays' getent passwd knockd
	# the admin's own firewall, and its link of `systemctl enable`
	equal '... of files nothing but keys and the firewall' "$(newer)" "/etc/knockd/authorized_keys
/etc/knockd/knock.key
/etc/nftables.conf
/etc/systemd/system/sysinit.target.wants/nftables.service"
	equal '... and no other directory' \
		"$(find / -xdev -type d -name '*knock*' ! -path '/vm/*' ! -path '/run/netns*' ! -path '/root/*')" /etc/knockd
	find / -xdev -type f \( -newer /vm/stamp -o -cnewer /vm/stamp \) -path '/etc/*' | sed 's/^/# newer in etc: /'
}

echo "# $(uname -sr), Debian $(cat /etc/debian_version), $(dpkg-deb -f /vm/ours.deb Package Version | tr '\n' ' ')"
check 'the system is up' eval 'systemctl is-system-running | grep -qxE "running|starting"'
now 'there is no knockd' not command -v knockd
prepare
first_door
beside_it
signed_door
firewall_door
purge
echo "1..$(cat $count)"
sync
systemctl --no-block poweroff
