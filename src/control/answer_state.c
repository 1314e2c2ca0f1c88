/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the daemon and its doors are. */
#include "access/closing.h"
#include "access/grants.h"
#include "answer.h"
#include "lib/moment.h"

void
answer_status(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = answer_look(admin);

	(void)request;
	answer_say(client, admin_json_status(&view, answer_sees_all(admin, client)));
	answer_done(client);
}

void
answer_stats(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = answer_look(admin);

	(void)request;
	answer_say(client, admin_json_stats(&view, &admin->tally, answer_sees_all(admin, client)));
	answer_done(client);
}

/* grants_visit */
static bool
count_grant(void *arg, const struct grant_view *grant)
{
	doorstats_count(arg, grant->door);
	return true;
}

/* closings_visit */
static bool
count_closing(void *arg, const struct closing_view *closing)
{
	doorstats_count(arg, closing->door);
	return true;
}

static void
count_live(struct admin *admin, const struct admin_view *view)
{
	doorstats_count_none(&admin->doorstats);
	grants_each(view->tools->grants, 0, SIZE_MAX, count_grant, &admin->doorstats);
	closings_each(view->tools->closings, 0, SIZE_MAX, count_closing, &admin->doorstats);
}

static bool
more_doors(struct admin *admin, struct session *session, struct control_client *client)
{
	const struct admin_view view = answer_look(admin);
	bool all = answer_sees_all(admin, client);

	if (!session->at)
		count_live(admin, &view);
	for (; session->at < view.conf->n_doors; session->at++) {
		if (!control_has_room(client))
			return true;
		answer_say(client, admin_json_door(&view.conf->doors[session->at],
						   doorstats_get(&admin->doorstats, session->at), all));
	}
	answer_done(client);
	return false;
}

void
answer_doors(struct admin *admin, struct control_client *client, const struct request *request)
{
	(void)request;
	answer_begin(admin, client, more_doors);
}

/* The engine does not report every end; after seq_timeout the attempt has ended in any case. */
static bool
is_stale(const struct attempts_entry *attempt, const struct door *door, struct moment now)
{
	return now.boot_ms - attempt->since_ms >= door->seq_timeout * 1000;
}

static bool
more_attempts(struct admin *admin, struct session *session, struct control_client *client)
{
	const struct admin_view view = answer_look(admin);
	const struct moment now = moment_now();

	for (; session->at < ATTEMPTS_MAX; session->at++) {
		const struct attempts_entry *attempt = attempts_get(&admin->attempts, session->at);
		const struct door *door = &view.conf->doors[attempt->door];

		if (!control_has_room(client))
			return true;
		if (attempt->ip.family && !is_stale(attempt, door, now))
			answer_say(client,
				   answer_with_host(&view, &attempt->ip, admin_json_attempt(attempt, door, now)));
	}
	answer_number(client, "under_way", view.counters.attempts);
	return false;
}

void
answer_attempts(struct admin *admin, struct control_client *client, const struct request *request)
{
	(void)request;
	if (answer_sees_all(admin, client))
		answer_begin(admin, client, more_attempts);
	else
		answer_error(client, "only root may see attempts");
}
