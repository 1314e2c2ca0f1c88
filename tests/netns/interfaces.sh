#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The interfaces on which knocks count: lists, wildcards, any; and addresses that come and go.

. "$(dirname "$0")/../lib.sh"
need knock
topo_pair
topo_client other 1
doors="
[a]
	sequence = 7000
	command  = true
[options]"

# heard_from ADDRESS
heard_from() {
	log_has "$1: a: OPEN SESAME"
}

# heard_again ADDRESS KNOCKER: a new knock is heard
heard_again() {
	again_before=$(log_count "$2: a: OPEN SESAME")
	knock_from other "$1" 7000
	wait_for heard_more "$2"
}
heard_more() {
	[ "$(log_count "$1: a: OPEN SESAME")" -gt "$again_before" ]
}

knockd_start "$doors
	Interface = cli*, nothere0
$fence_door"
check 'a missing interface is a warning' log_has 'warning: there is no interface nothere0 now'
refute '... a wildcard without an interface is not' log_has 'no interface cli'
knock $server 7000
check 'a wildcard' heard_from 10.0.0.2
knock_from other 10.0.1.1 7000
knock $server 7000
heard_twice() {
	[ "$(log_count "$1: a: OPEN SESAME")" = 2 ]
}
wait_for heard_twice 10.0.0.2
refute '... and no other interface' heard_from 10.0.1.2

ip link add nothere0 type veth peer name eth1 netns other
ip addr add 10.0.9.1/24 dev nothere0
ip link set nothere0 up
ip -n other addr add 10.0.9.2/24 dev eth1
ip -n other link set eth1 up
heard_there() { # its first packets may be lost until the kernel has noticed the carrier
	knock_from other 10.0.9.1 7000
	heard_from 10.0.9.2
}
check 'an interface that comes later, and its address' heard_there
knockd_stop

knockd_again -i any
check '-i any' log_has 'starting up, listening on any'
knock_from other 10.0.1.1 7000
check '... takes all interfaces' heard_from 10.0.1.2
ip addr add 10.0.1.77/24 dev other
knock_from other 10.0.1.77 7000
check 'an address that was added later' heard_twice 10.0.1.2
knockd_stop

# --- names ---------------------------------------------------------------------------------------

if ip link property add dev other altname wan 2>/dev/null; then
	knockd_start "$doors
	Interface = wan
$fence_door"
	check 'an alternative name: the log tells the other' log_has 'wan is another name of the interface other: listening on that'
	check '... and it is listened to' heard_again 10.0.1.1 10.0.1.2
	knockd_reload
	check '... after a reload, too' heard_again 10.0.1.1 10.0.1.2
	check '--print-rules shows it as installed' \
		sh -c '"$1" --print-rules -c "$2" | grep -q "iifname \"other\" goto knocks"' sh "$KNOCKD" "$T/knockd.conf"
	knockd_stop
	knockd_start "$doors
	Interface = wa*
$fence_door"
	check 'a wildcard for alternative names: a warning with the name to write' \
		log_has 'warning: wa* stands for no alternative name such as wan: write Interface = other'
	knockd_stop
	ip link property del dev other altname wan
else
	skip 'an alternative name' 'this kernel has none'
fi
ip link set other down
ip link set other name lan0 || bail 'cannot rename'
ip link set lan0 up
ip addr add 10.0.1.1/24 dev lan0 2>/dev/null
knockd_start "$doors
	Interface = other, lo
$fence_door"
check 'the old name of an interface: a warning with those that there are' \
	log_says 'warning: there is no interface other now, only lo,.* lan0'
knockd_stop

# --- the command line ----------------------------------------------------------------------------

knockd_conf "$doors
	Interface = bad/name
$fence_door"
refute 'a bad Interface' "$KNOCKD" -t -c "$T/knockd.conf"
ends '... is only a warning with -i' 0 "$KNOCKD" -t -c "$T/knockd.conf" -i lan0
check '... that says so' grep -q 'warning: "bad/name" is not an interface name; -i overrides this line' "$T/err"
knockd_again -i lan0
check '... -i counts' heard_again 10.0.1.1 10.0.1.2
knockd_reload
check '... at a reload, too' heard_again 10.0.1.1 10.0.1.2
knockd_stop
ends '-i twice' 0 "$KNOCKD" -t -c "$T/knockd.conf" -i client -i lan0
check '... is not taken by half in silence' grep -q 'the last -i counts, "client" is ignored: .* write -i client,lan0' "$T/err"
ends '-i with two words' 0 "$KNOCKD" -t -c "$T/knockd.conf" -i client lan0
check '... neither' grep -q '"lan0" is no option and is ignored: commas separate interfaces' "$T/err"
done_testing
