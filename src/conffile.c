/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conffile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

static void
complain(const char *path, conf_report *report, void *arg)
{
	char text[TEXT_LINE_MAX];

	snprintf(text, sizeof(text), "%s: %s", path, strerror(errno));
	report(arg, CONF_ERROR, text);
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
	if (failed) {
		conf_free(conf);
		conf = NULL;
	}
	fclose(file);
	return conf;
}
