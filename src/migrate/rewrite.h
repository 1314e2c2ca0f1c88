/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The new file: the plan as edits of lines, as a text, and as the difference to the old one. */
#ifndef KNOCKD_REWRITE_H
#define KNOCKD_REWRITE_H

#include <stdio.h>

#include "plan.h"

/* A place of ten years: as long as an access can be, see `knockctl extend`. */
#define REWRITE_NO_END "3650d"

struct rewrite {
	const struct source *source;
	const char **lines; /* what replaces each line: NULL: nothing, it stays; "": it goes */
};

/* 0, or -1: no memory. */
int rewrite_make(struct rewrite *rewrite, const struct plan *plan);

/* NULL: no memory. */
const char *rewrite_text(const struct rewrite *rewrite, struct arena *arena, size_t *len);

/* As `diff -u` has it. */
void rewrite_diff(const struct rewrite *rewrite, const char *path, FILE *out);

#endif
