#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""terminal.py KEYS FILE SHELL [ARGUMENT]...

Types KEYS (Python's escapes) at a terminal where the interactive shell runs, when it has printed "READY", and ends the
shell when FILE exists, which a key writes.
"""

import os
import pty
import select
import signal
import sys
import time

PATIENCE = 20  # seconds


def read(terminal, seconds):
    """What the shell prints; nothing after so many seconds, or at its end."""
    if not select.select([terminal], [], [], seconds)[0]:
        return b''
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b''


def main():
    keys = sys.argv[1].encode().decode('unicode_escape').encode('latin-1')
    path, command = sys.argv[2], sys.argv[3:]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    end = time.monotonic() + PATIENCE
    seen = b''
    while b'READY' not in seen and time.monotonic() < end:
        seen += read(terminal, 0.1)
    os.write(terminal, keys)
    while not os.path.exists(path) and time.monotonic() < end:
        seen += read(terminal, 0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if not os.path.exists(path):
        sys.exit('no answer; the terminal showed ' + repr(seen[-1000:]))


main()
