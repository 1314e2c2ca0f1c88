#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same command line puts the same packets on the wire as knock 0.8: command lines that admins have published, and
# some for the cases that those leave out.

. "$(dirname "$0")/client_lib.sh"
client_setup knock_ref tcpdump setpriv cmp uids

corpus=
for dir in ${KNOCKD_CORPUS-} "$TESTS_TOP/../shared/corpus" "$TESTS_TOP/../../shared/corpus"; do
	if [ -z "$corpus" ] && [ -r "$dir/client-invocations.txt" ]; then
		corpus=$dir/client-invocations.txt
	fi
done

mkdir "$T/old" "$T/new"
ln -s "$KNOCK_REF" "$T/old/knock"
ln -s "$KNOCK" "$T/new/knock"
for who in old new; do # published lines go on with ssh
	printf '#!/bin/sh\n' >"$T/$who/ssh"
	chmod +x "$T/$who/ssh"
done
nft 'table inet quiet { chain input { type filter hook input priority 0; meta l4proto { tcp, udp } drop; }; }'

# One line per packet: IP version, protocol, port, length, TCP flags, payload.
cat >"$T/packets.awk" <<'E'
function digit(i) {
	return index("0123456789abcdef", substr(hex, i, 1)) - 1
}
function byte(i) {
	return 16 * digit(2 * i + 1) + digit(2 * i + 2)
}
function flush_packet(  version, h, proto) {
	if (hex == "")
		return
	version = int(byte(0) / 16)
	h = version == 4 ? (byte(0) % 16) * 4 : 40
	proto = version == 4 ? byte(9) : byte(6)
	printf "IPv%d proto %d port %d length %d", version, proto, byte(h + 2) * 256 + byte(h + 3), length(hex) / 2
	if (proto == 6)
		printf " flags %d payload %s\n", byte(h + 13), substr(hex, 2 * (h + int(byte(h + 12) / 16) * 4) + 1)
	else
		printf " payload %s\n", substr(hex, 2 * (h + 8) + 1)
	hex = ""
}
/^\t0x/ {
	sub(/^[^:]*:/, "")
	gsub(/ /, "")
	hex = hex $0
	next
}
{ flush_packet() }
END { flush_packet() }
E

: >"$T/tcpdump.err"
tcpdump -i client -n -t -x -l --immediate-mode -Q in 'tcp or udp' >"$T/capture" 2>"$T/tcpdump.err" &
started $!
wait_for grep -q 'listening on' "$T/tcpdump.err" || bail "tcpdump does not listen: $(cat "$T/tcpdump.err")"

# A datagram of our own ends a capture: when tcpdump has printed it, it has printed all packets before. Its last four
# bytes, a number, are alone in tcpdump's last line.
seen() {
	tail -n 1 "$T/capture" | grep -q "0x0020: *$1"
}
marks=0
mark_end() {
	marks=$((marks + 1))
	digits=$(printf '%04d' $marks)
	hex=$(printf '%s' "$digits" | od -An -tx1 | tr -d ' \n' | sed 's/....$/ &/')
	printf 'end-%s' "$digits" | in_client socat -u - "UDP4-SENDTO:$server:9"
	wait_for seen "$hex" || bail 'the capture does not work'
}
mark_end

# run WHO LINE: leaves packets, output and status in $T/WHO.*; a mark ends the packets in the capture.
run() {
	before=$(wc -l <"$T/capture")
	in_client env PATH="$T/$1:$PATH" sh -c "$prelude; $2" sh "$host" >"$T/$1.out" 2>"$T/$1.err"
	echo "status $?" >>"$T/$1.out"
	mark_end
	tail -n +$((before + 1)) "$T/capture" | awk -f "$T/packets.awk" | sed '$d' >"$T/$1.packets"
}

# compare LINE: packets and output are the same. LINE is one that 0.8 can do.
compare() {
	run old "$1"
	run new "$1"
	! with_musl || sed -i 's/^getaddrinfo: .*/getaddrinfo/; s/^knock: .*option.*/knock: option/' "$T/old.err" "$T/new.err"
	for part in packets out err; do
		cmp -s "$T/old.$part" "$T/new.$part" && continue
		fail "IPv$family: $1"
		diag "$part: $(diff "$T/old.$part" "$T/new.$part")"
		return
	done
	ok "IPv$family: $1 ($(wc -l <"$T/new.packets") packets)"
}

# Gives values to the lines' variables, replaces addresses by the server's, and shortens pauses.
# shellcheck disable=SC2016
adapt() {
	sed -e '/^#/d' -e "s/^alias [a-z]*='\(.*\)'\$/\1/" -e 's/^@reboot sleep 60 && //' -e 's|/usr/bin/knock|knock|' \
		-e 's/ # UDP knock//' -e 's/<ip>/$host/; s/<TARGET>/$host/; s/localhost/$host/; s/\$host\.\$ip/$host/' \
		-e 's/\<[a-z.-]*\(server\|site\|example\)[a-z.-]*\.com\>/$host/' \
		-e 's/\<\(SERVER_IP\|your-server-ip\|hostname\)\>/$host/' \
		-e 's/\$\$host/$host/; s/[0-9]\{1,3\}\.[0-9]*\.[0-9]*\.[0-9]\{1,3\}/$host/' \
		-e 's/\(-d \|-d\)\([0-9]*\)00\>/\1\2/' -e "s/'\\\$host'/\"\$host\"/"
}

[ -n "$corpus" ] || skip 'published command lines' 'they are not here'
for family in 4 6; do
	host=$server
	[ $family = 4 ] || host=$server6
	prelude="host=$host; ip=$host client=$host SERVER=$host KNOCK_SERVER=$host TARGET=$host MYIP=$host maxip=$host
		publicIp=$host IFACE_IP=$host PUSER=u USERNAME=u PORT=22 port=7000 p=8000:udp s='1:tcp 2:udp'
		ports='7000 8000 9000' sequence='7000:udp 8000 9000' seq='4000 3000 2000' closePorts='9000 8000 7000'
		KNOCK_PORTS='7000:tcp 8000:udp' KNOCK_SEQUENCE='1111 2222' KNOCK1=10001 KNOCK2=10002:udp KNOCK3=10003"
	while read -r line; do
		case $line in *12345,*) continue ;; esac # not possible with 0.8
		compare "$line" </dev/null
	done <<-E
		$([ -z "$corpus" ] || adapt <"$corpus")
		knock $host ssh
		knock -v $host ssh http:udp 00700 7000:
		knock --ud --del=1 --verb $host 7000:tcp 8000
		knock -$family -v server 7000 8000:udp
		knock -v server$family 7000
		knock -v -- $host 7000 8000
		knock $host 7000 --
		knock -6 -4 server 7000
		knock -4 -6 server 7000
		knock -v $host 7000 7000 7000:udp 7000:udp 7000
		knock no-such-name.invalid 7000
		knock -6 $server 7000
		knock -d -1 $host 7000
		knock -d abc -v $host 7000
		knock -V >/dev/null
		knock -h >/dev/null
		knock >/dev/null
		knock -d >/dev/null
		knock -x $host 7000 >/dev/null
	E
done

# --- new in ours ---------------------------------------------------------------------------------

# sent LINE: $sent is its packets, "IP version:port" of each. Not in a subshell, which would use the same mark again.
sent() {
	run new "$1"
	sent=$(sed 's/^IPv\(.\) .* port \([0-9]*\) .*/\1:\2/' "$T/new.packets" | tr '\n' ' ')
}
# sends TEXT LINE PACKETS
sends() {
	sent "$2"
	equal "$1" "$sent" "$3"
}
# The resolver decides which family comes first.
one_then_the_other() {
	sent 'knock --both server 7000 8000'
	case $sent in
	'6:7000 6:8000 4:7000 4:8000 ' | '4:7000 4:8000 6:7000 6:8000 ') ;;
	*) return 1 ;;
	esac
}
family=4 host=$server
sends 'commas in one word' "knock $host 7000,8000:udp,9000" '4:7000 4:8000 4:9000 '
check '--both knocks over each family in turn' one_then_the_other
sends '--both with one family only' 'knock --both server4 7000' '4:7000 '
sends 'an invalid port stops all of them' "knock $host 7000 70000" ''
sends 'an unknown protocol stops all of them' "knock $host 7000 8000:xyz" ''
sends 'an unknown service stops all of them' "knock $host 7000 no-such-service" ''
sends '-s picks the family' 'knock -s 10.0.0.2 server 7000' '4:7000 '
sends '-i sends through the interface' "knock -i eth0 $host 7000" '4:7000 '
sends '-i on another interface sends nothing here' "knock -i lo $host 7000" ''
sends 'no privilege is needed' "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
	--bounding-set=-all knock -i eth0 $host 7000 8000:udp" '4:7000 4:8000 '

now begun
knock_ours -d 100 "$host" 1 2 3
now ended
check 'a delay follows every hit' [ $((ended - begun)) -ge 30 ]
done_testing
