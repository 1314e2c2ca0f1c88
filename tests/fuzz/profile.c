/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's file of profiles, and the hits of each profile. */
#include "fuzz.h"

#include <limits.h>
#include <string.h>

#include "knock/profile.h"

/* profile_report: one line with file and line number. */
static void
report(void *arg, const char *text)
{
	(void)arg;
	HOLDS(!strncmp(text, "fuzz", 4) && !strchr(text, '\n'));
}

static void
feed(struct profile_parser *parser, char *text)
{
	for (char *next = text; next;) {
		char *line = next;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		profile_line(parser, line);
	}
	profile_end(parser);
}

static void
look_at(const struct profiles *profiles, const struct profile *profile)
{
	char path[PATH_MAX];

	HOLDS(profile->name && profile->line > 0);
	HOLDS(profiles_find(profiles, profile->name) == profile);
	HOLDS(!profile->seq.n != !profile->one_time);
	HOLDS(profile->seq.n <= SEQ_MAX && profile->delay >= -1);
	HOLDS(profile->timeout >= -1 && !(profile->both && profile->source));
	if (profile->one_time && !profile_expand(profile->one_time, "/home/me/config", path, sizeof(path)))
		HOLDS(strlen(path) < sizeof(path));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile_parser parser = { .path = "fuzz", .report = report };
	char *text = fuzz_text(data, size);

	feed(&parser, text);
	for (size_t i = 0; !parser.errors && i < parser.profiles.n; i++)
		look_at(&parser.profiles, &parser.profiles.at[i]);
	profiles_free(&parser.profiles);
	free(text);
	return 0;
}
