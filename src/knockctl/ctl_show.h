/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the daemon's answers as text.
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
	struct ctl_table table;
};

/* Is standard output a terminal that shows colours, and does the user want them? */
bool ctl_show_colour(void);

/* Prints one object of the answer, or adds it to the table. */
typedef void ctl_show_row(struct ctl_show *show, const json_t *row);

/* Prints the end of the answer; `last` is the object that ends it. */
typedef void ctl_show_end(struct ctl_show *show, const json_t *last);

ctl_show_row ctl_show_status;
ctl_show_row ctl_show_door;
ctl_show_row ctl_show_access;
ctl_show_row ctl_show_attempt;
ctl_show_row ctl_show_user;
ctl_show_row ctl_show_peer;
ctl_show_row ctl_show_message;
ctl_show_row ctl_show_event;

ctl_show_end ctl_show_doors; /* the heading and all rows, or that there are none */
ctl_show_end ctl_show_accesses;
ctl_show_end ctl_show_attempts;
ctl_show_end ctl_show_users;   /* ... or "2 reset" */
ctl_show_end ctl_show_peers;   /* ... or "done" */
ctl_show_end ctl_show_outcome; /* "2 revoked", or "done" */
ctl_show_end ctl_show_good;    /* of the configuration, as `knockd -t` has it */

#endif
