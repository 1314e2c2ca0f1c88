/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What knockctl doctor looks at, and how it tells what it finds. */
#ifndef KNOCKD_DOCTOR_H
#define KNOCKD_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "conf/conf.h"

struct doctor {
	FILE *out;
	size_t faults;
	const char *only;                       /* a door's name; NULL: all */
	const struct conf *conf;                /* the file; NULL: it has errors */
	const char *path;                       /* of the file */
	json_t *status, *stats, *doors, *peers; /* the daemon's answers; NULL: it gave none */
	json_t *ruleset;                        /* an array, of `nft -j list ruleset`; NULL: unknown */
	json_t *links;                          /* an array, of `ip -j -d link`; NULL: unknown */
};

/* Something is as it should be. */
void doctor_good(struct doctor *doctor, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Something is not; `remedy` is a command or a line of the configuration, or NULL. */
void doctor_bad(struct doctor *doctor, const char *remedy, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Is the door one of those that were asked for? */
bool doctor_wants(const struct doctor *doctor, const struct door *door);

/* Runs a program that prints JSON. NULL: it cannot, or prints none. */
json_t *doctor_run(const char *const *argv);

const char *doctor_text(const json_t *object, const char *name); /* "" if it is no text */

/* The steps, in the order in which a packet passes what they look at. */
void doctor_links(struct doctor *doctor);
void doctor_before(struct doctor *doctor); /* other tables that see packets first */
void doctor_table(struct doctor *doctor);
void doctor_group(struct doctor *doctor);
void doctor_hits(struct doctor *doctor);
void doctor_sets(struct doctor *doctor);
void doctor_guard(struct doctor *doctor);
void doctor_established(struct doctor *doctor);
void doctor_host(struct doctor *doctor);
void doctor_share(struct doctor *doctor); /* the link to other gateways */

#endif
