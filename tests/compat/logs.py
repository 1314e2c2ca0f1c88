#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that read knockd's log must not notice a difference: one full scenario, its lines on all three
channels (file, syslog, standard output), parsed as known consumers parse them. knockd 0.8 runs through
the same checks where it is available, so that the checks themselves are checked."""
import collections
import datetime
import ipaddress
import os
import re
import shutil
import signal
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cases  # noqa: E402
import lab  # noqa: E402
import model  # noqa: E402

# A door with start and stop command, one whose command fails, one whose knocks time out.
CONFIG = """\
[openSSH]
sequence = 1001,1002,1003
tcpflags = syn
start_command = : iptables -A INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
cmd_timeout = 1
stop_command = : iptables -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT

[web door]
sequence = 1004:udp,1005
start_command = : ufw allow from %IP%; exit 3

[slow]
sequence = 1006,1007,1008
tcpflags = syn
seq_timeout = 1
"""
WORDS = "@200 1 2 3 b:4u b:5 v:1 v:2 v:3 c:6 c:7 ~1500 9"
A, B, C, V = (cases.address(0, letter) for letter in "abcv")

# The lines of the scenario in the log. The matcher's are in the order of the file.
MATCHER = [f"{A}: openSSH: Stage 1", f"{A}: openSSH: Stage 2", f"{A}: openSSH: Stage 3", f"{A}: openSSH: OPEN SESAME",
           f"{B}: web door: Stage 1", f"{B}: web door: Stage 2", f"{B}: web door: OPEN SESAME",
           f"{V}: openSSH: Stage 1", f"{V}: openSSH: Stage 2", f"{V}: openSSH: Stage 3", f"{V}: openSSH: OPEN SESAME",
           f"{C}: slow: Stage 1", f"{C}: slow: Stage 2", f"{C}: slow: sequence timeout (stage 2)",
           f"{cases.SENTINEL_SOURCE}: sentinel: Stage 1", f"{cases.SENTINEL_SOURCE}: sentinel: OPEN SESAME"]
COMMANDS = [f"openSSH: running command: : iptables -{letter} INPUT -s {ip} -p tcp --dport 22 -j ACCEPT"
            for ip in (A, V) for letter in "AD"]
COMMANDS += [f"{ip}: openSSH: command timeout" for ip in (A, V)]
COMMANDS += [f"web door: running command: : ufw allow from {B}; exit 3",
             "web door: command returned non-zero status code (3)"]
DAEMON = [f"starting up, listening on {lab.IFACE}", "shutting down"]
EVERYTHING = sorted(MATCHER + COMMANDS + DAEMON)


class Syslog:
    """Takes the place of /dev/log and keeps the datagrams."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.datagrams = []
        self.thread = threading.Thread(target=self.receive, daemon=True)
        self.thread.start()

    def receive(self):
        while datagram := self.socket.recv(65536):
            self.datagrams.append(datagram.decode("utf-8", "backslashreplace"))

    def end(self):
        """Returns when everything sent so far has been received. An empty datagram, which no daemon sends, is last."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", self.path)
        self.thread.join()


def logwatch(messages):
    """The distribution's script: the lines that it counts, and those that it mails as "unknown"."""
    stages, commands, unknown = collections.Counter(), collections.Counter(), []
    for message in messages:
        if (message.startswith("starting up, listening on ") or message.endswith("OPEN SESAME")
                or ": sequence timeout " in message):
            continue
        command = re.match(r"^(\S.*?): running command: (.*)$", message)
        stage = re.match(r"^(\d+\.\d+\.\d+\.\d+): (.*): Stage (\d+)$", message)
        if command:
            commands[command[1]] += 1
        elif stage:
            stages[stage[1], stage[2]] += 1
        else:
            unknown.append(message)
    return stages, commands, unknown


def check_logwatch(messages):
    stages, commands, unknown = logwatch(messages)
    yield stages == {(A, "openSSH"): 3, (B, "web door"): 2, (C, "slow"): 2,
                     (cases.SENTINEL_SOURCE, "sentinel"): 1}, f"stages {dict(stages)}"
    yield commands == {"openSSH": 4, "web door": 1}, f"commands {dict(commands)}"
    # knockd 0.8 causes these, too, so they are no new lines in an admin's mail
    known = [line for line in EVERYTHING if line.startswith(V) and "Stage" in line or "command timeout" in line
             or "non-zero" in line or line == "shutting down"]
    yield sorted(unknown) == sorted(known), f"unknown: {unknown}"


def check_logview(text):
    """The viewer that reads the log file with its stamps."""
    seen = []
    for line in text.splitlines():
        match = re.match(r"^\[(\d{4}-\d\d-\d\d \d\d:\d\d)\] (\S+): (.+): (Stage [123]$|OPEN SESAME)", line)
        if match:
            age = datetime.datetime.now() - datetime.datetime.strptime(match[1], "%Y-%m-%d %H:%M")
            yield abs(age.total_seconds()) < 300, f"stamp of {line}"
            yield line.endswith(match[4]), f"trailing text: {line}"
            seen.append(f"{match[2]}: {match[3]}: {match[4]}")
    yield seen == [line for line in MATCHER if "timeout" not in line], f"saw {seen}"


def three_shapes(message):
    """ADDR: SECTION: MSG, SECTION: MSG, or a notice of the daemon; None for anything else."""
    if message.startswith(("starting up", "shutting down")):
        return "daemon", "", ""
    parts = message.split(": ", 2)
    try:
        ipaddress.ip_address(parts[0])
    except ValueError:
        section, _, text = message.partition(": ")
        good = re.match(r"^(running command: .*|command returned non-zero status code \(\d+\))$", text)
        return ("door", section, text) if good and ":" not in section else None
    good = len(parts) == 3 and re.match(
        r"^(OPEN SESAME|Stage \d+|sequence timeout \(stage \d+\)|command timeout)$", parts[2])
    return ("knocker", parts[1], parts[2]) if good else None


def grants(messages):
    """The addresses that were let in and shut out, guessed from the commands as that parser does."""
    result = []
    for message in messages:
        shape = three_shapes(message)
        if shape and shape[2].startswith("running command: "):
            words = shape[2].split()
            verb = "revoke" if {"delete", "-D"} & set(words) else "grant" if {"add", "insert", "-A", "-I",
                                                                            "allow"} & set(words) else "?"
            address = [word.rstrip(";") for word in words
                       if re.match(r"^((\d+\.){3}\d+|[0-9a-f]*:[0-9a-f:]+);?$", word)]
            result.append((verb, address[0] if address else None))
    return sorted(result)


def check_three_shapes(messages):
    lost = [message for message in messages if three_shapes(message) is None]
    yield not lost, f"fit no shape: {lost}"
    yield grants(messages) == sorted([("grant", A), ("revoke", A), ("grant", V), ("revoke", V), ("grant", B)]), \
        f"grants {grants(messages)}"


def check_file(text):
    lines = [line for line in text.splitlines() if line]
    yield all(lab.STAMP.match(line) for line in lines), "a line without stamp"
    messages = [lab.STAMP.sub("", line) for line in lines]
    yield sorted(messages) == EVERYTHING, f"differ: {sorted(set(messages) ^ set(EVERYTHING))}"
    matcher = [line for line in messages if line in MATCHER]
    yield matcher == MATCHER, f"order: {matcher}"
    yield messages[0] == DAEMON[0] and messages[-1] == DAEMON[1], "first and last line"


def check_syslog(datagrams):
    """Facility daemon, priority notice, identifier without pid."""
    shape = re.compile(r"^<29>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d knockd: (.*?)\n?$", re.DOTALL)
    matches = [shape.match(datagram) for datagram in datagrams]
    yield all(matches), f"shape: {[d for d, match in zip(datagrams, matches) if not match]}"
    messages = sorted(match[1] for match in matches if match)
    yield messages == EVERYTHING, f"differ: {sorted(set(messages) ^ set(EVERYTHING))}"


def check_stdout(text):
    """With -v the same texts without stamp. 0.8 has a few lines only here, and lacks a few."""
    only_here = re.compile(r"^(listening on \S+\.\.\.|waiting for child processes\.\.\.|closing.*)$")
    may_lack = set(DAEMON + [line for line in COMMANDS if "non-zero" in line])
    messages = {line for line in text.splitlines() if line and not only_here.match(line)} | may_lack
    yield messages == set(EVERYTHING), f"differ: {sorted(messages ^ set(EVERYTHING))}"
    matcher = [line for line in text.splitlines() if line in MATCHER]
    yield matcher == MATCHER, f"order: {matcher}"


def options_for(binary, seen):
    return "" if lab.is_reference(binary) else lab.own_options(seen)


def run(name, binary, inject, work):
    """The scenario on one daemon: texts of file, stdout and syslog."""
    seen = os.path.join(work, "seen")
    own = os.path.join(work, name)
    conf = f"[options]\nUseSyslog\n{options_for(binary, seen)}\n{CONFIG}\n" + cases.SERVICE_DOORS[-1].text()
    syslog = os.path.join(work, f"{name}.log")
    collector = Syslog(syslog)
    daemon = lab.Daemon(binary, own, seen, conf, ["-i", lab.IFACE, "-v", "-g", os.path.join(seen, "log")],
                        syslog=syslog)
    try:
        if not daemon.ready():
            return None, "did not start: " + daemon.tail(), []
        packets = cases.read_packets(WORDS, 0)
        packets.append(model.Packet(cases.SENTINEL_SOURCE, lab.LOCAL4, "udp", cases.SENTINEL_PORT, sport=1, pause=0.2))
        lab.inject(inject, [daemon], "".join(packet.text() for packet in packets))
        # the children of 0.8, which write a line to the file first, may outlive it
        daemon.wait(lambda: min(len(daemon.log()), len(collector.datagrams)) >= len(EVERYTHING) - 1, 10)
    finally:
        daemon.stop()
        collector.end()
    return daemon.file("log"), daemon.file("stdout"), collector.datagrams


GRANTS = """\
[gate]
sequence = 1010
tcpflags = syn
grant = inet filter ok { %IP% timeout 15m }
grant_6 = inet filter ok6 { %IP% timeout 15m }

[shut]
sequence = 1011
tcpflags = syn
revoke = inet filter ok { %IP% }
revoke_6 = inet filter ok6 { %IP% }
"""
SETS = """\
nft add table inet filter
nft 'add set inet filter ok { type ipv4_addr; flags timeout; }'
nft 'add set inet filter ok6 { type ipv6_addr; flags timeout; }'
"""


def check_grants(messages):
    """A grant of knockd's own is logged like the command that would do it."""
    commands = [message.replace("'", "") for message in messages if ": running command: " in message]
    want = {f"{door}: running command: nft {verb} element inet filter {name} {{ {ip} "
            for door, verb in (("gate", "add"), ("shut", "delete")) for name, ip in (("ok", A), ("ok6", V))}
    yield len(commands) == 4 and all(any(line.startswith(text) for line in commands) for text in want), f"{commands}"
    yield all(("timeout 15m" in line) == line.startswith("gate") for line in commands), f"timeouts: {commands}"
    yield grants(messages) == sorted([("grant", A), ("grant", V), ("revoke", A), ("revoke", V)]), \
        f"grants {grants(messages)}"
    yield all(three_shapes(message) for message in messages), "a line of no shape"
    yield not [line for line in logwatch(messages)[2] if V not in line and line != "shutting down"], \
        f"new noise: {logwatch(messages)[2]}"


def run_grants(binary, inject, work):
    """A door that grants and one that revokes; the log file's messages."""
    seen = os.path.join(work, "seen")
    conf = f"[options]\nLogFile = {seen}/log\n{options_for(binary, seen)}\n{GRANTS}\n" + cases.SERVICE_DOORS[-1].text()
    daemon = lab.Daemon(binary, os.path.join(work, "grants"), seen, conf, setup=SETS)
    try:
        if not daemon.ready():
            return ["did not start: " + daemon.tail()]
        packets = cases.read_packets("10 v:10 ~200 11 v:11", 0)
        lab.inject(inject, [daemon], "".join(packet.text() for packet in packets))
        daemon.wait(lambda: len(daemon.log()) >= 13, 5)
    finally:
        daemon.stop()
    return daemon.log()


# --- the rarer lines: ours must log what 0.8 logs -----------------------------------------------------

LONG = ": " + "%IP% " * 600  # fits a line of the file, and is too long with the address put in


# Lines that may differ from 0.8's: channel, 0.8's line (None: none), our line, reason.
ALLOWED = [
    ("any", r"command returned non-zero status code \(0\)$", r"command returned non-zero status code \(137\)$",
     "0.8 calls death by a signal status 0; ours says 128 + the signal's number, as shells do"),
    ("file", None, r"^re-opening log file: ",
     "0.8's log file is closed when it says so; ours says it in the file just opened as well"),
]
ALLOWED_MUSL = [
    ("syslog", r"^.{1023}$", r"^.{995}$", "musl's syslog(3) sends no more than 1024 bytes, with stamp and newline"),
]


def unexplained(channel, old, new, allowed):
    """Lines only in one of two sorted lists, without those that are allowed."""
    only_old = list((collections.Counter(old) - collections.Counter(new)).elements())
    only_new = list((collections.Counter(new) - collections.Counter(old)).elements())
    for where, old_shape, new_shape, _ in allowed:
        if where not in ("any", channel):
            continue
        olds = [line for line in only_old if old_shape and re.search(old_shape, line)]
        news = [line for line in only_new if re.search(new_shape, line)]
        if old_shape is None or len(olds) == len(news):
            only_old = [line for line in only_old if line not in olds]
            only_new = [line for line in only_new if line not in news]
    return only_old, only_new


class Rare:
    """A configuration, packets, and then perhaps another configuration, SIGHUP and more packets."""

    def __init__(self, title, conf, words, after=None, words_after=""):
        self.title, self.conf, self.words, self.after, self.words_after = title, conf, words, after, words_after


RARE = [
    Rare("a start command that grows too long", f"[A]\nsequence = 1001\nstart_command = {LONG}\n", "1"),
    Rare("a stop command that grows too long prevents both",
         f"[A]\nsequence = 1001\nstart_command = echo A >>@SEEN/cmds\nstop_command = {LONG}\ncmd_timeout = 0\n",
         "1"),
    Rare("a command that fails, and one that a signal ends",
         "[A]\nsequence = 1001\nstart_command = exit 7\n[B]\nsequence = 1002\nstart_command = kill -9 $$\n",
         "1 ~200 2"),
    Rare("a command that is not there", "[A]\nsequence = 1001\nstart_command = /nonexistent 2>/dev/null\n", "1"),
    Rare("a message of more than 1023 bytes is cut", "[A]\nsequence = 1001\nstart_command = : " + "x" * 1200 + "\n",
         "1"),
    Rare("a reload that brings a new door", "[A]\nsequence = 1001\n", "1",
         "[A]\nsequence = 1001\n[N]\nsequence = 1002\n", "1 2"),
]


def wait_quiet(daemon, collector, count):
    """Waits for the sentinel, which is sent last, and then until the children's lines stop."""
    def shown():
        return sum("sentinel: OPEN SESAME" in line for line in daemon.log()) >= count
    daemon.wait(shown, 10)
    before = None
    end = time.monotonic() + 3
    while before != (len(daemon.log()), len(collector.datagrams)) and time.monotonic() < end:
        before = len(daemon.log()), len(collector.datagrams)
        time.sleep(0.4)


def run_rare(binary, name, scenario, inject, work):
    """The messages in file and syslog, and the output of the commands, each a list of lines."""
    seen = os.path.join(work, "seen")

    def config(doors):
        return (f"[options]\nUseSyslog\nLogFile = {seen}/log\n{options_for(binary, seen)}\n"
                + doors.replace("@SEEN", seen) + cases.SERVICE_DOORS[-1].text())

    def send(words):
        packets = cases.read_packets(words, 0)
        packets.append(model.Packet(cases.SENTINEL_SOURCE, lab.LOCAL4, "udp", cases.SENTINEL_PORT, sport=1, pause=0.1))
        lab.inject(inject, [daemon], "".join(packet.text() for packet in packets))

    syslog = os.path.join(work, f"{name}.log")
    collector = Syslog(syslog)
    daemon = lab.Daemon(binary, os.path.join(work, name), seen, config(scenario.conf), syslog=syslog)
    try:
        if not daemon.ready():
            return ["did not start: " + daemon.tail()], [], []
        send(scenario.words)
        wait_quiet(daemon, collector, 1)
        if scenario.after:
            with open(os.path.join(daemon.own, "conf"), "w", encoding="utf-8") as file:
                file.write(config(scenario.after))
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait(lambda: any(re.search("re-opening log file", text) for text in collector.datagrams), 5)
            send(scenario.words_after)
            wait_quiet(daemon, collector, 2)
    finally:
        daemon.stop()
        collector.end()
    sent = [re.sub(r"^<\d+>.{15} knockd: ", "", text).rstrip("\n") for text in collector.datagrams]
    return ([line.rstrip() for line in daemon.log()], [line.rstrip() for line in sent],
            daemon.file("cmds").splitlines())


def check_rare(scenario, number, reference, ours, inject, work):
    old = run_rare(reference, f"rare{number}-0.8", scenario, inject, work)
    new = run_rare(ours, f"rare{number}-ours", scenario, inject, work)
    allowed = ALLOWED + (ALLOWED_MUSL if lab.has_musl(ours) else [])
    for channel, want, have in zip(("file", "syslog", "commands"), old, new):
        only_old, only_new = unexplained(channel, want, have, allowed)
        yield not only_old + only_new, \
            f"{channel}: only 0.8 {list(map(cut, only_old))}, only ours {list(map(cut, only_new))}"


def cut(text):
    return text if len(text) < 120 else f"{text[:100]}... ({len(text)} bytes)"


def main():
    inject, ours = lab.find_inject(), lab.find_ours()
    if not inject or not ours:
        lab.plan_skip("inject or knockd is not built")
    if not os.environ.get("COMPAT_INSIDE"):
        os.environ["KNOCKD_REF_FOUND"] = lab.find_reference() or ""
    lab.isolate()
    reference = os.environ["KNOCKD_REF_FOUND"]
    daemons = ([("0.8", os.path.abspath(reference))] if reference else []) + [("ours", ours)]
    work = lab.workdir(inject, lab.SOURCE, *(binary for _, binary in daemons))
    count = failed = 0
    for name, binary in daemons:
        log, out, datagrams = run(name, binary, inject, work)
        messages = [lab.STAMP.sub("", line) for line in (log or "").splitlines() if line]
        checks = [("log file", check_file(log or "")), ("syslog", check_syslog(datagrams)),
                  ("standard output with -v", check_stdout(out)), ("Logwatch's script", check_logwatch(messages)),
                  ("a log viewer", check_logview(log or "")), ("a journal parser", check_three_shapes(messages))]
        for title, check in checks:
            try:
                problems = [text for good, text in check if not good]
            except Exception as error:  # pylint: disable=broad-except
                problems = [repr(error)]
            count, failed = count + 1, failed + bool(problems)
            print(f"{'not ok' if problems else 'ok'} {count} - {name}: {title}")
            for problem in problems:
                print("#   " + problem.replace("\n", "\n#   "))
        if failed:
            print("# standard output, error and log file:\n# " + "\n# ".join((out + (log or "")).splitlines()))
    for number, scenario in enumerate(RARE):
        count += 1
        problems = []
        if reference:
            problems = [text for good, text in check_rare(scenario, number, reference, ours, inject, work) if not good]
        failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {count} - as 0.8 logs it: {scenario.title}"
              + ("" if reference else " # SKIP no knockd 0.8 here"))
        for problem in problems:
            print("#   " + problem)
    count += 1
    title = "grants and revokes"
    if not shutil.which("nft"):
        print(f"ok {count} - {title} # SKIP nft is missing")
    elif lab.is_reference(ours):
        print(f"ok {count} - {title} # SKIP that is knockd 0.8 on both sides")
    else:
        problems = [text for good, text in check_grants(run_grants(ours, inject, work)) if not good]
        failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {count} - {title}")
        for problem in problems:
            print("#   " + problem)
    print(f"1..{count}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
