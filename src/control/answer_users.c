/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other gateways, and the users of signed knocks. */
#include <stdio.h>
#include <string.h>

#include "access/judge.h"
#include "access/sharing.h"
#include "answer.h"

/* ---- other gateways ------------------------------------------------------------------------------- */

static bool
more_peers(struct admin *admin, struct session *session, struct control_client *client)
{
	const struct admin_view view = answer_look(admin);
	struct sharing_peer peer;

	for (; sharing_peer(view.tools->sharing, session->at, &peer); session->at++) {
		if (!control_has_room(client))
			return true;
		answer_say(client, admin_json_peer(&peer));
	}
	answer_done(client);
	return false;
}

void
answer_peers(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = answer_look(admin);
	struct sharing_state state;

	if (!sharing_look(view.tools->sharing, &state)) {
		answer_error(client, "this gateway shares no accesses: Share is not in the configuration");
	} else if (request->sync) {
		answer_log(admin, client, request);
		sharing_resync(view.tools->sharing);
		answer_done(client);
	} else {
		answer_say(client, admin_json_gateway(&state));
		answer_begin(admin, client, more_peers);
	}
}

/* ---- users of signed knocks ---------------------------------------------------------------------- */

/* judge_visit */
static bool
show_user(void *arg, const struct judge_user *user)
{
	struct control_client *client = arg;

	answer_say(client, admin_json_user(user));
	return control_has_room(client);
}

static bool
more_users(struct admin *admin, struct session *session, struct control_client *client)
{
	const struct admin_view view = answer_look(admin);

	session->at = judge_each(view.tools->judge, session->at, show_user, client);
	if (session->at)
		return true;
	answer_done(client);
	return false;
}

/* A user of whom no knock has come can be reset as well. */
static void
reset_user(struct admin *admin, struct control_client *client, const char *user)
{
	const struct admin_view view = answer_look(admin);
	size_t n = judge_reset(view.tools->judge, view.conf, user);
	char err[REQUEST_LINE_MAX + 32];

	if (n) {
		answer_number(client, "reset", n);
		return;
	}
	snprintf(err, sizeof(err), "there is no user \"%s\"", user);
	answer_error(client, err);
}

void
answer_users(struct admin *admin, struct control_client *client, const struct request *request)
{
	if (!answer_sees_all(admin, client)) {
		answer_error(client, "only root may see users");
	} else if (request->user) {
		answer_log(admin, client, request);
		reset_user(admin, client, request->user);
	} else {
		answer_begin(admin, client, more_users);
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
	answer_error(client, name ? "there is no door of that name that a signed knock (:auth) opens"
			     : !n ? "no door is opened by a signed knock (:auth)"
				  : "several doors are opened by a signed knock: name one with --door");
	return NULL;
}

void
answer_enrol(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = answer_look(admin);
	const struct door *door;
	json_t *json;

	if (!answer_sees_all(admin, client)) {
		answer_error(client, "only root may enrol users");
		return;
	}
	door = signed_door(view.conf, request->whom.door, client);
	if (!door)
		return;
	json = admin_json_enrolment(view.conf, door, request->host);
	if (!json) {
		answer_error(client, "the name of the host is malformed");
		return;
	}
	answer_log(admin, client, request);
	answer_say(client, json);
	answer_done(client);
}

void
answer_totp(struct admin *admin, struct control_client *client, const struct request *request)
{
	const struct admin_view view = answer_look(admin);

	if (!answer_sees_all(admin, client)) {
		answer_error(client, "only root may give users a secret");
		return;
	}
	if (!view.conf->totp_secrets) {
		answer_error(client, "there is no file for secrets: Totp_Secrets in [options] names it");
		return;
	}
	answer_log(admin, client, request);
	answer_say(client, json_pack("{s:o}", "totp_secrets", admin_json_text(view.conf->totp_secrets)));
	answer_done(client);
}
