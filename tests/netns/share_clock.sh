#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# All clocks have jumped by an hour while a gateway was cut off: an access that another one has ended meanwhile ends there,
# too, although the time of that news is over by the clocks.

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
done_testing
