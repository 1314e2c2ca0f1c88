/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can only be judged of a door, or of the file, when all of it is read. */
#ifndef KNOCKD_CHECK_H
#define KNOCKD_CHECK_H

#include "state.h"

/* At the end of a door's section. */
void check_door(struct parser *parser, const struct door *door);

/* At the end of the file; fills in what depends on options that may stand anywhere in it. */
void check_file(struct parser *parser);

#endif
