/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks that need the whole door, or the whole file. */
#ifndef KNOCKD_CHECK_H
#define KNOCKD_CHECK_H

#include "state.h"

/* Called at the end of a door's section. */
void check_door(struct parser *parser, const struct door *door);

/* Called at the end of the file; also fills in the values that depend on [options]. */
void check_file(struct parser *parser);

#endif
