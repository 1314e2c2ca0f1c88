/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of one-time sequences, of any bytes: each sequence found in it can be marked, once. */
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/onetime.h"

#define SEQUENCES 8

/* onetime_report: the report has no port of the line. */
static void
report(void *arg, unsigned long line, const char *reason)
{
	(void)arg;
	HOLDS(line && *reason); /* 0 is for reports about the file as a whole */
}

static void
format_and_parse(const struct seq *seq)
{
	char text[SEQ_STRLEN], again[SEQ_STRLEN];
	struct seq parsed;

	HOLDS(seq->n >= 1 && seq->n <= SEQ_MAX);
	seq_format(seq, text, sizeof(text));
	HOLDS(!seq_parse(&parsed, text, NULL));
	HOLDS(!strcmp(seq_format(&parsed, again, sizeof(again)), text));
}

/* A line that begins with a blank is marked in place; other lines need a new file, for which there is no directory. */
static void
use(const char *path)
{
	struct onetime list[SEQUENCES];
	ssize_t n = onetime_read(path, list, SEQUENCES, report, NULL), left;

	HOLDS(n >= 0);
	for (ssize_t i = 0; i < n && i < SEQUENCES; i++)
		format_and_parse(&list[i].seq);
	if (!n || onetime_mark(path, &list[0].seq))
		return;
	left = onetime_read(path, list, SEQUENCES, NULL, NULL);
	HOLDS(left == n - 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	HOLDS(fd >= 0 && !fchmod(fd, 0600) && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	use(path);
	close(fd);
	return 0;
}
