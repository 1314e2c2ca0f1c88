#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Manual pages: they render without a warning, leave out no key, option or command, their numbers are those of the
# sources, and knockd accepts their examples.

. "$(dirname "$0")/lib.sh"
: "${KNOCKD:=./knockd}"

# man-db's man: others know no --warnings
has_man() {
	man --version 2>/dev/null | grep -q '^man [0-9]'
}

# --- keys, options, commands -----------------------------------------------------------------------

# keys: each key of knockd.conf, and the one that stands alone
keys() {
	cat "$top"/src/conf/*.c | sed -n '/keys\[\] = {$/,/^};$/s/^\t{ "\([A-Za-z0-9_]*\)",.*/\1/p'
	echo UseSyslog
}

# options FILE: long options of a program
options() {
	sed -n '/^static const struct option /,/^};$/s/^\t{ "\([a-z0-9-]*\)",.*/\1/p' "$top"/src/*/"$1"
}

commands() {
	cat "$top"/src/*/*.c | sed -n 's/^\t\[REQUEST_[A-Z]*\] = { "\([a-z]*\)",.*/\1/p; s/^\t\[CTL_[A-Z]*\] = "\([a-z]*\)",.*/\1/p'
}

# missing PAGE PATTERN WORD...: words for which no line fits the pattern, in which @ stands for the word
missing() {
	missing_page=$1 missing_pattern=$2
	shift 2
	[ $# -gt 6 ] || echo "only $# words to look for"
	for word; do
		grep -q -e "$(echo "$missing_pattern" | sed "s/@/$word/")" "$top/man/$missing_page" || echo "$word"
	done
}

# --- numbers ---------------------------------------------------------------------------------------

# Each line: a page; an item of it, or - for the whole page; a constant of the sources and what is done with it; the
# text, in which @ stands for the number, in digits or as a word. All places with such a text must have this number.
numbers='
man/knockd.conf.5 -            DOOR_NAME_MAX-1              name is cut at @ bytes
man/knockd.conf.5 -            CONF_DOORS_MAX               at most @ doors
man/knockd.conf.5 -            TEXT_LINE_MAX-1              line of more than @ bytes
man/knockd.conf.5 Nflog_Group  CONF_GROUP_DEFAULT           default is @
man/knockd.conf.5 Queue_Num    CONF_QUEUE_DEFAULT           default is @
man/knockd.conf.5 Max_Prefix   CONF_PREFIX_DEFAULT          default is @,
man/knockd.conf.5 Max_Prefix   CONF_PREFIX_6_DEFAULT        default is [0-9]+,@
man/knockd.conf.5 Max_Commands CONF_COMMANDS_DEFAULT        default is @
man/knockd.conf.5 Max_Commands COMMAND_QUEUE                @ more
man/knockd.conf.5 Max_Attempts CONF_ATTEMPTS_DEFAULT        default is @
man/knockd.conf.5 Max_Attempts CONF_ATTEMPTS_MAX            from 16 to @
man/knockd.conf.5 Scan_Guard   CONF_SCAN_GUARD_DEFAULT      default is @
man/knockd.conf.5 Scan_Guard   CONF_SCAN_GUARD_MAX          from 1 to @
man/knockd.conf.5 Ban_Time     CONF_BAN_MS_DEFAULT/3600000  default is @h
man/knockd.conf.5 Source_Rate  RATES_MAX                    @ addresses
man/knockd.conf.5 Sequence     SEQ_MAX                      1 to @ ports
man/knockd.conf.5 Timeout      seq_timeout                  default is @
man/knockd.conf.5 Max_Ahead    CONF_AHEAD_MS_DEFAULT/3600000 default is @h
man/knockd.conf.5 Max_Age      CONF_AGE_MS_DEFAULT/60000    default is @m
man/knockd.conf.5 -            REPLAY_AGREE_MSEC/60000      within @ minutes
man/knockd.conf.5 Totp_Tries   CONF_CODE_TRIES_DEFAULT      default is @
man/knockd.conf.5 -            CONF_CODE_TRIES_DEFAULT      to @ at once
SECURITY.md       -            CONF_CODE_TRIES_DEFAULT      .Totp_Tries. \(@\)
SECURITY.md       -            EVENT_AUTH_PER_SECOND        open @ seals
SECURITY.md       -            GATE_NETWORK_PER_SECOND      in all, @ of one network
SECURITY.md       -            GATE_KEY_PER_SECOND          user.s @ knocks a second
SECURITY.md       -            REPLAY_AGREE_MSEC/60000      within @ minutes
man/knockd.conf.5 Cmd_Timeout  cmd_timeout                  default is @
man/knockd.conf.5 Open_Timeout CONF_OPEN_MS_DEFAULT/1000    default is @s
man/knockd.conf.5 -            ELEMENT_PARTS                Up to @ parts
man/knockd.conf.5 -            ELEMENT_COMMENT_MAX-1        comment, cut at @ bytes
man/knockd.conf.5 -            COMMAND_LEN_MAX-1            result has at most @ bytes
man/knockd.conf.5 -            KNOCKERS_MAX                 remembers @ (such )?addresses of each family
man/knockd.conf.5 -            CONF_GROUP_DEFAULT           group @
man/knockd.conf.5 -            CAPTURE_SNAPLEN              snaplen @
man/knockd.conf.5 -            RULES_COMPARED_MAX           look-up [a-z ]*more than @
man/knockd.conf.5 -            TIMEOUT_MAX/86400            lasts longer than @ days
man/knockd.1      -            LOG_TEXT_MAX-1               message is cut at @ bytes
man/knockd.1      -            EVENT_BURST                  @ of them are written at once
man/knockd.1      -            EVENT_PER_SECOND             after that @ a second
man/knockd.1      -            RESTART_BURST                After @ replacements
man/knockd.1      -            COMMAND_LEN_MAX-1            longer than @ bytes
man/knockd.1      -            COMMAND_QUEUE                running and @ waiting
man/knockctl.1    -            ATTEMPTS_MAX                 the last @ of which
man/knock.1       \-timeout    CLIENT_TIMEOUT_DEFAULT/1000  default is @
SECURITY.md       -            CONF_SCAN_GUARD_DEFAULT      `Scan_Guard` ports \(@\)
SECURITY.md       -            SEQ_MAX                      `sequence` is @ ports
SECURITY.md       -            KNOCKERS_MAX                 remembers @ addresses
SECURITY.md       -            RULES_COMPARED_MAX           look-up [a-z ]*more than @
SECURITY.md       -            EVENT_BURST                  @ at once
SECURITY.md       -            EVENT_PER_SECOND             at once and @ a second'

# number NAME [OPERATION]: the value of #define NAME, or of a member that is set with ".NAME = "; it must have only one
number() {
	number_text=$(cat "$top"/src/*/*.[ch] "$top"/include/*/*.h |
		sed -n "s|^#define $1  *\(.*[^ ]\)|\1|p; s|.*[ {]\.$1 = \([0-9]*\)[,; ].*|\1|p" | sed 's| */\*.*||' | sort -u)
	[ "$(echo "$number_text" | grep -c .)" = 1 ] && awk "BEGIN { printf \"%d\", ($number_text) ${2-} }"
}

# spelled NUMBER: a pattern for the ways to write it
number_words='one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen'
spelled() {
	word=$(echo "$number_words" | cut -d ' ' -f "$1")
	echo "($1|$(echo "$1" | sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta')${word:+|$word})"
}
any_number="([0-9]{1,3}(,[0-9]{3})+|[0-9]+|$(echo "$number_words" | tr ' ' '|'))"

# passage PAGE ITEM: its text in one line
passage() {
	if [ "$2" = - ]; then
		cat "$top/$1"
	else
		awk -v item="$2" '
			/^\.(It|El|S[hs])/ { inside = 0 }
			/^\.It/ { for (i = 2; i <= NF; i++) if ($i == item) inside = 1 }
			inside' "$top/$1"
	fi | tr '\n' ' '
}

# tied: the lines of $numbers that are not true
tied() {
	echo "$numbers" | grep . | while read -r page item constant text; do
		name=${constant%%[-/]*}
		if ! value=$(number "$name" "${constant#"$name"}"); then
			echo "$name has not one value in the sources"
			continue
		fi
		passage "$page" "$item" | grep -oE "$(echo "$text" | sed "s/@/$any_number/")" >"$T/said" ||
			echo "$page, $item: \"$text\" is not there"
		grep -vxE "$(echo "$text" | sed "s/@/$(spelled "$value")/")" "$T/said" |
			sed "s|^|$page, $item: $constant is $value, not: |"
	done
}

# --- examples --------------------------------------------------------------------------------------

# The displays of the page that are configuration, each in a file; one file of one-time sequences serves all.
examples() {
	awk -v dir="$T" '
		/^\.Bd -literal/ { inside = 1; text = ""; next }
		/^\.Ed/ { if (text ~ /^\[/) { n++; printf "%s", text >(dir "/example" n) } inside = 0; next }
		inside { gsub(/\\-/, "-"); gsub(/\\\(aq/, "\047"); text = text $0 "\n" }' "$top/man/knockd.conf.5"
	echo ' 5120,7443:udp,6902' >"$T/sequences"
	"$KNOCKD" --keygen "$T/knock.key" >/dev/null 2>&1
	"$KNOCKD" --share-keygen "$T/share.key" >/dev/null 2>&1
	: >"$T/authorized_keys"
	(umask 077 && printf '%sABCDEFGHIJKLMNOPQRSTUVWXYZ\n' 'alice A' 'bob B' >"$T/totp")
	for example in "$T"/example*; do
		sed "s|\(one_time_sequences *=\).*|\1 $T/sequences|; s|/etc/knockd/|$T/|" "$example" >"$T/conf"
		mv "$T/conf" "$example"
	done
}

# ---------------------------------------------------------------------------------------------------

for page in "$top"/man/*.[1-8]; do
	text="${page##*/} renders without a warning"
	if has_man; then
		MANROFFSEQ='' LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l "$page" >"$T/page" 2>"$T/why"
		[ "$(wc -l <"$T/page")" -gt 20 ] || echo 'the page is nearly empty' >>"$T/why"
		point "$text"
	else
		skip "$text" 'man is missing'
	fi
done

# shellcheck disable=SC2046 # lists of words
{
	missing knockd.conf.5 '^\.It Ic @\( =.*\)\?$' $(keys) >"$T/why"
	point 'knockd.conf(5) has every key'
	missing knockd.1 '^\.It .*Fl -@\( Ar .*\)\?$' $(options options.c) >"$T/why"
	point 'knockd(1) has every option'
	missing knockctl.1 '^\.It .*Fl -@\( Ar .*\)\?$' $(options ctl_options.c) >"$T/why"
	point 'knockctl(1) has every option'
	missing knockctl.1 '^\.It Cm @\( .*\)\?$' $(commands) >"$T/why"
	point 'knockctl(1) has every command'
}

tied >"$T/why"
point 'the numbers in manuals and SECURITY.md are those of the sources'

examples
known_example='the sequence is one of the examples, which everybody knows'
no_user='users: no line of .* has the user'
for example in "$T"/example*; do
	if grep -q ':auth$' "$example" && [ ! -e "$T/knock.key" ]; then
		skip "knockd accepts ${example##*/} of knockd.conf(5)" 'built without libsodium'
		continue
	fi
	if grep -q 'Share_Key' "$example" && [ ! -e "$T/share.key" ]; then
		skip "knockd accepts ${example##*/} of knockd.conf(5)" 'built without hiredis'
		continue
	fi
	"$KNOCKD" -t -c "$example" >"$T/out" 2>&1
	[ "$(grep -v -e "$known_example" -e "$no_user" "$T/out")" = 'configuration OK' ] || cat "$T/out" "$example" >"$T/why"
	point "knockd accepts ${example##*/} of knockd.conf(5)"
	equal '... and knows its sequences as those of an example' "$(grep -c "$known_example" "$T/out")" \
		"$(grep '^[[:space:]]*sequence ' "$example" | grep -vc ':auth$')"
done
done_testing
