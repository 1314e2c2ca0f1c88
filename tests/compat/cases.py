# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases: named ones, for every rule written down about knockd 0.8, and random ones from a seed.

A case is written with small port numbers and gets a block of real ports, door names and source
addresses of its own when it is placed in a slot, so that one daemon can serve many cases.

Packets of named cases are words: PORT, with "u" behind it for UDP, "/FLAGS" for other TCP flags than
SYN ("/-" for none), ">T" for another destination and "SOURCE:" in front (a-e IPv4, v-z IPv6, a if
left out). "+LEN" adds a payload. "=" is the packet before once more, bit for bit, "==" the one before
that; "!" is the packet before from another source port, "?" with another sequence number. "&" in
front takes source port and sequence number of the packet before. "~MS" waits, "@MS" waits for that
fraction of a wall-clock second.
"""
import random
import re

import lab
import model

BLOCK = 40	     # ports per slot
FIRST_PORT = 1000
DESTINATIONS = {"s": lab.LOCAL4_SECOND, "t": lab.AWAY4, "S": lab.LOCAL6_SECOND, "T": lab.AWAY6}
FLUSH_LOCAL, FLUSH_AWAY, SENTINEL_PORT = 65002, 65004, 65005
SENTINEL_SOURCE = "10.98.255.1"

SERVICE_DOORS = [
    model.Door("flush", [(65001, "udp"), (FLUSH_LOCAL, "udp")]),
    model.Door("flush4", [(65003, "udp"), (FLUSH_AWAY, "udp")], target=lab.AWAY4),
    model.Door("flush6", [(65003, "udp"), (FLUSH_AWAY, "udp")], target=lab.AWAY6),
    model.Door("sentinel", [(SENTINEL_PORT, "udp")]),
]


def address(slot, letter):
    if letter in "vwxyz":
        return f"fd98::{slot + 1:x}:{ord(letter) - ord('v') + 1}"
    return f"10.98.{slot}.{ord(letter) - ord('a') + 1}"


class Case:
    def __init__(self, title, doors, packets, expect=None, args=("-i", lab.IFACE), options="", families=(4, 6)):
        self.title, self.doors, self.packets, self.expect = title, doors, packets, expect
        self.args, self.options, self.families = tuple(args), options, families

    def script(self):
        return "".join(packet.text() for packet in self.packets)

    def seconds(self):
        """Its duration, about."""
        return sum(packet.pause + (0 if packet.align is None else 0.5) for packet in self.packets)

    def config(self):
        return "\n".join(door.text() for door in self.doors)

    def flush(self):
        """Packets that end all attempts of the case's sources at all doors, in 0.8 and in ours: a UDP packet on
        a knock port that is the next one of no attempt resets, whatever the flags."""
        elsewhere = {door.target for door in self.doors if door.target and door.target not in lab.LOCALS}
        packets = []
        for source in sorted({packet.src for packet in self.packets}):
            six = ":" in source
            for place in [lab.LOCAL6, lab.LOCAL6_SECOND] if six else [lab.LOCAL4, lab.LOCAL4_SECOND]:
                packets.append(model.Packet(source, place, "udp", FLUSH_LOCAL, sport=999))
            for place in sorted(elsewhere):
                if (":" in place) == six:
                    packets.append(model.Packet(source, place, "udp", FLUSH_AWAY, sport=999))
        return packets


# --- named cases -----------------------------------------------------------------------------------

class D:
    """A door with small port numbers. start=True: a command that records the knocker's address."""

    def __init__(self, name, sequence, flags="syn", target=None, timeout=None, start=True, **more):
        self.name, self.sequence, self.flags, self.target = name, sequence, flags, target
        self.timeout, self.start, self.more = timeout, start, more

    def place(self, slot, seen):
        name = f"c{slot}.{self.name}"
        sequence = [(port(slot, item.rstrip("u")), "udp" if item.endswith("u") else "tcp")
                    for item in self.sequence.split(",")]
        flags = [flag for flag in self.flags.split(",") if flag]
        more = {key: value if not isinstance(value, str) else value.replace("@FILE", f"{seen}/cmds").replace(
            "@DOOR", name) for key, value in self.more.items()}
        start = self.start
        if start is True:
            start = "echo @DOOR %IP% >>@FILE"
        if start:
            start = start.replace("@FILE", f"{seen}/cmds").replace("@DOOR", name)
        return model.Door(name, sequence, flags, DESTINATIONS.get(self.target), self.timeout, start, **more)


def port(slot, number):
    return FIRST_PORT + slot * BLOCK + int(number)


WORD = re.compile(r"^(?:&)?(?:([a-z]):)?(\d+)(u?)(?:/([A-Z-]+))?(?:>([sStT]))?(?:\+(\d+))?$")


def read_packets(words, slot):
    packets, pause, align = [], 0.001, None
    for number, word in enumerate(words.split()):
        if word[0] == "~":
            pause = float(word[1:]) / 1000
            continue
        if word[0] == "@":
            align = float(word[1:]) / 1000
            continue
        if word[0] in "=!?":
            packet = packets[-len(word)].copy()
            packet.sport += word[0] == "!"
            packet.seq += word[0] == "?"
        else:
            source, dport, udp, letters, to, payload = WORD.match(word).groups()
            source = source or "a"
            flags = 0
            for letter in (letters or "S").replace("-", ""):
                flags |= model.FLAG_LETTERS[letter]
            dst = DESTINATIONS[to] if to else lab.LOCAL6 if source >= "v" else lab.LOCAL4
            packet = model.Packet(address(slot, source), dst, "udp" if udp else "tcp", port(slot, dport),
                                  0 if udp else flags, 20000 + number, 0 if udp else 100000 + number,
                                  payload=int(payload or 0))
        if word[0] == "&":
            packet.sport, packet.seq = packets[-1].sport, packets[-1].seq
        packet.pause, packet.align = pause, align
        pause, align = 0.001, None
        packets.append(packet)
    return packets


class Named:
    """`opens` are the successes, in order, that 0.8 shows ("A" or "b:A"), `ours` the same for ours where it
    differs; `timeouts` are the number of timeout lines of 0.8 and ours. They are written by hand, in
    addition to the model, so that an error in the model cannot hide."""

    def __init__(self, title, doors, words, opens, ours=None, timeouts=(0, 0), **more):
        self.title, self.doors, self.words = title, doors, words
        self.opens, self.ours, self.timeouts, self.more = opens, opens if ours is None else ours, timeouts, more

    def place(self, slot, seen):
        doors = [door.place(slot, seen) for door in self.doors]
        expect = []
        for opens, timeouts in zip((self.opens, self.ours), self.timeouts):
            lines = []
            for item in opens.split():
                source, _, name = item.rpartition(":")
                lines.append(f"{address(slot, source or 'a')}: c{slot}.{name}: OPEN SESAME")
            expect.append((lines, timeouts))
        return Case(self.title, doors, read_packets(self.words, slot), expect, **self.more)


A = D("A", "1,2,3")
B_LONG, A_SHORT = D("B", "1,2,3"), D("A", "1,2")
STOP = "read t x </proc/uptime; echo @DOOR %s %%IP%% t=$t >>@FILE"

NAMED = [
    # Sequences.
    Named("in order, and the same source again at once", [A], "1 2 3 1 2 3", "A A"),
    Named("a port of no door is never seen", [A], "1 9 2 9 3", "A"),
    Named("a later position's port resets", [A], "1 3 2 3", ""),
    Named("another door's port resets", [A, D("C", "5,6")], "1 6 2 3", ""),
    Named("the first port again, as a new packet, resets", [A], "1 1 2 3", "", "A"),
    Named("a retransmission of the first hit", [A], "1 = 2 3", "", "A"),
    Named("a retransmission of a later hit", [A], "1 2 = = 3", "", "A"),
    Named("a late retransmission", [A], "1 2 == 3", "", "A"),
    Named("late retransmissions, as of a client that keeps its sockets", [D("A", "1,2,3,4")], "1 2 3 === === === 4",
          "", "A"),
    Named("the same sequence number from another source port is no retransmission", [A], "1 2 ! 3", ""),
    Named("another sequence number from the same source port is no retransmission", [A], "1 2 ? 3", ""),
    Named("one source port and sequence number for all ports, as scanners do", [A], "1 &2 &3", "A"),
    Named("... and a wrong port among them", [A], "1 &3 &2 &3", ""),
    Named("1 3 1 2 3 opens", [A], "1 3 1 2 3", "A"),
    Named("1 2 2 1 2 3 opens", [A], "1 2 2 1 2 3", "A"),
    Named("in wrong order", [A], "3 2 1", ""),
    Named("half a sequence", [A], "1 2", ""),
    Named("repeated ports count one each", [D("A", "1,1,1u")], "1 1 1u", "A"),
    Named("repeated ports and a retransmission", [D("A", "1,1,1u")], "1 = 1 1u", "", "A"),
    Named("one port, every hit opens", [D("A", "1")], "1 1 1", "A A A"),
    Named("one port, a retransmission opens once more", [D("A", "1")], "1 =", "A A"),
    Named("one UDP port, every hit opens", [D("A", "1u", "")], "1u 1u", "A A"),
    Named("thirty-two entries", [D("A", ",".join(str(n) for n in range(1, 33)))],
          " ".join(str(n) for n in range(1, 33)), "A"),
    Named("an ascending scan opens an ascending sequence", [D("A", "1,5,9")], "1 2 3 4 5 6 7 8 9 10", "A"),
    # Protocols.
    Named("UDP on a port that is TCP in every door", [A], "1 2u 2 3", "A"),
    Named("TCP on a port that is UDP in every door", [D("A", "1u,2u,3u")], "1u 2 2u 3u", "A"),
    Named("UDP on a knock port that is not next resets", [A, D("B", "7u,8u")], "1 8u 2 3", ""),
    Named("flags do not protect against UDP on the next port", [D("A", "1,2,3"), D("B", "2u,9")], "1 2u 2 3", ""),
    Named("TCP and UDP mixed", [D("A", "1u,2,3u")], "1u 2 3u", "A"),
    Named("the same number as TCP and as UDP", [D("A", "1,1u,1")], "1 1u 1", "A"),
    # Flags.
    Named("without TCPFlags any TCP packet counts", [D("A", "1,2,3,4,5", "")], "1 2/A 3/R 4/- 5/PA+100", "A"),
    Named("without TCPFlags an ACK resets", [D("A", "1,2,3", "")], "1 3/A 2 3", ""),
    Named("without TCPFlags an ACK on the first port begins anew", [D("A", "1,2,3", "")], "1 1/A 2 3", "", "A"),
    Named("wrong flags are ignored", [A], "1 2/A 2/R 2/- 3/FA 2 3", "A"),
    Named("syn also matches SYN+ACK", [A], "1/SA 2/SE 3/SPU", "A"),
    Named("syn,!ack does not match SYN+ACK", [D("A", "1,2,3", "syn,!ack")], "1/SA 1 2/SA 2 3/A 3", "A"),
    Named("fin,!ack", [D("A", "1,2,3", "fin,!ack")], "1/F 2/FA 2/S 2/F 3/FS", "A"),
    Named("syn,ack wants both", [D("A", "1,2,3", "syn,ack")], "1/S 1/A 1/SA 2/SA 3/S 3/SA", "A"),
    Named("only a negative flag", [D("A", "1,2,3", "!syn")], "1/S 1/A 2/- 3/SF 3/R", "A"),
    Named("rst", [D("A", "1,2", "rst")], "1 1/R 2/RA", "A"),
    Named("psh and urg", [D("A", "1,2", "psh,urg")], "1/P 1/U 1/PU 2/PUA", "A"),
    Named("all six negated", [D("A", "1,2", "!fin,!syn,!rst,!psh,!ack,!urg")], "1/F 1/- 2/A 2/EC", "A"),
    Named("mixed case in the list", [D("A", "1,2", "SYN,!Ack")], "1/SA 1 2", "A"),
    Named("flags say nothing about UDP entries", [D("A", "1,2u,3")], "1 2u 3", "A"),
    Named("another door's port with flags that door does not take", [A, D("B", "4,5", "ack")], "1 4/S 2 3", "A"),
    Named("another door's port with flags both take resets", [A, D("B", "4,5", "ack")], "1 4/SA 2 3", ""),
    Named("a door without flags makes every packet on its ports count", [A, D("B", "2,9", "")], "1 2/A 2 3", "A"),
    # Several doors.
    Named("shared prefix, short door first", [A_SHORT, B_LONG], "1 2 3", "A", "A B"),
    Named("shared prefix, long door first", [B_LONG, A_SHORT], "1 2 3", "A B"),
    Named("the same sequence twice", [D("A", "1,2"), D("B", "1,2")], "1 2", "A B"),
    Named("a suffix of a running sequence", [A, D("B", "2,3,4")], "1 2 3 4", "A", "A B"),
    Named("the first port of another door while one is under way", [A, D("C", "5,6")], "1 5 6", "", "C"),
    Named("... and its next hit starts it", [A, D("C", "5,6")], "1 5 5 6", "C"),
    Named("one-port door inside another door's sequence", [D("P", "2"), A], "1 2 3", "A", "P A"),
    Named("a one-port door's hit ends other doors' attempts", [A, D("P", "7")], "1 7 2 3", "", "P"),
    Named("doors with the same first port", [D("A", "1,2,3"), D("B", "1,4,5")], "1 2 3", "A"),
    Named("... the other one", [D("A", "1,2,3"), D("B", "1,4,5")], "1 4 5", "", "B"),
    Named("a door that fails in the same packet as another advances", [D("A", "1,4"), D("B", "1,2,3")], "1 2 3",
          "", "B"),
    # Several sources.
    Named("two sources after one another", [A], "b:1 b:2 b:3 c:1 c:2 c:3", "b:A c:A"),
    Named("two sources interleaved: in 0.8 all attempts end with the oldest", [A], "b:1 c:1 b:2 c:2 b:3 c:3",
          "b:A", "b:A c:A"),
    Named("... whether it succeeds or fails", [A], "b:1 c:1 b:3 c:2 c:3", "", "c:A"),
    Named("... but not when a younger one ends", [A], "b:1 c:1 c:2 c:3 b:2 b:3", "c:A b:A"),
    Named("... nor when a younger one fails", [A], "b:1 c:1 c:3 b:2 b:3", "b:A"),
    Named("three sources, the middle one ends first", [A], "a:1 b:1 c:1 b:2 b:3 c:2 c:3 a:2 a:3", "b:A c:A a:A"),
    # Families.
    Named("IPv6", [A], "v:1 v:2 v:3", "v:A"),
    Named("IPv4 and IPv6 of one client are two sources", [A], "1 v:1 2 v:2 3 v:3", "a:A", "a:A v:A"),
    Named("a sequence split over the families", [A], "1 v:2 3", ""),
    Named("IPv6, flags", [D("A", "1,2,3", "syn,!ack")], "v:1 v:2/SA v:2/A v:2 v:3", "v:A"),
    Named("IPv6, no flags", [D("A", "1,2,3", "")], "v:1/A v:2/- v:3/R", "v:A"),
    Named("IPv6, UDP", [D("A", "1u,2,3u")], "v:1u v:2 v:3u", "v:A"),
    # Destinations.
    Named("any address of the interface", [A], "1 2>s 3", "A"),
    Named("a packet to be forwarded is not for a door without Target", [A], "1 2>t 2 3", "A"),
    Named("Target is a local address", [D("A", "1,2,3", target="s")], "1 1>s 2>s 2 3>s", "A"),
    Named("Target is an address behind", [D("A", "1,2,3", target="t")], "1 1>t 2>t 2 3>t", "A"),
    Named("Target is an IPv6 address", [D("A", "1,2,3", target="S")], "v:1 v:1>S v:2>S v:2 v:3>S", "v:A"),
    Named("Target is an IPv6 address behind", [D("A", "1,2,3", target="T")], "v:1>T v:2>T v:3>T", "v:A"),
    Named("a wrong port at the Target resets", [D("A", "1,2,3", target="t")], "1>t 3>t 2>t 3>t", ""),
    Named("a wrong port elsewhere does not reset a Target's attempt", [D("A", "1,2,3", target="t"), D("B", "4,5")],
          "1>t 5 2>t 3>t", "A"),
    Named("doors with and without Target of one sequence", [D("A", "1,2", target="s"), D("B", "1,2")],
          "1>s 2>s", "A B"),
    # Time.
    Named("inside the time limit", [D("A", "1,2,3", timeout=1)], "@100 1 ~250 2 ~250 3", "A"),
    Named("just inside the time limit", [D("A", "1,2,3", timeout=1)], "@20 1 ~450 2 ~450 3", "A"),
    Named("just outside", [D("A", "1,2,3", timeout=1)], "@20 1 ~550 2 ~550 3", "", timeouts=(1, 1)),
    Named("just inside, where whole seconds end early", [D("A", "1,2,3", timeout=2)], "@800 1 ~950 2 ~950 3", "", "A",
          timeouts=(1, 0)),
    Named("too late", [D("A", "1,2,3", timeout=1)], "@100 1 ~1500 2 3", "", timeouts=(1, 1)),
    Named("too late, and the same packet is a first one", [D("A", "1,2,3", timeout=1)], "@100 1 ~1500 1 2 3", "A",
          timeouts=(1, 1)),
    Named("the limit counts from the first hit", [D("A", "1,2,3", timeout=2)], "@100 1 ~1200 2 ~1200 3", "",
          timeouts=(1, 1)),
    Named("whole seconds end early", [D("A", "1,2,3", timeout=1)], "@700 1 ~500 2 3", "", "A", timeouts=(1, 0)),
    Named("a timeout shows when it is due", [D("A", "1,2", timeout=1)], "@100 1 ~1700 9 b:1 b:2", "b:A",
          timeouts=(1, 1)),
    Named("a failed attempt does not time out", [D("A", "1,2,3", timeout=1)], "@100 1 3 ~1500 1 2 3", "A"),
    Named("several expire together", [D("A", "1,2,3", timeout=1)], "@100 a:1 b:1 b:2 c:1 ~1500 d:1", "",
          timeouts=(3, 3)),
    Named("the oldest expires; in 0.8 younger ones end, too",
          [D("A", "1,2", timeout=1), D("B", "3,4,5", timeout=9)], "@100 a:1 b:3 ~1500 b:4 b:5", "", "b:B",
          timeouts=(1, 1)),
    Named("timeout 0: a sequence of several ports never completes", [D("A", "1,2", timeout=0)], "1 ~300 2", "",
          timeouts=(1, 1)),
    Named("timeout 0: one port opens", [D("A", "1", timeout=0)], "1 1", "A A"),
    # Commands.
    Named("%IP% several times", [D("A", "1", start="echo @DOOR %IP% [%IP%] %IP%%IP% %% IP >>@FILE")], "1 v:1",
          "A v:A"),
    Named("no command", [D("A", "1", start=None, stop="echo @DOOR never >>@FILE")], "1", "A"),
    Named("empty command, stop command never runs",
          [D("A", "1", start="", stop="echo @DOOR never >>@FILE", cmd_timeout=0)], "1", "A"),
    Named("IPv6 falls back to the IPv4 command", [D("A", "1")], "1 v:1", "A v:A"),
    Named("IPv6 command of its own", [D("A", "1", start6="echo @DOOR six %IP% >>@FILE")], "1 v:1", "A v:A"),
    Named("empty IPv6 command", [D("A", "1", start6="", stop="echo @DOOR stop %IP% >>@FILE", cmd_timeout=0)],
          "1 v:1", "A v:A"),
    Named("only an IPv6 command", [D("A", "1", start=None, start6="echo @DOOR six %IP% >>@FILE")], "1 v:1", "A v:A"),
    Named("stop command at once", [D("A", "1", start=STOP % "start", stop=STOP % "stop", cmd_timeout=0)], "1", "A"),
    Named("stop command after one second", [D("A", "1", start=STOP % "start", stop=STOP % "stop", cmd_timeout=1)],
          "1 v:1", "A v:A"),
    Named("stop command after two seconds", [D("A", "1", start=STOP % "start", stop=STOP % "stop", cmd_timeout=2)],
          "1", "A"),
    Named("stop command of its own for IPv6",
          [D("A", "1", start=STOP % "start", stop=STOP % "stop", stop6=STOP % "stop6", cmd_timeout=1)], "1 v:1",
          "A v:A"),
    Named("empty stop command", [D("A", "1", stop="", cmd_timeout=0)], "1", "A"),
    Named("empty stop command for IPv6 only",
          [D("A", "1", stop="echo @DOOR stop %IP% >>@FILE", stop6="", cmd_timeout=0)], "1 v:1", "A v:A"),
    Named("a failing command is reported", [D("A", "1", start="exit 3")], "1", "A"),
    Named("two sources, each its stop command",
          [D("A", "1,2", start=STOP % "start", stop=STOP % "stop", cmd_timeout=1)], "b:1 b:2 c:1 c:2", "b:A c:A"),
    # Command line and options.
    Named("-4: IPv6 is ignored", [A], "v:1 v:2 v:3 1 v:3 2 3", "A", args=("-4", "-i", lab.IFACE),
          families=(4,)),
    Named("Interface in the file", [A], "1 2 3", "A", args=(), options=f"Interface = {lab.IFACE}\n"),
    Named("-i wins over Interface", [A], "1 2 3", "A", options="Interface = lo\n"),
]


# --- random cases ----------------------------------------------------------------------------------

FLAG_LISTS = ["", "", "", "syn", "syn", "syn", "syn", "syn,!ack", "ack", "!ack", "fin,!ack", "rst", "!syn", "psh,ack",
              "syn,urg", "!fin,!rst", "syn,fin", "urg"]
ODD_FLAGS = ["-", "S", "SA", "A", "R", "RA", "PA", "F", "FA", "SF", "SU", "FPU", "SE", "PAU", "SAFRPU"]


def bits(letters):
    return sum(model.FLAG_LETTERS[letter] for letter in letters if letter != "-")


class Random:
    """One random case, derived from seed and number alone."""

    def __init__(self, seed, number):
        self.seed, self.number = seed, number
        self.title = f"random case {number}"
        self.args, self.options, self.families = ("-i", lab.IFACE), "", (4, 6)

    def place(self, slot, seen):
        self.rng = random.Random(f"{self.seed}/{self.number}")
        self.slot, self.seen = slot, seen
        rng = self.rng
        self.pool = [port(slot, n) for n in rng.sample(range(1, 30), rng.randint(2, 7))]
        self.idle = port(slot, 39)
        self.timed = rng.random() < 0.2
        self.doors = []
        for letter in "ABCDE"[:rng.choice([1, 1, 2, 2, 2, 3, 3, 4, 5])]:
            self.doors.append(self.door(letter))
        sources = rng.choice(["a", "a", "a", "ab", "ab", "av", "v", "abc", "abv", "abcv", "abvw"])
        self.sources = [address(slot, letter) for letter in sources]
        for _ in range(50):
            packets = self.packets()
            if self.steady(packets):
                break
        else:
            for packet in packets:
                packet.pause, packet.align = 0.001, None
        return Case(self.title, self.doors, packets)

    def door(self, letter):
        rng = self.rng
        name = f"c{self.slot}.{letter}"
        length = rng.choice([1, 2, 2, 3, 3, 3, 3, 4, 5, 6])
        sequence = [(rng.choice(self.pool), "udp" if rng.random() < 0.2 else "tcp") for _ in range(length)]
        if self.doors and rng.random() < 0.35:  # share a prefix, or a suffix as one
            other = rng.choice(self.doors).sequence
            part = other[:rng.randint(1, len(other))] if rng.random() < 0.7 else other[rng.randrange(len(other)):]
            sequence = (part + sequence)[:max(length, len(part))]
        flags = [flag for flag in rng.choice(FLAG_LISTS).split(",") if flag]
        target = rng.choice([None] * 12 + [lab.LOCAL4, lab.LOCAL4_SECOND, lab.AWAY4, lab.LOCAL6_SECOND, lab.AWAY6])
        timeout = rng.choice([1, 1, 2]) if self.timed and rng.random() < 0.7 else rng.choice([None, 20, 30])
        echo = f"echo {name} %s %%IP%% >>{self.seen}/cmds"
        more = {}
        if rng.random() < 0.15:
            more["start6"] = rng.choice(["", echo % "six"])
        if rng.random() < 0.1:
            more["stop"] = rng.choice(["", echo % "stop", echo % "stop"])
            more["cmd_timeout"] = rng.choice([0, 0, 1])
            if rng.random() < 0.3:
                more["stop6"] = rng.choice(["", echo % "stop6"])
        start = rng.choice([echo % "start"] * 8 + [None, ""])
        return model.Door(name, sequence, flags, target, timeout, start, **more)

    def steady(self, packets):
        """Does our answer stay the same if timeouts come a little earlier or later?"""
        if not self.timed:
            return True
        clock = 0.0
        for packet in packets:
            clock += packet.pause
            packet.time, packet.second, packet.fraction = clock, int(clock), clock % 1
        answers = {tuple(sorted(model.lines(model.simulate(self.doors + SERVICE_DOORS, packets, lab.LOCALS, model.NEW,
                                                           slack=slack, until=clock))))
                   for slack in (-0.08, 0.0, 0.08)}
        return len(answers) == 1

    def flags_for(self, door):
        rng = self.rng
        if rng.random() < 0.12:
            return bits(rng.choice(ODD_FLAGS))
        if rng.random() < 0.8 and model.FLAG_BITS["syn"] & door.mask == 0:
            return door.value | model.FLAG_BITS["syn"]
        return door.value

    def fresh(self, source, dst, dport, proto, flags):
        self.count += 1
        return model.Packet(source, dst, proto, dport, flags if proto == "tcp" else 0, 20000 + self.count,
                            self.rng.getrandbits(32) if proto == "tcp" else 0)

    def stray(self, source):
        """A packet on a port that is no door's."""
        return self.fresh(source, lab.LOCAL6 if ":" in source else lab.LOCAL4, self.idle, "tcp", 2)

    def destination(self, source, door):
        rng = self.rng
        six = ":" in source
        if door.target and (":" in door.target) == six and rng.random() < 0.9:
            return door.target
        if rng.random() < 0.05:
            return lab.AWAY6 if six else lab.AWAY4
        return rng.choice([lab.LOCAL6] * 5 + [lab.LOCAL6_SECOND] if six else [lab.LOCAL4] * 5 + [lab.LOCAL4_SECOND])

    def walk(self, source):
        """Hits of one source: correct and spoilt sequences."""
        rng = self.rng
        packets = []
        for _ in range(rng.choice([1, 1, 2, 2, 3])):
            door = rng.choice(self.doors)
            hits = list(door.sequence)
            start = rng.choice([0] * 9 + [rng.randrange(len(hits))])
            for dport, proto in hits[start:]:
                chance = rng.random()
                if chance < 0.04:
                    proto = "udp" if proto == "tcp" else "tcp"
                elif chance < 0.08:
                    dport = rng.choice(self.pool)
                elif chance < 0.10:
                    continue
                if chance > 0.97:
                    packets.append(self.fresh(source, self.destination(source, door), self.idle, "tcp", 2))
                packet = self.fresh(source, self.destination(source, door), dport, proto, self.flags_for(door))
                packets.append(packet)
                if chance > 0.9:
                    packets.append(packet.copy())
                elif chance > 0.88:
                    again = packet.copy()
                    again.sport += 10000
                    packets.append(again)
                elif chance > 0.86 and proto == "tcp":
                    again = packet.copy()
                    again.seq ^= 1
                    packets.append(again)
            if rng.random() < 0.1:
                for packet in packets:
                    packet.sport = 30000
                    packet.seq = 1 if packet.proto == "tcp" else 0
            if len(packets) > 1 and rng.random() < 0.07:
                place = rng.randrange(len(packets) - 1)
                packets[place], packets[place + 1] = packets[place + 1], packets[place]
        return packets

    def packets(self):
        rng = self.rng
        self.count = 0
        queues = [queue for queue in (self.walk(source) for source in self.sources) if queue]
        packets = []
        if not queues:  # by chance all were skipped
            queues = [self.walk(self.sources[0]) or [self.stray(self.sources[0])]]
        while queues:
            queue = rng.choice(queues)
            for _ in range(rng.choice([1, 1, 1, 2, 3, 9])):
                if queue:
                    packets.append(queue.pop(0))
            queues = [queue for queue in queues if queue]
        for packet in packets:
            packet.pause = rng.choice([0.0004, 0.0004, 0.001, 0.003]) if rng.random() < 0.97 else 0.02
        if self.timed:
            for packet in rng.sample(packets, min(len(packets), rng.randint(1, 3))):
                packet.pause = rng.choice([0.2, 0.4, 0.6, 0.7, 1.3, 1.3, 1.5, 2.3])
            while sum(packet.pause for packet in packets) > 3.5:
                max(packets, key=lambda packet: packet.pause).pause = 0.3
            if rng.random() < 0.5:
                packets[0].align = rng.choice([0.05, 0.3, 0.6, 0.8])
        return packets
