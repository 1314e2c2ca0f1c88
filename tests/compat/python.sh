#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs a test that is written in Python, or skips it where there is none.
command -v python3 >/dev/null 2>&1 || {
  echo "1..0 # SKIP python3 is missing"
  exit 0
}
exec python3 -B "$@"
