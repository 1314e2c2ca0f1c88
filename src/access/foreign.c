/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/foreign.h"

#include <string.h>

#include "access/access.h"
#include "access/sharing.h"
#include "lib/network.h"
#include "lib/onetime.h"
#include "lib/text.h"
#include "share/notice.h"

/* NULL: this gateway has no such door, or keeps it to itself. */
static const struct door *
find_door(const struct access_tools *tools, const struct notice *n)
{
	const struct door *door = sharing_door(tools->sharing, n->door);

	return door && door->share != SHARE_LOCAL ? door : NULL;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* The door's own time, or with Max_Time that one, is the longest; see ask_time(). */
static bool
admit(const struct access_tools *tools, const struct conf *conf, const struct notice *n, const char *gateway,
      uint64_t left_ms)
{
	const struct door *door = find_door(tools, n);
	struct ask ask = { .port = { .port = n->port, .proto = n->proto } };

	if (!door)
		return false;
	ask.time_ms = left_ms && door->max_time_ms ? least(left_ms, door->max_time_ms) : left_ms;
	text_copy(ask.user, sizeof(ask.user), n->text);
	return access_admit(tools, conf, door, &n->ip, &ask, gateway);
}

static bool
end(const struct access_tools *tools, const struct notice *n, const char *gateway)
{
	const struct door *door = find_door(tools, n);
	struct request_whom whom = { .nets = { network_around(&n->ip, 128) }, .n_nets = 1 };
	char err[LOG_TEXT_MAX], ip[ADDR_STRLEN];

	if (!door)
		return false;
	whom.door = door->name;
	if (grants_revoke(tools->grants, &whom, err, sizeof(err)))
		log_notice(tools->log, "%s: %s: ended by gateway %s", addr_format(&n->ip, ip), door->name, gateway);
	return true;
}

static void
mark(const struct access_tools *tools, const struct door *door, const struct seq *sequence, const char *gateway)
{
	if (!onetime_mark(door->one_time_path, sequence))
		log_notice(tools->log, "%s: gateway %s has used up a sequence of %s", door->name, gateway,
			   door->one_time_path);
}

/* The daemon watches the file, and reads it again. */
static void
use_up(const struct access_tools *tools, const struct notice *n, const char *gateway)
{
	const struct door *door = find_door(tools, n);

	if (!door || !door->one_time_path)
		return;
	for (size_t i = 0; i < door->n_one_time; i++)
		if (sharing_is_used(tools->sharing, n, door->name, &door->one_time[i]))
			mark(tools, door, &door->one_time[i], gateway);
}

bool
foreign_apply(const struct access_tools *tools, const struct conf *conf, const struct notice *n, const char *gateway,
	      uint64_t left_ms)
{
	switch (n->kind) {
	case NOTICE_GRANT:
		return admit(tools, conf, n, gateway, left_ms);
	case NOTICE_REVOKE:
		return end(tools, n, gateway);
	case NOTICE_COUNTER:
		judge_heard(tools->judge, n->key, n->counter);
		codes_heard(tools->codes, n->key, n->counter);
		return true;
	case NOTICE_ONCE_USED:
		use_up(tools, n, gateway);
		return true;
	case NOTICE_BAN:
		if (conf->share.bans)
			access_ban(tools, conf, &n->ip, left_ms, gateway);
		return true;
	case NOTICE_HELLO:
	case NOTICE_KINDS:
		break;
	}
	return false;
}
