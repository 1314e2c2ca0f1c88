/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Aligned columns of text for a terminal.
 */
#ifndef KNOCKD_CTL_TABLE_H
#define KNOCKD_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CTL_COLUMNS 8

struct ctl_table {
	size_t n_columns;
	char **cells; /* n_columns * n_rows, the heading first if there is one */
	size_t n_rows, size;
	size_t width[CTL_COLUMNS];
	bool failed; /* out of memory */
};

void ctl_table_init(struct ctl_table *table, size_t n_columns);
void ctl_table_free(struct ctl_table *table);

/* Adds a row of n_columns strings: copied, with anything unprintable replaced. */
void ctl_table_add(struct ctl_table *table, const char *const *cells);

/* With `headed` the first row is the heading: omitted if alone, bold with `colour`. 0, or -1: out of memory. */
int ctl_table_print(const struct ctl_table *table, bool headed, bool colour, FILE *out);

#endif
