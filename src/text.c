/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <ctype.h>
#include <string.h>

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

int
text_copy(char *to, size_t len, const char *from)
{
	size_t n = strnlen(from, len);

	if (n == len) {
		memcpy(to, from, len - 1);
		to[len - 1] = '\0';
		return -1;
	}
	memcpy(to, from, n + 1);
	return 0;
}
