/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control/admin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/byhand.h"
#include "access/closing.h"
#include "access/grants.h"
#include "access/judge.h"
#include "access/sharing.h"
#include "admin_json.h"
#include "attempts.h"
#include "control.h"
#include "doorstats.h"
#include "lib/limiter.h"
#include "lib/moment.h"
#include "lib/text.h"
#include "process/lookup.h"
#include "wire/request.h"

_Static_assert(ADMIN_SLOTS == CONTROL_SLOTS, "the loop polls for every client");

#define PORTION 128 /* accesses between two rounds of the main loop */

/* Limit on log lines about refused clients. */
#define REFUSED_BURST      10
#define REFUSED_PER_SECOND 1

struct session;

/* Sends the next portion of an answer. False: it was the last one. */
typedef bool tell_more(struct admin *admin, struct session *session, struct control_client *client);

/* The accesses to list; the request's own text is gone by the next portion. */
struct shown {
	struct request_whom whom;
	char door[DOOR_NAME_MAX + 1]; /* longer than a door's: a name that is cut matches none */
	bool any;                     /* was there one? */
};

/* The state of a client's answer. */
struct session {
	tell_more *more;
	uint64_t at;     /* where the next portion begins */
	uint64_t missed; /* events dropped because the client reads too slowly */
	struct shown shown;
};

struct admin {
	struct control *control;
	struct log *log;
	struct admin_daemon daemon;
	uid_t started_by;
	struct admin_tally tally;
	struct control_client *hears; /* the client whose reload or check is running: it gets the warnings */
	size_t unheard;               /* warnings that did not fit into its buffer */
	struct attempts attempts;
	struct doorstats doorstats;
	struct limiter refused;
	struct session sessions[CONTROL_CLIENTS];
};

static struct admin_view
look(const struct admin *admin)
{
	struct admin_view view;

	admin->daemon.look(admin->daemon.arg, &view);
	return view;
}

/*
 * Does the client see what tells one packet from another? To a member of the group that would give away the sequences:
 * an exact number of packets or attempts shows which port a packet has to go to.
 */
static bool
sees_all(const struct admin *admin, const struct control_client *client)
{
	uid_t uid = control_peer(client)->uid;

	return !uid || uid == admin->started_by;
}

/* ---- answers ----------------------------------------------------------------------------------- */

/* Takes over the object. False: no room, or no memory. */
static bool
say(struct control_client *client, json_t *json)
{
	char *line = json ? json_dumps(json, JSON_COMPACT) : NULL;
	bool said = line && control_say(client, line);

	json_decref(json);
	free(line);
	return said;
}

/* Adds the address's host name, null if it is not known. */
static json_t *
with_host(const struct admin_view *view, const struct addr *ip, json_t *json)
{
	const char *host = lookup_known(view->tools->lookup, ip);

	json_object_set_new(json, "host", host ? admin_json_text(host) : json_null());
	return json;
}

static void
say_done(struct control_client *client)
{
	say(client, json_pack("{s:b}", "done", 1));
}

static void
say_error(struct control_client *client, const char *text)
{
	say(client, json_pack("{s:o}", "error", admin_json_text(text)));
}

static void
say_number(struct control_client *client, const char *name, size_t n)
{
	say(client, json_pack("{s:b, s:I}", "done", 1, name, (json_int_t)n));
}

static void
log_request(const struct admin *admin, const struct control_client *client, const struct request *request)
{
	char text[LOG_TEXT_MAX];

	log_notice(admin->log, "control: uid %lu: %s", (unsigned long)control_peer(client)->uid,
		   request_describe(request, text, sizeof(text)));
}

static void
begin_list(struct admin *admin, struct control_client *client, tell_more *more)
{
	admin->sessions[control_number(client)] = (struct session){ .more = more };
	control_continue(client);
}

/* ---- status, stats, doors, attempts ------------------------------------------------------------ */

static void
answer_status(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = look(admin);

	(void)request;
	say(client, admin_json_status(&view, sees_all(admin, client)));
	say_done(client);
}

static void
answer_stats(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = look(admin);

	(void)request;
	say(client, admin_json_stats(&view, &admin->tally, sees_all(admin, client)));
	say_done(client);
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
	const struct admin_view view = look(admin);
	bool all = sees_all(admin, client);

	if (!session->at)
		count_live(admin, &view);
	for (; session->at < view.conf->n_doors; session->at++) {
		if (!control_has_room(client))
			return true;
		say(client, admin_json_door(&view.conf->doors[session->at],
					    doorstats_get(&admin->doorstats, session->at), all));
	}
	say_done(client);
	return false;
}

static void
answer_doors(struct admin *admin, struct control_client *client, const struct request *request)
{
	(void)request;
	begin_list(admin, client, more_doors);
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
	const struct admin_view view = look(admin);
	const struct moment now = moment_now();

	for (; session->at < ATTEMPTS_MAX; session->at++) {
		const struct attempts_entry *attempt = attempts_get(&admin->attempts, session->at);
		const struct door *door = &view.conf->doors[attempt->door];

		if (!control_has_room(client))
			return true;
		if (attempt->ip.family && !is_stale(attempt, door, now))
			say(client, with_host(&view, &attempt->ip, admin_json_attempt(attempt, door, now)));
	}
	say_number(client, "under_way", view.counters.attempts);
	return false;
}

static void
answer_attempts(struct admin *admin, struct control_client *client, const struct request *request)
{
	(void)request;
	if (sees_all(admin, client))
		begin_list(admin, client, more_attempts);
	else
		say_error(client, "only root may see attempts");
}

/* ---- doors by name ------------------------------------------------------------------------------- */

/* True without a name. */
static bool
has_door(const struct conf *conf, const char *name)
{
	for (size_t i = 0; name && i < conf->n_doors; i++) {
		if (!strcmp(conf->doors[i].name, name))
			return true;
	}
	return !name;
}

static void
say_no_door(struct control_client *client, const char *name)
{
	char err[DOOR_NAME_MAX + 64];

	snprintf(err, sizeof(err), "there is no door \"%.127s\"", name);
	say_error(client, err);
}

/* ---- accesses ---------------------------------------------------------------------------------- */

struct showing {
	const struct admin_view *view;
	const struct request_whom *whom;
	struct control_client *client;
	struct moment now;
	bool any;
};

/* Adds the gateway where the access began, null if it was here; nothing on a gateway of its own. */
static json_t *
with_origin(const struct admin_view *view, const struct grant_view *grant, json_t *json)
{
	const char *origin = sharing_origin(view->tools->sharing, grant->door, grant->ip);

	if (sharing_is_on(view->tools->sharing))
		json_object_set_new(json, "origin", origin ? admin_json_text(origin) : json_null());
	return json;
}

/* grants_visit */
static bool
show_grant(void *arg, const struct grant_view *grant)
{
	struct showing *showing = arg;

	if (request_means(showing->whom, grant->ip, grant->door)) {
		say(showing->client,
		    with_origin(showing->view, grant,
				with_host(showing->view, grant->ip, admin_json_grant(grant, showing->now))));
		showing->any = true;
	}
	return control_has_room(showing->client);
}

/* closings_visit */
static bool
show_closing(void *arg, const struct closing_view *closing)
{
	struct showing *showing = arg;

	if (request_means(showing->whom, closing->ip, closing->door)) {
		say(showing->client, with_host(showing->view, closing->ip, admin_json_closing(closing, showing->now)));
		showing->any = true;
	}
	return control_has_room(showing->client);
}

static bool
more_closings(struct admin *admin, struct session *session, struct control_client *client)
{
	const struct admin_view view = look(admin);
	struct showing showing = { .view = &view, .whom = &session->shown.whom, .client = client, .now = moment_now() };

	session->at = closings_each(view.tools->closings, session->at, PORTION, show_closing, &showing);
	session->shown.any |= showing.any;
	if (session->at)
		return true;
	if (session->shown.any || has_door(view.conf, session->shown.whom.door))
		say_done(client);
	else
		say_no_door(client, session->shown.whom.door);
	return false;
}

/* Elements first, then doors that commands have opened. */
static bool
more_grants(struct admin *admin, struct session *session, struct control_client *client)
{
	const struct admin_view view = look(admin);
	struct showing showing = { .view = &view, .whom = &session->shown.whom, .client = client, .now = moment_now() };

	session->at = grants_each(view.tools->grants, session->at, PORTION, show_grant, &showing);
	session->shown.any |= showing.any;
	if (!session->at)
		session->more = more_closings;
	return true;
}

static void
answer_list(struct admin *admin, struct control_client *client, const struct request *request)
{
	struct shown *shown = &admin->sessions[control_number(client)].shown;

	begin_list(admin, client, more_grants);
	shown->whom = request->whom;
	if (!request->whom.door)
		return;
	text_copy(shown->door, sizeof(shown->door), request->whom.door);
	shown->whom.door = shown->door;
}

/* A text in `err` is the answer, although the rest was done. */
static void
say_steered(struct control_client *client, const char *done, size_t n, const char *err)
{
	if (*err)
		say_error(client, err);
	else
		say_number(client, done, n);
}

/* A door that a reload has taken away may still have accesses. */
static bool
is_unknown(const struct conf *conf, const struct request *request, size_t n, const char *err)
{
	return !n && !*err && !has_door(conf, request->whom.door);
}

static void
answer_revoke(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = look(admin);
	char err[LOG_TEXT_MAX];
	size_t n;

	if (request->cut && !conf_can_cut()) {
		say_error(client, "--cut: this knockd was built without libnetfilter_conntrack");
		return;
	}
	cuts_force(view.tools->cuts, request->cut);
	n = grants_revoke(view.tools->grants, &request->whom, err, sizeof(err));
	if (request->cut)
		cuts_whom(view.tools->cuts, view.conf, &request->whom);
	cuts_force(view.tools->cuts, false);
	n += closings_close(view.tools->closings, &request->whom);
	if (request->by_hand)
		n += byhand_delete(view.tools, view.conf, &request->whom, err, sizeof(err));
	if (is_unknown(view.conf, request, n, err))
		say_no_door(client, request->whom.door);
	else
		say_steered(client, "revoked", n, err);
}

static void
answer_extend(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = look(admin);
	char err[LOG_TEXT_MAX];
	size_t n = grants_extend(view.tools->grants, &request->whom, request->by_ms, err, sizeof(err));

	n += closings_extend(view.tools->closings, &request->whom, request->by_ms);
	sharing_extended(view.tools->sharing, &request->whom, request->by_ms);
	if (is_unknown(view.conf, request, n, err))
		say_no_door(client, request->whom.door);
	else
		say_steered(client, "extended", n, err);
}

/* NULL: the client was sent an error. */
static const struct door *
the_door(const struct conf *conf, const char *name, struct control_client *client)
{
	const struct door *door = NULL;
	char err[DOOR_NAME_MAX + 64];
	size_t n = 0;

	for (size_t i = 0; i < conf->n_doors; i++) {
		if (!strcmp(conf->doors[i].name, name)) {
			door = &conf->doors[i];
			n++;
		}
	}
	if (n == 1)
		return door;
	if (!n) {
		say_no_door(client, name);
		return NULL;
	}
	snprintf(err, sizeof(err), "there are several doors \"%.127s\"", name);
	say_error(client, err);
	return NULL;
}

static void
answer_grant(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = look(admin);
	const struct door *door = the_door(view.conf, request->whom.door, client);
	const struct addr *ip = &request->whom.nets[0].addr;
	char err[LOG_TEXT_MAX];
	int failed;

	if (!door)
		return;
	failed = request->forever ? byhand_admit(view.tools, door, ip, err, sizeof(err))
				  : access_grant(view.tools, view.conf, door, ip, err, sizeof(err));
	if (failed)
		say_error(client, err);
	else
		say_number(client, "granted", 1);
}

/* ---- other gateways ------------------------------------------------------------------------------- */

static bool
more_peers(struct admin *admin, struct session *session, struct control_client *client)
{
	const struct admin_view view = look(admin);
	struct sharing_peer peer;

	for (; sharing_peer(view.tools->sharing, session->at, &peer); session->at++) {
		if (!control_has_room(client))
			return true;
		say(client, admin_json_peer(&peer));
	}
	say_done(client);
	return false;
}

static void
answer_peers(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = look(admin);
	struct sharing_state state;

	if (!sharing_look(view.tools->sharing, &state)) {
		say_error(client, "this gateway shares no accesses: Share is not in the configuration");
	} else if (request->sync) {
		log_request(admin, client, request);
		sharing_resync(view.tools->sharing);
		say_done(client);
	} else {
		say(client, admin_json_gateway(&state));
		begin_list(admin, client, more_peers);
	}
}

/* ---- users of signed knocks ---------------------------------------------------------------------- */

/* judge_visit */
static bool
show_user(void *arg, const struct judge_user *user)
{
	struct control_client *client = arg;

	say(client, admin_json_user(user));
	return control_has_room(client);
}

static bool
more_users(struct admin *admin, struct session *session, struct control_client *client)
{
	const struct admin_view view = look(admin);

	session->at = judge_each(view.tools->judge, session->at, show_user, client);
	if (session->at)
		return true;
	say_done(client);
	return false;
}

static void
answer_users(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = look(admin);

	if (!sees_all(admin, client)) {
		say_error(client, "only root may see users");
	} else if (request->user) {
		log_request(admin, client, request);
		say_number(client, "reset", judge_reset(view.tools->judge, request->user));
	} else {
		begin_list(admin, client, more_users);
	}
}

/* The door of this name that signed knocks open, or (NULL) the only one. NULL: the client was sent an error. */
static const struct door *
signed_door(const struct conf *conf, const char *name, struct control_client *client)
{
	const struct door *door = NULL;
	size_t n = 0;

	for (size_t i = 0; i < conf->n_doors; i++) {
		if (!seq_auth(&conf->doors[i].seq) || (name && strcmp(conf->doors[i].name, name)))
			continue;
		door = &conf->doors[i];
		n++;
	}
	if (n == 1)
		return door;
	say_error(client, name ? "there is no door of that name that a signed knock (:auth) opens"
			  : !n ? "no door is opened by a signed knock (:auth)"
			       : "several doors are opened by a signed knock: name one with --door");
	return NULL;
}

static void
answer_enrol(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = look(admin);
	const struct door *door;
	json_t *json;

	if (!sees_all(admin, client)) {
		say_error(client, "only root may enrol users");
		return;
	}
	door = signed_door(view.conf, request->whom.door, client);
	if (!door)
		return;
	json = admin_json_enrolment(view.conf, door, request->host);
	if (!json) {
		say_error(client, "the name of the host is malformed");
		return;
	}
	log_request(admin, client, request);
	say(client, json);
	say_done(client);
}

static void
answer_totp(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = look(admin);

	if (!sees_all(admin, client)) {
		say_error(client, "only root may give users a secret");
		return;
	}
	if (!view.conf->totp_secrets) {
		say_error(client, "there is no file for secrets: Totp_Secrets in [options] names it");
		return;
	}
	log_request(admin, client, request);
	say(client, json_pack("{s:o}", "totp_secrets", admin_json_text(view.conf->totp_secrets)));
	say_done(client);
}

/* ---- the configuration ------------------------------------------------------------------------- */

/* Messages quote the file. */
static void
say_message(struct admin *admin, struct control_client *client, const char *text)
{
	if (!sees_all(admin, client))
		return;
	if (!control_has_room(client) || !say(client, json_pack("{s:o}", "message", admin_json_text(text))))
		admin->unheard++;
}

/* `hidden` follows the error where messages are not shown. */
static void
say_outcome(struct admin *admin, struct control_client *client, const char *error, const char *hidden)
{
	char text[160];

	if (admin->unheard)
		say(client, json_pack("{s:o}", "message", json_sprintf("... and %zu more lines", admin->unheard)));
	if (!error) {
		say_done(client);
		return;
	}
	snprintf(text, sizeof(text), "%s: %s", error, hidden);
	say_error(client, sees_all(admin, client) ? error : text);
}

static void
answer_reload(struct admin *admin, struct control_client *client, const struct request *request)
{
	bool done;

	(void)request;
	admin->hears = client;
	admin->unheard = 0;
	done = admin->daemon.reload(admin->daemon.arg);
	admin->hears = NULL;
	say_outcome(admin, client, done ? NULL : "reload failed", "only root may see why, and the log says it");
}

/* conf_report. Debug lines may contain secrets. */
static void
pass_on(void *arg, enum conf_severity severity, const char *text)
{
	struct admin *admin = arg;

	if (severity != CONF_DEBUG)
		say_message(admin, admin->hears, text);
}

static void
answer_check(struct admin *admin, struct control_client *client, const struct request *request)
{
	bool good;

	(void)request;
	admin->hears = client;
	admin->unheard = 0;
	good = admin->daemon.check(admin->daemon.arg, pass_on, admin);
	admin->hears = NULL;
	say_outcome(admin, client, good ? NULL : "the configuration has errors", "only root may see them");
}

static void
answer_unguard(struct admin *admin, struct control_client *client, const struct request *request)
{
	char err[256];

	(void)request;
	if (!admin->daemon.unguard(admin->daemon.arg)) {
		say_done(client);
		return;
	}
	snprintf(err, sizeof(err), "could not remove the guard: %s", strerror(errno));
	log_warnx(admin->log, "%s", err);
	say_error(client, err);
}

/* ---- watching ---------------------------------------------------------------------------------- */

static void
answer_watch(struct admin *admin, struct control_client *client, const struct request *request)
{
	(void)request;
	admin->sessions[control_number(client)] = (struct session){ .more = NULL };
	control_watch(client);
	say(client, json_pack("{s:I, s:s}", "time_ms", (json_int_t)moment_now().wall_ms, "event", "watching"));
}

/* A client that reads too slowly gets the number of events that it has missed. */
static void
tell_watcher(struct session *session, struct control_client *client, const char *line)
{
	if (session->missed && say(client, json_pack("{s:I, s:s, s:I}", "time_ms", (json_int_t)moment_now().wall_ms,
						     "event", "missed", "count", (json_int_t)session->missed)))
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

		if (client && (to_all || sees_all(admin, client)))
			tell_watcher(&admin->sessions[i], client, line);
	}
	json_decref(json);
	free(line);
}

static json_t *
describe(const struct admin *admin, const struct event *event, const struct conf *conf, struct moment now)
{
	const struct admin_view view = look(admin);
	json_t *json = admin_json_event(event, conf, now);

	return event->source.family ? with_host(&view, &event->source, json) : json;
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
admin_engine_started(struct admin *admin)
{
	if (!admin)
		return;
	attempts_forget(&admin->attempts);
	if (doorstats_follow(&admin->doorstats, look(admin).conf))
		log_warn(admin->log, "control: the numbers of the doors are lost");
}

/* log_listener */
static void
hear(void *arg, enum log_tone tone, const char *text)
{
	struct admin *admin = arg;

	if (admin->hears && (tone == LOG_TONE_WARNING || tone == LOG_TONE_HINT))
		say_message(admin, admin->hears, text);
	if (tone == LOG_TONE_KNOCK || tone == LOG_TONE_HINT || !is_watched(admin))
		return;
	tell_watchers(admin,
		      json_pack("{s:I, s:s, s:o}", "time_ms", (json_int_t)moment_now().wall_ms, "event",
				tone == LOG_TONE_WARNING ? "warning" : "notice", "text", admin_json_text(text)),
		      tone == LOG_TONE_NOTICE);
}

/* ---- requests ---------------------------------------------------------------------------------- */

static const struct {
	void (*answer)(struct admin *admin, struct control_client *client, const struct request *request);
	bool changes; /* logged with the client's uid */
} answers[REQUEST_COMMANDS] = {
	[REQUEST_STATUS] = { answer_status, false }, [REQUEST_DOORS] = { answer_doors, false },
	[REQUEST_LIST] = { answer_list, false },     [REQUEST_ATTEMPTS] = { answer_attempts, false },
	[REQUEST_REVOKE] = { answer_revoke, true },  [REQUEST_EXTEND] = { answer_extend, true },
	[REQUEST_GRANT] = { answer_grant, true },    [REQUEST_WATCH] = { answer_watch, false },
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
		say_error(client, err);
		return;
	}
	if (answers[request.command].changes)
		log_request(admin, client, &request);
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
	const struct admin_view view = look(admin);

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
