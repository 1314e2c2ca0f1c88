#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A user who has an SSH key and one line from the admin: ssh through the door, with a real sshd and a real ssh-agent.

. "$(dirname "$0")/client_lib.sh"
. "$(dirname "$0")/signed_lib.sh"
need sshd ssh ssh-agent ssh-add uids
signed_setup
signed_conf '
[ssh]
	sequence     = 62000-62999:auth
	open         = 22:tcp
	open_timeout = 20s
'
knockd_again
sshd_start
mkdir -p "$T/home/.ssh"
agent=

# user COMMAND...: on host client, with a home of her own
user() {
	in_client env HOME="$T/home" XDG_CONFIG_HOME= XDG_STATE_HOME= SSH_AUTH_SOCK="$agent" "$@"
}
ssh_home() {
	user ssh -F "$T/home/.ssh/config" home echo in
}

now began
ssh-keygen -q -t ed25519 -N '' -C alice -f "$T/home/.ssh/id_ed25519" </dev/null
cat "$T/home/.ssh/id_ed25519.pub" >>"$T/ssh/key.pub"
line=$(knockctl enrol alice --host "$server" <"$T/home/.ssh/id_ed25519.pub")
user "$KNOCK" --add home "$line" >/dev/null
cat >"$T/home/.ssh/config" <<-E
	Host home
		User root
		IdentityFile $T/home/.ssh/id_ed25519
		StrictHostKeyChecking no
		UserKnownHostsFile /dev/null
		LogLevel ERROR
		BatchMode yes
		ProxyCommand $KNOCK --proxy %p home
E
refute 'the port is shut' opens
equal 'ssh home, with the key file' "$(ssh_home)" in
now ended
check 'from nothing to a shell in less than a minute' [ $((ended - began)) -lt 6000 ]
shut

agent=$T/agent
printf '#!/bin/sh\necho asked >>"%s"\nexit 1\n' "$T/asked" >"$T/refuse"
chmod 755 "$T/refuse"
SSH_ASKPASS=$T/refuse SSH_ASKPASS_REQUIRE=force ssh-agent -D -a "$agent" >/dev/null 2>&1 &
started $!
wait_for [ -S "$agent" ] || bail 'no agent'
user ssh-add -q "$T/home/.ssh/id_ed25519"
mv "$T/home/.ssh/id_ed25519" "$T/home/gone"
sed -i '/IdentityFile/d' "$T/home/.ssh/config"
equal 'ssh home, with the agent' "$(ssh_home)" in
shut
ends '--wait, with the agent' 0 user "$KNOCK" home --wait 22 -- echo in
check '... and a command' grep -qx in "$T/out"

# a user who does not let the agent sign
user ssh-add -q -D
user ssh-add -q -c "$T/home/gone"
shut
ends 'an agent that refuses to sign' 1 user "$KNOCK" home
check '... with the reason' grep -q 'ssh-agent did not sign' "$T/err"
rm "$T/asked"
ends '... while waiting' 2 user "$KNOCK" home --wait 22
equal '... its user is asked once' "$(grep -c asked "$T/asked")" 1

# an encrypted key goes through the agent, or is refused with the reason
shut
ssh-keygen -q -t ed25519 -N secret -C bob -f "$T/home/.ssh/bob" </dev/null
count=$(log_count 'is read again')
cat "$T/home/.ssh/bob.pub" >>"$T/authorized_keys"
check 'the file has changed' eval '[ "$(log_count "is read again")" -gt $count ]'
printf '[enc]\n\tserver = %s\n\tkey = ~/.ssh/bob\n' "$line" >>"$T/home/.config/knock/config"
ends 'an encrypted key that the agent does not have' 1 user "$KNOCK" enc
check '... with the reason' grep -q 'load it with ssh-add' "$T/err"
printf '#!/bin/sh\necho secret\n' >"$T/ask"
chmod 755 "$T/ask"
user env SSH_ASKPASS="$T/ask" SSH_ASKPASS_REQUIRE=force ssh-add -q "$T/home/.ssh/bob" </dev/null
ends '... and that it has' 0 user "$KNOCK" enc
check '... opens' opens
check '... for that user' log_has 'signed knock of bob'
agent=
ends 'without an agent the reason is given' 1 user "$KNOCK" enc
check '... on standard error' grep -q 'SSH_AUTH_SOCK is not set' "$T/err"
done_testing
