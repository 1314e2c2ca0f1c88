# SPDX-License-Identifier: GPL-2.0-or-later
"""One-time sequences side by side. 0.8 is broken in several places here, so the expected lines of both
are written by hand; None for 0.8 means that it is not compared."""
import os
import re

import cases
import lab
import model

SAME = object()
EXHAUSTED = "no more sequences left in the one time sequences file for door A --> disabling the door"


class Scenario:
    """`file` is the text of the sequences file; `old` and `ours` are the matcher's lines in short ("b:A2 b:A!"
    is stage 2 and OPEN SESAME of door A and source b); `left_*` is the file's text afterwards."""

    def __init__(self, title, file, words, old, left_old, ours=SAME, left_ours=SAME, says=None):
        self.title, self.file, self.words, self.says = title, file, words, says
        self.old, self.left_old = old, left_old
        self.ours = old if ours is SAME else ours
        self.left_ours = left_old if left_ours is SAME else left_ours


SCENARIOS = [
    Scenario("one line after the other; comments, blank lines and used lines are skipped",
             "# a comment\n\n#9,9\n 1001,1002,1003\n 1004,1005,1006\n 1007\n",
             "1 2 3 ~400 1 2 3 4 5 6", "A1 A2 A3 A! A1 A2 A3 A!",
             "# a comment\n\n#9,9\n#1001,1002,1003\n#1004,1005,1006\n 1007\n"),
    Scenario("a used sequence does not open", " 1001,1002\n 1003,1004\n 1005,1006\n", "1 2 ~400 1 2 1 2", "A1 A2 A!",
             "#1001,1002\n 1003,1004\n 1005,1006\n"),
    Scenario("the next line does not open before its turn", " 1001,1002\n 1003,1004\n", "3 4 1 2", "A1 A2 A!",
             "#1001,1002\n 1003,1004\n"),
    Scenario("UDP and TCP in a line", " 1001:udp,1002, 1003:TCP\n 1004\n", "1u 2 3", "A1 A2 A3 A!",
             "#1001:udp,1002, 1003:TCP\n 1004\n"),
    Scenario("a line without leading blank loses its first character in 0.8", "1001,1002\n1003,1004\n1005,1006\n",
             "1 2 ~400 3 4", "A1 A2 A! A1 A2 A!", "#001,1002\n#003,1004\n1005,1006\n", left_ours=None),
    Scenario("the next sequence is in use over IPv6, too; in 0.8 it is not", " 1001,1002\n 1003,1004\n 1005,1006\n",
             "v:1 v:2 ~400 v:3 v:4", "v:A1 v:A2 v:A!", "#1001,1002\n 1003,1004\n 1005,1006\n",
             "v:A1 v:A2 v:A! v:A1 v:A2 v:A!", "#1001,1002\n#1003,1004\n 1005,1006\n"),
    Scenario("the stage of the old sequence does not count; in 0.8 it stays",
             " 1001,1002,1003\n 1004,1005,1006\n 1007\n",
             "b:1 a:1 a:2 a:3 ~400 b:5 b:6", "b:A1 a:A1 a:A2 a:A3 a:A! b:A2 b:A3 b:A!",
             "#1001,1002,1003\n#1004,1005,1006\n 1007\n", "b:A1 a:A1 a:A2 a:A3 a:A!",
             "#1001,1002,1003\n 1004,1005,1006\n 1007\n"),
    Scenario("a bad line is skipped; in 0.8 the next one is valid twice",
             " 1001,1002\n 1:icmp\n 1003,1004\n 1005,1006\n", "1 2 ~400 3 4 ~400 3 4", "A1 A2 A! A1 A2 A! A1 A2 A!",
             "#1001,1002\n#1:icmp\n#1003,1004\n 1005,1006\n", "A1 A2 A! A1 A2 A!",
             "#1001,1002\n 1:icmp\n#1003,1004\n 1005,1006\n"),
    Scenario("the last one used: that door is disabled, the others work on; 0.8 aborts", " 1001,1002\n",
             "1 2 ~400 1 2 ~100 8", None, None, "A1 A2 A! Z1 Z!", "#1001,1002\n", says=EXHAUSTED),
    Scenario("none left at the start: that door is disabled, the others work; 0.8 gives up", "# spent\n#1001,1002\n",
             "1 2 8", None, None, "Z1 Z!", "# spent\n#1001,1002\n", says=EXHAUSTED),
]

OTHER = model.Door("Z", [(1008, "tcp")], ["syn"])


def expand(short):
    lines = []
    for item in short.split():
        source, _, rest = item.rpartition(":")
        what = "OPEN SESAME" if rest[1] == "!" else f"Stage {rest[1:]}"
        lines.append(f"{cases.address(0, source or 'a')}: {rest[0]}: {what}")
    return lines


def problems(side, daemon, scenario):
    old = side.rules == model.OLD
    want, left = expand(scenario.old if old else scenario.ours), scenario.left_old if old else scenario.left_ours
    log = daemon.log()
    lines = [line for line in log if re.match(r"^\S+: [AZ]: (Stage \d+|OPEN SESAME)$", line)]
    found = [] if lines == want else [f"{side.name}: expected {want}, got {lines}"]
    opens = sum(line.endswith(": A: OPEN SESAME") for line in want)
    if len(daemon.file("cmds").splitlines()) != opens:
        found.append(f"{side.name}: expected {opens} commands, got {daemon.file('cmds').splitlines()}")
    if left is not None and daemon.file("onetime") != left:
        found.append(f"{side.name}: expected in the file {left!r}, got {daemon.file('onetime')!r}")
    mode = os.stat(os.path.join(daemon.own, "onetime")).st_mode & 0o777
    if mode != 0o640:
        found.append(f"{side.name}: the file's mode became {mode:o}")
    if not old and scenario.says and not any(line.startswith(scenario.says) for line in log):
        found.append(f"{side.name}: does not say: {scenario.says}")
    return found


# A daemon sees the ports of the next sequence some time after the knock with the one before. The pauses between the
# knocks allow for that; a busy machine gets longer ones.
PACES = (1, 4, 16)


def run_one(bench, scenario):
    found = []
    for pace in PACES:
        found = run_at(bench, scenario, pace)
        if not found:
            break
    return found


def run_at(bench, scenario, pace):
    sides = [side for side in bench.sides if scenario.old is not None or side.rules != model.OLD]
    seen = bench.seen
    door = (f"[A]\none_time_sequences = {seen}/onetime\ntcpflags = syn\n"
            f"start_command = echo A %IP% >>{seen}/cmds\n\n")
    packets = cases.read_packets(scenario.words, 0)
    packets.append(model.Packet(cases.SENTINEL_SOURCE, lab.LOCAL4, "udp", cases.SENTINEL_PORT, sport=1, pause=0.4))
    for packet in packets:
        packet.pause *= pace if packet.pause >= 0.1 else 1
    name = bench.new_name()
    daemons = []
    try:
        for side in sides:
            conf = (f"[options]\nLogFile = {seen}/log\n{side.options(seen)}\n" + door + OTHER.text()
                    + cases.SERVICE_DOORS[-1].text())
            daemons.append(lab.Daemon(side.binary, os.path.join(bench.work, f"{name}-{side.name}"), seen, conf,
                                      files={"onetime": scenario.file}))
        return talk(bench, scenario, sides, daemons, packets)
    finally:
        for daemon in daemons:
            daemon.stop()
            daemon.remove()


def talk(bench, scenario, sides, daemons, packets):
    found = []
    for side, daemon in zip(sides, daemons):
        if not daemon.ready():
            return [f"{side.name} did not start: {daemon.tail()}"]
    lab.inject(bench.inject, daemons, "".join(packet.text() for packet in packets))
    for side, daemon in zip(sides, daemons):
        def shown(daemon=daemon, side=side):
            opens = (scenario.old if side.rules == model.OLD else scenario.ours).count("A!")
            return (f"{cases.SENTINEL_SOURCE}: sentinel: OPEN SESAME" in daemon.log()
                    and len(daemon.file("cmds").splitlines()) >= opens)
        if not daemon.wait(shown, 10):
            found.append(f"{side.name} is not quiet: {daemon.tail()}")
        found += problems(side, daemon, scenario)
        if found:
            found += [f"  {side.name} logged: {line}" for line in daemon.log()] + [daemon.file("stderr")]
    return found


def start(bench, tap):
    """Starts all scenarios; returns a function that waits for them and reports."""
    reference_only = all(side.rules == model.OLD for side in bench.sides)
    scenarios = [scenario for scenario in SCENARIOS if scenario.old is not None or not reference_only]
    running = bench.map(lambda scenario: run_one(bench, scenario), scenarios)

    def report():
        for scenario, found in running:
            for problem in found:
                tap.note("problem: " + problem)
            tap.result(not found, "one-time sequences: " + scenario.title)
    return report
