/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON objects of the answers. Each function returns a new reference, or NULL: no memory. */
#ifndef KNOCKD_ADMIN_JSON_H
#define KNOCKD_ADMIN_JSON_H

#include <jansson.h>

#include "access/closing.h"
#include "access/grants.h"
#include "access/judge.h"
#include "access/sharing.h"
#include "attempts.h"
#include "conf/conf.h"
#include "control/view.h"
#include "doorstats.h"
#include "lib/moment.h"
#include "wire/event.h"

/* Counted by the parent. */
struct admin_tally {
	uint64_t openings, timeouts;
	uint64_t refused, signed_refused; /* before they were openings, see admin_refused() */
};

/* `text` may contain any bytes: U+FFFD replaces what is not UTF-8. */
json_t *admin_json_text(const char *text);

/* Without `all` there is nothing in it that strangers' packets change, unless they open a door. */
json_t *admin_json_status(const struct admin_view *view, bool all);
json_t *admin_json_stats(const struct admin_view *view, const struct admin_tally *tally, bool all);

json_t *admin_json_door(const struct door *door, const struct doorstats_entry *stats, bool all);
json_t *admin_json_grant(const struct grant_view *grant, struct moment now);
json_t *admin_json_closing(const struct closing_view *closing, struct moment now);
json_t *admin_json_attempt(const struct attempts_entry *attempt, const struct door *door, struct moment now);
json_t *admin_json_event(const struct event *event, const struct conf *conf, struct moment now);

/* This gateway and its link; another one. */
json_t *admin_json_gateway(const struct sharing_state *state);
json_t *admin_json_peer(const struct sharing_peer *peer);

/* A user of signed knocks. */
json_t *admin_json_user(const struct judge_user *user);

/* What knockctl enrol needs. NULL: the host is malformed, or this build has no signed knocks. */
json_t *admin_json_enrolment(const struct conf *conf, const struct door *door, const char *host);

#endif
