/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process/title.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#define NAME_MAX_LEN 16 /* TASK_COMM_LEN in <linux/sched.h> */

/* proc_pid_stat(5): the third field follows the ")" of the name; arg_start and arg_end are the 48th and 49th. */
#define FIRST_FIELD 3
#define ARG_START   48

/* Finds the memory that ps shows as the command line. Under valgrind that is valgrind's, not ours. */
static bool
find_arguments(char **start, size_t *len)
{
	FILE *file = fopen("/proc/self/stat", "re");
	char text[1024], *at = NULL;
	unsigned long from, to;

	if (file && fgets(text, sizeof(text), file))
		at = strrchr(text, ')');
	if (file)
		fclose(file);
	for (int field = FIRST_FIELD; at && field <= ARG_START; field++)
		at = strchr(at + 1, ' ');
	if (!at || sscanf(at, "%lu %lu", &from, &to) != 2 || !from || to <= from)
		return false;
	if (from != (unsigned long)(uintptr_t)program_invocation_name)
		return false;
	*start = (char *)(uintptr_t)from; /* NOLINT(performance-no-int-to-ptr): the kernel has it as a number */
	*len = to - from;
	return true;
}

void
title_set(const char *role)
{
	char name[NAME_MAX_LEN], title[64], *arguments;
	size_t len;

	snprintf(name, sizeof(name), "knockd-%s", role);
	prctl(PR_SET_NAME, name);
	snprintf(title, sizeof(title), "knockd: %s", role);
	if (!find_arguments(&arguments, &len) || strlen(title) >= len)
		return;
	memset(arguments, 0, len);
	snprintf(arguments, len, "%s", title);
}
