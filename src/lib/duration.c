/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/duration.h"

#include <ctype.h>
#include <string.h>

static const struct {
	const char *name;
	uint64_t ms;
} units[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
};

#define UNITS (sizeof(units) / sizeof(units[0]))

static int
read_number(uint64_t *n, const char **text)
{
	*n = 0;
	if (!isdigit((unsigned char)**text))
		return -1;
	for (; isdigit((unsigned char)**text); (*text)++) {
		if (__builtin_mul_overflow(*n, 10, n) || __builtin_add_overflow(*n, (uint64_t)(**text - '0'), n))
			return -1;
	}
	return 0;
}

/* Units must be in falling order, each at most once: "1m1h" is a typing error. */
static int
read_unit(uint64_t *ms, const char **text, size_t *from)
{
	size_t len = strcspn(*text, "0123456789");

	for (size_t i = *from; i < UNITS; i++) {
		if (strlen(units[i].name) == len && !strncmp(units[i].name, *text, len)) {
			*ms = units[i].ms;
			*text += len;
			*from = i + 1;
			return 0;
		}
	}
	return -1;
}

int
duration_parse(uint64_t *ms, const char *text)
{
	uint64_t sum = 0, n, unit;
	size_t from = 0;

	do {
		if (read_number(&n, &text))
			return -1;
		if (!*text && !from)
			unit = 1000; /* a bare number */
		else if (read_unit(&unit, &text, &from))
			return -1;
		if (__builtin_mul_overflow(n, unit, &n) || __builtin_add_overflow(sum, n, &sum))
			return -1;
	} while (*text);
	if (!sum)
		return -1;
	*ms = sum;
	return 0;
}

void
duration_write(struct pen *pen, uint64_t ms)
{
	if (!ms) {
		text_write(pen, "0s", NULL);
		return;
	}
	for (size_t i = 0; i < UNITS; i++) {
		if (ms >= units[i].ms) {
			text_write_number(pen, ms / units[i].ms);
			text_write(pen, units[i].name, NULL);
		}
		ms %= units[i].ms;
	}
}

const char *
duration_format(uint64_t ms, char *buf, size_t len)
{
	struct pen pen = text_pen(buf, len);

	duration_write(&pen, ms);
	return buf;
}
