#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same packets to knockd 0.8 and to ours: commands run and log lines compared.

Both are also compared with a model (model.py): 0.8 with the model of 0.8, ours with the model of
ours. Where the two models differ, the smallest set of rules of model.RULES that explains it is
counted. So no difference stays unexplained.

usage: compat.py [--seed N] [--cases N] [--case K] [--named TEXT] [--lanes N] [--as-old]
  --cases N   so many random cases (default 500); --case K only the K-th of them, with every detail
  --named T   only the named cases whose title contains T
  --as-old    ours is expected to be a knockd 0.8, too: to test this test
"""
import argparse
import collections
import concurrent.futures
import os
import random
import re
import sys
import threading
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cases  # noqa: E402
import lab  # noqa: E402
import model  # noqa: E402
import onetime  # noqa: E402

PER_BATCH = 20
ATTEMPTS = 4		  # for a case whose answer depends on timing
SLACK = 0.03		  # seconds by which a timeout that is due may be early or late
LOADED = 0.3		  # the same on a loaded machine: a case that is so near runs again before it counts
STARTED, STOPPED = "starting up, listening on ", "shutting down"

MATCHER = re.compile(r"^(?P<source>\S+): (?P<door>[^:]+): "
                     r"(?P<what>Stage \d+|OPEN SESAME|sequence timeout \(stage \d+\))$")
COMMAND = re.compile(r"^(?:(?P<source>[0-9a-f:.]+): )?(?P<door>[^:]+): "
                     r"(?:running command: .*|command timeout|command returned non-zero status code \(\d+\))$")
WARNING = re.compile(r"^config: .*warning: ")  # for values that 0.8 ignores silently
UPTIME = re.compile(r" t=([\d.]+)$")


class Side:
    """One of the two daemons: its program and the rules of its model."""

    def __init__(self, name, binary, rules, own_options):
        self.name, self.binary, self.rules, self.own_options = name, binary, rules, own_options

    def options(self, seen):
        return lab.own_options(seen) if self.own_options else ""


def canonical(events):
    """Lines in order; those of one packet are sorted, since the order of doors is undefined."""
    result, group, time = [], [], None
    for event in events:
        if event.time != time:
            result += sorted(group)
            group, time = [], event.time
        group.append(event.line())
    return result + sorted(group)


def per_pair(lines):
    """The lines of each source at each door, in order."""
    pairs = collections.defaultdict(list)
    for line in lines:
        match = MATCHER.match(line)
        pairs[match["source"], match["door"]].append(match["what"])
    return pairs


class Expected:
    """The lines and commands expected of one side for one case."""

    def __init__(self, case, packets, rules, until):
        self.rules, self.until = rules, until
        self.doors = case.doors + cases.SERVICE_DOORS
        self.packets, self.families, self.case = packets, case.families, case
        self.events = self.simulate(rules)

    def simulate(self, rules, slack=0.0):
        return model.simulate(self.doors, self.packets, lab.LOCALS, rules, self.families, slack, self.until)

    def hangs_on_timing(self, slack):
        if "exact-timeout" not in self.rules:
            return False
        answer = per_pair(model.lines(self.events))
        return any(per_pair(model.lines(self.simulate(self.rules, shift))) != answer for shift in (-slack, slack))

    def fragile(self):
        """Can an overloaded machine change the answer?"""
        return (any(event.kind == "timeout" for event in self.events) or self.hangs_on_timing(LOADED)
                or any(" command timeout" in line for line in self.commands()[0]))

    def commands(self):
        """Log lines around commands and lines the commands write, in no particular order."""
        logged, written = [], []
        for event in self.events:
            if event.kind != "open":
                continue
            name, source = event.door.name, event.source
            start, stop = event.door.commands(source)
            if start is None:
                continue
            for text in [start] + ([stop] if stop is not None else []):
                if text is not start:
                    logged.append(f"{source}: {name}: command timeout")
                logged.append(f"{name}: running command: {text}".rstrip())
                echo = re.search(r"echo (.*) >>\S*$", text)
                if echo:
                    written.append(echo[1].replace(" t=$t", ""))
                status = re.match(r"exit (\d+)$", text)
                if status:
                    logged.append(f"{name}: command returned non-zero status code ({status[1]})")
        return sorted(logged), sorted(written)

    def problems(self, lines, written):
        """All differences of a daemon's log lines and commands from the expected ones."""
        matcher = [line for line in lines if MATCHER.match(line)]
        commands = sorted(line.rstrip() for line in lines if not MATCHER.match(line))
        want_commands, want_written = self.commands()
        found = self.compare_pairs(matcher) or self.compare_order(matcher) or self.compare_timeouts(matcher)
        found += differences("log of commands", want_commands, commands)
        found += differences("commands' own output", want_written, sorted(UPTIME.sub("", line) for line in written))
        return found + self.compare_delays(written) + self.compare_sequence(lines)

    def compare_pairs(self, lines):
        want, have = per_pair(model.lines(self.events)), per_pair(lines)
        return [f"{source} at {door}: expected {want[source, door]}, got {have[source, door]}"
                for source, door in sorted(set(want) | set(have)) if want[source, door] != have[source, door]]

    def compare_order(self, lines):
        """From packet to packet the order is exact; compare_timeouts() checks timeouts."""
        want = canonical([event for event in self.events if event.kind != "timeout"])
        have = [line for line in lines if "timeout" not in line]
        groups = collections.Counter(event.time for event in self.events if event.kind != "timeout")
        place, sorted_have = 0, []
        for size in groups.values():
            sorted_have += sorted(have[place:place + size])
            place += size
        return [] if sorted_have == want else [f"order: expected {want}, got {have}"]

    def compare_timeouts(self, lines):
        """Each timeout line stands between the packets between which it was due (or was noticed by 0.8)."""
        slack = SLACK if "prompt-timeout" in self.rules else 0.0
        others = [event.time for event in self.events if event.kind != "timeout"]
        due = collections.defaultdict(list)
        for event in self.events:
            if event.kind == "timeout":
                due[event.line()].append(event.time)
        before, found = 0, []
        for line in lines:
            if "timeout" not in line:
                before += 1
                continue
            time = due[line].pop(0)
            least = sum(other < time - slack for other in others)
            most = sum(other < time + slack for other in others) if slack else least
            if not least <= before <= most:
                found.append(f"{line}: after {before} other lines, expected after {least} to {most}")
        return found

    def compare_delays(self, written):
        """The stop command comes cmd_timeout after the start command."""
        times = collections.defaultdict(list)
        for line in written:
            match = UPTIME.search(line)
            if match:
                name, what, source = line.split()[:3]
                times[name, source, what[:4]].append(float(match[1]))
        found = []
        for door in self.case.doors:
            for (name, source, what), stops in times.items():
                starts = times.get((name, source, "star"), [])
                if name == door.name and what == "stop" and len(starts) == len(stops) == 1:
                    delay = stops[0] - starts[0]
                    if not door.cmd_timeout - 0.02 <= delay <= door.cmd_timeout + 1:
                        found.append(f"{name}: stop command {delay:.2f} s after the start command")
        return found

    def compare_sequence(self, lines):
        """OPEN SESAME, start command, timeout, stop command, for doors with one success only."""
        found = []
        opens = collections.Counter(event.door.name for event in self.events if event.kind == "open")
        for event in self.events:
            if event.kind != "open" or opens[event.door.name] != 1:
                continue
            start, stop = event.door.commands(event.source)
            if not start or "exit" in start:
                continue
            name = event.door.name
            want = [event.line(), f"{name}: running command: {start}"]
            if stop is not None:
                want += [f"{event.source}: {name}: command timeout", f"{name}: running command: {stop}".rstrip()]
            have = [line.rstrip() for line in lines if line.endswith(": OPEN SESAME") or not MATCHER.match(line)]
            have = [line for line in have if f"{name}: " in line]
            if have != want:
                found.append(f"sequence: expected {want}, got {have}")
        return found


def differences(what, want, have):
    missing = list((collections.Counter(want) - collections.Counter(have)).elements())
    extra = list((collections.Counter(have) - collections.Counter(want)).elements())
    return ([f"{what}: missing {missing}"] if missing else []) + ([f"{what}: unexpected {extra}"] if extra else [])


class Outcome:
    """The result of one case."""

    def __init__(self, case):
        self.case, self.problems, self.rules, self.differ = case, [], (), False
        self.logs, self.times = {}, ""
        self.uncertain = self.fragile = False


class Batch:
    """Cases that share one run of the two daemons: equal options, a slot each."""

    def __init__(self, lab_, sources):
        self.lab, self.sources = lab_, sources
        self.cases = [source.place(slot, lab_.seen) for slot, source in enumerate(sources)]

    def config(self, side):
        first = self.cases[0]
        doors = cases.SERVICE_DOORS + [door for case in self.cases for door in case.doors]
        if first.families == (4,):
            doors = [door for door in doors if not door.target or ":" not in door.target]
        return (f"[options]\nLogFile = {self.lab.seen}/log\n{side.options(self.lab.seen)}{first.options}\n"
                + "\n".join(door.text() for door in doors))

    def stream(self):
        """All packets, and the number of each one's case."""
        packets, owners = [], []
        for number, case in enumerate(self.cases):
            mine = case.packets + case.flush()
            packets += mine
            owners += [number] * len(mine)
        packets.append(model.Packet(cases.SENTINEL_SOURCE, lab.LOCAL4, "udp", cases.SENTINEL_PORT, sport=1))
        return packets, owners + [None]

    def run(self):
        """Outcomes, or a string with the reason why there are none."""
        name = self.lab.new_name()
        daemons = [lab.Daemon(side.binary, os.path.join(self.lab.work, f"{name}-{side.name}"), self.lab.seen,
                              self.config(side), self.cases[0].args) for side in self.lab.sides]
        try:
            return self.run_on(daemons)
        finally:
            for daemon in daemons:
                daemon.stop()
                daemon.remove()

    def run_on(self, daemons):
        for side, daemon in zip(self.lab.sides, daemons):
            if not daemon.ready():
                return f"{side.name} did not start: " + (daemon.file("stderr") + daemon.file("log")).strip()[-600:]
        packets, owners = self.stream()
        sent = lab.inject(self.lab.inject, daemons, "".join(packet.text() for packet in packets))
        if sent is None:
            return "a daemon ended before the first packet"
        for packet, when in zip(packets, sent):
            packet.second, packet.time, packet.fraction = when.second, when.time, when.fraction
        uncertain = {owner for owner, when in zip(owners, sent) if not when.certain}
        outcomes = []
        expected = {side.name: [] for side in self.lab.sides}
        for number, case in enumerate(self.cases):
            mine = [packet for packet, owner in zip(packets, owners) if owner == number]
            outcome = Outcome(case)
            outcome.times = "".join(map(self.times_of(mine[0]), mine))
            for side in self.lab.sides:
                expected[side.name].append(Expected(case, mine, side.rules, mine[-1].time))
            outcome.uncertain = number in uncertain or any(
                expected[side.name][number].hangs_on_timing(SLACK) for side in self.lab.sides)
            outcome.fragile = any(expected[side.name][number].fragile() for side in self.lab.sides)
            self.attribute(outcome, mine)
            outcomes.append(outcome)
        for side, daemon in zip(self.lab.sides, daemons):
            trouble = self.judge(side, daemon, expected[side.name], outcomes)
            if trouble:
                return trouble
        return outcomes

    @staticmethod
    def times_of(first):
        """One line for a packet: time since the first one, wall clock, text."""
        return lambda packet: (f"{packet.time - first.time:9.4f} s, "
                               f"second {packet.second % 100:02d}.{packet.fraction * 1000:03.0f}  "
                               f"{packet.text().splitlines()[-1]}\n")

    def attribute(self, outcome, packets):
        """Finds the rules that make the difference between 0.8 and ours."""
        def answer(rules):
            return tuple(canonical(Expected(outcome.case, packets, rules, packets[-1].time).events))
        outcome.rules = model.explain(answer)

    def judge(self, side, daemon, expected, outcomes):
        """Waits until the daemon has logged all, then assigns its lines to the cases."""
        def count(lines):
            return sum(": running command:" in line or line.endswith(": command timeout") or "non-zero status" in line
                       for line in lines)
        sentinel = f"{cases.SENTINEL_SOURCE}: sentinel: OPEN SESAME"
        if not daemon.wait(lambda: sentinel in daemon.log(), 20):
            return f"{side.name} did not see the sentinel: " + daemon.tail()
        want = sum(len(item.commands()[0]) for item in expected)
        want_written = sum(len(item.commands()[1]) for item in expected)
        daemon.wait(lambda: count(daemon.log()) >= want and len(daemon.file("cmds").splitlines()) >= want_written, 8)
        status = daemon.stop()
        logs, written, strange = self.sort(daemon)
        if status != 15:
            strange.append(f"(exit status {status} on SIGTERM)")
        if side.name == "ours":
            strange += ["(stderr) " + line for line in daemon.file("stderr").splitlines()
                        if not COMMAND.match(line) and not WARNING.match(line)]
        for number, outcome in enumerate(outcomes):
            outcome.logs[side.name] = logs[number]
            outcome.problems += [f"{side.name}: {text}" for text in
                                 expected[number].problems(logs[number], written[number])]
            outcome.problems += self.by_hand(outcome.case, side, logs[number])
        if strange:
            outcomes[0].problems += [f"{side.name}: line of no case: {line}" for line in strange]
        return None

    def sort(self, daemon):
        owner = {door.name: number for number, case in enumerate(self.cases) for door in case.doors}
        service = {door.name for door in cases.SERVICE_DOORS}
        logs, written, strange = collections.defaultdict(list), collections.defaultdict(list), []
        for line in daemon.log():
            match = MATCHER.match(line) or COMMAND.match(line)
            if match and match["door"] in owner:
                logs[owner[match["door"]]].append(line)
            elif not (match and match["door"] in service) and line != STARTED + lab.IFACE and line != STOPPED:
                strange.append(line)
        for line in daemon.file("cmds").splitlines():
            name = line.split(" ", 1)[0]
            if name in owner:
                written[owner[name]].append(line)
            else:
                strange.append(line)
        return logs, written, strange

    def by_hand(self, case, side, log):
        """The expectation written with a named case."""
        if case.expect is None:
            return []
        opens, timeouts = case.expect[0 if side.rules == model.OLD else 1]
        found = []
        have = [line for line in log if line.endswith(": OPEN SESAME")]
        if have != opens:
            found.append(f"{side.name}: by hand expected {opens}, got {have}")
        count = sum("sequence timeout" in line for line in log)
        if count != timeouts:
            found.append(f"{side.name}: by hand expected {timeouts} timeouts, got {count}")
        return found


class Lab:
    """Shared by all runs."""

    def __init__(self, inject, sides, lanes):
        self.inject, self.sides = inject, sides
        self.pool = concurrent.futures.ThreadPoolExecutor(lanes)
        self.work = lab.workdir(inject, lab.SOURCE, *(side.binary for side in sides))
        self.seen = os.path.join(self.work, "seen")
        self.count, self.lock = 0, threading.Lock()
        self.fallen = []

    def new_name(self):
        with self.lock:
            self.count += 1
            return str(self.count)

    def settle(self, sources):
        """Runs cases, and those again whose answer depended on timing. Returns their outcomes in order."""
        results = {}
        todo = list(sources)
        for attempt in range(1, ATTEMPTS + 1):
            batch = Batch(self, todo)
            try:
                outcomes = batch.run()
            except Exception:  # pylint: disable=broad-except
                outcomes = traceback.format_exc()
            if isinstance(outcomes, str) and outcomes.startswith("0.8 ") and attempt < ATTEMPTS:
                self.fallen.append(outcomes)  # 0.8 sometimes dies by itself
                continue
            if isinstance(outcomes, str):
                for source, case in zip(todo, batch.cases):
                    results[source] = Outcome(case)
                    results[source].problems = [outcomes]
                break
            again = []
            for source, outcome in zip(todo, outcomes):
                results[source] = outcome
                if outcome.uncertain or outcome.problems and outcome.fragile:
                    again.append(source)
            if not again:
                break
            todo = again
        return [results[source] for source in sources]

    def map(self, function, items):
        """Results in order; all have been started when this returns."""
        return zip(items, self.pool.map(function, items))


class Tap:
    def __init__(self):
        self.count = self.failed = 0
        self.rules = collections.Counter()
        self.done = self.differing = self.uncertain = self.unexplained = 0

    def result(self, good, title):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {title}", flush=True)

    def note(self, text):
        for line in text.rstrip("\n").splitlines():
            print("# " + line, flush=True)

    def tell(self, outcome):
        self.note(f"--- {outcome.case.title}\n" + "\n".join("problem: " + text for text in outcome.problems))
        self.note("options: " + " ".join(outcome.case.args) + " " + outcome.case.options)
        self.note(outcome.case.config() + "packets (the last ones end the attempts of all sources):\n"
                  + outcome.times)
        for name, log in outcome.logs.items():
            self.note(f"log of {name}:\n" + "".join(f"  {line}\n" for line in log))
        self.note("rules that make the difference: " + (", ".join(outcome.rules) or "none, no difference"))

    def add(self, outcome):
        self.done += 1
        if outcome.uncertain:
            self.uncertain += 1
            self.note(f"{outcome.case.title}: left open: its answer depends on milliseconds that this machine lost")
            return True
        self.rules.update(outcome.rules)
        self.differing += bool(outcome.rules)
        self.unexplained += bool(outcome.problems)
        if outcome.problems:
            self.tell(outcome)
        return not outcome.problems

    def summary(self):
        self.note(f"{self.done} cases, {self.differing} in which 0.8 and ours differ on purpose, "
                  f"{self.uncertain} left open for timing, {self.failed} not ok")
        for rule, reason in model.RULES.items():
            self.note(f"  {rule:20} {self.rules[rule]:5}  {reason}")
        self.note(f"{self.unexplained} unexplained")
        print(f"1..{self.count}")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=int(os.environ.get("COMPAT_SEED", "0")) or None)
    parser.add_argument("--cases", type=int, default=int(os.environ.get("COMPAT_CASES", "500")))
    parser.add_argument("--case", type=int)
    parser.add_argument("--named")
    parser.add_argument("--lanes", type=int, default=16)
    parser.add_argument("--as-old", action="store_true", default=bool(os.environ.get("COMPAT_AS_OLD")))
    return parser.parse_args()


def find(args):
    inject, ours = lab.find_inject(), lab.find_ours()
    if not inject or not ours:
        lab.plan_skip("inject or knockd is not built")
    reference = os.environ.get("KNOCKD_REF_FOUND")
    return inject, [Side("0.8", reference, model.OLD, False),
                    Side("ours", ours, model.OLD if args.as_old else model.NEW, not args.as_old)]


# Each of the following starts its cases at once and returns a function that waits for them and reports.

def start_named(bench, tap, wanted):
    sources = [case for case in cases.NAMED if wanted is None or wanted in case.title]
    groups = collections.defaultdict(list)
    for case in sources:
        groups[repr(sorted(case.more.items()))].append(case)
    batches = [group[start::max(1, len(group) // 12)] for group in groups.values()
               for start in range(max(1, len(group) // 12))]
    running = bench.map(bench.settle, batches)

    def report():
        results = {}
        for batch, outcomes in running:
            results.update(zip(batch, outcomes))
        for case in sources:
            tap.result(tap.add(results[case]), case.title)
    return report


def balance(sources, seen):
    """Batches of about equal duration."""
    batches = [[0.0, []] for _ in range((len(sources) + PER_BATCH - 1) // PER_BATCH)]
    timed = [(source.place(0, seen).seconds(), source) for source in sources]
    for seconds, source in sorted(timed, key=lambda item: -item[0]):
        batch = min((batch for batch in batches if len(batch[1]) < PER_BATCH), key=lambda batch: batch[0])
        batch[0] += seconds
        batch[1].append(source)
    return [batch for _, batch in batches]


def start_random(bench, tap, args):
    numbers = range(args.cases) if args.case is None else [args.case]
    sources = [cases.Random(args.seed, number) for number in numbers]
    running = bench.map(bench.settle, balance(sources, bench.seen))

    def report():
        results = {}
        for batch, outcomes in running:
            results.update(zip(batch, outcomes))
        for start in range(0, len(sources), PER_BATCH):
            block = sources[start:start + PER_BATCH]
            bad = [source for source in block if not tap.add(results[source])]
            for source in bad:
                tap.note(f"again: {sys.argv[0]} --seed {args.seed} --case {source.number}")
            if args.case is not None and not bad:
                tap.tell(results[block[0]])
            tap.result(not bad, f"random cases {block[0].number} to {block[-1].number} of seed {args.seed}")
    return report


def main():
    args = arguments()
    if not os.environ.get("COMPAT_INSIDE"):
        reference = lab.find_reference()
        if not reference:
            lab.plan_skip("no knockd 0.8 to compare with (set KNOCKD_REF, or have apt-get and libpcap0.8)")
        os.environ["KNOCKD_REF_FOUND"] = os.path.abspath(reference)
    lab.isolate()
    if args.seed is None:
        args.seed = random.SystemRandom().randrange(1, 10**6)
    inject, sides = find(args)
    bench, tap = Lab(inject, sides, args.lanes), Tap()
    tap.note(f"seed {args.seed}")
    reports = []
    if args.case is None:
        reports.append(start_named(bench, tap, args.named))
        if args.named is None:
            reports.append(onetime.start(bench, tap))
    if args.named is None:
        reports.append(start_random(bench, tap, args))
    for report in reports:
        report()
    tap.result(tap.uncertain * 100 <= tap.done, "at most one case in a hundred is left open for timing")
    for trouble in bench.fallen:
        tap.note("run again, because " + trouble)
    tap.summary()
    sys.exit(1 if tap.failed else 0)


if __name__ == "__main__":
    main()
