/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conffile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onetime.h"
#include "text.h"

static void
complain(const char *path, conf_report *report, void *arg)
{
	char text[TEXT_LINE_MAX];

	snprintf(text, sizeof(text), "%s: %s", path, strerror(errno));
	report(arg, CONF_ERROR, text);
}

/* ---- one-time files ---------------------------------------------------------------------------- */

struct one_time_report {
	const struct door *door;
	conf_report	  *report;
	void		  *arg;
};

/* onetime_report */
static void
skipped(void *arg, unsigned long line, const char *reason)
{
	const struct one_time_report *r = arg;
	char text[TEXT_LINE_MAX];

	snprintf(text, sizeof(text), "config: section %s: warning: line %lu of %s is skipped: %s", r->door->name, line,
		 r->door->one_time_path, reason);
	r->report(r->arg, CONF_WARNING, text);
}

/* Keeps all sequences that are left; the file may be edited meanwhile, so what is stored is what counts. */
static int
load(struct door *door, struct one_time_report *report)
{
	ssize_t n = onetime_read(door->one_time_path, NULL, 0, skipped, report), stored;
	struct onetime *list = n > 0 ? calloc((size_t)n, sizeof(*list)) : NULL;

	if (n <= 0)
		return (int)n;
	door->one_time = calloc((size_t)n, sizeof(*door->one_time));
	stored = list && door->one_time ? onetime_read(door->one_time_path, list, (size_t)n, NULL, NULL) : -1;
	for (ssize_t i = 0; i < stored && i < n; i++)
		door->one_time[door->n_one_time++] = list[i].seq;
	free(list);
	return stored < 0 ? -1 : 0;
}

static int
load_one_time(struct door *door, conf_report *report, void *arg)
{
	struct one_time_report context = { door, report, arg };

	if (!door->one_time_path)
		return 0;
	if (load(door, &context)) {
		complain(door->one_time_path, report, arg);
		return -1;
	}
	if (!door->seq.n && !door_next_sequence(door)) {
		char text[TEXT_LINE_MAX];

		snprintf(text, sizeof(text), "config: no more sequences left in the one time sequences file %s: [%s] is disabled",
			 door->one_time_path, door->name);
		report(arg, CONF_WARNING, text);
	}
	return 0;
}

static int
load_all(struct conf *conf, conf_report *report, void *arg)
{
	int failed = 0;

	for (size_t i = 0; i < conf->n_doors; i++)
		failed |= load_one_time(&conf->doors[i], report, arg);
	return failed;
}

struct conf *
conffile_read(const char *path, conf_report *report, void *arg)
{
	char line[TEXT_LINE_MAX];
	struct conf_parser *parser;
	struct conf *conf;
	FILE *file = fopen(path, "re");
	int failed;

	parser = file ? conf_begin(path, report, arg) : NULL;
	if (!parser) {
		complain(path, report, arg);
		if (file)
			fclose(file);
		return NULL;
	}
	/* as in knockd, the rest of an over-long line counts as the next one */
	while (fgets(line, sizeof(line), file))
		conf_line(parser, line);
	failed = ferror(file);
	if (failed)
		complain(path, report, arg);
	conf = conf_end(parser);
	if (failed || (conf && load_all(conf, report, arg))) {
		conf_free(conf);
		conf = NULL;
	}
	fclose(file);
	return conf;
}
