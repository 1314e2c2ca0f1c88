#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# contrib/examples/ansible.yml, run by the real Ansible on this host, which has a private /etc and /var/lib; the service is
# knockd.init, as no service manager runs in a namespace. examples.sh looks at the configuration alone, without Ansible.

. "$(dirname "$0")/../lib.sh"
need knock uids ansible-playbook python3 service update-rc.d start-stop-daemon
[ -r /lib/lsb/init-functions ] || skip_all '/lib/lsb/init-functions is missing'
topo_pair
service 22
{ cp -a /etc "$T/etc" && mount --bind "$T/etc" /etc && mount -t tmpfs tmpfs /var/lib; } 2>"$T/err" ||
	skip_all "no private /etc: $(head -n 1 "$T/err")"
mkdir "$T/bin" "$T/home"
ln -s "$KNOCKD" "$T/bin/knockd"
PATH=$T/bin:$PATH
sed "s|@sbindir@/knockd|$KNOCKD|; s|@sysconfdir@|/etc|" "$TESTS_TOP/contrib/knockd.init.in" >/etc/init.d/knockd
chmod 755 /etc/init.d/knockd
printf 'START_KNOCKD=1\nKNOCKD_OPTS="-c /etc/knockd.conf"\n' >/etc/default/knockd
getent passwd knockd >/dev/null || useradd --system --no-create-home knockd 2>"$T/err" ||
	skip_all "no user for the engine: $(head -n 1 "$T/err")"
printf '[knock]\nlocalhost ansible_connection=local ansible_python_interpreter=/usr/bin/python3\n' >"$T/hosts"
echo '# nothing yet' >/etc/knockd.conf

# play SEQUENCE [OPTION]...
play() {
	play_sequence=$1
	shift
	env HOME="$T/home" ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=0 ansible-playbook -i "$T/hosts" -v \
		-e "knock_sequence=$play_sequence" "$@" "$TESTS_TOP/contrib/examples/ansible.yml"
}

# told WORD: as the last line has it, such as changed=0
told() {
	grep '^localhost ' "$T/out" | grep -qw -e "$1"
}

pid() {
	cat /run/knockd.pid 2>/dev/null
}

runs() {
	[ -n "$(pid)" ] && kill -0 "$(pid)" && "$KNOCKCTL" list >/dev/null 2>&1
}

first='7113 2204:udp 4951' second='3301 9027 1618:udp'
ports() {
	echo "$1" | tr ' ' ,
}

ends '--check' 0 play "$(ports "$first")" --check
check '... would change something' told 'changed=[1-9]'
equal '... changes nothing' "$(cat /etc/knockd.conf)" '# nothing yet'
refute '... and starts nothing' test -e /run/knockd.pid
check 'the port is open' port_open $server 22
ends 'a run' 0 play "$(ports "$first")"
check '... has changed something' told 'changed=[1-9]'
refute '... and has not told the sequence' grep -qF "$(ports "$first")" "$T/out"
equal '... the file is not for others' "$(stat -c %a /etc/knockd.conf)" 640
check '... the daemon runs' runs
refute '... the port is shut' port_open $server 22
# shellcheck disable=SC2086
knock $server $first
check '... and a knock opens it' port_open $server 22
kept=$(pid)
ends 'a second run' 0 play "$(ports "$first")"
check '... changes nothing' told changed=0
equal '... nor the process' "$(pid)" "$kept"
ends 'another sequence' 0 play "$(ports "$second")"
check '... changes the file, and the daemon is reloaded' told changed=2
equal '... in the same process' "$(pid)" "$kept"
"$KNOCKCTL" revoke --all >/dev/null
refute '... the port is shut' port_open $server 22
opens_again() {
	# shellcheck disable=SC2086
	knock $server $second
	port_open $server 22
}
check '... and the new knock opens it' opens_again
cp /etc/knockd.conf "$T/kept"
ends 'a sequence that is none' 2 play '7113,99999'
check '... replaces nothing' cmp -s "$T/kept" /etc/knockd.conf
check '... and the daemon goes on' runs
service_stop() {
	command service knockd stop >"$T/out" 2>&1
}
check 'the service stops' service_stop
done_testing
