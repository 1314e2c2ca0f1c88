/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lengths of time as nft writes them: "90", "30s", "1h30m", "7d", "500ms"; a bare number is seconds. */
#ifndef KNOCKD_DURATION_H
#define KNOCKD_DURATION_H

#include <stddef.h>
#include <stdint.h>

#include "lib/text.h"

/* Returns 0 and the milliseconds, or -1 (empty, unknown unit, zero, more than 64 bits). */
int duration_parse(uint64_t *ms, const char *text);

/* Writes the text that duration_parse() reads back, except for 0 ("0s"). Cut at `len`; returns `buf`. */
const char *duration_format(uint64_t ms, char *buf, size_t len);
void duration_write(struct pen *pen, uint64_t ms);

#endif
