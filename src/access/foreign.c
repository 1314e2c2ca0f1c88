/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/foreign.h"

#include <string.h>

#include "access/access.h"
#include "access/sharing.h"
#include "lib/network.h"
#include "lib/onetime.h"
#include "lib/text.h"
#include "share/known.h"
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

/*
 * Here no packet has come since the knock: the access would have ended. Nor does one without an end begin later than
 * the others remember that it was revoked: it may be news of a gateway that was away for so long.
 */
static bool
is_idle(const struct door *door, const struct sharing_news *news)
{
	bool forgotten = !news->left_ms && news->age_ms >= KNOWN_TOMB_MAX_MS;

	return door->idle_ms && (forgotten || news->age_ms >= door->idle_ms);
}

/* An access without end, through a door that gives it one here: it counts from the knock on, whenever that is heard of.
 */
static void
limit_endless(struct access_admission *a, const struct sharing_news *news)
{
	uint64_t own = access_would_last(a->door, &a->ip, NULL);

	if (!own)
		return;
	if (news->age_ms >= own)
		a->door = NULL;
	else
		a->ask.time_ms = own - news->age_ms;
}

/* The door's own time, or with Max_Time that one, is the longest; see ask_time(). */
static struct access_admission
admission_of(const struct access_tools *tools, const struct sharing_news *news)
{
	const struct notice *n = &news->notice;
	struct access_admission a = { .door = find_door(tools, n),
				      .ip = n->ip,
				      .ask = { .port = { .port = n->port, .proto = n->proto },
					       .time_ms = news->left_ms },
				      .gateway = news->gateway };

	if (a.door && is_idle(a.door, news))
		a.door = NULL;
	if (a.door && news->left_ms && a.door->max_time_ms)
		a.ask.time_ms = least(news->left_ms, a.door->max_time_ms);
	if (a.door && !news->left_ms)
		limit_endless(&a, news);
	text_copy(a.ask.user, sizeof(a.ask.user), n->text);
	return a;
}

static void
admit(const struct access_tools *tools, const struct conf *conf, struct sharing_news *news, size_t n)
{
	struct access_admission at[SHARING_NEWS];

	for (size_t i = 0; i < n; i++)
		at[i] = admission_of(tools, &news[i]);
	access_admit(tools, conf, at, n);
	for (size_t i = 0; i < n; i++)
		news[i].applied = at[i].admitted;
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

void
foreign_apply(const struct access_tools *tools, const struct conf *conf, struct sharing_news *news, size_t n)
{
	const struct notice *first = &news->notice;
	const struct sharing_count count = { .key = first->key, .counter = first->counter, .reset = first->reset };

	news->applied = true;
	switch (first->kind) {
	case NOTICE_GRANT:
		admit(tools, conf, news, n);
		break;
	case NOTICE_REVOKE:
		news->applied = end(tools, first, news->gateway);
		break;
	case NOTICE_COUNTER:
		news->applied =
		    judge_heard(tools->judge, &count) || codes_heard(tools->codes, first->key, first->counter);
		break;
	case NOTICE_RESET:
		news->applied = judge_heard_reset(tools->judge, &count, news->gateway);
		break;
	case NOTICE_ONCE_USED:
		use_up(tools, first, news->gateway);
		break;
	case NOTICE_BAN:
		if (conf->share.bans)
			access_ban(tools, conf, &first->ip, news->left_ms, news->gateway);
		break;
	case NOTICE_HELLO:
	case NOTICE_KINDS:
		break;
	}
}
