#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two gateways that share accesses, with a real redis-server on a third host: from the last hit of a knock at gateway a
# to the element there, without and with Share, and to the element at gateway b; the same for doors with share = claim.
# In turn, since the speed of a machine changes by more than these differ.

. "$(dirname "$0")/share_lib.sh"
knocks=100 rounds=5
group a:1 b:3

# start NAME MODE: MODE is alone, or that of `share`
start() {
	start_options=$in_group start_share="	share = $2"
	[ "$2" != alone ] || start_options='' start_share=''
	gateway_conf "$1" "[door]
	sequence = 7000,8000,9000
	grant = inet filter ok { %IP% timeout 10m }
$start_share" "$start_options"
	gateway_start "$1"
	[ "$2" = alone ] || settled "$1"
}

# measure CASE WHERE: the element is waited for at this gateway
measure() {
	in_host "$2" nft flush set inet filter ok
	in_host "$2" $sender "$bench/knocker" -c $knocks -i 3000 -w 1000 >"$T/values"
	record knockd-nft "$1" us <"$T/values"
}

# relay SUFFIX: a message of the same length from gateway a to gateway b by redis-server alone
relay() {
	$receiver "$bench/relay" a b 10.0.0.254 $knocks 3000 | record floor "at the other$1" us
}

# measure_all MODE [SUFFIX]
measure_all() {
	case $1 in
	alone)
		measure "at itself, alone${2-}" a
		relay "${2-}"
		;;
	*)
		measure "at itself, share = $1${2-}" a
		ask a revoke --all >/dev/null
		measure "at the other, share = $1${2-}" b
		;;
	esac
}

for round in $(seq $rounds); do
	progress "round $round of $rounds"
	for mode in alone grants claim; do
		start a $mode
		start b $mode
		measure_all $mode
		if [ -n "$receiver" ]; then
			keep_awake "$sender" "$receiver"
			[ $mode = alone ] || ask a revoke --all >/dev/null
			measure_all $mode ', awake'
			let_sleep
		fi
		stop "$pid_a"
		stop "$pid_b"
		redis-cli -h 10.0.0.254 flushall >/dev/null
	done
done
