/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration, and the guard. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"

/* `hidden` follows the error where messages are not shown. */
static void
say_outcome(struct admin *admin, struct control_client *client, const char *error, const char *hidden)
{
	char text[160];

	if (admin->unheard)
		answer_say(client,
			   json_pack("{s:o}", "message", json_sprintf("... and %zu more lines", admin->unheard)));
	if (!error) {
		answer_done(client);
		return;
	}
	snprintf(text, sizeof(text), "%s: %s", error, hidden);
	answer_error(client, answer_sees_all(admin, client) ? error : text);
}

void
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
		answer_message(admin, admin->hears, text);
}

void
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

void
answer_unguard(struct admin *admin, struct control_client *client, const struct request *request)
{
	char err[256];

	(void)request;
	if (!admin->daemon.unguard(admin->daemon.arg)) {
		answer_done(client);
		return;
	}
	snprintf(err, sizeof(err), "could not remove the guard: %s", strerror(errno));
	log_warnx(admin->log, "%s", err);
	answer_error(client, err);
}
