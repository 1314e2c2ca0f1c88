/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Part of admin: what there is to see, as JSON objects. Each returns a new reference, or NULL when memory is out.
 */
#ifndef KNOCKD_ADMIN_JSON_H
#define KNOCKD_ADMIN_JSON_H

#include <jansson.h>

#include "access/closing.h"
#include "access/grants.h"
#include "attempts.h"
#include "conf/conf.h"
#include "control/view.h"
#include "lib/moment.h"
#include "wire/event.h"

/* What the parent itself has counted. */
struct admin_tally {
	uint64_t openings, timeouts;
};

/* A string of any bytes. */
json_t *admin_json_text(const char *text);

/* Without `all` there is nothing in it that strangers' packets change, unless they open a door. */
json_t *admin_json_status(const struct admin_view *view, bool all);
json_t *admin_json_stats(const struct admin_view *view, const struct admin_tally *tally, bool all);

json_t *admin_json_door(const struct door *door);
json_t *admin_json_grant(const struct grant_view *grant, struct moment now);
json_t *admin_json_closing(const struct closing_view *closing, struct moment now);
json_t *admin_json_attempt(const struct attempts_entry *attempt, const struct door *door, struct moment now);
json_t *admin_json_event(const struct event *event, const struct conf *conf, struct moment now);

#endif
