/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a configuration and finds the doors whose commands only let the client's address through a firewall, and take
 * it back. `open` or `grant` does the same for them. Other doors stay as they are, byte for byte.
 *
 * Whether a door may move is decided with its neighbours: an opener and its closer move together or not at all, and no
 * port is guarded that a door which stays opens as well.
 */
#ifndef KNOCKD_MIGRATE_H
#define KNOCKD_MIGRATE_H

#include <stddef.h>
#include <stdio.h>

#include "conf/conf.h"

enum migrate_prefer {
	MIGRATE_ANY,  /* grant where the firewall is nft's or an ipset, open elsewhere */
	MIGRATE_OPEN, /* ... as far as each of them can do it */
	MIGRATE_GRANT,
};

struct migrate;

/* NULL after any error. Every error, and every warning of the parser, is reported. */
struct migrate *migrate_read(const char *path, enum migrate_prefer prefer, conf_report *report, void *arg);
void migrate_free(struct migrate *migrate); /* NULL is legal */

/* The number of doors that move. */
size_t migrate_moved(const struct migrate *migrate);

/* One line for each door with commands: what replaces them, or why they stay. Then the difference, and what the
 * firewall needs. */
void migrate_print(const struct migrate *migrate, FILE *out);

/* The new file. */
const char *migrate_text(const struct migrate *migrate, size_t *len);

#endif
