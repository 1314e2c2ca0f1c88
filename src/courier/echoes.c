/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "echoes.h"

#include <stdlib.h>
#include <string.h>

int
echoes_init(struct echoes *e)
{
	*e = (struct echoes){ .ring = calloc(ECHOES_MAX, sizeof(*e->ring)) };
	return e->ring ? 0 : -1;
}

void
echoes_forget(struct echoes *e)
{
	e->first = e->n = e->answered = e->heard = 0;
}

static struct echo *
at(struct echoes *e, size_t i)
{
	return &e->ring[(e->first + i) % ECHOES_MAX];
}

static void
drop_first(struct echoes *e)
{
	e->first = (e->first + 1) % ECHOES_MAX;
	e->n--;
	if (e->answered)
		e->answered--;
	else
		e->heard++;
}

void
echoes_put(struct echoes *e, const struct share_message *put)
{
	struct echo *echo;

	if (e->n == ECHOES_MAX)
		drop_first(e);
	echo = at(e, e->n++);
	memcpy(echo->mark, put->sealed, sizeof(echo->mark));
	echo->silent = false;
}

void
echoes_answered(struct echoes *e, bool published)
{
	if (e->heard)
		e->heard--;
	else if (e->answered < e->n)
		at(e, e->answered++)->silent = !published;
}

bool
echoes_hear(struct echoes *e, const struct share_message *record)
{
	while (e->n && at(e, 0)->silent)
		drop_first(e);
	if (!e->n || memcmp(at(e, 0)->mark, record->sealed, ECHO_MARK) != 0)
		return false;
	drop_first(e);
	return true;
}
