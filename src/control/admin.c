/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control/admin.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "lib/moment.h"

_Static_assert(ADMIN_SLOTS == CONTROL_SLOTS, "the loop polls for every client");

/* Limit on log lines about refused clients. */
#define REFUSED_BURST      10
#define REFUSED_PER_SECOND 1

/* ---- watching ---------------------------------------------------------------------------------- */

static void
begin_watch(struct admin *admin, struct control_client *client, const struct request *request)
{
	(void)request;
	admin->sessions[control_number(client)] = (struct session){ .more = NULL };
	control_watch(client);
	answer_say(client, json_pack("{s:I, s:s}", "time_ms", (json_int_t)moment_now().wall_ms, "event", "watching"));
}

/* A client that reads too slowly gets the number of events that it has missed. */
static void
tell_watcher(struct session *session, struct control_client *client, const char *line)
{
	if (session->missed &&
	    answer_say(client, json_pack("{s:I, s:s, s:I}", "time_ms", (json_int_t)moment_now().wall_ms, "event",
					 "missed", "count", (json_int_t)session->missed)))
		session->missed = 0;
	if (session->missed || !control_say(client, line))
		session->missed++;
}

static bool
is_watched(const struct admin *admin)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (control_watcher(admin->control, i))
			return true;
	return false;
}

/* Takes over the object. `to_all`: not to root alone. */
static void
tell_watchers(struct admin *admin, json_t *json, bool to_all)
{
	char *line = json ? json_dumps(json, JSON_COMPACT) : NULL;

	for (size_t i = 0; line && i < CONTROL_CLIENTS; i++) {
		struct control_client *client = control_watcher(admin->control, i);

		if (client && (to_all || answer_sees_all(admin, client)))
			tell_watcher(&admin->sessions[i], client, line);
	}
	json_decref(json);
	free(line);
}

static json_t *
describe(const struct admin *admin, const struct event *event, const struct conf *conf, struct moment now)
{
	const struct admin_view view = answer_look(admin);
	json_t *json = admin_json_event(event, conf, now);

	return event->source.family ? answer_with_host(&view, &event->source, json) : json;
}

void
admin_events(struct admin *admin, const struct conf *conf, const struct event *events, const int *refused, size_t n)
{
	struct moment now;
	bool watched;

	if (!admin)
		return;
	now = moment_now();
	watched = is_watched(admin);
	for (size_t i = 0; i < n; i++) {
		attempts_take(&admin->attempts, &events[i], now.boot_ms);
		doorstats_take(&admin->doorstats, &events[i], refused[i], now.wall_ms);
		if (refused[i])
			continue;
		admin->tally.openings += events[i].kind == EVENT_OPEN;
		admin->tally.timeouts += events[i].kind == EVENT_TIMEOUT;
		if (watched && event_is_told(&events[i]))
			tell_watchers(admin, describe(admin, &events[i], conf, now), events[i].kind == EVENT_OPEN);
	}
}

void
admin_refused(struct admin *admin, const struct event *event)
{
	if (!admin)
		return;
	admin->tally.signed_refused += event->kind == EVENT_AUTH;
	admin->tally.refused += event->kind != EVENT_AUTH;
	doorstats_refused(&admin->doorstats, event);
}

void
admin_engine_started(struct admin *admin)
{
	if (!admin)
		return;
	attempts_forget(&admin->attempts);
	if (doorstats_follow(&admin->doorstats, answer_look(admin).conf))
		log_warn(admin->log, "control: the numbers of the doors are lost");
}

/* log_listener */
static void
hear(void *arg, enum log_tone tone, const char *text)
{
	struct admin *admin = arg;

	if (admin->hears && (tone == LOG_TONE_WARNING || tone == LOG_TONE_HINT))
		answer_message(admin, admin->hears, text);
	if (tone == LOG_TONE_KNOCK || tone == LOG_TONE_HINT || !is_watched(admin))
		return;
	tell_watchers(admin,
		      json_pack("{s:I, s:s, s:o}", "time_ms", (json_int_t)moment_now().wall_ms, "event",
				tone == LOG_TONE_WARNING ? "warning" : "notice", "text", admin_json_text(text)),
		      tone == LOG_TONE_NOTICE);
}

/* ---- requests ---------------------------------------------------------------------------------- */

static const struct {
	answer_request *answer;
	bool changes; /* logged with the client's uid */
} answers[REQUEST_COMMANDS] = {
	[REQUEST_STATUS] = { answer_status, false }, [REQUEST_DOORS] = { answer_doors, false },
	[REQUEST_LIST] = { answer_list, false },     [REQUEST_ATTEMPTS] = { answer_attempts, false },
	[REQUEST_REVOKE] = { answer_revoke, true },  [REQUEST_EXTEND] = { answer_extend, true },
	[REQUEST_GRANT] = { answer_grant, true },    [REQUEST_WATCH] = { begin_watch, false },
	[REQUEST_STATS] = { answer_stats, false },   [REQUEST_RELOAD] = { answer_reload, true },
	[REQUEST_USERS] = { answer_users, false },   [REQUEST_ENROL] = { answer_enrol, false },
	[REQUEST_CHECK] = { answer_check, false },   [REQUEST_UNGUARD] = { answer_unguard, true },
	[REQUEST_TOTP] = { answer_totp, false },     [REQUEST_PEERS] = { answer_peers, false },
};

/* control_owner */
static void
take(void *arg, struct control_client *client, const char *line, size_t len)
{
	struct admin *admin = arg;
	struct request request;
	char err[512];

	if (request_parse(&request, line, len, err, sizeof(err))) {
		answer_error(client, err);
		return;
	}
	if (answers[request.command].changes)
		answer_log(admin, client, &request);
	answers[request.command].answer(admin, client, &request);
}

/* control_owner */
static bool
more(void *arg, struct control_client *client)
{
	struct admin *admin = arg;
	struct session *session = &admin->sessions[control_number(client)];

	return session->more(admin, session, client);
}

/* control_owner */
static bool
admit(void *arg, const struct control_peer *peer)
{
	struct admin *admin = arg;
	const struct admin_view view = answer_look(admin);

	if (peer->uid == 0 || peer->uid == admin->started_by)
		return true;
	if (peer->in_group && peer->uid != view.engine_uid)
		return true;
	if (limiter_pass(&admin->refused, REFUSED_BURST, REFUSED_PER_SECOND, moment_boot_msec()))
		log_warnx(admin->log, "control: uid %lu: refused", (unsigned long)peer->uid);
	return false;
}

/* ---- start and end ----------------------------------------------------------------------------- */

struct admin *
admin_open(const char *path, struct log *log, const struct admin_daemon *daemon)
{
	struct admin *admin = calloc(1, sizeof(*admin));

	if (admin) {
		admin->log = log;
		admin->started_by = geteuid(); /* the daemon may leave it, and is the engine's user then */
		admin->daemon = *daemon;
		limiter_init(&admin->refused, REFUSED_BURST, moment_boot_msec());
		admin->control =
		    control_open(path,
				 &(struct control_owner){ .arg = admin, .admit = admit, .take = take, .more = more },
				 log);
	}
	if (!admin || !admin->control) {
		log_warn(log, "control: could not listen at %s", path);
		free(admin);
		return NULL;
	}
	log->listener = hear;
	log->listener_arg = admin;
	admin_engine_started(admin);
	return admin;
}

void
admin_close(struct admin *admin)
{
	if (!admin)
		return;
	admin->log->listener = NULL;
	control_close(admin->control);
	doorstats_free(&admin->doorstats);
	free(admin);
}

void
admin_poll(const struct admin *admin, struct pollfd fds[static ADMIN_SLOTS])
{
	control_poll(admin ? admin->control : NULL, fds);
}

void
admin_work(struct admin *admin, const struct pollfd fds[static ADMIN_SLOTS])
{
	if (admin)
		control_work(admin->control, fds);
}

uint64_t
admin_next(const struct admin *admin)
{
	return admin ? control_next(admin->control) : UINT64_MAX;
}
