# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# For tests of signed knocks; tests/README describes the functions.

. "$(dirname "$0")/../lib.sh"
: "${SIGNED:=$build/tests/tools/signed}"

# signed_setup: the hosts, and a server's key; everything that these tests need
signed_setup() {
	built_with HAVE_SODIUM || skip_all 'built without libsodium'
	need knock_ours knockctl ssh-keygen
	topo_pair
	signed_keys
}

# signed_keys: a server's key, and a file for those of users
signed_keys() {
	"$KNOCKD" --keygen "$T/knock.key" >/dev/null || bail 'no key'
	: >"$T/authorized_keys"
	chmod 644 "$T/authorized_keys"
}

# signed_conf TEXT: knockd_conf with the keys' files; TEXT begins with further options, or with a door
signed_conf() {
	knockd_conf "	Knock_Key = $T/knock.key
	Authorized_Keys = $T/authorized_keys
$1
$fence_door"
}

# key_of USER: makes a key, if there is none
key_of() {
	[ -e "$T/$1" ] || ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$T/$1" </dev/null || bail 'no key for the user'
}

# enrol USER [OPTIONS]: the user's line in the file
enrol() {
	key_of "$1"
	printf '%s %s\n' "${2-}" "$(cat "$T/$1.pub")" | sed 's/^ //' >>"$T/authorized_keys"
}

# invitation DOOR PORTS: the line for a user
invitation() {
	"$SIGNED" invite "$(sed -n 's/^knock1-key //p' "$T/knock.key" | head -n 1)" "${invitation_host-$server}" "$2" "$1"
}

# profile NAME USER DOOR PORTS [LINE]: a profile of the user, who has a home of his own
profile() {
	mkdir -p "$T/home.$2/.config/knock"
	{
		printf '[%s]\n\tserver = %s\n\tkey = %s\n' "$1" "$(invitation "$3" "$4")" "$T/$2"
		printf '\t%s\n' "${5-}"
	} >>"$T/home.$2/.config/knock/config"
	chmod 600 "$T/home.$2/.config/knock/config"
}

# knock_as USER PROFILE [OPTION]...
knock_as() {
	knock_user=$1
	shift
	in_client env -u SSH_AUTH_SOCK HOME="$T/home.$knock_user" XDG_CONFIG_HOME= XDG_STATE_HOME= "$KNOCK" "$@"
}

# pack USER DOOR PORT [NAME=VALUE]...: a knock in hexadecimal, see tests/tools/signed.c
pack() {
	pack_user=$1 pack_line=$(invitation "$2" "$3")
	shift 3
	"$SIGNED" pack "$pack_line" "$T/$pack_user" "$@"
}

# deliver HEX PORT [HOST]: sends it from host client, or HOST
deliver() {
	in_host "${3-client}" "$SIGNED" send "$server" "$2" "$1"
}

# opens [ADDRESS]: is port 22 open for host client, or ADDRESS?
opens() {
	element_in 'inet knockd open4' "${1-10.0.0.2} . tcp . 22"
}

# equal_field SET KEY FIELD VALUE
equal_field() {
	[ "$(element_get "$1" "$2" "$3")" = "$4" ]
}

# disk_full FILE: from now on its disk has room for 12 bytes more, all in this file; disk_emptied FILE: no more so
disk_full() {
	disk_page=$(getconf PAGE_SIZE)
	mkdir -p "$T/disk" && mount -t tmpfs -o size=$((4 * disk_page)) tmpfs "$T/disk" && cp -p "$1" "$T/disk/file" &&
		printf '#%*s\n' $((disk_page - 12 - 2 - $(stat -c %s "$1") % disk_page)) '' >>"$T/disk/file" &&
		mount --bind "$T/disk/file" "$1" || bail "no full disk for $1"
	dd if=/dev/zero of="$T/disk/fill" bs=1k 2>/dev/null
	cp "$1" "$T/before"
}
disk_emptied() {
	umount -l "$1" "$T/disk" # the daemon may have the file open
}

# shut: ends all accesses, in the kernel and in the daemon's memory
shut() {
	knockctl revoke --all >/dev/null
}

# accepted TEXT COMMAND...: the knock that COMMAND sends opens; refused TEXT REASON COMMAND...: it does not, and the log
# says why
accepted() {
	accepted_text=$1
	shift
	shut
	"$@"
	check "$accepted_text" opens
}
refused() {
	refused_text=$1 refused_why=$2
	shift 2
	shut
	refused_count=$(log_count "$refused_why")
	"$@"
	check "$refused_text" refused_again
	refute '... and opens nothing' opens
}
refused_again() {
	[ "$(log_count "$refused_why")" -gt "$refused_count" ]
}
