# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
#
# How the demonstrations speak.

bold='' green='' red='' plain=''
if [ -t 1 ]; then
	bold=$(printf '\033[1m') green=$(printf '\033[32m') red=$(printf '\033[31m') plain=$(printf '\033[0m')
fi

chapter() {
	printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

tell() {
	printf '    %s\n' "$@" | sed 's/ *$//'
}
