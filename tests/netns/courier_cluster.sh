#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A real cluster of three nodes and a replica: the courier finds the node that has the group's keys, when it starts, when
# they are moved, and when that node is lost; and follows no node that the configuration does not name.

. "$(dirname "$0")/courier_lib.sh"
courier_setup
nodes='127.0.0.1:7001 127.0.0.1:7002 127.0.0.1:7003'
for number in 1 2 3 4; do
	redis "node$number" 700$number --cluster-enabled yes --cluster-node-timeout 3000 --cluster-require-full-coverage yes \
		--cluster-config-file "$T/redis.node$number/nodes.conf"
	eval "node$number=\$redis"
done
gateway early redis://127.0.0.1:7001
check 'a cluster that is not made yet is down' heard early 'down 127\.0\.0\.1:7001: the cluster is down \(CLUSTERDOWN\)'
# shellcheck disable=SC2086 # words
redis-cli --cluster create $nodes --cluster-yes >"$T/create" 2>&1 || bail "no cluster: $(tail -n 3 "$T/create")"
cluster_ok() {
	for port in 7001 7002 7003; do
		redis-cli -p $port cluster info | grep -q 'cluster_state:ok' || return
	done
}
wait_for -t 20 cluster_ok || bail 'the cluster is not in order'
id_of() {
	redis-cli -p "$1" cluster myid
}
# owner: the port of the node that has the group's slot; others: those of the two others
slot=$(redis-cli -p 7001 cluster keyslot '{knockd:main}:x')
owner() {
	for port in 7001 7002 7003 7004; do
		redis-cli -p $port mget '{knockd:main}:' 2>&1 | grep -q MOVED || redis-cli -p $port role | grep -q slave || {
			echo $port
			return
		}
	done
}
has=$(owner)
others=$(for port in 7001 7002 7003; do [ $port = "$has" ] || echo $port; done)
first=${others%%
*} second=${others##*
}

# --- the keys have a node

url=redis://127.0.0.1:$first,127.0.0.1:$second,127.0.0.1:$has,127.0.0.1:7004
now began
gateway a "$url"
check 'the node that has the keys is found' heard a "up 127\\.0\\.0\\.1:$has"
now found
refute '... at once, without a fault' heard a 'down .*'
diag "$((found - began)) hundredths of a second"
gateway b "redis://127.0.0.1:$has"
check 'a courier that begins there' heard b "up 127\\.0\\.0\\.1:$has"
gateway narrow "redis://127.0.0.1:$first"
check 'a node that Share does not name is not followed' heard narrow "down 127\\.0\\.0\\.1:$first: the group's keys are on another node of the cluster, 127\\.0\\.0\\.1:$has: name it in Share"
tell a put ticket=1 id=5 hlc=7 left=600000 user=3 counter=9 once=4 seal=77
check 'a grant is stored' heard a 'answer 1 yes'
check '... the other gateway hears of it' heard b 'record id=5 seal=77 .*'
tell b put ticket=2 id=6 hlc=7 left=600000 user=3 counter=9 seal=78
check '... a used counter is refused' heard b 'answer 2 repeat'
forget b
tell b resync
check '... and all is read' heard b 'sync end records=1 .*'

# --- the keys are moved to another node, while claims are made

forget a
redis-cli -p "$first" cluster setslot "$slot" importing "$(id_of "$has")" >/dev/null
redis-cli -p "$has" cluster setslot "$slot" migrating "$(id_of "$first")" >/dev/null
tell a put ticket=3 id=7 hlc=8 left=600000 user=4 counter=1 seal=79
check 'while they are moved a claim has an answer' heard a 'answer 3 (yes|unknown)'
tell a put ticket=4 id=77 hlc=8 left=600000 user=5 counter=1 seal=79
check '... each' heard a 'answer 4 (yes|unknown)'
check '... and it is said' -t 10 heard a "down 127\\.0\\.0\\.1:$has: the cluster is moving the group's keys to another node"
redis-cli -p "$has" --raw cluster getkeysinslot "$slot" 1000 >"$T/keys"
while read -r key; do
	redis-cli -p "$has" migrate 127.0.0.1 "$first" "$key" 0 5000 >/dev/null
done <"$T/keys"
for port in "$first" "$has" "$second"; do
	redis-cli -p "$port" cluster setslot "$slot" node "$(id_of "$first")" >/dev/null
done
check 'they have moved: up there' -t 20 heard a "up 127\\.0\\.0\\.1:$first"
check '... with all that was stored' heard a 'sync end records=[1-9] .*'
tell a put ticket=5 id=8 hlc=9 left=600000 user=3 counter=9 seal=80
check '... a used counter is refused' heard a 'answer 5 repeat'
tell b put ticket=6 id=8 hlc=9 left=600000 seal=80
check 'a gateway that knows the first node alone' heard b 'answer 6 unknown'
check '... says what it lacks' -t 10 heard b "down .*another node of the cluster, 127\\.0\\.0\\.1:$first: name it in Share"

# --- the node is lost, and its replica takes its place

redis-cli --cluster add-node 127.0.0.1:7004 "127.0.0.1:$first" --cluster-slave --cluster-master-id "$(id_of "$first")" \
	>"$T/add" 2>&1 || bail "no replica: $(tail -n 3 "$T/add")"
replicates() {
	redis-cli -p 7004 info replication | grep -q master_link_status:up &&
		redis-cli -p "$second" cluster nodes | grep -q "127.0.0.1:7004.*slave $(id_of "$first")"
}
wait_for -t 20 replicates || bail 'no replica'
tell a put ticket=7 id=9 hlc=10 left=600000 seal=81
check 'a grant' heard a 'answer 7 yes'
forget a
now killed
eval "kill -KILL \$node${first#700}"
check 'the node is killed: its replica is found' -t 40 heard a 'up 127\.0\.0\.1:7004'
now found
diag "$((found - killed)) hundredths of a second after the end of the node, with a timeout of 3 s"
tell a put ticket=8 id=8 hlc=11 left=600000 user=3 counter=9 seal=82
check '... a used counter is refused' heard a 'answer 8 repeat'
done_testing
