#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The same command line puts the same packets on the wire as knock 0.8: the ones found in the wild,
# and some for what those leave out.
. "$(dirname "$0")/client_lib.sh"

reference=$(find_reference bin/knock)
[ -n "$reference" ] || skip_all "knock 0.8 is not here"
command -v tcpdump >/dev/null || skip_all "tcpdump is not here"
for each in "$KNOCK_CORPUS" "$TESTS_TOP/../shared/corpus" "$TESTS_TOP/../../shared/corpus"; do
  [ ! -r "$each/client-invocations.txt" ] || corpus=$each/client-invocations.txt
done

mkdir "$tmp/old" "$tmp/new"
ln -s "$reference" "$tmp/old/knock"
ln -s "$knock" "$tmp/new/knock"
for each in old new; do printf '#!/bin/sh\n' >"$tmp/$each/ssh"; chmod +x "$tmp/$each/ssh"; done
nft 'table inet quiet { chain input { type filter hook input priority 0; meta l4proto { tcp, udp } drop; }; }'

# One line per packet: IP version, protocol, port, length, TCP flags, payload.
cat >"$tmp/packets.awk" <<'AWK'
function byte(i) { return 16 * (index("0123456789abcdef", substr(hex, 2 * i + 1, 1)) - 1) + index("0123456789abcdef", substr(hex, 2 * i + 2, 1)) - 1 }
function flush_packet(  v, h, proto) {
  if (hex == "") return
  v = int(byte(0) / 16)
  h = v == 4 ? (byte(0) % 16) * 4 : 40
  proto = v == 4 ? byte(9) : byte(6)
  printf "IPv%d proto %d port %d length %d", v, proto, byte(h + 2) * 256 + byte(h + 3), length(hex) / 2
  if (proto == 6) printf " flags %d payload %s\n", byte(h + 13), substr(hex, 2 * (h + int(byte(h + 12) / 16) * 4) + 1)
  else printf " payload %s\n", substr(hex, 2 * (h + 8) + 1)
  hex = ""
}
/^\t0x/ { sub(/^[^:]*:/, ""); gsub(/ /, ""); hex = hex $0; next }
{ flush_packet() }
END { flush_packet() }
AWK

background tcpdump -i srv -n -t -x -l --immediate-mode -Q in 'tcp or udp' >"$tmp/capture" 2>"$tmp/tcpdump.err"
wait_for 5 grep -q 'listening on' "$tmp/tcpdump.err" || skip_all "tcpdump does not listen"

# The end of a capture is a datagram of our own: when it is there, so is everything before it. Its
# last four bytes, a number, stand alone in tcpdump's last line.
seen() { tail -n 1 "$tmp/capture" | grep -q "0x0020: *$1"; }
mark_end() {
  nth=$((nth + 1))
  digits=$(printf '%04d' "$nth")
  hex=$(printf '%s' "$digits" | od -An -tx1 | tr -d ' \n' | sed 's/....$/ &/')
  printf 'end-%s' "$digits" | at_client socat -u - "UDP4-SENDTO:$server4:9"
  wait_for 5 seen "$hex"
}

# run WHO LINE: leaves packets, output and status in $tmp/WHO.*
run() {
  mark_end || { echo "Bail out! the capture does not work"; exit 1; }
  before=$(wc -l <"$tmp/capture")
  at_client env PATH="$tmp/$1:$PATH" sh -c "$prelude; $2" sh "$host" >"$tmp/$1.out" 2>"$tmp/$1.err"
  echo "status $?" >>"$tmp/$1.out"
  mark_end
  tail -n +$((before + 1)) "$tmp/capture" | awk -f "$tmp/packets.awk" | sed '$d' >"$tmp/$1.packets"
}

# compare LINE: everything is the same. What 0.8 could not do is not for here.
compare() {
  run old "$1"
  run new "$1"
  for each in packets out err; do
    cmp -s "$tmp/old.$each" "$tmp/new.$each" && continue
    not_ok "IPv$family: $1"
    diff "$tmp/old.$each" "$tmp/new.$each" | sed "s/^/# $each: /"
    return
  done
  ok "IPv$family: $1 ($(wc -l <"$tmp/new.packets") packets)"
}

# Variables of the lines get a value, addresses become the server's, pauses are shortened.
adapt() {
  sed -e '/^#/d' -e "s/^alias [a-z]*='\(.*\)'\$/\1/" -e 's/^@reboot sleep 60 && //' -e 's|/usr/bin/knock|knock|' \
    -e 's/ # UDP knock//' -e 's/<ip>/$host/; s/<TARGET>/$host/; s/localhost/$host/; s/\$host\.\$ip/$host/' \
    -e 's/\<[a-z.-]*\(server\|site\|example\)[a-z.-]*\.com\>/$host/; s/\<\(SERVER_IP\|your-server-ip\|hostname\)\>/$host/' \
    -e 's/\$\$host/$host/; s/[0-9]\{1,3\}\.[0-9]*\.[0-9]*\.[0-9]\{1,3\}/$host/' \
    -e 's/\(-d \|-d\)\([0-9]*\)00\>/\1\2/' -e "s/'\\\$host'/\"\$host\"/"
}

for family in 4 6; do
  eval "host=\$server$family"
  prelude="host=$host; ip=$host client=$host SERVER=$host KNOCK_SERVER=$host TARGET=$host MYIP=$host maxip=$host
    publicIp=$host IFACE_IP=$host PUSER=u USERNAME=u PORT=22 port=7000 p=8000:udp s='1:tcp 2:udp'
    ports='7000 8000 9000' sequence='7000:udp 8000 9000' seq='4000 3000 2000' closePorts='9000 8000 7000'
    KNOCK_PORTS='7000:tcp 8000:udp' KNOCK_SEQUENCE='1111 2222' KNOCK1=10001 KNOCK2=10002:udp KNOCK3=10003"
  while read -r line; do
    case $line in *12345,*) continue ;; esac # 0.8 cannot do it
    compare "$line" </dev/null
  done <<LINES
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
knock -6 $server4 7000
knock -d -1 $host 7000
knock -d abc -v $host 7000
knock -V >/dev/null
knock -h >/dev/null
knock >/dev/null
knock -d >/dev/null
knock -x $host 7000 >/dev/null
LINES
done

# --- what 0.8 cannot do --------------------------------------------------------------------------

sends() { # DESCRIPTION EXPECTED LINE: "IP version/port" of each packet
  run new "$3"
  check "$1" same "$(sed 's/^IPv\(.\) .* port \([0-9]*\) .*/\1:\2/' "$tmp/new.packets" | tr '\n' ' ')" "$2"
}
family=4 host=$server4
sends "commas in one word" "4:7000 4:8000 4:9000 " "knock $host 7000,8000:udp,9000"
sends "--both knocks over each family in turn" "6:7000 6:8000 4:7000 4:8000 " "knock --both server 7000 8000"
sends "--both with one family only" "4:7000 " "knock --both server4 7000"
sends "an invalid port stops all of them" "" "knock $host 7000 70000"
sends "an unknown protocol stops all of them" "" "knock $host 7000 8000:xyz"
sends "an unknown service stops all of them" "" "knock $host 7000 no-such-service"
sends "-s picks the family" "4:7000 " "knock -s 10.77.0.2 server 7000"
sends "-i sends through the interface" "4:7000 " "knock -i cli $host 7000"
sends "-i on another interface sends nothing here" "" "knock -i lo $host 7000"
sends "no privilege is needed" "4:7000 4:8000 " \
  "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all knock -i cli $host 7000 8000:udp"

started=$(now_ms)
at_client "$knock" -d 100 "$host" 1 2 3
check "a delay follows every hit" test $(($(now_ms) - started)) -ge 300

done_testing
