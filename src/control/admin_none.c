/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replaces admin.c in a build without jansson: there is no control socket. */
#include "control/admin.h"

struct admin *
admin_open(const char *path, struct log *log, const struct admin_daemon *daemon)
{
	(void)path;
	(void)log;
	(void)daemon;
	return NULL;
}

void
admin_close(struct admin *admin)
{
	(void)admin;
}

void
admin_poll(const struct admin *admin, struct pollfd fds[static ADMIN_SLOTS])
{
	(void)admin;
	for (size_t i = 0; i < ADMIN_SLOTS; i++)
		fds[i] = (struct pollfd){ .fd = -1 };
}

void
admin_work(struct admin *admin, const struct pollfd fds[static ADMIN_SLOTS])
{
	(void)admin;
	(void)fds;
}

uint64_t
admin_next(const struct admin *admin)
{
	(void)admin;
	return UINT64_MAX;
}

void
admin_events(struct admin *admin, const struct conf *conf, const struct event *events, const int *refused, size_t n)
{
	(void)admin;
	(void)conf;
	(void)events;
	(void)refused;
	(void)n;
}

void
admin_refused(struct admin *admin, const struct event *event)
{
	(void)admin;
	(void)event;
}

void
admin_engine_started(struct admin *admin)
{
	(void)admin;
}
