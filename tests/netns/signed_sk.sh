#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A knock that a FIDO security key signs. The key is software (tests/tools/sk.c); all else is OpenSSH's: ssh-keygen makes
# the key, ssh-agent and its helper make the signature.

. "$(dirname "$0")/signed_lib.sh"
need ssh-agent ssh-add
signed_setup
[ -e "$SK_SO" ] || skip_all "$SK_SO is not built (make check builds it)"

# sk_key NAME [OPTION]...
sk_key() {
	sk_name=$1
	shift
	ssh-keygen -q -t ed25519-sk -w "$SK_SO" -N '' -C "$sk_name" -f "$T/$sk_name" "$@" </dev/null 2>"$T/err" &&
		SSH_AUTH_SOCK=$T/agent ssh-add -q -S "$SK_SO" "$T/$sk_name" 2>>"$T/err"
}
ssh-agent -D -a "$T/agent" -P "$SK_SO" >/dev/null 2>&1 &
started $!
wait_for [ -S "$T/agent" ] || bail 'no agent'
sk_key touched || skip_all "this OpenSSH takes no such security key: $(cat "$T/err")"
sk_key untouched -O no-touch-required || bail 'no key'

signed_conf '
[ssh]
	sequence     = 62201:auth
	open         = 22:tcp
	open_timeout = 20s
'
cat "$T/touched.pub" "$T/untouched.pub" >>"$T/authorized_keys"
knockd_again
for user in touched untouched; do
	profile home $user ssh 62201
	sed -i "s|key = .*|key = $T/$user.pub|" "$T/home.$user/.config/knock/config"
done

# sign_as USER: with the agent
sign_as() {
	in_client env SSH_AUTH_SOCK="$T/agent" HOME="$T/home.$1" XDG_CONFIG_HOME= XDG_STATE_HOME= "$KNOCK" home
}

# from now on these options count for the key
allow() {
	allow_count=$(log_count 'is read again')
	sed -i "s|^.*\(sk-ssh-ed25519@openssh.com .* $1\)\$|$2\1|" "$T/authorized_keys"
	wait_for eval '[ "$(log_count "is read again")" -gt $allow_count ]' || bail 'the file was not read again'
}

accepted 'a security key opens' sign_as touched
check '... for its user' log_has 'signed knock of touched'
refused 'one that was not touched does not' 'the security key was not touched' sign_as untouched
allow untouched 'no-touch-required '
accepted '... unless its line says so' sign_as untouched
allow touched 'verify-required '
refused 'a touch is no PIN' 'the security key has not verified its user' sign_as touched
done_testing
