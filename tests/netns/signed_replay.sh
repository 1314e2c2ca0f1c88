#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# No signed knock counts twice: not at once, not later, not from another address, not after a restart, a crash, a power
# cut, or with a lost or an old state directory, and whatever the clocks do.

. "$(dirname "$0")/signed_lib.sh"
need meddle
signed_setup
topo_client other 1
signed_conf '
[ssh]
	sequence     = 62201:auth
	open         = 22:tcp
	open_timeout = 20s
'
enrol alice
enrol bob
enrol carol
meddle none
export MEDDLE="$T/meddle"
daemon_preload=$MEDDLE_SO
knockd_again
profile home alice ssh 62201

# unheard HEX [HOST]: the knock opens nothing, and a fresh one behind it does
unheard() {
	shut
	deliver "$2" 62201 "${3-client}"
	fence
	refute "$1" eval 'opens || opens 10.0.1.2'
}

first=$(pack alice ssh 62201)
accepted 'a knock opens' deliver "$first" 62201
unheard 'the same bytes open nothing' "$first"
unheard 'nor do they from another address' "$first" other
check '... and the log says that somebody repeats the knock' \
	log_has 'the same knock has come from 10.0.0.2 before: somebody repeats it'
accepted 'the next knock opens' deliver "$(pack alice ssh 62201)" 62201
unheard 'a knock before the last one opens nothing' "$first"

late=$(pack alice ssh 62201)
accepted 'a later knock' deliver "$(pack alice ssh 62201)" 62201
unheard 'a knock that was held back opens nothing after a newer one' "$late"
check '... and the log says how far behind it is' log_says 'alice refused: its counter is .* behind'
held=$(pack bob ssh 62201)
accepted "another user's counter is another" deliver "$held" 62201

last=$(pack alice ssh 62201)
accepted 'before a restart' deliver "$last" 62201
knockd_stop
knockd_again
unheard 'after a restart the last knock opens nothing' "$last"
sleep 2.2 # REPLAY_LOST_MSEC: a journal of before a power cut may lack so much
accepted 'a new one does' deliver "$(pack alice ssh 62201)" 62201

last=$(pack alice ssh 62201)
accepted 'before kill -9' deliver "$last" 62201
kill -9 "$knockd"
wait "$knockd" 2>/dev/null
knockd_again
unheard 'after kill -9 the last knock opens nothing' "$last"
sleep 2.2
accepted 'a new one does' deliver "$(pack alice ssh 62201)" 62201

# a power cut: the state directory is what the disk had before the last knock
cp -a "$T/state" "$T/older"
last=$(pack alice ssh 62201)
accepted 'before a power cut' deliver "$last" 62201
kill -9 "$knockd"
wait "$knockd" 2>/dev/null
rm -rf "$T/state"
cp -a "$T/older" "$T/state"
nft delete table inet knockd # the elements, which the daemon knows no more
knockd_again
unheard 'after a power cut the last knock opens nothing' "$last"
sleep 2.2
accepted 'a new one does' deliver "$(pack alice ssh 62201)" 62201

knockd_stop
rm -rf "$T/state"
nft delete table inet knockd
knockd_again
unheard 'with a lost state directory the last knock opens nothing' "$last"
early=$(pack alice ssh 62201 ahead=200000)
refused 'a first knock needs clocks that agree' 'must agree within 120 s' deliver "$early" 62201
knockd_stop
knockd_again
meddle clock 200000
unheard '... and is not good later, when they do, after a restart' "$early"
meddle clock 0
accepted 'a new one opens' deliver "$(pack bob ssh 62201)" 62201

# clocks
refused 'a clock far ahead is refused, and teaches nothing' 'more than Max_Ahead' \
	deliver "$(pack bob ssh 62201 ahead=90000000)" 62201
accepted '... so the right clock still counts' deliver "$(pack bob ssh 62201)" 62201
ahead=$(pack bob ssh 62201 ahead=3600000)
accepted 'an hour ahead is accepted' deliver "$ahead" 62201
refused 'the right time is behind that' 'forgives it once' deliver "$(pack bob ssh 62201)" 62201
check 'an admin forgives it' eval '[ "$(knockctl users --reset bob)" = "1 reset" ]'
ends '... a user whom nobody knows is an error' 1 knockctl users --reset nobody
check '... which says so' grep -q 'there is no user "nobody"' "$T/err"
unheard 'a copy of the knock from the hour ahead does not count' "$ahead"
knockd_stop
knockd_again
sleep 2.2 # REPLAY_LOST_MSEC
accepted 'then the right time counts, also after a restart' deliver "$(pack bob ssh 62201)" 62201
refused '... and the copy does not' 'at the first knock of a key, or after its reset' deliver "$ahead" 62201
knockd_stop
knockd_again
refused '... nor after another restart' 'at the first knock of a key, or after its reset' deliver "$ahead" 62201
sleep 2.2
accepted '... and the right time counts on' deliver "$(pack bob ssh 62201)" 62201
accepted 'another user' deliver "$(pack carol ssh 62201)" 62201
meddle clock -7200000
accepted "the server's clock goes back two hours: a new knock counts" deliver "$(pack carol ssh 62201)" 62201
meddle clock 7200000
accepted '... and ahead: likewise' deliver "$(pack carol ssh 62201)" 62201
meddle clock 0
accepted '... and is right again: likewise' deliver "$(pack carol ssh 62201)" 62201

knock_as alice home
knockctl users --reset alice >/dev/null
accepted 'the client keeps its counter in a file' knock_as alice home

# a knock while the clock was wrong, as without a battery; --wait knocks more than once
shut
printf '%020d\n' $((($(date +%s) + 100000) * 1000000)) >"$T/home.alice/.local/state/knock/counter"
ends 'more than a day ahead' 2 knock_as alice home --wait 22 --timeout 0.6
equal '... the client warns once' "$(grep -c 'counter: it is 1d.* ahead of the clock' "$T/err")" 1
refused '... as the server refuses it' 'more than Max_Ahead' knock_as alice home
rm "$T/home.alice/.local/state/knock/counter"
accepted '... until the file is removed' knock_as alice home

kept=$(sed 's/^0*//' "$T/home.alice/.local/state/knock/counter")
check '... private' eval '[ "$(stat -c %a "$T/home.alice/.local/state/knock/counter")" = 600 ]'
printf '%020d\n' $((kept + 30000000)) >"$T/home.alice/.local/state/knock/counter"
accepted 'a clock that goes back does not lower it' knock_as alice home
equal '... it goes on by one' "$(cat "$T/home.alice/.local/state/knock/counter")" \
	"$(printf '%020d' $((kept + 30000001)))"

# Max_Age
sed -i 's/^\[options\]/&\n\tMax_Age = 6s/' "$T/knockd.conf"
knockd_reload
knockctl users --reset bob >/dev/null
accepted 'a fresh knock' deliver "$(pack bob ssh 62201)" 62201
held=$(pack bob ssh 62201)
sleep 6.3
refused 'a knock that was delayed for more than Max_Age' 'more than Max_Age' deliver "$held" 62201
accepted 'a fresh one again' deliver "$(pack bob ssh 62201)" 62201

# Replay_Sync
sed -i 's/^\[options\]/&\n\tReplay_Sync = always/' "$T/knockd.conf"
knockd_reload
accepted 'Replay_Sync = always' deliver "$(pack bob ssh 62201)" 62201
check 'the counter is in the journal' grep -q ' counter .* bob ' "$T/state/grants/journal"

# two devices with one key: each has its own clock, and knows nothing of the other's knocks
accepted 'a device' deliver "$(pack bob ssh 62201)" 62201
accepted 'another one with the same key and clock' deliver "$(pack bob ssh 62201)" 62201
sleep 0.6
accepted '... whose clock is less behind than the pause between the knocks' \
	deliver "$(pack bob ssh 62201 ahead=-500)" 62201
accepted 'the first one, whose clock is right' deliver "$(pack bob ssh 62201)" 62201
refused '... and then one that is further behind' 'bob refused: its counter is' deliver "$(pack bob ssh 62201 ahead=-5000)" 62201
enrol bob2
wait_for log_says 'authorized_keys has changed and is read again'
accepted 'with a key of its own it may be' deliver "$(pack bob2 ssh 62201 ahead=-50)" 62201

# a read-only disk: nothing is written, and the rule of the start holds at each start
knockd_stop
nft delete table inet knockd # the elements, which the next daemon knows nothing of
mount -t tmpfs -o mode=755 tmpfs "$T/state" || bail 'no tmpfs'
mkdir -p "$T/state/grants"
mount -o remount,ro tmpfs "$T/state" || bail 'cannot make the disk read-only'
knockd_again
sleep 0.1
refused 'Replay_Sync = always on a read-only disk' 'its counter could not be written to the disk' \
	deliver "$(pack bob ssh 62201)" 62201
sed -i 's/Replay_Sync = always/Replay_Sync = second/' "$T/knockd.conf"
knockd_reload
last=$(pack bob ssh 62201)
accepted 'without it a knock counts' deliver "$last" 62201
kill -9 "$knockd"
wait "$knockd" 2>/dev/null
nft delete table inet knockd
knockd_again
unheard '... and not once more after a start that knows nothing of it' "$last"
accepted '... when a new one does' deliver "$(pack bob ssh 62201)" 62201
done_testing
