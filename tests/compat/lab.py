# SPDX-License-Identifier: GPL-2.0-or-later
"""Namespaces, daemons and packets for the tests that run knockd 0.8 and our knockd side by side.

isolate() moves the whole test into namespaces of its own (network, mount, PID), so that it does not
touch the host and all its processes end with it. Inside, each daemon gets another network and mount
namespace with the same addresses and its directory at the same path, so that one configuration
serves both.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("KNOCKD_BUILD", os.getcwd())

# The injector writes to the far end of the veth pair, the daemons listen at the near end.
IFACE = "knock0"
FAR = "knock1"
MAC = "02:00:00:00:00:01"
LOCAL4, LOCAL4_SECOND = "10.99.0.1", "10.99.0.9"
LOCAL6, LOCAL6_SECOND = "fd99::1", "fd99::9"
AWAY4, AWAY6 = "10.77.0.5", "fd77::5"  # addresses of other machines: packets "to be forwarded"
LOCALS = (LOCAL4, LOCAL4_SECOND, LOCAL6, LOCAL6_SECOND)

NETWORK = f"""\
link set lo up
link add {FAR} address 02:00:00:00:00:02 type veth peer name {IFACE} address {MAC}
link set {FAR} addrgenmode none
link set {IFACE} addrgenmode none
link set {FAR} up
link set {IFACE} up
addr add {LOCAL4}/24 dev {IFACE}
addr add {LOCAL4_SECOND}/24 dev {IFACE}
addr add {LOCAL6}/64 dev {IFACE} nodad
addr add {LOCAL6_SECOND}/64 dev {IFACE} nodad
"""

# $1: the daemon's directory, $2: the path where both daemons see theirs, then the command line
ENTER = f"""\
set -e
mount --bind "$1" "$2"
shift 1; cd "$1"; shift 1
for dir in /run /var/lib; do
  case $PWD in $dir/*) ;; *) mount -t tmpfs none $dir ;; esac
done
# A /dev of our own, in which /dev/log is the socket that the test listens on.
if [ "$COMPAT_SYSLOG" ]; then
  mkdir dev
  mount -t tmpfs none dev
  for name in null zero full random urandom; do
    : >dev/$name
    mount --bind /dev/$name dev/$name
  done
  ln -s "$COMPAT_SYSLOG" dev/log
  mount --rbind dev /dev
fi
ip -batch - <<END
{NETWORK}END
# A veth sends only after the kernel's link watch has noticed that its peer is up.
for name in {IFACE} {FAR}; do
  until ip -o link show dev $name | grep -q "state UP"; do sleep 0.01; done
  ip link set $name up
done
eval "$COMPAT_SETUP"
exec "$@"
"""


def plan_skip(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def isolate():
    """Starts the test again in namespaces of its own; returns only there."""
    if os.environ.get("COMPAT_INSIDE"):
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        return
    if not shutil.which("unshare") or not shutil.which("ip"):
        plan_skip("unshare (util-linux) or ip (iproute2) is missing")
    root = os.geteuid() == 0
    # two calls: the network's files in /proc belong to the user that is root when the network is made
    unshare = ([] if root else ["unshare", "-r"]) + ["unshare", "-nm", "--pid", "--fork", "--kill-child", "--mount-proc"]
    veth = ["ip", "link", "add", FAR, "type", "veth", "peer", "name", IFACE]
    probe = subprocess.run(unshare + ["unshare", "-nm"] + veth,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if probe.returncode:
        lines = probe.stderr.strip().splitlines() or ["no reason given"]
        plan_skip("cannot make namespaces: " + lines[-1])
    os.environ["COMPAT_INSIDE"] = "root" if root else "user"
    os.execvp(unshare[0], unshare + [sys.executable] + sys.argv)


def is_reference(binary):
    """Both may call themselves "knockd 0.8"; only the original names its author below."""
    try:
        out = subprocess.run([binary, "-V"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=10,
                             check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    return out.startswith("knockd 0.8\n") and "Judd Vinet" in out


def find_reference():
    """knockd 0.8: $KNOCKD_REF, the installed one, or Debian's package, unpacked and not installed."""
    asked = os.environ.get("KNOCKD_REF")
    fetched = os.path.join(BUILD, "tests/ref/usr/sbin/knockd")
    for path in [asked] if asked else ["/usr/sbin/knockd", fetched]:
        if is_reference(path):
            return path
    if not asked:
        subprocess.run(["sh", os.path.join(SOURCE, "tests/fetch-reference"), os.path.join(BUILD, "tests/ref")],
                       check=False)
    return fetched if not asked and is_reference(fetched) else None


def own_options(seen):
    """Options for ours: a user that exists, and a state directory of its own."""
    user = "nobody" if os.environ.get("COMPAT_INSIDE") == "root" else "root"
    return f"User = {user}\nState_Dir = {seen}/state\nControl_Socket = none\n"


def find_ours():
    path = os.environ.get("KNOCKD", os.path.join(BUILD, "knockd"))
    return os.path.abspath(path) if os.access(path, os.X_OK) else None


def has_musl(binary):
    """Is it built with musl?"""
    with open(binary, "rb") as file:
        return b"/ld-musl-" in file.read()


def find_inject():
    path = os.environ.get("INJECT", os.path.join(BUILD, "tests/compat/inject"))
    return os.path.abspath(path) if os.access(path, os.X_OK) else None


def read(path):
    try:
        with open(path, encoding="utf-8", errors="backslashreplace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


STAMP = re.compile(r"^\[\d{4}-\d\d-\d\d \d\d:\d\d\] ")


class Daemon:
    """One knockd in its own namespaces. `seen` is the path at which each daemon sees its own directory."""

    def __init__(self, binary, own, seen, conf, args=("-i", IFACE), files=None, syslog=None, setup=""):
        self.binary, self.own, self.args = binary, own, list(args)
        os.makedirs(own)
        os.makedirs(seen, exist_ok=True)
        os.chmod(own, 0o755)
        self.conf = conf
        for name, text in dict(files or {}, conf=conf).items():
            with open(os.path.join(own, name), "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(os.path.join(own, name), 0o640)
        self.out = open(os.path.join(own, "stdout"), "wb")
        self.err = open(os.path.join(own, "stderr"), "wb")
        self.process = subprocess.Popen(
            ["unshare", "-nm", "sh", "-c", ENTER, "sh", own, seen, binary, "-c", os.path.join(seen, "conf")]
            + self.args, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err, start_new_session=True,
            env=dict(os.environ, COMPAT_SYSLOG=syslog or "", COMPAT_SETUP=setup))

    def file(self, name):
        return read(os.path.join(self.own, name))

    def log(self):
        """Log lines without their stamp, and without the empty ones that 0.8 writes after some messages."""
        return [STAMP.sub("", line) for line in self.file("log").splitlines() if line]

    def tail(self):
        return f"(exit status {self.process.poll()}) {self.file('stderr')[-300:]} {self.log()[-10:]}"

    def output(self):
        """The injector's name for this daemon's network, or None when the daemon is gone."""
        return f"/proc/{self.process.pid}/ns/net:{FAR}:{MAC}" if self.process.poll() is None else None

    def remove(self):
        shutil.rmtree(self.own, ignore_errors=True)

    def wait(self, condition, seconds):
        """Polls until condition() holds; False when the deadline passes or the daemon has ended."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end or self.process.poll() is not None:
                return condition()
            time.sleep(0.01)
        return True

    def ready(self, seconds=20):
        return self.wait(lambda: "starting up, listening on" in self.file("log"), seconds)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.out.close()
        self.err.close()
        return self.process.returncode


class Sent:
    """The time when one packet was sent: whole seconds of the wall clock, monotonic seconds."""

    def __init__(self, line):
        _, before, after, monotonic = line.split()
        self.second, self.time = int(before) // 10**9, int(monotonic) / 1e9
        self.fraction = int(before) % 10**9 / 1e9
        self.certain = self.second == int(after) // 10**9


def inject(binary, daemons, script):
    """Sends a script to all daemons at once; returns the list of Sent."""
    outputs = [daemon.output() for daemon in daemons]
    if None in outputs:
        return None
    run = subprocess.run([binary] + outputs, input=script, stdout=subprocess.PIPE, text=True, check=True)
    return [Sent(line) for line in run.stdout.splitlines()]


def workdir(*used):
    """A tmpfs in our mount namespace, which ends with it, over a directory without any of `used`."""
    for path in ("/mnt", "/media", "/srv", "/opt"):
        if os.path.isdir(path) and not any(os.path.realpath(name).startswith(path + "/") for name in used):
            break
    else:
        path = tempfile.mkdtemp(prefix="compat.")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", path], check=True)
    return path
