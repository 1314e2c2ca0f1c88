/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/names.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/text.h"

struct check {
	const struct conf *conf;
	const struct authorized *users;
	names_report *report;
	void *arg;
};

static void __attribute__((format(printf, 2, 3))) say(const struct check *c, const char *fmt, ...)
{
	char text[LOG_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->report(c->arg, text);
}

/* ---- users of doors ----------------------------------------------------------------------------- */

static bool
has_user(const struct authorized *users, const char *name)
{
	for (size_t i = 0; i < users->n; i++)
		if (!strcmp(users->at[i].user, name))
			return true;
	return false;
}

static void
check_users(const struct check *c, const struct door *door)
{
	char *copy = door->users ? strdup(door->users) : NULL, *rest = copy, *word;

	while (copy && (word = strsep(&rest, ",")))
		if (!has_user(c->users, text_trim(word)))
			say(c, "%s: warning: users: no line of %s has the user %s", door->name,
			    c->conf->authorized_keys, text_trim(word));
	free(copy);
}

/* ---- doors of users ----------------------------------------------------------------------------- */

static bool
has_door(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_doors; i++)
		if (seq_auth(&conf->doors[i].seq) && !strcmp(conf->doors[i].name, name))
			return true;
	return false;
}

static void
check_doors(const struct check *c, const struct authorized_key *key)
{
	char *copy = key->doors ? strdup(key->doors) : NULL, *rest = copy, *word;

	while (copy && (word = strsep(&rest, ",")))
		if (!has_door(c->conf, word))
			say(c, "%s: line %d: warning: doors: no door \"%s\" is opened by signed knocks",
			    c->conf->authorized_keys, key->line, word);
	free(copy);
}

void
names_check(const struct conf *conf, const struct authorized *users, names_report *report, void *arg)
{
	const struct check check = { conf, users, report, arg };

	for (size_t i = 0; i < conf->n_doors; i++)
		if (seq_auth(&conf->doors[i].seq))
			check_users(&check, &conf->doors[i]);
	for (size_t i = 0; i < users->n; i++)
		check_doors(&check, &users->at[i]);
}
