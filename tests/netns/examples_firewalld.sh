#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# contrib/examples/firewalld.conf beside the real firewalld, which gets a bus and a configuration of its own.

. "$(dirname "$0")/../lib.sh"
need knock firewalld firewall-cmd dbus-daemon
topo_pair
topo_client other 1
{ cp -a /etc "$T/etc" && mount --bind "$T/etc" /etc; } 2>"$T/err" || skip_all "no private /etc: $(head -n 1 "$T/err")"
mkdir -p /run/dbus
dbus-daemon --system --nofork --nopidfile >"$T/bus" 2>&1 &
started $!
wait_for test -S /run/dbus/system_bus_socket || skip_all "no bus here: $(head -n 1 "$T/bus")"
firewalld --nofork --nopid >"$T/firewalld" 2>&1 &
started $!
running() {
	firewall-cmd --state >/dev/null 2>&1
}
wait_for -t 60 running || skip_all "firewalld does not run here: $(tail -n 1 "$T/firewalld")"
service 22
example=$TESTS_TOP/contrib/examples/firewalld.conf
# shellcheck disable=SC2046
hits() {
	knock $server $(sed -n 's/^[[:space:]]*sequence[[:space:]]*=//p' "$example" | tr , ' ')
}

firewall-cmd --permanent --add-service=ssh >/dev/null
firewall-cmd --reload >/dev/null
check 'firewalld lets the port through' port_open $server 22
check '... for the other host, too' port_open 10.0.1.1 22 other
knockd_start "$(cat "$example")
$fence_door"
refute 'the port is shut' port_open $server 22
hits
check 'a knock opens it' port_open $server 22
for reload in --reload --complete-reload; do
	check "firewall-cmd $reload" firewall-cmd $reload
	check '... leaves it open' port_open $server 22
	refute '... and shut for others' port_open 10.0.1.1 22 other
done
done_testing
