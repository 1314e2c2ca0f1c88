# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The base of each figure of the benchmark: tests/lib.sh's hosts, a firewall, each contestant with the same task, and
# the results file. A figure begins with
#
#	. "$(dirname "$0")/lib.sh"
#
# and has network, mount and process namespaces of its own. Senders run on processor 0, receivers, also each contestant,
# on processor 1.

. "$(dirname "$0")/../lib.sh"
tap_done=yes # a figure measures, it does not test

figure=$(basename "$0" .sh)
bench=$build/tests/bench
: "${BENCH_RESULTS:=/dev/stdout}" "${BENCH_NOTES:=/dev/stderr}" "${FWKNOP:=$build/tests/ref/fwknop}"
group=7777
work=$(mktemp -d "$bench/work.XXXXXX") || exit # a real disk: a journal on a tmpfs would cost nothing
trap 'rm -rf "$work"; cleanup' EXIT

# --- results -----------------------------------------------------------------------------------------

# record VARIANT CASE UNIT: values, one per line, on standard input
record() {
	awk -v key="\"$figure\",\"$1\",\"$2\",\"$3\"" '{ print key "," $0 }' >>"$BENCH_RESULTS"
}

# note VARIANT TEXT: a remark below the table
note() {
	echo "$figure	$1: $2" >>"$BENCH_NOTES"
	progress "$1: $2"
}

progress() {
	echo "$figure: $*" >&2
}

# calc FORMAT EXPRESSION
calc() {
	awk "BEGIN { printf \"$1\n\", $2 }"
}

# --- processors --------------------------------------------------------------------------------------

if [ "$(nproc)" -gt 1 ]; then
	sender='taskset -c 0' receiver='taskset -c 1'
else
	sender='' receiver=''
	note machine 'one processor only: sender and receiver share it'
fi

# send TOOL ARGUMENT...: one of ours in tests/bench
send() {
	send_tool=$1
	shift
	$sender "$bench/$send_tool" "$@"
}

# keep_awake [PROCESSOR...]; let_sleep: an idle-priority task keeps $receiver, or each of these, from halting. The time to
# halt and wake up belongs to the machine, and for a guest to its host; without it the rest is ours.
keep_awake() {
	[ $# -gt 0 ] || set -- "$receiver"
	awake=
	for awake_on; do
		$awake_on chrt -i 0 sh -c 'while :; do :; done' &
		awake="$awake $!"
		started $!
	done
}

let_sleep() {
	for awake_pid in $awake; do
		stop "$awake_pid"
	done
}

# cpu_ns PID...: processor time used so far
cpu_ns() {
	for cpu_pid; do
		cat "/proc/$cpu_pid/schedstat"
	done | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# wait_idle PID...: waits until they use no processor time for a tenth of a second; at most $patience seconds
patience=15
wait_idle() {
	idle_before=
	now idle_until
	idle_until=$((idle_until + patience * 100))
	while [ "$idle_before" != "$(cpu_ns "$@")" ]; do
		idle_before=$(cpu_ns "$@")
		now idle_now
		[ "$idle_now" -lt "$idle_until" ] || return 1
		sleep 0.1
	done
}

# --- hosts -------------------------------------------------------------------------------------------

# hosts: client and server; the server routes forged sources to the client, which may also send from 10.64.0.0/10
hosts() {
	topo_pair
	{
		ip link set client address 02:00:00:00:00:01 &&
		ip -n client link set eth0 address 02:00:00:00:00:02 &&
		ip neigh replace 10.0.0.2 lladdr 02:00:00:00:00:02 dev client &&
		ip -n client neigh replace 10.0.0.1 lladdr 02:00:00:00:00:01 dev eth0 &&
		ip route add 10.64.0.0/10 via 10.0.0.2 &&
		ip route add 100.0.0.0/7 via 10.0.0.2 &&
		ip -n client route add local 10.64.0.0/10 dev lo
	} || bail 'cannot join client and server'
	for conf in all client; do
		echo 0 >"/proc/sys/net/ipv4/conf/$conf/rp_filter"
	done
}

# closed [FLAGS]: a firewall that admits only the elements of set ok
closed() {
	nft -f - <<-E || bail 'cannot load the firewall'
		table inet filter {
			set ok { type ipv4_addr; flags timeout${1:+,$1}; size 2000000; }
			chain input {
				type filter hook input priority 0; policy drop;
				iif lo accept
				ip saddr @ok accept
			}
		}
	E
}

# --- two gateways, instead of hosts ------------------------------------------------------------------

# side MACHINE DEVICE NUMBER HOST: a host on a wire of its own, which is the machine's DEVICE
side() {
	ip netns add "$4" &&
		ip -n "$1" link add "$2" address "02:00:00:00:0$3:01" type veth \
			peer name eth0 address "02:00:00:00:0$3:02" netns "$4" &&
		ip -n "$1" -batch - <<-E &&
			addr add 10.0.$3.1/24 dev $2
			link set $2 up
			neigh replace 10.0.$3.2 lladdr 02:00:00:00:0$3:02 dev $2
		E
		ip -n "$4" -batch - <<-E
			addr add 10.0.$3.2/24 dev eth0
			link set lo up
			link set eth0 up
			route add default via 10.0.$3.1
		E
}

# machine NAME CLIENT SERVER: it forwards between them. The server drops the packets and accepts the streams.
machine() {
	side "$1" client 0 "$2" && side "$1" server 1 "$3" &&
		in_host "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward' &&
		in_host "$3" nft -f - <<-E
			table netdev sink {
				chain in {
					type filter hook ingress device eth0 priority 0;
					udp dport 5000 drop
				}
			}
		E
}

# gateways: this machine, and another one of the same kind, host twin, with client2 and server2
gateways() {
	{
		ip link set lo up && ip netns attach here $$ && machine here client server &&
			ip netns add twin && machine twin client2 server2
	} || bail 'cannot join the hosts'
}

# firewall: the rules of an nftables gateway
firewall() {
	cat <<-E
		table inet gateway {
			chain forward {
				type filter hook forward priority 0; policy drop;
				ct state established,related accept
				iifname "client*" accept
			}
		}
	E
}

# firewalls: on both
firewalls() {
	{ firewall | nft -f - && firewall | in_host twin nft -f -; } || bail 'cannot load the firewall'
}

# --- contestants -------------------------------------------------------------------------------------

# run_it COMMAND...: on the receivers' processor; $pid is its pid, $output has its output
output=$LOG
run_it() {
	$receiver "$@" >>"$output" 2>>"$LOG" </dev/null &
	pid=$!
	started $pid
}

# stop PID
stop() {
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

ours_doors='
[door]
	sequence = 7000,8000,9000
	seq_timeout = 15
	grant = inet filter ok { %IP% timeout 10m }
[udp]
	sequence = 7000:udp,8000:udp,9000:udp
	seq_timeout = 15
	grant = inet filter ok { %IP% timeout 10m }
'

# many_doors N: for `knocker -d N`
many_doors() {
	for door in $(seq 0 $(($1 - 1))); do
		printf '[door%d]\n\tsequence = %d,%d,%d\n\tseq_timeout = 15\n\tgrant = inet filter ok { %%IP%% timeout 10m }\n' \
			"$door" $((7000 + door)) $((8000 + door)) $((9000 + door))
	done
}

# ours_conf CAPTURE [DOORS [OPTIONS]]
ours_conf() {
	{
		printf '[options]\n\tUser = %s\n\tState_Dir = %s\n\tControl_Socket = %s\n\tLogFile = %s\n%s\n' \
			"$engine_user" "$work/state" "$T/control.sock" "$work/ours.log" "${3-}"
		[ "$1" = nflog ] || printf '\tCapture = nfqueue\n\tRules = %s\n' "$queue_by"
		printf '%s\n' "${2-$ours_doors}"
	} >"$T/knockd.conf"
	chmod 600 "$T/knockd.conf"
}

# ours_start CAPTURE [DOORS [OPTIONS]]: $knockd is the parent's pid, $engine the engine's
ours_start() {
	ours_conf "$@"
	rm -rf "$work/ours.log" "$work/state"
	# shellcheck disable=SC2046 # ports
	[ "$1 $queue_by" != 'nfqueue none' ] ||
		queue_rules $(sed -n 's/,/ /g; s/^[[:blank:]]*sequence = //p' "$T/knockd.conf") -- 22
	run_it "$KNOCKD" -c "$T/knockd.conf"
	knockd=$pid
	wait_for -t 20 ours_ready || bail "knockd does not start: $(tail -n 3 "$LOG")"
	engine=$(children "$knockd")
}

ours_ready() {
	grep -q 'starting up' "$work/ours.log" 2>/dev/null || ! alive "$knockd"
}

# ours_stat NAME: a counter of the engine
ours_stat() {
	knockctl --json stats | jq ".$1"
}

# captures: the values of Capture that the daemon under test and this kernel support
queue_by=auto
have_queue || queue_by=none
captures() {
	echo nflog
	if ! built_with HAVE_NFQUEUE; then
		note 'knockd-nft nfqueue' 'skipped: built without libnetfilter_queue'
	elif [ $queue_by = none ] && ! command -v iptables-nft >/dev/null; then
		note 'knockd-nft nfqueue' 'skipped: this kernel has no queue expression of nft, and there is no iptables-nft'
	else
		[ $queue_by = auto ] ||
			note 'knockd-nft nfqueue' 'by rules of iptables, since this kernel has no queue expression of nft'
		echo nfqueue
	fi
}

# ours_name CAPTURE
ours_name() {
	case $1 in
	nflog) echo 'knockd-nft' ;;
	*) echo "knockd-nft $1" ;;
	esac
}

# old_here: knockd 0.8 is there
old_here() {
	have_reference_daemon && return
	note 'knockd 0.8' "skipped: $no_reference_daemon"
	return 1
}

# old_start [SEQUENCE [SEQ_TIMEOUT]]
old_start() {
	rm -f "$work/old.log"
	cat >"$T/old.conf" <<-E
		[options]
			LogFile = $work/old.log
		[door]
			sequence = ${1-7000,8000,9000}
			seq_timeout = ${2-15}
			start_command = nft add element inet filter ok { %IP% timeout 10m }
	E
	run_it "$KNOCKD_REF" -c "$T/old.conf" -i client
	old=$pid
	wait_for old_ready || bail "knockd 0.8 does not start: $(tail -n 3 "$LOG")"
}

old_ready() {
	grep -q 'starting up' "$work/old.log" 2>/dev/null || ! alive "$old"
}

fwknop_here() {
	[ -x "$FWKNOP/usr/sbin/fwknopd" ] && fwknop fwknopd --version >/dev/null 2>&1 && return
	note fwknopd 'skipped: not here (Debian: apt-get install fwknop-server fwknop-client)'
	return 1
}

# fwknop PROGRAM ARGUMENT...
fwknop() {
	fwknop_program=$1
	shift
	fwknop_env "$FWKNOP/usr/"*bin/"$fwknop_program" "$@"
}

# shellcheck disable=SC2086,SC2116 # there is one such directory
fwknop_env() {
	LD_LIBRARY_PATH=$(echo $FWKNOP/usr/lib/*-linux-gnu*) HOME=$T "$@"
}

# fwknop_start PACKETS: starts it, and writes so many knocks of its client, one per line, to $work/spa
fwknop_start() {
	fwknop fwknop --key-gen --key-gen-file "$T/keys" >/dev/null
	cat >"$T/fwknopd.conf" <<-E
		PCAP_INTF client;
		PCAP_FILTER udp port 62201;
		FWKNOP_RUN_DIR $T/fwknop;
		ENABLE_SPA_PACKET_AGING Y;
		MAX_SPA_PACKET_AGE 600;
	E
	{
		echo 'SOURCE ANY'
		sed -n 's/^KEY_BASE64: */KEY_BASE64 /p; s/^HMAC_KEY_BASE64: */HMAC_KEY_BASE64 /p' "$T/keys"
		# shellcheck disable=SC2016 # fwknopd's own variable
		echo 'CMD_CYCLE_OPEN /usr/sbin/nft add element inet filter ok { $PKT_SRC timeout 10m }'
		echo 'CMD_CYCLE_CLOSE NONE'
	} >"$T/access.conf"
	chmod 600 "$T/fwknopd.conf" "$T/access.conf"
	mkdir -p "$T/fwknop"
	fwknop_packets "$1" >"$work/spa"
	fwknop_env run_it "$FWKNOP/usr/sbin/fwknopd" -f -c "$T/fwknopd.conf" -a "$T/access.conf" -p "$T/fwknopd.pid" \
		-d "$T/digest"
	fwknopd=$pid
	wait_for -t 10 grep -q 'Starting fwknopd main event loop' "$LOG" || bail "fwknopd: $(tail -n 3 "$LOG")"
}

fwknop_packets() {
	for _ in $(seq "$1"); do
		fwknop fwknop --no-home-dir --no-rc-file -E "$T/arguments" -T -s -A tcp/22 -D 10.0.0.1 --use-hmac \
			--key-base64-rijndael "$(sed -n 's/^KEY_BASE64: *//p' "$T/keys")" \
			--key-base64-hmac "$(sed -n 's/^HMAC_KEY_BASE64: *//p' "$T/keys")" -B "$T/packet" >/dev/null 2>&1
		cat "$T/packet"
	done
}

# recipe: no daemon; rules follow the sequence. Needs the firewall of `closed dynamic`
recipe() {
	nft -f - <<-'E' || bail 'cannot load the recipe'
		table inet filter {
			set k1 { type ipv4_addr; flags dynamic,timeout; timeout 15s; size 2000000; }
			set k2 { type ipv4_addr; flags dynamic,timeout; timeout 15s; size 2000000; }
			chain first {
				add @k1 { ip saddr }
			}
			chain second {
				ip saddr @k1 add @k2 { ip saddr }
			}
			chain third {
				ip saddr @k2 add @ok { ip saddr timeout 10m }
			}
			chain knock {
				type filter hook prerouting priority -350;
				meta l4proto { tcp, udp } th dport vmap { 7000 : jump first, 8000 : jump second, 9000 : jump third }
			}
		}
	E
}

# logging: loads our rules for $ours_doors without our daemon, for the floors
logging() {
	ours_conf nflog
	"$KNOCKD" -c "$T/knockd.conf" --print-rules | nft -f - || bail 'cannot load the rules'
}

# counting: starts the reader that only counts; $reader is its pid, its output is in $T/count
counting() {
	: >"$T/count"
	$receiver "$bench/floor" count $group >"$T/count" 2>>"$LOG" </dev/null &
	reader=$!
	started $reader
	wait_for grep -q listening "$T/count" || bail "the reader does not start"
}
