/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answers to requests. Each is one or more JSON objects in lines; the last one has "done" or "error". A long answer
 * is sent in portions.
 */
#ifndef KNOCKD_ANSWER_H
#define KNOCKD_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "admin_json.h"
#include "attempts.h"
#include "control.h"
#include "control/view.h"
#include "doorstats.h"
#include "lib/limiter.h"
#include "lib/log.h"
#include "wire/request.h"

struct admin;
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

struct admin_view answer_look(const struct admin *admin);

/*
 * Does the client see what tells one packet from another? To a member of the group that would give away the sequences:
 * an exact number of packets or attempts shows which port a packet has to go to.
 */
bool answer_sees_all(const struct admin *admin, const struct control_client *client);

/* ---- lines --------------------------------------------------------------------------------------- */

/* Takes over the object. False: no room, or no memory, which ends the connection: the answer would lack a line. */
bool answer_say(struct control_client *client, json_t *json);

/* Adds the address's host name, null if it is not known. */
json_t *answer_with_host(const struct admin_view *view, const struct addr *ip, json_t *json);

/* The last line: without a result, with an error, with a number of this name. */
void answer_done(struct control_client *client);
void answer_error(struct control_client *client, const char *text);
void answer_number(struct control_client *client, const char *name, size_t n);

/* A warning or an error of the configuration, for who may see all: it quotes the file. */
void answer_message(struct admin *admin, struct control_client *client, const char *text);

/* Tells the log who has asked for what. */
void answer_log(const struct admin *admin, const struct control_client *client, const struct request *request);

/* `more` is called whenever there is room, until it returns false. */
void answer_begin(struct admin *admin, struct control_client *client, tell_more *more);

/* ---- one for each request, but watch ------------------------------------------------------------- */

typedef void answer_request(struct admin *admin, struct control_client *client, const struct request *request);

answer_request answer_status, answer_stats, answer_doors, answer_attempts; /* answer_state.c */
answer_request answer_list, answer_revoke, answer_extend, answer_grant;    /* answer_accesses.c */
answer_request answer_peers, answer_users, answer_enrol, answer_totp;      /* answer_users.c */
answer_request answer_reload, answer_check, answer_unguard;                /* answer_conf.c */

#endif
