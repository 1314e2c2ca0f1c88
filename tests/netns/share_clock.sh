#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# All clocks have jumped by an hour while a gateway was cut off: an access that another one has ended meanwhile ends there,
# too, although the time of that news is over by the clocks. And one that goes on goes on everywhere.

. "$(dirname "$0")/share_lib.sh"
share_setup meddle
meddle none
cat >"$T/meddled" <<-E
	#!/bin/sh
	LD_PRELOAD=$MEDDLE_SO MEDDLE=$T/meddle exec $KNOCKD "\$@"
E
chmod +x "$T/meddled"
KNOCKD=$T/meddled
gateway a
gateway b
check 'two gateways are connected' linked a b
knock_at a 7000 8000
check 'a knock opens both' eval 'open_at a && open_at b'
ip -n a route add blackhole 10.0.0.254/32
check 'a is cut off' -t 20 told a 'the link is down'
ask b revoke --all >/dev/null
check 'b ends the access' not open_at b
gateway_stop b
meddle clock 3600000
gateway_again b
refute 'a has not heard of it' told a 'ended by gateway'
ip -n a route del blackhole 10.0.0.254/32
check 'a is back' -t 20 linked a b
check '... and ends it' not open_at a
refute '... as b has' open_at b

# stored: changes with the records
stored() {
	# shellcheck disable=SC2046
	redis --raw mget $(redis --scan --pattern '*:g:*' | sort) | cksum
}

# The clock of b follows that of a, which is ahead by some seconds: the record is later than what b's journal says.
meddle clock 3605000
knock_at a 7001 8001
check 'the clock of a is ahead' ok_at b
meddle clock 3600000
knock_at b 7000 8000
check 'a knock at b opens both' eval 'open_at a && open_at b'
gateway_stop a
gateway_stop b
meddle clock 7200000
gateway c
check 'an hour later by the clocks another gateway starts' linked c
refute '... for which the record is over' open_at c
gateway_again b
check 'b starts again' linked b c
check '... and tells of the access that goes on there' open_at c

# A gateway that was cut off knows an earlier access, which a later one has renewed; whose time is over by the clocks.
ask b revoke --all >/dev/null
check 'it is ended' not open_at c
knock_at b 7000 8000
check 'b and c are open' eval 'open_at b && open_at c'
ip -n c route add blackhole 10.0.0.254/32
check 'c is cut off' -t 20 told c 'the link is down'
before=$(stored)
knock_at b 7000 8000
check 'b renews the access' eval '[ "$(stored)" != "$before" ]'
gateway_stop b
in_host b nft flush ruleset
in_host b nft 'add table inet filter; add set inet filter ok { type ipv4_addr; flags timeout; }'
rm -r "$T/b/state"
meddle clock 10800000
ip -n c route del blackhole 10.0.0.254/32
check 'c is back, when the clocks have jumped' -t 20 linked c
gateway_again b
check 'b has lost all that it knew' linked b c
check '... and c, which is still open, tells it' open_at b
check '... which goes on' open_at c
done_testing
