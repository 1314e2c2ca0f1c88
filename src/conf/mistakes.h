/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Warnings about doors that are valid, but hardly do what the admin wants: knocks that open a second door, sequences
 * that a scan completes or that everybody knows, keys without effect. One warning for each mistake; none quotes a
 * sequence.
 */
#ifndef KNOCKD_MISTAKES_H
#define KNOCKD_MISTAKES_H

#include "state.h"

/* At the end of a door's section, and of the file. */
void mistakes_of_door(struct parser *parser, const struct door *door);
void mistakes_of_file(struct parser *parser);

#endif
