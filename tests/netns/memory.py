# SPDX-License-Identifier: GPL-2.0-or-later
"""For tests of who has a secret."""


def areas(pid):
    """The bytes of each area of memory that the process may read."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, mode = line.split()[:2]
            start, end = (int(n, 16) for n in span.split("-"))
            if mode[0] != "r" or "[v" in line:
                continue
            try:
                memory.seek(start)
                yield memory.read(end - start)
            except OSError:
                continue
