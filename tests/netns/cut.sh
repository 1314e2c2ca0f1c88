#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `cut` with `open`: what an access has begun ends with it, in whatever way it ends, also without a daemon. Connections
# that are older than the cut go on for one Open_Timeout; those of an element without a time, for ever.

. "$(dirname "$0")/client_lib.sh"
. "$(dirname "$0")/guard_lib.sh"
need knock knockctl uids sshd ssh ssh-keygen
topo_pair
topo_client friend 2
sshd_start
pace
life=$((4 * pace)) # seconds of an access
echo_tcp 2200
echo_udp 443

no_element() {
	! element_in 'inet knockd open4' '10.0.0.2 . tcp . 22' && ! element_in 'inet knockd open6' 'fd00::2 . tcp . 22'
}
enter() {
	knock "${1-$server}" 7000
	wait_for element_in "inet knockd ${2-open4}" "${3-10.0.0.2} . tcp . 22" || bail 'the door does not open'
}

# --- connections that there are ---------------------------------------------------------------------

session before
talk uncut $server 2200
said uncut one || bail 'no connection'
knockd_start "
[ssh]
	sequence     = 7000
	open         = 22:tcp, 443:udp
	cut          = yes
	open_timeout = ${life}s
[close]
	sequence     = 8000
	close        = 22:tcp, 443:udp
[uncut]
	sequence     = 7001
	open         = 2200
	open_timeout = ${life}s
$fence_door"
now begun
check 'the log says that connections go on for a while' log_has 'cut: connections to 22:tcp, 443:udp that there are now'
check 'an ssh session from before goes on' said before two
sleep "$life.1"
check '... for one Open_Timeout' dead before
check 'one to a port that is not cut lives on' said uncut two
equal 'one line in the log' "$(log_count 'cut: connections')" 1

# --- each end of an access ---------------------------------------------------------------------------

enter
session time
knock $server 7001
wait_for element_in 'inet knockd open4' '10.0.0.2 . tcp . 2200'
talk uncut_time $server 2200
check 'time: a session' said time one
check '... and one that is not cut' said uncut_time one
check '... the access ends' -t $((life * 2)) no_element
check '... and the session, within a second' dead time
check '... not the other' said uncut_time two

enter
session close
knock $server 8000
check 'a closing door: the access ends' no_element
check '... and the session' dead close

enter $server6 open6 fd00::2
session revoke client "$server6"
knockctl revoke fd00::2 >/dev/null
check 'revoke, IPv6: the access ends' no_element
check '... and the session' dead revoke

enter
session killed
kill -KILL "$knockd"
wait "$knockd" 2>/dev/null
check 'the daemon is killed: the session lives' said killed one
check '... until its time is over' -t $((life * 2)) no_element
check '... then it is dead' dead killed
knockd_again
check 'a restart does not let it on' dead killed
equal '... nor says so' "$(log_count 'cut: connections')" 1
knockd_reload
check 'nor a reload' dead killed
enter
check 'a new knock lets the old session on, if it still lives' said killed three

enter
talk_udp() {
	mkfifo "$T/$1.in"
	in_background client socat - "UDP:$2:443" <>"$T/$1.in" >"$T/$1.out"
}
talk_udp udp $server
check 'UDP: an answer' said udp one
check '... and another' said udp two
knock $server 8000
check '... closed' no_element
check '... no answer any more' dead udp

# --- elements without a time -------------------------------------------------------------------------

knockd_stop
nft add element inet knockd open4 '{ 10.0.2.2 . tcp . 22 }' || bail 'no element by hand'
knockd_again
session permanent friend
enter
knock $server 8000
knockctl revoke --all >/dev/null
fence
check 'an element without a time: its session lives' said permanent one
knockd_reload
check '... also after a reload' said permanent two

# --- reject ------------------------------------------------------------------------------------------

sed -i '1,/\[options\]/ s/\[options\]/[options]\nGuard_Policy = reject/' "$T/knockd.conf"
knockd_reload
enter
session reset
reset=$session
knock $server 8000
wait_for no_element
echo more 1<>"$T/reset.in"
gone() {
	! alive "$1"
}
check 'reject: the client'\''s ssh ends' gone "$reset"
check '... the permanent one does not' said permanent three

# --- begins and ends by a reload ----------------------------------------------------------------------

sed -i 's/cut *= yes/cut = no/' "$T/knockd.conf"
knockd_reload
enter
session reloaded
knock $server 8000
wait_for no_element
check 'not cut: a session lives on' said reloaded one
sed -i 's/cut *= no/cut = yes/' "$T/knockd.conf"
knockd_reload
check 'a reload that cuts: it goes on' said reloaded two
equal '... which the log says' "$(log_count 'cut: connections to 22:tcp, 443:udp that there are now')" 2
sleep "$life.1"
check '... for one Open_Timeout' dead reloaded

# --- an address of a door --------------------------------------------------------------------------

sed -i 's/^\(.*open  *= 22:tcp, 443:udp\)$/\1\n\ttarget = 10.0.0.1/; s/^\(.*close  *= 22:tcp, 443:udp\)$/\1\n\ttarget = 10.0.0.1/' "$T/knockd.conf"
knockd_reload
sleep "$life.1"
knock $server 7000
check 'with a Target: open' element_in 'inet knockd open4_target' '10.0.0.2 . 10.0.0.1 . tcp . 22'
session target
knock $server 8000
check '... closed' not element_in 'inet knockd open4_target' '10.0.0.2 . 10.0.0.1 . tcp . 22'
check '... and the session is dead' dead target

# --- a flush ----------------------------------------------------------------------------------------

# time for what comes between the knock and the session's answer
sed -i "1,/\[options\]/ s/\[options\]/[options]\nOwn_Table = no/; s/open_timeout = ${life}s/open_timeout = $((2 * life))s/" "$T/knockd.conf"
knockd_reload
knock $server 7000
wait_for element_in 'inet knockd open4_target' '10.0.0.2 . 10.0.0.1 . tcp . 22'
session flushed
nft flush ruleset
check 'a flush: the access comes back' element_in 'inet knockd open4_target' '10.0.0.2 . 10.0.0.1 . tcp . 22'
check '... the session lives' said flushed one
check '... until the end of the access' -t $((life * 4)) not element_in 'inet knockd open4_target' '10.0.0.2 . 10.0.0.1 . tcp . 22'
check '... and dies then' dead flushed
nft flush ruleset
check 'another flush: the guard is back' sh -c 'nft list table inet knockd 2>/dev/null | grep -q "chain guard {"'
check '... no connection is let on' dead flushed

# --- a bad configuration -----------------------------------------------------------------------------

knockd_stop
nft flush ruleset
echo nonsense >>"$T/knockd.conf"
"$KNOCKD" --guard -c "$T/knockd.conf" >>"$LOG" 2>&1
check 'the last good guard cuts, too' sh -c 'nft list set inet knockd guarded_cut_ip | grep -q "10.0.0.1 . tcp . 22"'
done_testing
