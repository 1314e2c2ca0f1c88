/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's answers as people read them.
 */
#ifndef KNOCKD_CTL_SHOW_H
#define KNOCKD_CTL_SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "ctl_table.h"

struct ctl_show {
	FILE *out;
	bool colour;
	bool prometheus;
	struct ctl_table table;
};

/* Takes one object of the answer. */
typedef void ctl_show_row(struct ctl_show *show, const json_t *row);

/* All was said; `last` is the object that ends the answer. */
typedef void ctl_show_end(struct ctl_show *show, const json_t *last);

ctl_show_row ctl_show_status;
ctl_show_row ctl_show_stats;
ctl_show_row ctl_show_door;
ctl_show_row ctl_show_access;
ctl_show_row ctl_show_attempt;
ctl_show_row ctl_show_message;
ctl_show_row ctl_show_event;

ctl_show_end ctl_show_doors; /* the heading and all rows, or that there are none */
ctl_show_end ctl_show_accesses;
ctl_show_end ctl_show_attempts;
ctl_show_end ctl_show_outcome; /* "2 revoked", or "done" */
ctl_show_end ctl_show_good;    /* of the configuration, as `knockd -t` has it */

#endif
