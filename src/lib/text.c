/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define UTF8_MAX 4 /* bytes of a character */

char *
text_trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text;
}

char *
text_skip_mark(char *text)
{
	static const char mark[] = "\xef\xbb\xbf";

	return strncmp(text, mark, sizeof(mark) - 1) ? text : text + sizeof(mark) - 1;
}

struct line
text_split(char *text)
{
	struct line line = { .kind = LINE_BLANK, .key = text_trim(text) };
	size_t len = strlen(line.key);
	char *equals;

	if (!len || *line.key == '#')
		return line;
	if (*line.key == '[' && line.key[len - 1] == ']') {
		line.kind = LINE_SECTION;
		line.key[len - 1] = '\0';
		line.key++;
		return line;
	}
	equals = strchr(line.key, '=');
	if (!equals) {
		line.kind = LINE_WORD;
		return line;
	}
	*equals = '\0';
	line.kind = LINE_PAIR;
	line.key = text_trim(line.key);
	line.value = text_trim(equals + 1);
	return line;
}

/* The largest length up to `n` that does not end within a character. */
static size_t
whole_characters(const char *text, size_t n)
{
	size_t from = n, len;

	while (from && n - from < UTF8_MAX && (text[from] & 0xc0) == 0x80)
		from--;
	return text_char(text + from, &len) && from + len > n ? from : n;
}

int
text_flag(bool *flag, const char *text)
{
	static const char *const yes[] = { "yes", "true", "on", "1" }, *const no[] = { "no", "false", "off", "0" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		*flag = !strcasecmp(text, yes[i]);
		if (*flag || !strcasecmp(text, no[i]))
			return 0;
	}
	return -1;
}

int
text_copy(char *to, size_t len, const char *from)
{
	size_t n = strlen(from);
	bool cut = n >= len;

	if (cut)
		n = whole_characters(from, len - 1);
	memcpy(to, from, n);
	to[n] = '\0';
	return cut ? -1 : 0;
}

/* ---- writing ----------------------------------------------------------------------------------- */

static void
write_one(struct pen *pen, const char *text)
{
	size_t len = strlen(text);

	if (!pen->room)
		return;
	if (len >= pen->room)
		len = pen->room - 1;
	memcpy(pen->at, text, len);
	pen->at += len;
	pen->room -= len;
	*pen->at = '\0';
}

struct pen
text_pen(char *buf, size_t len)
{
	struct pen pen = { buf, len };

	write_one(&pen, "");
	return pen;
}

void
text_write(struct pen *pen, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, pen);
	while ((text = va_arg(ap, const char *)))
		write_one(pen, text);
	va_end(ap);
}

void
text_write_number(struct pen *pen, uint64_t n)
{
	char digits[21], *first = digits + sizeof(digits) - 1; /* 2^64 - 1 has 20 */

	*first = '\0';
	do {
		*--first = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	write_one(pen, first);
}

void
text_print(struct pen *pen, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (!pen->room)
		return;
	va_start(ap, fmt);
	n = vsnprintf(pen->at, pen->room, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= pen->room)
		n = (int)(pen->room - 1);
	pen->at += n;
	pen->room -= (size_t)n;
}

/* ---- UTF-8 (RFC 3629) -------------------------------------------------------------------------- */

static size_t
sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* Returns the character at `from` and its length in *n; UINT32_MAX and 1 for a byte that is not UTF-8. */
static uint32_t
decode(const unsigned char *from, size_t *n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = sequence_length(*from);
	uint32_t c = len > 1 ? *from & (0x7fU >> len) : *from;

	*n = 1;
	for (size_t i = 1; i < len; i++) {
		if ((from[i] & 0xc0) != 0x80)
			return UINT32_MAX;
		c = c << 6 | (from[i] & 0x3f);
	}
	if (!len || c < least[len] || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return UINT32_MAX;
	*n = len;
	return c;
}

bool
text_char(const char *text, size_t *n)
{
	return decode((const unsigned char *)text, n) != UINT32_MAX;
}

uint32_t
text_next(const char **text)
{
	size_t n;
	uint32_t c = decode((const unsigned char *)*text, &n);

	*text += n;
	return c;
}

static bool
is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

const char *
text_utf8(const char *from, bool printable, char *to, size_t len)
{
	static const char instead[] = "\xef\xbf\xbd"; /* U+FFFD */
	size_t used = 0, n;

	for (; *from; from += n) {
		uint32_t c = decode((const unsigned char *)from, &n);
		bool bad = c == UINT32_MAX || (printable && is_control(c));
		size_t add = bad ? sizeof(instead) - 1 : n;

		if (used + add >= len)
			break;
		memcpy(to + used, bad ? instead : from, add);
		used += add;
	}
	to[used] = '\0';
	return to;
}
