#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# contrib/examples/docker.conf beside the real Docker, with a container of busybox alone. examples.sh has the rules that
# Docker writes, for systems without it.

. "$(dirname "$0")/../lib.sh"
need knock dockerd docker iptables
busybox=$(command -v busybox) || skip_all 'busybox is missing'
! ldd "$busybox" >/dev/null 2>&1 || skip_all "$busybox is not static"
topo_pair
topo_client other 1
example=$TESTS_TOP/contrib/examples/docker.conf

docker() {
	command docker -H unix:///run/docker.sock "$@"
}

# Cgroups are not in a namespace of the script's own: those of its containers are in one directory, which goes at the end.
cgroup=/knockd-test-$$
dockerd_start() {
	dockerd -H unix:///run/docker.sock --pidfile /run/docker.pid --data-root "$T/docker" --storage-driver vfs \
		--exec-opt native.cgroupdriver=cgroupfs --cgroup-parent $cgroup >"$T/dockerd" 2>&1 &
	dockerd=$!
	started $dockerd
	wait_for -t 60 eval 'docker version >"$T/out" 2>&1'
}

dockerd_stop() {
	kill "$dockerd"
	wait "$dockerd" 2>/dev/null
}

{ cp -a /etc "$T/etc" && mount --bind "$T/etc" /etc; } 2>"$T/err" || skip_all "no private /etc: $(head -n 1 "$T/err")"
[ -e /sys/fs/cgroup/cgroup.controllers ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>"$T/err" ||
	skip_all "no cgroups here: $(head -n 1 "$T/err")"
dockerd_start || skip_all "dockerd does not run here: $(grep -v level=warning "$T/dockerd" | tail -n 1)"
diag "$(docker version --format '{{.Server.Version}}')"
mkdir -p "$T/image/bin"
cp "$busybox" "$T/image/bin/"
tar -C "$T/image" -c . | docker import - tiny >"$T/out" 2>&1 || bail "no image: $(cat "$T/out")"

# the port of the example
port=$(sed -n 's/^[[:space:]]*open[[:space:]]*= *\([0-9]*\).*/\1/p' "$example")
docker run -d --name web --restart always -p "$port:80" tiny /bin/busybox nc -ll -p 80 -e /bin/busybox echo hello >"$T/out" 2>&1 ||
	skip_all "no container runs here: $(tail -n 1 "$T/out")"
check 'Docker publishes the port' -t 30 port_open $server "$port"
check '... for all' port_open 10.0.1.1 "$port" other
address=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' web)
knockd_start "$(cat "$example")
$fence_door"
refute 'the port is shut' port_open $server "$port"
# shellcheck disable=SC2046
knock $server $(sed -n 's/^[[:space:]]*sequence[[:space:]]*=//p' "$example" | tr , ' ')
check 'a knock opens it' port_open $server "$port"
refute '... and not for others' port_open 10.0.1.1 "$port" other
check 'a container reaches another' [ "$(docker run --rm tiny /bin/busybox nc "$address" 80 </dev/null)" = hello ]
check 'the container restarts' docker restart -t 0 web
check '... the port is open' -t 30 port_open $server "$port"
refute '... and shut for others' port_open 10.0.1.1 "$port" other
dockerd_stop
check 'Docker restarts' dockerd_start
check '... the port is open' -t 30 port_open $server "$port"
refute '... and shut for others' port_open 10.0.1.1 "$port" other
knockd_stop
"$KNOCKD" --unguard
check 'without the guard it is open to all' port_open 10.0.1.1 "$port" other
docker rm -f web >/dev/null 2>&1
dockerd_stop
find "/sys/fs/cgroup$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
done_testing
