/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that stand for nothing: a user of a door who has no key, and a door of a key that no signed knock opens. Both
 * are valid, as a user or a door may be added later, and more often mistyped.
 */
#ifndef KNOCKD_NAMES_H
#define KNOCKD_NAMES_H

#include "conf/conf.h"
#include "signed/authorized.h"

/* Takes one finished line. */
typedef void names_report(void *arg, const char *text);

/* `users` has been read from conf->authorized_keys. */
void names_check(const struct conf *conf, const struct authorized *users, names_report *report, void *arg);

#endif
