/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_migrate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conffile.h"
#include "ctl.h"
#include "ctl_replace.h"
#include "migrate/migrate.h"

/* conf_report */
static void
report(void *arg, enum conf_severity severity, const char *text)
{
	(void)arg;
	if (severity != CONF_DEBUG)
		fprintf(stderr, "%s\n", text);
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
	char *backup;

	if (!migrate_moved(migrate)) {
		printf("%s stays as it is\n", path);
		return CTL_EXIT_OK;
	}
	backup = ctl_replace(path, text, len);
	if (!backup)
		return CTL_EXIT_ERROR;
	printf("\n%s is written; the file before is %s\n", path, backup);
	free(backup);
	return CTL_EXIT_OK;
}

int
ctl_migrate(const struct ctl_options *options)
{
	struct migrate *migrate = migrate_read(options->file, preferred(options), report, NULL);
	int status = CTL_EXIT_OK;

	if (!migrate)
		return CTL_EXIT_ERROR;
	migrate_print(migrate, stdout);
	if (options->apply)
		status = apply(migrate, options->file);
	migrate_free(migrate);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "knockctl: could not write the answer\n");
		return CTL_EXIT_ERROR;
	}
	return status;
}
