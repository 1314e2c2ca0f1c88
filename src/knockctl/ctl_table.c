/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_table.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "lib/text.h"

#define GAP 2 /* blanks between two columns */

void
ctl_table_init(struct ctl_table *t, size_t n_columns)
{
	*t = (struct ctl_table){ .n_columns = n_columns };
}

void
ctl_table_free(struct ctl_table *t)
{
	for (size_t i = 0; i < t->n_rows * t->n_columns; i++)
		free(t->cells[i]);
	free(t->cells);
}

/* Columns on a terminal: characters may take two, or none. A locale that does not know one gives no width for it. */
static size_t
width(const char *text)
{
	size_t n = 0;

	while (*text) {
		int columns = wcwidth((wchar_t)text_next(&text));

		n += columns < 0 ? 1 : (size_t)columns;
	}
	return n;
}

static char *
printable(const char *text)
{
	size_t len = strlen(text) * 3 + 1; /* U+FFFD takes 3 bytes */
	char *copy = malloc(len);

	if (copy)
		text_utf8(text, true, copy, len);
	return copy;
}

static bool
has_place(struct ctl_table *t)
{
	size_t size = t->size ? t->size * 2 : 64;
	char **cells;

	if (t->n_rows < t->size)
		return true;
	cells = reallocarray(t->cells, size * t->n_columns, sizeof(*cells));
	if (!cells)
		return false;
	t->cells = cells;
	t->size = size;
	return true;
}

void
ctl_table_add(struct ctl_table *t, const char *const *cells)
{
	char **row;

	if (t->failed || !has_place(t)) {
		t->failed = true;
		return;
	}
	row = t->cells + t->n_rows++ * t->n_columns;
	for (size_t i = 0; i < t->n_columns; i++) {
		row[i] = printable(cells[i]);
		if (!row[i])
			t->failed = true;
		else if (width(row[i]) > t->width[i])
			t->width[i] = width(row[i]);
	}
}

/* Pads no cell after the last one with text. */
static void
print_row(const struct ctl_table *t, char *const *row, FILE *out)
{
	size_t last = t->n_columns;

	while (last > 1 && !*row[last - 1])
		last--;
	for (size_t i = 0; i < last; i++)
		fprintf(out, "%s%*s", row[i], i + 1 < last ? (int)(t->width[i] - width(row[i]) + GAP) : 0, "");
}

int
ctl_table_print(const struct ctl_table *t, bool headed, bool colour, FILE *out)
{
	if (t->failed)
		return -1;
	for (size_t i = 0; i < t->n_rows && !(headed && t->n_rows == 1); i++) {
		bool bold = headed && !i && colour;

		fputs(bold ? "\033[1m" : "", out);
		print_row(t, t->cells + i * t->n_columns, out);
		fputs(bold ? "\033[0m\n" : "\n", out);
	}
	return 0;
}
