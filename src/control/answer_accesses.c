/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses: who has one, and what the admin does about it by hand. */
#include <stdio.h>
#include <string.h>

#include "access/byhand.h"
#include "access/closing.h"
#include "access/grants.h"
#include "access/sharing.h"
#include "answer.h"
#include "lib/moment.h"
#include "lib/text.h"

#define PORTION 128 /* accesses between two rounds of the main loop */

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
	answer_error(client, err);
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
		answer_say(showing->client, with_origin(showing->view, grant,
							answer_with_host(showing->view, grant->ip,
									 admin_json_grant(grant, showing->now))));
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
		answer_say(showing->client,
			   answer_with_host(showing->view, closing->ip, admin_json_closing(closing, showing->now)));
		showing->any = true;
	}
	return control_has_room(showing->client);
}

static bool
more_closings(struct admin *admin, struct session *session, struct control_client *client)
{
	const struct admin_view view = answer_look(admin);
	struct showing showing = { .view = &view, .whom = &session->shown.whom, .client = client, .now = moment_now() };

	session->at = closings_each(view.tools->closings, session->at, PORTION, show_closing, &showing);
	session->shown.any |= showing.any;
	if (session->at)
		return true;
	if (session->shown.any || has_door(view.conf, session->shown.whom.door))
		answer_done(client);
	else
		say_no_door(client, session->shown.whom.door);
	return false;
}

/* Elements first, then doors that commands have opened. */
static bool
more_grants(struct admin *admin, struct session *session, struct control_client *client)
{
	const struct admin_view view = answer_look(admin);
	struct showing showing = { .view = &view, .whom = &session->shown.whom, .client = client, .now = moment_now() };

	session->at = grants_each(view.tools->grants, session->at, PORTION, show_grant, &showing);
	session->shown.any |= showing.any;
	if (!session->at)
		session->more = more_closings;
	return true;
}

void
answer_list(struct admin *admin, struct control_client *client, const struct request *request)
{
	struct shown *shown = &admin->sessions[control_number(client)].shown;

	answer_begin(admin, client, more_grants);
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
		answer_error(client, err);
	else
		answer_number(client, done, n);
}

/* A door that a reload has taken away may still have accesses. */
static bool
is_unknown(const struct conf *conf, const struct request *request, size_t n, const char *err)
{
	return !n && !*err && !has_door(conf, request->whom.door);
}

void
answer_revoke(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = answer_look(admin);
	char err[LOG_TEXT_MAX];
	size_t n;

	if (request->cut && !conf_can_cut()) {
		answer_error(client, "--cut: this knockd was built without libnetfilter_conntrack");
		return;
	}
	cuts_force(view.tools->cuts, request->cut);
	n = grants_revoke(view.tools->grants, &request->whom, err, sizeof(err));
	if (request->cut)
		cuts_whom(view.tools->cuts, view.conf, &request->whom);
	cuts_force(view.tools->cuts, false);
	n += closings_close(view.tools->closings, &request->whom);
	n += sharing_revoked(view.tools->sharing, &request->whom);
	if (request->by_hand)
		n += byhand_delete(view.tools, view.conf, &request->whom, err, sizeof(err));
	if (is_unknown(view.conf, request, n, err))
		say_no_door(client, request->whom.door);
	else
		say_steered(client, "revoked", n, err);
}

void
answer_extend(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = answer_look(admin);
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
	answer_error(client, err);
	return NULL;
}

void
answer_grant(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = answer_look(admin);
	const struct door *door = the_door(view.conf, request->whom.door, client);
	const struct addr *ip = &request->whom.nets[0].addr;
	char err[LOG_TEXT_MAX];
	int failed;

	if (!door)
		return;
	failed = request->forever ? byhand_admit(view.tools, door, ip, err, sizeof(err))
				  : access_grant(view.tools, view.conf, door, ip, err, sizeof(err));
	if (failed)
		answer_error(client, err);
	else
		answer_number(client, "granted", 1);
}
