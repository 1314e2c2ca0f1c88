/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules that a configuration asks for: those that report knocks are put together here, the others by *_rules.h. */
#ifndef KNOCKD_COMPOSE_H
#define KNOCKD_COMPOSE_H

#include "rules.h"

/* Borrows interface names from `conf`; rules_free() frees the result. NULL with errno when memory is out. */
struct rules *compose_rules(const struct conf *conf);

#endif
