/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer.h"

#include <stdlib.h>

#include "process/lookup.h"

struct admin_view
answer_look(const struct admin *admin)
{
	struct admin_view view;

	admin->daemon.look(admin->daemon.arg, &view);
	return view;
}

bool
answer_sees_all(const struct admin *admin, const struct control_client *client)
{
	uid_t uid = control_peer(client)->uid;

	return !uid || uid == admin->started_by;
}

bool
answer_say(struct control_client *client, json_t *json)
{
	char *line = json ? json_dumps(json, JSON_COMPACT) : NULL;
	bool said = line && control_say(client, line);

	if (!line)
		control_give_up(client);
	json_decref(json);
	free(line);
	return said;
}

json_t *
answer_with_host(const struct admin_view *view, const struct addr *ip, json_t *json)
{
	const char *host = lookup_known(view->tools->lookup, ip);

	json_object_set_new(json, "host", host ? admin_json_text(host) : json_null());
	return json;
}

void
answer_done(struct control_client *client)
{
	answer_say(client, json_pack("{s:b}", "done", 1));
}

void
answer_error(struct control_client *client, const char *text)
{
	answer_say(client, json_pack("{s:o}", "error", admin_json_text(text)));
}

void
answer_number(struct control_client *client, const char *name, size_t n)
{
	answer_say(client, json_pack("{s:b, s:I}", "done", 1, name, (json_int_t)n));
}

void
answer_log(const struct admin *admin, const struct control_client *client, const struct request *request)
{
	char text[LOG_TEXT_MAX];

	log_notice(admin->log, "control: uid %lu: %s", (unsigned long)control_peer(client)->uid,
		   request_describe(request, text, sizeof(text)));
}

void
answer_begin(struct admin *admin, struct control_client *client, tell_more *more)
{
	admin->sessions[control_number(client)] = (struct session){ .more = more };
	control_continue(client);
}

void
answer_message(struct admin *admin, struct control_client *client, const char *text)
{
	if (!answer_sees_all(admin, client))
		return;
	if (!control_has_room(client) || !answer_say(client, json_pack("{s:o}", "message", admin_json_text(text))))
		admin->unheard++;
}
