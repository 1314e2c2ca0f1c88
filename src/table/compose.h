/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the rules of a configuration: those that report knocks here, the others by *_rules.h. */
#ifndef KNOCKD_COMPOSE_H
#define KNOCKD_COMPOSE_H

#include "rules.h"

/* Borrows interface names from `conf`; rules_free() frees the result. NULL with errno when memory is out. */
struct rules *compose_rules(const struct conf *conf);

#endif
