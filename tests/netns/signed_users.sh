#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The file of the users' keys: who may do what, live; and knockctl's part of it.

. "$(dirname "$0")/signed_lib.sh"
signed_setup
need filtered
topo_client other 1
signed_conf '
[ssh]
	sequence     = 62201:auth
	open         = 22:tcp, 443:tcp
	open_timeout = 20s
	max_time     = 1h
[bound]
	sequence     = 62201:auth
	open         = 22:tcp
	bound        = yes
[few]
	sequence     = 62201:auth
	open         = 22:tcp
	users        = alice, mallory
'
mv "$T/authorized_keys" "$T/away"
knockd_again
check 'a start without the file: no key counts' log_has "$T/authorized_keys is not used: no key counts"
touch "$T/beside"
fence
equal '... which is said once, whatever changes beside it' "$(log_count "$T/authorized_keys is not used")" 1
mv "$T/away" "$T/authorized_keys"
check '... until it is there' log_has 'has changed and is read again'
knockd_stop
: >"$LOG"

enrol alice
enrol old 'expiry-time="20200101"'
enrol far 'from="192.0.2.0/24,!192.0.2.7"'
enrol near 'from="10.0.0.0/24"'
enrol one 'doors="bound,few"'
enrol port 'ports="443"'
enrol short 'max-time=5s'
enrol short_all 'max-time=2h'
enrol other 'other-address'
key_of eve
enrol lost 'doors="ssh,nosuch,fence"'
echo 'command="id" ssh-ed25519 AAAA' >>"$T/authorized_keys"
knockd_again

check 'a door of a key that is none is warned of' log_has \
	"authorized_keys: line 10: warning: doors: no door \"nosuch\" is opened by signed knocks"
check '... and one that signed knocks do not open' log_has 'line 10: warning: doors: no door "fence" is opened'
refute '... and no other' log_says 'warning: doors: no door "(ssh|bound|few)"'
"$KNOCKD" -t -c "$T/knockd.conf" >"$T/out" 2>&1
check 'knockd -t says so, too' grep -qxF \
	"$T/authorized_keys: line 10: warning: doors: no door \"nosuch\" is opened by signed knocks" "$T/out"
check '... and about users of doors' grep -qxF "few: warning: users: no line of $T/authorized_keys has the user mallory" "$T/out"
check 'an unknown option is an error of its line' log_says 'authorized_keys: line 11: unknown option: .*does not count'
check 'a user of a door who has no key is warned of' log_has 'few: warning: users: no line of'
accepted 'the other lines count' deliver "$(pack alice ssh 62201)" 62201
refused 'a key that is in no line' 'an unknown key refused: no line of' deliver "$(pack eve ssh 62201)" 62201
refused 'an expired key' 'old refused: the key has expired' deliver "$(pack old ssh 62201)" 62201
refused 'from another network' 'far refused: not from this address' deliver "$(pack far ssh 62201)" 62201
accepted 'from the right network' deliver "$(pack near ssh 62201)" 62201
refused 'a door that the key does not have' 'one refused: not one of the doors of the key' \
	deliver "$(pack one ssh 62201)" 62201
refused 'a user that the door does not have' 'near refused: not one of the door' deliver "$(pack near few 62201)" 62201
accepted 'a user that it has' deliver "$(pack alice few 62201)" 62201
refused 'a door that is not there' 'refused: no door of that name' deliver "$(pack alice nowhere 62201)" 62201
refused 'the fence is no door of signed knocks' 'refused: no door of that name' deliver "$(pack alice fence 62201)" 62201

refused 'a port that the key does not have' 'port refused: not one of the ports of the key' \
	deliver "$(pack port ssh 62201 port=22 proto=6)" 62201
shut
deliver "$(pack port ssh 62201)" 62201
check 'without a request: the ports that the key has' element_in 'inet knockd open4' '10.0.0.2 . tcp . 443'
refute '... and no other' opens
refused 'a port that the door does not open' 'does not open the port' \
	deliver "$(pack alice ssh 62201 port=25 proto=6)" 62201
accepted 'the longest time of a key' deliver "$(pack short ssh 62201)" 62201
check '... counts without a request, too' equal_field 'inet knockd open4' '10.0.0.2 . tcp . 22' timeout 5
accepted 'the longest time of the door' deliver "$(pack short_all ssh 62201 seconds=7200)" 62201
check '... counts for all' equal_field 'inet knockd open4' '10.0.0.2 . tcp . 22' timeout 3600

refused 'a bound door wants an address' 'wants a knock that names its address' deliver "$(pack alice bound 62201)" 62201
accepted 'its own address' deliver "$(pack alice bound 62201 address=10.0.0.2 flags=1)" 62201
refused 'relayed: it comes from another address' 'signed for another address: it was relayed' \
	deliver "$(pack alice bound 62201 address=10.0.0.2 flags=1)" 62201 other
refused "somebody else's address" 'which the key does not allow' \
	deliver "$(pack alice ssh 62201 address=10.0.1.2 flags=2)" 62201
shut
deliver "$(pack other ssh 62201 address=10.0.1.2 flags=2)" 62201
check '... is for keys that may' opens 10.0.1.2
refute '... and is not for the knocker' opens

# every refusal is counted for the door that the knock names
refusals() {
	[ "$(knockctl --json doors | jq -c 'map({(.name): .signed_refused}) | add')" = "$1" ]
}
doors_before=$(knockctl --json doors | jq -c 'map({(.name): .signed_refused}) | add')
equal 'each door has counted the knocks that it refused' "$doors_before" '{"ssh":7,"bound":2,"few":1,"fence":0}'
check '... and the daemon those for no door, too' eval '[ "$(knockctl --json stats | jq .signed_refused)" = 12 ]'
deliver "$(pack alice ssh 62201 action=2)" 62201
check 'a probe' log_has 'ssh: signed knock of alice would open the door'
deliver "$(pack alice ssh 62201 action=1)" 62201
check '... and the end of an access' log_has 'ssh: closed by a signed knock of alice'
check '... are no refusals' refusals "$doors_before"
check 'Prometheus gets them' eval \
	'knockctl stats --prometheus | grep -qx "knockd_door_signed_refused_total{door=\"bound\"} 2"'

# live
key_of carol
refused 'before the key is there' 'an unknown key refused' deliver "$(pack carol ssh 62201)" 62201
enrol carol
check 'a new line counts without a reload' log_has 'has changed and is read again'
accepted '... at once' deliver "$(pack carol ssh 62201)" 62201
used=$(pack carol ssh 62201)
accepted 'the last knock before the key is removed' deliver "$used" 62201
grep -v ' carol$' "$T/authorized_keys" >"$T/new"
count=$(log_count 'is read again')
mv "$T/new" "$T/authorized_keys"
check 'a removed line' eval '[ "$(log_count "is read again")" -gt "$count" ]'
refused '... counts no more' 'an unknown key refused' deliver "$(pack carol ssh 62201)" 62201
count=$(log_count 'is read again')
enrol carol
check 'the line comes back' eval '[ "$(log_count "is read again")" -gt "$count" ]'
shut
deliver "$used" 62201
fence
refute '... but no knock that was used' opens
accepted 'a new one opens' deliver "$(pack carol ssh 62201)" 62201
chmod 666 "$T/authorized_keys"
check 'a file that others can write is not read' log_has 'keys that were read before stay in force'
chmod 644 "$T/authorized_keys"

# knockctl
key_of dave
dave=$(knockctl enrol dave --host "$server" --door ssh <"$T/dave.pub")
equal 'knockctl enrol prints the line for the user' "$dave" "$(invitation ssh 62201)"
check '... and adds the key' grep -q '^user="dave" ssh-ed25519 ' "$T/authorized_keys"
check '... which counts' eval 'deliver "$(pack dave ssh 62201)" 62201; sleep 0.1; opens'
ends 'not twice' 1 knockctl enrol dave --host "$server" --door ssh <"$T/dave.pub"
check '... because it is there' grep -q 'the key is in a line above' "$T/err"
echo nonsense >"$T/nonsense"
ends 'no nonsense' 1 knockctl enrol nob --host "$server" --door ssh <"$T/nonsense"
refute '... and the file is as it was' grep -q nonsense "$T/authorized_keys"
key_of eve
disk_full "$T/authorized_keys"
ends 'nor a part of a line' 1 knockctl enrol eve --host "$server" --door ssh <"$T/eve.pub"
check '... because the disk is full' grep -q 'No space left on device' "$T/err"
check '... and the file is as it was' cmp -s "$T/before" "$T/authorized_keys"
disk_emptied "$T/authorized_keys"
ends 'a door is needed where there are several' 1 knockctl enrol x --host "$server" <"$T/dave.pub"
knockctl users >"$T/users"
check 'knockctl users shows the last knock' grep -q '^alice .* 10\.0\.0\.2 .*SHA256:' "$T/users"
check '... refusals, and what has expired' grep -q '^old .* 1 .*expired' "$T/users"
mkdir -p "$T/home.dave"
ends 'knock --add makes a profile' 0 knock_as dave --add home "$dave"
ends '... not over another' 1 knock_as dave --add home "$dave"
disk_full "$T/home.dave/.config/knock/config"
ends '... nor a part of one' 1 knock_as dave --add other "$dave"
check '... because the disk is full' grep -q 'No space left on device' "$T/err"
check '... and the file is as it was' cmp -s "$T/before" "$T/home.dave/.config/knock/config"
disk_emptied "$T/home.dave/.config/knock/config"
mkdir -p "$T/home.dave/.ssh"
cp "$T/dave" "$T/home.dave/.ssh/id_ed25519"
accepted '... which needs no more than the key of the user' knock_as dave home
# bits of what is signed
shut
for bit in 64 70 77 85 100 130 190 200 260 300 440 447 448 700 950 959; do
	deliver "$(pack alice ssh 62201 "flip=$bit")" 62201
done
fence
fence
refute 'a flipped bit opens nothing' opens
check '... and is told of' log_has 'refused: the signature is wrong'

equal 'users --reset gives one JSON object' "$(knockctl --json users --reset alice)" '{"done":true,"reset":1}'
equal '... also when it fails' "$(knockctl --json users --reset nobody 2>/dev/null)" '{"error":"there is no user \"nobody\""}'

# without inotify(7), of which an admin's other programs may use up all that a user can have
knockd_stop
printf '#!/bin/sh\nexec "%s" inotify_init1 24 "%s" "$@"\n' "$FILTERED" "$KNOCKD" >"$T/filtered"
chmod 755 "$T/filtered"
KNOCKD=$T/filtered
knockd_again
check 'the log tells that a removed key will count until a reload' log_has \
	"$T/authorized_keys: changes will count only after a reload: "
grep -v ' dave$' "$T/authorized_keys" >"$T/new"
mv "$T/new" "$T/authorized_keys"
knockd_reload
refused '... and after it the key does not count' 'an unknown key refused' deliver "$(pack dave ssh 62201)" 62201
done_testing
