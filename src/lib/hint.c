/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/hint.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/text.h"

/* The ASCII character that this one looks like; 0: none. Blanks include those without a width. */
static char
twin_of(uint32_t c)
{
	if (c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200f) || c == 0x202f || c == 0x205f || c == 0x2060 ||
	    c == 0x3000 || c == 0xfeff)
		return ' ';
	if (c >= 0x2010 && c <= 0x2015)
		return '-';
	if (c >= 0x2018 && c <= 0x201b)
		return '\'';
	if (c >= 0x201c && c <= 0x201f)
		return '"';
	if (c >= 0xff01 && c <= 0xff5e) /* full width */
		return (char)('!' + (int)(c - 0xff01));
	return 0;
}

/* Shows no digit, which may be one of a port. */
static const char *
describe(uint32_t c, unsigned char byte, char buf[static HINT_LEN])
{
	char twin = twin_of(c);

	if (c == UINT32_MAX)
		snprintf(buf, HINT_LEN, ": the byte %02X is not UTF-8", byte);
	else if (twin == ' ')
		snprintf(buf, HINT_LEN, ": U+%04X is not a blank", (unsigned)c);
	else if (twin && !isdigit((unsigned char)twin))
		snprintf(buf, HINT_LEN, ": U+%04X is not \"%c\"", (unsigned)c, twin);
	else
		snprintf(buf, HINT_LEN, ": not all of its characters are ASCII");
	return buf;
}

enum sought {
	ANY,    /* not ASCII */
	ALIKE,  /* looks like an ASCII character, or is not UTF-8 */
	BLANKS, /* looks like a blank */
};

static bool
is_sought(uint32_t c, enum sought sought)
{
	switch (sought) {
	case ANY:
		return c > 0x7f;
	case ALIKE:
		return c == UINT32_MAX || twin_of(c);
	case BLANKS:
		break;
	}
	return twin_of(c) == ' ';
}

/* The first such character. */
static const char *
foreign(const char *text, enum sought sought, char buf[static HINT_LEN])
{
	while (*text) {
		unsigned char byte = (unsigned char)*text;
		uint32_t c = text_next(&text);

		if (is_sought(c, sought))
			return describe(c, byte, buf);
	}
	return "";
}

static bool
has_note(const char *value)
{
	for (const char *c = value; *c; c++) {
		bool first = c == value || isspace((unsigned char)c[-1]);
		bool mark = *c == '#' || *c == ';';

		if (mark && (first || !c[1] || isspace((unsigned char)c[1])))
			return true;
		if (first && c > value && c[0] == '/' && c[1] == '/')
			return true;
	}
	return false;
}

static bool
is_quoted(const char *value)
{
	uint32_t c = text_next(&value);
	uint32_t twin = c < 0x80 ? c : (uint32_t)twin_of(c);

	return twin == '"' || twin == '\'';
}

const char *
hint_literal(const char *value)
{
	if (has_note(value))
		return ": a comment needs a line of its own";
	return is_quoted(value) ? ": quotes are part of the value" : "";
}

const char *
hint_value(const char *value, char buf[static HINT_LEN])
{
	const char *literal = hint_literal(value);

	return *literal ? literal : foreign(value, ALIKE, buf);
}

const char *
hint_blank(const char *value, char buf[static HINT_LEN])
{
	return foreign(value, BLANKS, buf);
}

size_t
hint_blanks(const char *line)
{
	const char *at = line, *next = line;

	while (*at && twin_of(text_next(&next)) == ' ')
		at = next;
	return (size_t)(at - line);
}

/* "%ip%", and "%IP" without the second "%". */
const char *
hint_placeholder(const char *value)
{
	for (const char *at = value; (at = strchr(at, '%')); at++) {
		if (strncasecmp(at, "%ip", 3) || !strncmp(at, "%IP%", 4))
			continue;
		if (at[3] == '%')
			return ": only %IP% in capital letters stands for the client's address";
		if (!strncmp(at, "%IP", 3) && !isalnum((unsigned char)at[3]))
			return ": %IP without a second % is not the client's address";
	}
	return "";
}

const char *
hint_key(const char *key, const char *similar, char buf[static HINT_LEN])
{
	const char *found = foreign(key, ANY, buf);

	if (*found || !similar)
		return found;
	snprintf(buf, HINT_LEN, ": is it %s?", similar);
	return buf;
}

const char *
hint_syntax(const char *line)
{
	const char *word = line + strspn(line, "!.@%");

	if (*line == ';' || !strncmp(line, "//", 2) || !strncmp(line, "/*", 2) || !strncmp(line, "--", 2))
		return ": a comment begins with #";
	if (!strncasecmp(word, "include", strlen("include")))
		return ": one file cannot include another";
	return "";
}

const char *
hint_line(const char *line, char buf[static HINT_LEN])
{
	const char *syntax = hint_syntax(line);

	return *syntax ? syntax : foreign(line, ALIKE, buf);
}
