#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The doors of the README, as they stand there, with the knock that stands there.

. "$(dirname "$0")/signed_lib.sh"
need knock
topo_pair
readme=$TESTS_TOP/README.md

# door NUMBER: the lines of that [openSSH] in the README, in order
door() {
	awk -v number="$1" '
		/^    \[/ { inside = /openSSH/ && ++n == number }
		!/^    / { inside = 0 }
		inside' "$readme"
}

# the words behind the host
knocks=$(sed -n 's/^    \$ knock myhost \([0-9:a-z ]*[0-9p]\)\( .*\)*$/\1/p' "$readme" | head -n 1)
diag "knock: $knocks"
service 22

knockd_start "$(door 1)
$fence_door"
refute 'open: the port is shut' port_open $server 22
refute '... over IPv6, too' port_open $server6 22
# shellcheck disable=SC2086
knock $server $knocks
check '... and a knock opens it' port_open $server 22
# shellcheck disable=SC2086
knock $server6 $knocks
check '... over IPv6, too' port_open $server6 22
knockd_stop
"$KNOCKD" --unguard
check 'knockd --unguard opens it to all' port_open $server 22

nft -f "$TESTS_TOP/nft/knockd.nft"
knockd_start "$(door 2)
$fence_door"
refute 'grant: the port is shut' port_open $server 22
# shellcheck disable=SC2086
knock $server $knocks
check '... and a knock opens it' port_open $server 22
# shellcheck disable=SC2086
knock $server6 $knocks
check '... over IPv6, too' port_open $server6 22
refute '... without a warning about its sets' log_has 'nft add set'
equal 'there is no third one' "$(door 3)" ''

# --- the other examples ------------------------------------------------------------------------------

# The set of the second door, as the beginning of the README shows it.
like() {
	sed 's/192\.0\.2\.7/10.0.0.2/; s/expires [0-9a-z]*/expires/; s/^[[:space:]]*//'
}
equal 'the set is as the README shows it' "$(nft list set inet filter ssh_ok | grep elements | like)" \
	"$(grep '^    elements = ' "$readme" | like)"
knockd_stop
nft flush ruleset
rm -rf "$T"/state/*

# tests/netns/examples_ssh.sh runs ssh with the same line.
line=$(sed -n 's/^    \(ProxyCommand knock .*\)/\1/p' "$readme" | head -n 1)
check 'the ProxyCommand is that of contrib/examples/ssh_config' grep -qF "	$line" "$TESTS_TOP/contrib/examples/ssh_config"

# block SECTION [KEY]: the lines of the first block of configuration that is of the section, and has the key
block() {
	awk -v section="    [$1]" -v key="${2-}" '
		$0 == section { inside = 1 }
		!/^    / { inside = 0; if (has) exit; text = "" }
		inside { text = text $0 "\n"; has = has || $0 ~ key }
		END { if (has) printf "%s", text }' "$readme"
}

knockd_conf "$(block options Capture)
$(door 1)
$fence_door"
if "$KNOCKD" -t -c "$T/knockd.conf" >"$T/out" 2>&1; then
	ok 'Capture = nfqueue is an option'
elif grep -q 'built without' "$T/out"; then
	skip 'Capture = nfqueue is an option' "$(grep 'built without' "$T/out")"
else
	fail "Capture = nfqueue is an option: $(cat "$T/out")"
fi

if built_with HAVE_SODIUM && [ -x "$KNOCKCTL" ] && command -v ssh-keygen >/dev/null; then
	# the files of the README are in $T/etc here
	here() {
		sed "s|/etc/knockd/|$T/etc/|"
	}
	# command BEGINNING: the command in the README that begins so
	command_of() {
		sed -n "s/^    [#\$] \($1[^ ]*\( [^ ]\{1,\}\)*\).*/\1/p" "$readme" | head -n 1
	}
	keygen=$(command_of 'knockd --keygen')
	check "$keygen" eval "$(echo "$keygen" | sed "s|^knockd |\"\$KNOCKD\" |" | here)"
	touch=$(command_of 'touch ')
	check "$touch" eval "$(echo "$touch" | here)"
	knockd_conf "$(block options Knock_Key | sed '/^    \[options\]/d' | here)
$(block ssh)
$fence_door"
	knockd_again
	refute 'signed knocks: no warning' log_has 'warning'
	mkdir -p "$T/user/.ssh"
	cd "$T/user/.ssh" || exit
	ssh-keygen -q -t ed25519 -N '' -C alice -f id_ed25519 </dev/null
	enrol=$(command_of 'knockctl enrol' | sed "s/myhost/$server/")
	add=$(command_of 'knock --add')
	invitation=$(eval "$enrol" 2>"$T/err")
	check "$enrol" test -n "$invitation"
	# knock of the README is ours, on host client
	ours() {
		in_client env -u SSH_AUTH_SOCK HOME="$T/user" XDG_CONFIG_HOME= XDG_STATE_HOME= "$KNOCK" "$@"
	}
	refute '... the port is shut' port_open $server 22
	check "$add" eval "$(echo "$add" | sed "s|^knock |ours |; s|knock1:...|$invitation|")"
	equal 'knock home' "$(command_of 'knock home')" 'knock home'
	check '... is sent' ours home
	check '... opens the port' port_open $server 22
else
	skip 'signed knocks' 'built without libsodium or jansson, or ssh-keygen is missing'
fi
done_testing
