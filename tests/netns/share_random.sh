#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Random operations on three gateways that share accesses, with random partitions, kills, steps of the clock and
# restarts; then all is healed, and all gateways must have the same accesses, none longer than its door allows, and no
# signed knock may have opened a door with share = claim twice.
#
# $SHARE_SEED chooses the operations, $SHARE_OPS (60) is their number, $SHARE_RUNS (1) how many runs there are, with further
# seeds. $SHARE_KEEP is a directory that gets the logs of a run that has failed.

. "$(dirname "$0")/share_lib.sh"
share_setup meddle python3 ssh-keygen
signed_keys
enrol alice
ip -n client route add local 10.9.0.0/16 dev lo || bail 'no addresses'
for name in a b c; do
	ip -n $name route add 10.9.0.0/16 via 10.0.0.9 || bail 'no route'
done
export T KNOCKD SIGNED MEDDLE_SO
line=$(invitation ssh 62201)
: "${SHARE_SEED:=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}" "${SHARE_OPS:=60}" "${SHARE_RUNS:=1}"
kill $redis
wait $redis

run=0
while [ $run -lt "$SHARE_RUNS" ]; do
	seed=$((SHARE_SEED + run))
	run=$((run + 1))
	for name in a b c; do
		mkdir -p "$T/$name" && chmod 755 "$T/$name"
		printf '[options]\n\tUser = %s\n\tState_Dir = %s\n\tControl_Socket = %s\n\tShare = redis://10.0.0.254\n' \
			"$engine_user" "$T/$name/state" "$T/$name/control.sock" >"$T/$name/knockd.conf"
		cat >>"$T/$name/knockd.conf" <<-E
				Share_Key = $T/share.key
				Knock_Key = $T/knock.key
				Authorized_Keys = $T/authorized_keys
			[ssh]
				sequence = 62201:auth
				open = 22:tcp
				open_timeout = 10m
				share = claim
			[door]
				sequence = 7000:udp,8000:udp
				grant = inet filter ok { %IP% timeout 10m }
			[plain]
				sequence = 7001:udp,8001:udp
				open = 23:tcp
				open_timeout = 10m
				share = claim
			[idle]
				sequence = 7002:udp,8002:udp
				open = 24:tcp
				idle_timeout = 4h
		E
		chmod 640 "$T/$name/knockd.conf"
		in_host $name nft 'flush ruleset; add table inet filter; add set inet filter ok { type ipv4_addr; flags timeout; }'
	done
	if python3 "$(dirname "$0")/share_operations.py" "$seed" "$SHARE_OPS" "$line" >"$T/out" 2>&1; then
		ok "seed $seed, $SHARE_OPS operations: $(tail -n 1 "$T/out")"
	else
		fail "seed $seed, $SHARE_OPS operations"
		diag "$(tail -n 100 "$T/out")"
		for name in a b c; do
			[ -z "${SHARE_KEEP-}" ] || cp "$T/$name/log" "$SHARE_KEEP/$name"
		done
	fi
	rm -rf "$T/a" "$T/b" "$T/c"
done
done_testing
