#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guard without a daemon: `knockd --guard` shuts the ports before the network is up; with a bad configuration it
# shuts those of the last good one; `knockd --unguard` opens them.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guard_lib.sh"
need knock nflog
topo_pair
service 22
service 23
service 24
echo_udp 443
conf=$T/knockd.conf
kept=$T/state/guard
doors="
[ssh]
	sequence = 7123,8123:udp
	open     = 22:tcp, 443:udp
[behind]
	sequence = 7124
	target   = 10.0.0.1
	open     = 23
[options]
	LogFile = $T/file.log
$fence_door"

# reboot: nothing in the kernel remains
reboot() {
	nft flush ruleset
}

shut() {
	! port_open $server 22
}

has_chain() {
	nft list chain inet knockd "$1" >/dev/null 2>&1
}

generation() {
	nft -j list ruleset | jq -c 'del(.. | .counter?, .expires?)' | md5sum
}

# --- a good configuration --------------------------------------------------------------------------

knockd_conf "$doors"
ends 'knockd --guard' 0 "$KNOCKD" --guard -c "$conf"
equal '... is silent' "$(cat "$T/out" "$T/err")" ''
refute '... shuts the ports of open' port_open $server 22
refute '... over IPv6' port_open $server6 22
refute '... UDP' udp_open $server
refute '... those of a Target' port_open $server 23
check '... no other address of it' port_open $server6 23
check '... and no other ports' port_open $server 24
refute 'it reports no knocks' has_chain prerouting
ends 'a second time' 0 "$KNOCKD" --guard -c "$conf"
refute '... the port is still shut' port_open $server 22

# No packet may get through while the daemon takes over, reloads and ends.
nft -f - <<-E
	table inet watch {
		counter passed { }
		chain input { type filter hook input priority 0; iifname "client" tcp dport 22 counter name passed; }
	}
E
passed() {
	nft -j list counter inet watch passed | jq '.nftables[].counter.packets | select(. != null)'
}
in_background client sh -c "while :; do '$knock_with' -d 1 $server 22 22 22 22 22 22 22 22 22 22; done" </dev/null
hammer=$!
guarded_packets() {
	nft -j list chain inet knockd guard_shut | jq '[.. | .counter?.packets? | select(. != null)] | add'
}
wait_for eval '[ "$(guarded_packets)" -gt 10 ]' || bail 'no packets'
knockd_again
refute 'the daemon takes the guard over: shut' port_open $server 22
knockd_reload
knockd_stop
equal 'meanwhile no packet has passed' "$(passed)" 0
kill $hammer
nft delete table inet watch

knockd_again
if [ -r /proc/net/netfilter/nfnetlink_log ]; then # else nobody can tell that a daemon runs
	before=$(generation)
	ends 'while a daemon runs' 0 "$KNOCKD" --guard -c "$conf"
	equal '... nothing changes' "$(generation)" "$before"
	ends '... --unguard leaves it to knockctl' 1 "$KNOCKD" --unguard
	check '... and says so' grep -q 'knockctl unguard' "$T/err"
	equal '... nothing changes' "$(generation)" "$before"
else
	skip 'while a daemon runs' 'no /proc/net/netfilter here'
fi
knock $server 7123 8123:udp
check 'its door opens' port_open $server 22
knockd_stop

# --- what is kept ----------------------------------------------------------------------------------

check 'the guard is kept' grep -q 'open *= *22:tcp,443:udp' "$kept"
refute '... without a sequence' grep -qE '7123|8123|7124' "$kept"
equal '... root'\''s' "$(stat -c %U:%a "$kept")" root:640

# --- a bad configuration ---------------------------------------------------------------------------

reboot
check 'after a reboot: open' port_open $server 22
cp "$conf" "$T/good"
echo nonsense >>"$conf"
ends 'a bad file: --guard' 0 "$KNOCKD" --guard -c "$conf"
check '... gives the reason' grep -q 'config: line .*nonsense' "$T/err"
check '... and says what it does instead' grep -q 'the last good configuration' "$T/err"
for port in 22:tcp 443:udp 23:tcp; do
	check "... $port by name" grep -q "shut: .*$port" "$T/err"
done
refute '... 22 is shut' port_open $server 22
refute '... over IPv6' port_open $server6 22
refute '... UDP' udp_open $server
refute '... Target' port_open $server 23
check '... as before no other' port_open $server6 23
check 'a table as if of a good one' [ "$(nft list table inet knockd | grep -c 'chain guard ')" = 1 ]
refute '... that reports no knocks' has_chain prerouting

reboot
ends 'a bad option, of the service, too' 0 "$KNOCKD" --guard --nonsense -c "$conf" -p
check '... is told' grep -q nonsense "$T/err"
refute '... and the port is shut' port_open $server 22

reboot
rm "$conf"
ends 'no file: --guard' 1 "$KNOCKD" --guard -c "$conf"
check '... cannot know the state directory' grep -q 'ports are open' "$T/err"
mount -t tmpfs tmpfs /var/lib && cp -a "$T/state" /var/lib/knockd || bail 'cannot make the default state directory'
ends '... it is the default one' 0 "$KNOCKD" --guard -c "$conf"
refute '... the port is shut' port_open $server 22
reboot
ends '... by another name, too' 0 "$KNOCKD" --guard -c "$T//knockd.conf"
reboot
: >"$conf"
ends 'a file without a byte' 0 "$KNOCKD" --guard -c "$conf"
check '... is told' grep -q 'config: line 1: the file is empty' "$T/err"
refute '... the port is shut' port_open $server 22
reboot
sed 's/State_Dir = .*/State_Dir = \/new/; s/open *=/opens =/' "$T/good" >"$conf"
ends 'a new state directory and an error' 0 "$KNOCKD" --guard -c "$conf"
refute '... the port is shut' port_open $server 22
umount /var/lib
reboot
cp "$T/good" "$conf"
echo nonsense >>"$conf"
NOTIFY_SOCKET=/run/manager "$KNOCKD" -c "$conf" >"$T/out" 2>"$T/err"
refute 'a daemon that systemd starts leaves that to the other unit' nft list table inet knockd 2>/dev/null
"$KNOCKD" -c "$conf" >"$T/out" 2>"$T/err"
equal 'a daemon that cannot start: status' $? 1
check '... says so as well' grep -q 'the last good configuration' "$T/err"
refute '... and the port is shut' port_open $server 22
before=$(generation)
"$KNOCKD" -c "$conf" >"$T/out" 2>"$T/err"
equal '... again: nothing changes' "$(generation)" "$before"
cp "$T/good" "$conf"
knockd_again
check 'mended: the daemon starts' alive "$knockd"
knock $server 7123 8123:udp
check '... and its door opens' port_open $server 22

sed 's/22:tcp/24:tcp/' "$T/good" >"$conf"
knockd_reload
cp "$conf" "$T/good"
check 'a reload: kept anew' grep -q 'open *= *24:tcp' "$kept"
refute '... all of it' grep -q 22:tcp "$kept"
equal '... root'\''s' "$(stat -c %U:%a "$kept")" root:640
echo nonsense >>"$conf"
knockd_reload
check 'a bad reload: what is kept stays' grep -q 'open *= *24:tcp' "$kept"
knockd_stop
reboot
"$KNOCKD" --guard -c "$conf" 2>/dev/null
refute 'with that: 24 is shut' port_open $server 24
check '... 22 is not' port_open $server 22

# --- what must not be shut -------------------------------------------------------------------------

reboot
cp "$conf" "$T/other.conf"
ends 'another bad file' 1 "$KNOCKD" --guard -c "$T/other.conf"
check '... is told' grep -q 'ports are open' "$T/err"
refute '... and gets no guard of a stranger' nft list table inet knockd 2>/dev/null
(cd "$T" && exec "$KNOCKD" --guard -c knockd.conf) 2>/dev/null
check 'the same file by a relative name does' has_chain guard

# named NAME: with this name of the file, its guard is found
named() {
	reboot
	"$KNOCKD" --guard -c "$1" 2>"$T/err"
	check "... by the name ${1#"$T"}" has_chain guard
}
mkdir -p "$T/dir" "$T/elsewhere"
ln -s "$T" "$T/dir/link"
ln -s "$conf" "$T/elsewhere/x.conf"
named "$T//./knockd.conf"
named "$T/dir/../knockd.conf"
named "$T/dir/link/knockd.conf"
named "$T/elsewhere/x.conf"
cd "$T" || bail 'no directory'
named ./knockd.conf
cp "$T/good" "$conf"
knockd=
"$KNOCKD" -d -c ./dir//link/knockd.conf -p "$T/pid"
wait_for [ -s "$T/pid" ] || bail 'no daemon by a linked name'
kill "$(cat "$T/pid")"
wait_for not [ -s "$T/pid" ] || bail 'the daemon does not end'
cd / || bail 'no directory'
echo nonsense >>"$conf"
named "$conf"
named "$T/dir/link/knockd.conf"
rm "$conf"
ln -s "$T/dir/new.conf" "$conf"
cp "$T/good" "$T/dir/new.conf"
echo nonsense >>"$T/dir/new.conf"
named "$conf"
rm "$conf" "$T/dir/new.conf"
cp "$T/good" "$conf"
echo nonsense >>"$conf"

reboot
nft add table inet knockd
nft add chain inet knockd mine '{ type filter hook prerouting priority 0; }'
nft add rule inet knockd mine counter
ends 'a table made by hand' 1 "$KNOCKD" --guard -c "$conf"
check '... stays' has_chain mine
check '... and that is told' grep -q 'not made by knockd' "$T/err"
ends '--unguard' 1 "$KNOCKD" --unguard
check '... does not touch it either' has_chain mine
reboot

chmod o+w "$kept"
ends 'a kept guard that others can write to' 1 "$KNOCKD" --guard -c "$conf"
check '... is refused' grep -q "$kept: any user can write to it" "$T/err"
refute '...' nft list table inet knockd 2>/dev/null
chmod o-w "$kept"
cp "$kept" "$T/kept"
echo 'start_command = touch /run/never' >>"$kept"
ends 'one with more in it' 1 "$KNOCKD" --guard -c "$conf"
check '... is refused' grep -q "$kept: line" "$T/err"
cp "$T/kept" "$kept"

knockd_conf '
[options]
	Rules = none
[a]
	sequence = 1'
ends 'Rules = none' 0 "$KNOCKD" --guard -c "$conf"
refute '... no table' nft list table inet knockd 2>/dev/null
knockd_again
knockd_stop
echo nonsense >>"$conf"
ends 'the last good configuration guarded nothing' 0 "$KNOCKD" --guard -c "$conf"
refute '... nor does the bad one' nft list table inet knockd 2>/dev/null

# --- a good configuration that cannot be started ---------------------------------------------------

knockd_conf "$doors"
"$NFLOG" 7777 >"$T/holder" &
holder=$!
started $holder
wait_for grep -qs listening "$T/holder" || bail 'cannot hold the group'
"$KNOCKD" -c "$conf" >"$T/out" 2>"$T/err"
equal 'the group is taken: the daemon does not start' $? 1
refute '... the port is shut all the same' port_open $server 22
check '... which is told' grep -q 'keeps these ports shut: 22:tcp,443:udp; 23:tcp at 10.0.0.1' "$T/err"
kill $holder
wait $holder 2>/dev/null
if have_uids; then
	ends 'a failure behind the rules: the engine does not start' 1 \
		setpriv --bounding-set=-setuid "$KNOCKD" -c "$conf"
	refute '... the port is shut' port_open $server 22
	check '... which is told, too' grep -q 'keeps these ports shut: 22:tcp,443:udp; 23:tcp at 10.0.0.1' "$T/err"
else
	skip 'a failure behind the rules' "$no_uids"
fi

# --- the end of it ---------------------------------------------------------------------------------

ends '--unguard' 0 "$KNOCKD" --unguard
check '... opens the ports' port_open $server 22
refute '... and leaves no table' nft list table inet knockd 2>/dev/null
ends '... again' 0 "$KNOCKD" --unguard
equal '... has nothing to say' "$(cat "$T/out" "$T/err")" ''

if have_uids; then
	cp "$KNOCKD" "$T/knockd"
	ends 'without privilege' 1 setpriv --reuid=65534 --regid=65534 --clear-groups "$T/knockd" --unguard
	check '... is told' grep -qi 'permi' "$T/err"
else
	skip 'without privilege' "$no_uids"
	skip '... is told' "$no_uids"
fi
done_testing
