#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Bytes on disk: each program without symbols, and the libraries that it loads besides the C library.

. "$(dirname "$0")/lib.sh"

# bytes FILE: without symbols
bytes() {
	strip -o "$T/stripped" "$1" && stat -c %s "$T/stripped"
}

# libraries FILE: with what they load themselves
libraries() {
	ldd "$1" | awk '$2 == "=>" && $1 !~ /^libc\.so/ { print $3 }' | while read -r library; do
		stat -L -c %s "$library"
	done | awk '{ sum += $1 } END { print sum + 0 }'
}

# kib BYTES
kib() {
	calc %.0f "$1 / 1024"
}

# size_of VARIANT FILE WHAT
size_of() {
	if [ ! -x "$2" ]; then
		note "$1" "skipped: $2 is not there"
		return
	fi
	kib "$(bytes "$2")" | record "$1" "$3" KiB
	kib "$(libraries "$2")" | record "$1" "$3: its libraries" KiB
}

progress size
size_of knockd-nft "$KNOCKD" daemon
size_of knockd-nft "$build/knockd-courier" courier
size_of knockd-nft "$KNOCK" client
size_of knockd-nft "$KNOCKCTL" knockctl
have_reference_daemon && size_of 'knockd 0.8' "$KNOCKD_REF" daemon
have_reference && size_of 'knockd 0.8' "$KNOCK_REF" client
