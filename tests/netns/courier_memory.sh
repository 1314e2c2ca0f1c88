#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An attacker who has taken over the courier finds neither the group's key nor sequences in its memory.

. "$(dirname "$0")/share_lib.sh"
need python3
built_with SANITIZERS && skip_all 'the shadow memory of AddressSanitizer is too large to be read'
share_setup
gateway a '
[a-door-with-this-name]
	sequence     = 7000,8000
	open         = 22:tcp'
check 'the gateway is connected' linked a
courier=$(sed -n "s/^\([0-9]*\) (knockd-courier) [A-Z] $gateway .*/\1/p" /proc/[0-9]*/stat)
[ -n "$courier" ] || bail 'no courier'

# finds PID: prints which secrets are in the memory of the process
cat >"$T/finds.py" <<'E'
import base64, hashlib, sys
from memory import areas

line = [l for l in open(sys.argv[2]) if not l.startswith("#")][0]
text = line.split()[1]
secret = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
texts = {
    "file": text.encode(),
    "key": secret,
    "seal": hashlib.blake2b(b"share1 seal", key=secret, digest_size=32).digest(),
    "door": b"a-door-with-this-name",
}
found = set()
for data in areas(sys.argv[1]):
    found.update(name for name in texts if texts[name] in data)
print(" ".join(sorted(found)))
E
finds() {
	PYTHONPATH=$(dirname "$0") python3 -B "$T/finds.py" "$1" "$T/share.key"
}
equal 'the parent has the key and the configuration' "$(finds "$gateway")" 'door seal'
equal 'the courier has neither' "$(finds "$courier")" ''
equal '... its command line says what it is' "$(tr '\0' ' ' <"/proc/$courier/cmdline" | sed 's/ *$//')" 'knockd: courier'
done_testing
