#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Signed knocks, beside fwknopd: the time from the packet to the element, alone and in floods of garbage, of a knock that
# was used, and of an insider, who has the site key; and the processor time that a packet of the flood costs. One user
# knocks three times a second, which is below the limit for a key. As in open.sh there are also a thousand knocks of many
# users one after another. A key may knock 16 times at once and a network of 256 addresses 40 times, and a few of them
# share a place in the engine's tables, and so their limit: so each user knocks 4 times, each network 16 times.

. "$(dirname "$0")/lib.sh"
: "${SIGNED:=$build/tests/tools/signed}"
if ! built_with HAVE_SODIUM; then
	note 'knockd-nft' 'skipped: built without libsodium'
	exit 0
fi
hosts
knocks=20
pace=-i330000

# flood_by KIND RATE: starts it, for longer than the knocks take; RATE 0 is the full rate. flood_end writes its packets
# and nanoseconds to $T/flood
flood_by() {
	flood_rate=
	[ "$2" = 0 ] || flood_rate="-r $2"
	# shellcheck disable=SC2086 # options
	case $1 in
	none) flooder= ; return ;;
	insider) $sender nsenter --net=/run/netns/client "$SIGNED" insider "$line" 8000 >"$T/flood" & ;;
	*) send flood -p udp:62201 -t 8000 $flood_rate -l "$T/$1" >"$T/flood" & ;;
	esac
	flooder=$!
	started $flooder
	sleep 1
}

# measure VARIANT CASE KIND RATE PAYLOADS
measure() {
	progress "$1, $2"
	flood_by "$3" "$4"
	send knocker -p udp:62201 -c $knocks $pace -w 1000 -l "$5" >"$T/knocks"
	[ -z "$flooder" ] || wait $flooder
	record "$1" "$2" us <"$T/knocks"
	awk -v n=$knocks '$1 != "lost" { open++ } END { printf "%.0f\n", 100 * open / n }' "$T/knocks" |
		record "$1" "$2" '% open'
	[ -z "$flooder" ] || awk '{ printf "%.0f\n", $1 / $2 * 1e9 }' "$T/flood" | record "$1" "$2" 'flood packets/s'
}

# cost VARIANT PID: of a garbage packet, without what the kernel does in the sender's system call
cost() {
	progress "$1, cost of garbage"
	wait_idle "$2"
	cost_before=$(cpu_ns "$2")
	send flood -p udp:62201 -c 100000 -r 20000 -l "$T/garbage" >/dev/null
	sleep 1
	calc '%.3f' "($(cpu_ns "$2") - $cost_before) / 100000 / 1000" | record "$1" 'garbage, 20000/s' 'us of processor each'
}

ours_signed() {
	nft flush ruleset
	closed
	rm -f "$T/knock.key" "$T/user" "$T/user.pub"
	"$KNOCKD" --keygen "$T/knock.key" >/dev/null
	ssh-keygen -q -t ed25519 -N '' -C user -f "$T/user" </dev/null
	cp "$T/user.pub" "$T/authorized_keys"
	line=$("$SIGNED" invite "$(sed -n 's/^knock1-key //p' "$T/knock.key")" 10.0.0.1 62201 door)
	ours_start nflog '
[door]
	sequence = 62201:auth
	grant = inet filter ok { %IP% timeout 10m }
' "	Knock_Key = $T/knock.key
	Authorized_Keys = $T/authorized_keys"
	sleep 0.1 # a knock must be younger than the daemon's start
}

# users: 250 of them, and 4 knocks of each in turn in $work/many
users() {
	set --
	for user in $(seq 250); do
		[ -e "$work/user$user" ] || ssh-keygen -q -t ed25519 -N '' -C "user$user" -f "$work/user$user"
		cat "$work/user$user.pub" >>"$T/authorized_keys"
		"$SIGNED" packs "$line" "$work/user$user" 4 >"$work/knocks$user"
		set -- "$@" "$work/knocks$user"
	done
	paste -d '\n' "$@" >"$work/many"
}

# one_after_another CASE OPTION...
one_after_another() {
	progress "$1"
	case=$1
	shift
	ours_signed
	users
	sleep 1 # until the keys have been read
	send knocker -p udp:62201 -s 16 "$@" -l "$work/many" | record knockd-nft "$case" us
	stop "$knockd"
}

# payloads: fresh knocks, for now. One more is sent at once: $T/used
payloads() {
	"$SIGNED" packs "$line" "$T/user" $((knocks + 1)) >"$work/all"
	sed 1d "$work/all" >"$work/knocks"
	used=$(sed -n '1s/^hex://p' "$work/all")
	python3 -c "import sys; sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))" "$used" >"$T/used"
	nsenter --net=/run/netns/client "$SIGNED" send 10.0.0.1 62201 "$used"
	sleep 1
}

one_after_another 'packet to element'
one_after_another 'packet to element, after 10 ms' -i10000
if [ -n "$receiver" ]; then
	keep_awake
	one_after_another 'packet to element, after 10 ms, awake' -i10000
	let_sleep
fi

head -c 184 /dev/urandom >"$T/garbage"
for case in 'quiet:none:0' 'garbage, 20000/s:garbage:20000' 'garbage at full rate:garbage:0' \
	'repetitions, 20000/s:used:20000' 'repetitions at full rate:used:0' 'an insider at full rate:insider:0'; do
	ours_signed
	payloads
	kind=${case#*:}
	measure knockd-nft "${case%%:*}" "${kind%:*}" "${kind#*:}" "$work/knocks"
	[ "$case" != 'quiet:none:0' ] || cost knockd-nft "$engine"
	stop "$knockd"
done

if fwknop_here; then
	fwknop_start 1
	tail -n 1 "$work/spa" | tr 'A-Za-z' 'N-ZA-Mn-za-m' | tr -d '\n' >"$T/garbage"
	stop "$fwknopd"
	for case in 'quiet:none:0' 'garbage, 20000/s:garbage:20000' 'garbage at full rate:garbage:0'; do
		nft flush ruleset
		closed
		fwknop_start $knocks
		kind=${case#*:}
		measure fwknopd "${case%%:*}" "${kind%:*}" "${kind#*:}" "$work/spa"
		[ "$case" != 'quiet:none:0' ] || cost fwknopd "$fwknopd"
		kill -KILL "$fwknopd"
		stop "$fwknopd"
	done
	note fwknopd 'its knock has a shared key and no signature; it polls, and the figure includes its pause'
fi
