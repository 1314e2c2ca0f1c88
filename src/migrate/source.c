/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/text.h"

static const struct {
	const char *name;
	enum source_key key;
} names[] = {
	{ "Start_Command", SOURCE_START },     { "Command", SOURCE_START },     { "Start_Command_6", SOURCE_START_6 },
	{ "Command_6", SOURCE_START_6 },       { "Stop_Command", SOURCE_STOP }, { "Stop_Command_6", SOURCE_STOP_6 },
	{ "Cmd_Timeout", SOURCE_CMD_TIMEOUT },
};

static int
read_all(struct source *s, FILE *file, struct arena *arena)
{
	size_t size = 0, n;
	char *text = NULL, *more;

	do {
		size = size ? size * 2 : 65536;
		more = realloc(text, size);
		if (!more) {
			free(text);
			return -1;
		}
		text = more;
		n = fread(text + s->len, 1, size - s->len, file);
		s->len += n;
	} while (n);
	s->text = ferror(file) ? NULL : arena_copy(arena, text, s->len);
	free(text);
	return s->text ? 0 : -1;
}

static int
find_lines(struct source *s, struct arena *arena)
{
	const char *at = s->text, *end = s->text + s->len;
	size_t n = 1;

	for (const char *c = at; c < end; c++)
		n += *c == '\n';
	s->lines = arena_get(arena, n, sizeof(*s->lines));
	s->doors = arena_get(arena, n, sizeof(*s->doors));
	if (!s->lines || !s->doors)
		return -1;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at)), *next = newline ? newline + 1 : end;

		s->lines[s->n_lines++] = (struct source_line){ at, (size_t)(next - at) };
		if (next - at >= TEXT_LINE_MAX - 1) {
			errno = EFBIG;
			return -1;
		}
		at = next;
	}
	return 0;
}

static int
take_pair(struct source_door *door, size_t line, const struct line *split, struct arena *arena)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct source_place *place = &door->keys[names[i].key];

		if (strcasecmp(names[i].name, split->key))
			continue;
		place->line = line;
		place->value = arena_copy(arena, split->value, strlen(split->value));
		place->n++;
		return place->value ? 0 : -1;
	}
	return 0;
}

static int
find_keys(struct source *s, struct arena *arena)
{
	struct source_door *door = NULL;
	char text[TEXT_LINE_MAX];

	for (size_t i = 0; i < s->n_lines; i++) {
		struct line line;

		memcpy(text, s->lines[i].text, s->lines[i].len);
		text[s->lines[i].len] = '\0';
		line = text_split(i ? text : text_skip_mark(text));
		if (line.kind == LINE_SECTION)
			door = strcmp(line.key, "options") ? &s->doors[s->n_doors++] : NULL;
		else if (line.kind == LINE_PAIR && door && take_pair(door, i, &line, arena))
			return -1;
	}
	return 0;
}

int
source_read(struct source *s, const char *path, struct arena *arena)
{
	FILE *file = fopen(path, "re");
	int failed;

	*s = (struct source){ .text = NULL };
	if (!file)
		return -1;
	errno = 0;
	failed = read_all(s, file, arena) || find_lines(s, arena) || find_keys(s, arena);
	if (failed && !errno)
		errno = ENOMEM;
	fclose(file);
	return failed ? -1 : 0;
}
