/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries out openings. */
#ifndef KNOCKD_OPENING_H
#define KNOCKD_OPENING_H

#include "state.h"

/* Acts on these events and logs them, see access_act(): one-time sequences go on, and an engine that is ahead is noted.
 */
void opening_act(struct daemon *d, const struct event *events, const struct ask *const *asks, size_t n);

#endif
