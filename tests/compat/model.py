# SPDX-License-Identifier: GPL-2.0-or-later
"""The answers of knockd 0.8 and our knockd to a stream of packets, as one small executable model.

One function, simulate(), and a set of rules that can be switched one by one. Without any rule it is
knockd 0.8; with all of them it is ours. So every difference between the two belongs to rules: the
smallest set of rules that turns one answer into the other.
"""
import itertools

# The allowed differences, each with its reason.
RULES = {
    "independent-sources": "0.8 forgets all attempts when the oldest in its list ends; ours keeps them",
    "retransmission": "a TCP packet of the attempt, sent once more (same ports and sequence number), does not end it",
    "independent-doors": "in 0.8 nothing begins while the source has an attempt at any door; in ours doors "
                         "are independent",
    "restart": "the packet that ends an attempt may be the first of another one; 0.8 drops it",
    "exact-timeout": "0.8 counts edges of wall-clock seconds, so up to a second too early; ours counts "
                     "milliseconds of the monotonic clock",
    "prompt-timeout": "0.8 notices a timeout with the next packet on any knock port, ours when it is due",
}
OLD = frozenset()
NEW = frozenset(RULES)

FLAG_BITS = {"fin": 0x01, "syn": 0x02, "rst": 0x04, "psh": 0x08, "ack": 0x10, "urg": 0x20}
FLAG_LETTERS = {"F": 0x01, "S": 0x02, "R": 0x04, "P": 0x08, "A": 0x10, "U": 0x20, "E": 0x40, "C": 0x80}


class Door:
    """One section. start/stop: None is an absent key, "" an empty value; the 6 forms likewise."""

    def __init__(self, name, sequence, flags=(), target=None, timeout=None, start=None, start6=None, stop=None,
                 stop6=None, cmd_timeout=None):
        self.name, self.sequence, self.flags, self.target = name, sequence, tuple(flags), target
        self.timeout, self.cmd_timeout = timeout, cmd_timeout
        self.start, self.start6, self.stop, self.stop6 = start, start6, stop, stop6
        self.mask = self.value = 0
        for flag in self.flags:
            bit = FLAG_BITS[flag.lstrip("!").lower()]
            self.mask |= bit
            self.value = self.value & ~bit if flag.startswith("!") else self.value | bit

    def seconds(self):
        return 25 if self.timeout is None else self.timeout

    def text(self):
        """The section as text of a configuration file."""
        pairs = [("sequence", ",".join(f"{port}:{proto}" if proto != "tcp" else str(port)
                                       for port, proto in self.sequence)),
                 ("tcpflags", ",".join(self.flags) or None), ("target", self.target), ("seq_timeout", self.timeout),
                 ("start_command", self.start), ("start_command_6", self.start6), ("cmd_timeout", self.cmd_timeout),
                 ("stop_command", self.stop), ("stop_command_6", self.stop6)]
        return f"[{self.name}]\n" + "".join(f"{key} = {value}\n" for key, value in pairs if value is not None)

    def accepts(self, packet, locals_):
        return packet.dst == self.target if self.target else packet.dst in locals_

    def flags_fit(self, packet):
        return packet.proto != "tcp" or packet.flags & self.mask == self.value

    def hit(self, stage, packet):
        return self.sequence[stage] == (packet.dport, packet.proto)

    def wants(self, packet, locals_):
        """Would a filter made for this door alone let the packet through?"""
        return (self.accepts(packet, locals_) and (packet.dport, packet.proto) in self.sequence
                and self.flags_fit(packet))

    def commands(self, source):
        """Start and stop command of a success, expanded; None: no command."""
        six = ":" in source
        start = self.start6 if six and self.start6 is not None else self.start
        stop = self.stop6 if six and self.stop6 is not None else self.stop
        if not start:
            return None, None
        return start.replace("%IP%", source), None if stop is None else stop.replace("%IP%", source)


class Packet:
    """`pause` is in seconds since the previous packet; second and time are set after it was sent."""

    def __init__(self, src, dst, proto, dport, flags=0, sport=0, seq=0, pause=0.001, align=None, payload=0):
        self.src, self.dst, self.proto, self.dport, self.flags = src, dst, proto, dport, flags
        self.sport, self.seq, self.pause, self.align, self.payload = sport, seq, pause, align, payload
        self.second, self.time, self.fraction = 0, 0.0, 0.0

    def copy(self):
        other = Packet(self.src, self.dst, self.proto, self.dport, self.flags, self.sport, self.seq, 0.001, None,
                       self.payload)
        return other

    def text(self):
        letters = "".join(letter for letter, bit in FLAG_LETTERS.items() if self.flags & bit) or "-"
        flags = letters + " " if self.proto == "tcp" else ""
        extra = f" seq={self.seq}" if self.proto == "tcp" else ""
        extra += f" len={self.payload}" if self.payload else ""
        align = "" if self.align is None else f"@{self.align * 1000:.0f}\n"
        return (f"{align}+{self.pause * 1000:g} {self.src} > {self.dst} {self.proto} {self.dport} "
                f"{flags}sport={self.sport}{extra}\n")


class Event:
    """One log line of the matcher: kind is "stage", "open" or "timeout"."""

    def __init__(self, time, kind, door, source, stage):
        self.time, self.kind, self.door, self.source, self.stage = time, kind, door, source, stage

    def line(self):
        text = {"stage": f"Stage {self.stage}", "open": "OPEN SESAME",
                "timeout": f"sequence timeout (stage {self.stage})"}[self.kind]
        return f"{self.source}: {self.door.name}: {text}"


class Attempt:
    def __init__(self, door, packet):
        self.door, self.source, self.stage = door, packet.src, 0
        self.second, self.time, self.fraction = packet.second, packet.time, packet.fraction
        self.failed, self.accepted = False, set()

    def complete(self):
        return self.stage >= len(self.door.sequence)

    def identity(self, packet):
        """Equal for a TCP packet and its retransmission; the destination address is not part of it. The daemon has
        few bits for it in a long sequence, see mark_bits() in src/engine/knock.c: another packet may have the same."""
        steps = len(self.door.sequence)
        bits = 64 // (steps - 1) if steps > 3 else 32
        mark = (packet.sport << 32 | packet.seq) * 0x9e3779b97f4a7c15 % 2 ** 64 >> (64 - bits)
        return (packet.proto, packet.dport, mark)


class Simulation:
    def __init__(self, doors, locals_, rules, families=(4, 6), slack=0.0):
        self.doors, self.locals, self.rules, self.families, self.slack = doors, locals_, rules, families, slack
        self.attempts, self.events = [], []

    def emit(self, time, kind, attempt):
        self.events.append(Event(time, kind, attempt.door, attempt.source, attempt.stage))

    def captured(self, packet):
        return (6 if ":" in packet.src else 4) in self.families \
            and any(door.wants(packet, self.locals) for door in self.doors)

    def due(self, attempt):
        """The end of the attempt on the monotonic clock; edges of wall-clock seconds are converted."""
        if "exact-timeout" in self.rules:
            return attempt.time + attempt.door.seconds() + self.slack
        return attempt.time + attempt.door.seconds() - attempt.fraction

    def expired(self, attempt, packet):
        if "exact-timeout" in self.rules:
            return packet.time >= self.due(attempt)
        return packet.second - attempt.second >= attempt.door.seconds()

    def sweep(self, packet):
        """0.8's walk over all attempts. If the first one ends, the list is empty afterwards, but the
        walk itself goes on to the end and reports all timeouts."""
        keep, forget = [], False
        for place, attempt in enumerate(self.attempts):
            over = attempt.complete() or attempt.failed
            if not over and self.expired(attempt, packet):
                over = True
                self.emit(packet.time, "timeout", attempt)
            if over:
                forget = forget or place == 0
            else:
                keep.append(attempt)
        self.attempts = [] if forget and "independent-sources" not in self.rules else keep

    def expire(self, time):
        """Prompt timeouts: all that are due by now, in order of time."""
        while True:
            due = [attempt for attempt in self.attempts
                   if not attempt.failed and not attempt.complete() and self.due(attempt) <= time]
            if not due:
                return
            attempt = min(due, key=self.due)
            self.emit(self.due(attempt), "timeout", attempt)
            if self.attempts[0] is attempt and "independent-sources" not in self.rules:
                self.attempts = []
            else:
                self.attempts.remove(attempt)

    def advance(self, attempt, packet):
        attempt.stage += 1
        attempt.accepted.add(attempt.identity(packet))
        self.emit(packet.time, "stage", attempt)
        if attempt.complete():
            self.emit(packet.time, "open", attempt)

    def step(self, attempt, packet):
        door = attempt.door
        if not door.flags_fit(packet):
            return
        if ("retransmission" in self.rules and packet.proto == "tcp"
                and attempt.identity(packet) in attempt.accepted):
            return
        if door.hit(attempt.stage, packet):
            self.advance(attempt, packet)
        else:
            attempt.failed = True

    def begin(self, door, packet):
        if door.accepts(packet, self.locals) and door.flags_fit(packet) and door.hit(0, packet):
            attempt = Attempt(door, packet)
            self.attempts.append(attempt)
            self.advance(attempt, packet)

    def feed(self, packet):
        if "prompt-timeout" in self.rules:
            self.expire(packet.time)
        if not self.captured(packet):
            return
        self.sweep(packet)
        found = [attempt for attempt in self.attempts
                 if attempt.source == packet.src and attempt.door.accepts(packet, self.locals)]
        for attempt in found:
            self.step(attempt, packet)
        failed = {attempt.door for attempt in found if attempt.failed}
        live = {attempt.door for attempt in found} - failed
        if "restart" not in self.rules and failed:
            barred = set(self.doors) if "independent-doors" not in self.rules else live | failed
        else:
            barred = live
        if barred and "independent-doors" not in self.rules:
            return
        for door in self.doors:
            if door not in barred:
                self.begin(door, packet)


def simulate(doors, packets, locals_, rules, families=(4, 6), slack=0.0, until=None):
    """Events of the whole stream. `slack` shifts the exact timeouts, to find answers that depend on them."""
    run = Simulation(doors, locals_, rules, families, slack)
    for packet in packets:
        run.feed(packet)
    if "prompt-timeout" in rules and until is not None:
        run.expire(until)
    return run.events


def lines(events):
    return [event.line() for event in events]


def explain(answer):
    """The smallest set of rules that turns 0.8's answer into ours; `answer` maps rules to lines."""
    new = answer(NEW)
    if answer(OLD) == new:
        return ()
    for size in range(1, len(RULES) + 1):
        for rules in itertools.combinations(RULES, size):
            if answer(frozenset(rules)) == new:
                return rules
    raise AssertionError("all rules together are ours")
