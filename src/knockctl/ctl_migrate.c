/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_migrate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "ctl_progress.h"
#include "ctl_replace.h"
#include "migrate/migrate.h"

/* What is told while the progress is on the terminal waits for its end. */
struct waiting {
	struct ctl_progress progress;
	FILE *messages;
	char *text;
	size_t len;
};

static int
begin(struct waiting *w, const char *what, const char *path)
{
	char text[4096];

	*w = (struct waiting){ .text = NULL };
	w->messages = open_memstream(&w->text, &w->len);
	if (!w->messages) {
		fprintf(stderr, "knockctl: %s\n", strerror(errno));
		return -1;
	}
	snprintf(text, sizeof(text), "%s %s", what, path);
	ctl_progress_begin(&w->progress);
	ctl_progress_say(&w->progress, text);
	return 0;
}

static void
end(struct waiting *w)
{
	ctl_progress_end(&w->progress);
	fclose(w->messages);
	fputs(w->text, stderr);
	free(w->text);
}

/* conf_report */
static void
report(void *arg, enum conf_severity severity, const char *text)
{
	if (severity != CONF_DEBUG)
		fprintf(arg, "%s\n", text);
}

static enum migrate_prefer
preferred(const struct ctl_options *options)
{
	if (!options->prefer)
		return MIGRATE_ANY;
	return strcmp(options->prefer, "open") ? MIGRATE_GRANT : MIGRATE_OPEN;
}

static int
apply(const struct migrate *migrate, const char *path)
{
	size_t len;
	const char *text = migrate_text(migrate, &len);
	struct waiting waiting;
	char *backup;

	if (!migrate_moved(migrate)) {
		printf("%s stays as it is\n", path);
		return CTL_EXIT_OK;
	}
	if (begin(&waiting, "writing and checking", path))
		return CTL_EXIT_ERROR;
	backup = ctl_replace(path, text, len, waiting.messages);
	end(&waiting);
	if (!backup)
		return CTL_EXIT_ERROR;
	printf("\n%s is written; the file before is %s\n", path, backup);
	free(backup);
	return CTL_EXIT_OK;
}

int
ctl_migrate(const struct ctl_options *options)
{
	struct waiting waiting;
	struct migrate *migrate;
	int status = CTL_EXIT_OK;

	if (begin(&waiting, "reading", options->file))
		return CTL_EXIT_ERROR;
	migrate = migrate_read(options->file, preferred(options), report, waiting.messages);
	end(&waiting);
	if (!migrate)
		return CTL_EXIT_ERROR;
	migrate_print(migrate, stdout);
	fflush(stdout);
	if (options->apply)
		status = apply(migrate, options->file);
	migrate_free(migrate);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "knockctl: could not write the answer\n");
		return CTL_EXIT_ERROR;
	}
	return status;
}
