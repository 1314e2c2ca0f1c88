/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/command.h"
#include "access/logtext.h"
#include "access/sharing.h"
#include "admission.h"
#include "lib/duration.h"
#include "netlink/links.h"
#include "usedup.h"

#define BAN_COMMENT "scan" /* of an element in Ban_Set */

static bool
is_granted(const struct access_batch *batch, const struct event *events, size_t i)
{
	return events[i].kind == EVENT_OPEN && !batch->refused[i];
}

/* ---- one-time sequences ------------------------------------------------------------------------ */

static void
use_up_all(struct sharing *sharing, struct access_batch *batch, struct conf *conf, const struct event *events, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct door *door = &conf->doors[events[i].door];

		if (events[i].kind != EVENT_OPEN || !door->one_time_path)
			continue;
		door->engine_ahead |= batch->refused[i] != 0;
		batch->engine_ahead |= door->engine_ahead;
		batch->moved_on |= !door->engine_ahead;
		if (!batch->refused[i])
			batch->refused[i] = door->engine_ahead ? ECANCELED : usedup_mark(sharing, door);
	}
}

static void
log_refusal(const struct access_tools *tools, const struct door *door, const struct addr *ip, int refused)
{
	tools->refusals->total++;
	if (!admission_log(tools, door, ip, refused))
		usedup_log(tools->log, door, refused);
}

/* ---- elements ---------------------------------------------------------------------------------- */

/* The elements of `open` are those of its ports, in their order. */
static bool
is_left_out(const struct door *door, enum door_kind kind, size_t i, const struct ask *ask)
{
	return kind == DOOR_OPENS && !ask_opens(ask, &door->open.at[i]);
}

/* `like`: all of the operation but its element. */
static void
add_op(struct access_batch *batch, const struct element *element, const struct nftset_op *like)
{
	batch->ops[batch->n] = *like;
	batch->ops[batch->n++].element = element;
}

/* NULL: not a signed knock's. Another gateway may have opened a door for an address alone. */
static const char *
user_of(const struct ask *ask)
{
	return ask && *ask->user ? ask->user : NULL;
}

/*
 * With its own element, if that differs from the door's, and its own comment. The time asked for is the operation's:
 * grants share the text of their element. Only a limit, which no text has, is the element's. 0, or -1 with errno.
 */
static int
add_asked(struct access_batch *batch, const struct door *door, const struct element *element,
	  const struct nftset_op *like, const struct ask *ask)
{
	struct access_made *made = &batch->made[batch->n_made];
	uint64_t time_ms = like->add ? ask_time(ask, door, element_lasts(element)) : 0;
	bool differs = element->idle_ms || element_wants_port(element);
	struct nftset_op *op = &batch->ops[batch->n];

	if (differs &&
	    element_copy(&made->element, element, ask->port.proto, ask->port.port, element->idle_ms ? time_ms : 0))
		return -1;
	batch->n_made++;
	add_op(batch, differs ? &made->element : element, like);
	op->comment = ask_comment(like->comment, user_of(ask), made->comment);
	op->timeout_ms = element->idle_ms ? 0 : time_ms;
	return 0;
}

/* 0, or -1 with errno. `ask` may be NULL. */
static int
add_door(struct access_batch *batch, const struct door *door, const struct addr *ip, const struct ask *ask)
{
	enum conf_family family = door_family(ip);

	for (enum door_kind kind = 0; kind < DOOR_KINDS; kind++) {
		const struct element_list *elements = door_elements(door, kind, family);
		const struct nftset_op like = { .add = door_adds(kind),
						.ip = *ip,
						.comment = door->name,
						.min_prefix = door->max_prefix[family],
						.own = kind == DOOR_CLOSES };

		for (size_t i = 0; i < elements->n; i++) {
			if (is_left_out(door, kind, i, ask))
				continue;
			if (!ask)
				add_op(batch, &elements->at[i], &like);
			else if (add_asked(batch, door, &elements->at[i], &like, ask))
				return -1;
		}
	}
	return 0;
}

static size_t
count_elements(const struct door *door, const struct addr *ip, const struct ask *ask)
{
	size_t n = 0;

	for (enum door_kind kind = 0; kind < DOOR_KINDS; kind++)
		for (size_t i = 0; i < door_elements(door, kind, door_family(ip))->n; i++)
			n += !is_left_out(door, kind, i, ask);
	return n;
}

static const struct ask *
ask_of(const struct access_batch *batch, size_t i)
{
	return batch->asks ? batch->asks[i] : NULL;
}

/* ---- the transaction ---------------------------------------------------------------------------- */

static const struct element_list *
bans_for(const struct conf *conf, const struct addr *ip)
{
	return conf_bans(conf, door_family(ip));
}

static bool
is_banned(const struct access_batch *batch, const struct event *events, size_t i)
{
	return events[i].kind == EVENT_SCAN && !batch->spared[i];
}

static void
spare_some(const struct access_tools *tools, const struct conf *conf, const struct event *events, size_t n,
	   struct access_batch *batch)
{
	for (size_t i = 0; i < n; i++)
		if (events[i].kind == EVENT_SCAN && bans_for(conf, &events[i].source)->n)
			batch->spared[i] = bans_spare(tools->bans, conf, &events[i].source);
}

/* A scanner that goes on is banned already. */
static void
add_bans(struct access_batch *batch, const struct conf *conf, const struct addr *ip)
{
	const struct element_list *bans = bans_for(conf, ip);

	for (size_t i = 0; i < bans->n; i++)
		add_op(batch, &bans->at[i],
		       &(struct nftset_op){ .add = true,
					    .ip = *ip,
					    .comment = BAN_COMMENT,
					    .min_prefix = conf->max_prefix[door_family(ip)],
					    .likely = true });
}

static int
collect(struct access_batch *batch, const struct conf *conf, const struct event *events, size_t n)
{
	size_t total = 0, asked = 0;

	for (size_t i = 0; i < n; i++) {
		size_t before = total;

		if (is_granted(batch, events, i))
			total += count_elements(&conf->doors[events[i].door], &events[i].source, ask_of(batch, i));
		else if (is_banned(batch, events, i))
			total += bans_for(conf, &events[i].source)->n;
		asked += ask_of(batch, i) ? total - before : 0;
	}
	batch->n = 0;
	batch->ops = total ? calloc(total, sizeof(*batch->ops)) : NULL;
	batch->made = asked ? calloc(asked, sizeof(*batch->made)) : NULL;
	if ((total && !batch->ops) || (asked && !batch->made))
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (is_granted(batch, events, i) &&
		    add_door(batch, &conf->doors[events[i].door], &events[i].source, ask_of(batch, i)))
			return -1;
		if (is_banned(batch, events, i))
			add_bans(batch, conf, &events[i].source);
	}
	return 0;
}

/* ---- after the transaction --------------------------------------------------------------------- */

static bool
is_done(const struct nftset_op *op)
{
	return op->result == NFTSET_OK || op->result == NFTSET_ABSENT;
}

static const char *
command_of(const struct nftset_op *op, char *buf, size_t len)
{
	struct element element = *op->element;

	element.timeout_ms = op->timeout_ms ? op->timeout_ms : element.timeout_ms;
	return element_command(&element, op->add ? "add" : "delete", &op->ip, op->comment, buf, len);
}

static void
log_done(const struct access_tools *tools, const struct conf *conf, const struct door *door, enum logtext_kind kind,
	 const struct nftset_op *op)
{
	char text[LOG_TEXT_MAX], line[LOG_TEXT_MAX], who[LOOKUP_WHO_LEN];

	switch (conf->access_log) {
	case CONF_ACCESS_COMMAND:
		snprintf(line, sizeof(line), "%s: running command: %s", door->name, command_of(op, text, sizeof(text)));
		break;
	case CONF_ACCESS_WORDS:
		lookup_who(tools->lookup, &op->ip, who);
		logtext_element(op, kind, who, door->name, line, sizeof(line));
		break;
	}
	if (kind == LOGTEXT_BAN)
		log_private(tools->log, "%s", line);
	else
		log_notice(tools->log, "%s", line);
}

static void
log_op(const struct access_tools *tools, const struct conf *conf, const struct door *door, enum logtext_kind kind,
       const struct nftset_op *op)
{
	char text[LOG_TEXT_MAX], ip[ADDR_STRLEN];

	if (is_done(op))
		log_done(tools, conf, door, kind, op);
	else if (op->result == NFTSET_KEPT)
		log_notice(tools->log, "%s: %s: no %s: %s", addr_format(&op->ip, ip), door->name,
			   logtext_kind_name(kind), nftset_explain(op, text, sizeof(text)));
	else
		log_warnx(tools->log, "%s: %s failed: %s", door->name, logtext_kind_name(kind),
			  nftset_explain(op, text, sizeof(text)));
}

static void
log_spared(const struct log *log, const struct door *door, const struct addr *ip, const char *why)
{
	char text[ADDR_STRLEN];

	log_private(log, "%s: %s: not banned: %s", addr_format(ip, text), door->name, why);
}

/* Without a start command the stop command does not run either. An empty stop command counts as one. */
static void
run_commands(const struct access_tools *tools, const struct door *door, const struct addr *ip, const struct ask *ask)
{
	const char *start = door_start_command(door, door_family(ip));
	const char *stop = door_stop_command(door, door_family(ip));
	char start_text[COMMAND_LEN_MAX], stop_text[COMMAND_LEN_MAX], who[LOOKUP_WHO_LEN];
	uint64_t asked_ms = ask_time(ask, door, door->cmd_timeout > 0 ? (uint64_t)door->cmd_timeout * 1000 : 0);

	if (!start || !*start)
		return;
	if (command_expand(start_text, start, ip)) {
		log_notice(tools->log, "error: parsed start command has been truncated! --> won't execute it");
		return;
	}
	if (stop && command_expand(stop_text, stop, ip)) {
		log_notice(tools->log,
			   "error: parsed stop command has been truncated! --> won't execute start command");
		return;
	}
	closings_run(tools->closings,
		     &(struct opening){ .door = door->name,
					.ip = *ip,
					.who = lookup_who(tools->lookup, ip, who),
					.start = start_text,
					.stop = stop ? stop_text : NULL,
					.user = ask ? ask->user : NULL,
					.port = ask ? ask->port.port : 0,
					.seconds = asked_ms ? (int64_t)(asked_ms / 1000) : door->cmd_timeout });
}

static void
log_user(const struct access_tools *tools, const struct door *door, const struct addr *ip, const struct ask *ask)
{
	char who[LOOKUP_WHO_LEN], text[32] = "", time[64] = "";

	if (ask->port.port)
		snprintf(text, sizeof(text), " for %u:%s", ask->port.port, seq_proto_name(ask->port.proto));
	if (ask->time_ms)
		duration_format(ask->time_ms, time, sizeof(time));
	log_notice(tools->log, "%s: %s: %s of %s%s%s%s", lookup_who(tools->lookup, ip, who), door->name,
		   ask->by_code ? "code" : "signed knock", ask->user, text, *time ? " for " : "", time);
}

static void
log_event(const struct access_tools *tools, const struct conf *conf, const struct event *event)
{
	char text[LOG_TEXT_MAX], who[LOOKUP_WHO_LEN] = "";
	const char *door = event->door < conf->n_doors ? conf->doors[event->door].name : "";

	if (event->source.family)
		lookup_who(tools->lookup, &event->source, who);
	log_knock(tools->log, logtext_event(event, who, door, text, sizeof(text)));
}

/*
 * A deletion ends the access even if the element or the set was missing, or the kernel refused: grants_restore() must
 * not put it back. NFTSET_KEPT: the element that is there is not ours, or not any more.
 */
static void
remember(struct grants *grants, const struct door *door, const struct ask *ask, const struct nftset_op *op)
{
	if (op->add && op->result == NFTSET_OK)
		grants_given(grants, door->name, user_of(ask), op);
	else if (!op->add || op->result == NFTSET_KEPT)
		grants_taken(grants, op);
}

/* Logs and remembers an opening's operations. */
static void
settle(const struct access_tools *tools, const struct conf *conf, const struct door *door, const struct ask *ask,
       const struct nftset_op *ops, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		log_op(tools, conf, door, ops[i].add ? LOGTEXT_GRANT : LOGTEXT_REVOKE, &ops[i]);
		remember(tools->grants, door, ask, &ops[i]);
	}
}

/* Settles an opening's operations, which begin at `at`, runs its commands, and returns their end. */
static size_t
finish(const struct access_tools *tools, const struct conf *conf, const struct door *door, const struct addr *ip,
       const struct ask *ask, const struct access_batch *batch, size_t at)
{
	size_t n = count_elements(door, ip, ask);

	settle(tools, conf, door, ask, &batch->ops[at], n);
	run_commands(tools, door, ip, ask);
	return at + n;
}

/* Bans are not remembered: the kernel ends them, and the admin may delete them. Returns as finish(). */
static size_t
finish_ban(const struct access_tools *tools, const struct conf *conf, const struct event *event,
	   const struct access_batch *batch, size_t at)
{
	size_t end = at + bans_for(conf, &event->source)->n;

	for (; at < end; at++)
		log_op(tools, conf, &conf->doors[event->door], LOGTEXT_BAN, &batch->ops[at]);
	return end;
}

/* ---- other gateways ----------------------------------------------------------------------------- */

/* Until the longest of the elements ends; 0: one has no end. False: there is none. */
static bool
lasts(const struct nftset_op *ops, size_t n, uint64_t *left_ms)
{
	bool any = false;

	*left_ms = 0;
	for (size_t i = 0; i < n; i++) {
		const struct element *e = ops[i].element;
		uint64_t ms = e->idle_ms && !ops[i].timeout_ms ? e->limit_ms : ops[i].lifetime_ms;

		if (!ops[i].add || ops[i].result != NFTSET_OK)
			continue;
		if (!any || !ms || (*left_ms && ms > *left_ms))
			*left_ms = ms;
		any = true;
	}
	return any;
}

static size_t
tell_opening(const struct access_tools *tools, const struct access_batch *batch, const struct door *door,
	     const struct addr *ip, const struct ask *ask, size_t at)
{
	size_t n = count_elements(door, ip, ask);
	uint64_t left_ms;

	if (lasts(&batch->ops[at], n, &left_ms))
		sharing_opened(tools->sharing, door, ip, ask, left_ms);
	return at + n;
}

static size_t
tell_ban(const struct access_tools *tools, const struct conf *conf, const struct access_batch *batch,
	 const struct addr *ip, size_t at)
{
	size_t n = bans_for(conf, ip)->n;
	uint64_t left_ms;

	if (lasts(&batch->ops[at], n, &left_ms) && left_ms)
		sharing_banned(tools->sharing, ip, left_ms);
	return at + n;
}

static void
tell_gateways(const struct access_tools *tools, const struct conf *conf, const struct event *events, size_t n,
	      const struct access_batch *batch)
{
	size_t at = 0;

	for (size_t i = 0; sharing_is_on(tools->sharing) && i < n; i++) {
		const struct addr *ip = &events[i].source;

		if (is_granted(batch, events, i))
			at = tell_opening(tools, batch, &conf->doors[events[i].door], ip, ask_of(batch, i), at);
		else if (is_banned(batch, events, i))
			at = tell_ban(tools, conf, batch, ip, at);
	}
}

bool
access_admits(const struct access_tools *tools, const struct conf *conf, const struct event *event)
{
	int refused = 0;

	admission_judge(tools, conf, event, 1, &refused);
	return !refused;
}

uint64_t
access_would_last(const struct door *door, const struct addr *ip, const struct ask *ask)
{
	uint64_t longest = 0;

	for (enum door_kind kind = 0; kind < DOOR_KINDS; kind++) {
		const struct element_list *elements = door_elements(door, kind, door_family(ip));

		for (size_t i = 0; i < elements->n && door_adds(kind); i++) {
			uint64_t own = element_lasts(&elements->at[i]), asked = ask_time(ask, door, own);
			uint64_t ms = asked ? asked : own;

			if (!ms)
				return 0;
			longest = ms > longest ? ms : longest;
		}
	}
	return longest;
}

static void
free_batch(struct access_batch *batch)
{
	for (size_t i = 0; i < batch->n_made; i++)
		element_free(&batch->made[i].element);
	free(batch->made);
	free(batch->ops);
}

void
access_act(const struct access_tools *tools, struct conf *conf, const struct event *events,
	   const struct ask *const *asks, size_t n, struct access_batch *batch)
{
	*batch = (struct access_batch){ .asks = asks };
	admission_judge(tools, conf, events, n, batch->refused);
	use_up_all(tools->sharing, batch, conf, events, n);
	spare_some(tools, conf, events, n, batch);
	if (!collect(batch, conf, events, n)) {
		nftset_apply(tools->nftset, batch->ops, batch->n);
		tell_gateways(tools, conf, events, n, batch);
		return;
	}
	batch->error = errno;
	for (size_t i = 0; i < n; i++)
		batch->refused[i] = errno;
}

void
access_tell(const struct access_tools *tools, const struct conf *conf, const struct event *events, size_t n,
	    struct access_batch *batch)
{
	size_t done = 0;

	if (batch->error) {
		errno = batch->error;
		log_warn(tools->log, "could not act on %zu events", n);
		free_batch(batch);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct door *door = &conf->doors[events[i].door];

		if (!batch->refused[i] && ask_of(batch, i))
			log_user(tools, door, &events[i].source, ask_of(batch, i));
		if (!batch->refused[i] && event_is_told(&events[i]))
			log_event(tools, conf, &events[i]);
		if (is_granted(batch, events, i))
			done = finish(tools, conf, door, &events[i].source, ask_of(batch, i), batch, done);
		else if (is_banned(batch, events, i))
			done = finish_ban(tools, conf, &events[i], batch, done);
		if (batch->spared[i])
			log_spared(tools->log, door, &events[i].source, batch->spared[i]);
		if (batch->refused[i])
			log_refusal(tools, door, &events[i].source, batch->refused[i]);
		else if (events[i].kind == EVENT_OPEN && door->one_time_path)
			usedup_log(tools->log, door, 0);
	}
	free_batch(batch);
}

/* ---- knockctl grant ---------------------------------------------------------------------------- */

static int
explain_first(const struct access_batch *batch, char *err, size_t errlen)
{
	char text[LOG_TEXT_MAX];

	for (size_t i = 0; i < batch->n; i++) {
		const struct nftset_op *op = &batch->ops[i];

		if (nftset_is_good(op))
			continue;
		snprintf(err, errlen, "%s failed: %s", op->add ? "grant" : "revoke",
			 nftset_explain(op, text, sizeof(text)));
		return -1;
	}
	return 0;
}

int
access_grant(const struct access_tools *tools, const struct conf *conf, const struct door *door, const struct addr *ip,
	     char *err, size_t errlen)
{
	struct access_batch batch = { .n = 0 };
	char who[LOOKUP_WHO_LEN];
	size_t room = admission_room(tools, conf);
	int failed;

	if (!links_may_be_host(ip)) {
		snprintf(err, errlen, "no host has the address %s", addr_format(ip, who));
		return -1;
	}
	if (!admission_take(tools, door, ip, &room)) {
		snprintf(err, errlen, "Max_Grants is reached");
		return -1;
	}
	if (door_wants_port(door)) {
		snprintf(err, errlen, "the door's elements need a port, which only a signed knock names");
		return -1;
	}
	batch.ops = calloc(count_elements(door, ip, NULL) + 1, sizeof(*batch.ops));
	if (!batch.ops) {
		snprintf(err, errlen, "%s", strerror(errno));
		return -1;
	}
	add_door(&batch, door, ip, NULL);
	nftset_apply(tools->nftset, batch.ops, batch.n);
	tell_opening(tools, &batch, door, ip, NULL, 0);
	log_notice(tools->log, "%s: %s: opened by hand", lookup_who(tools->lookup, ip, who), door->name);
	finish(tools, conf, door, ip, NULL, &batch, 0);
	failed = explain_first(&batch, err, errlen);
	free(batch.ops);
	return failed;
}

/* ---- at another gateway's word ------------------------------------------------------------------ */

static size_t
count_admitted(const struct access_admission *a)
{
	return a->admitted ? count_elements(a->door, &a->ip, &a->ask) : 0;
}

/* Decides which may be admitted. Returns how many elements they have. */
static size_t
select_admitted(const struct access_tools *tools, const struct conf *conf, struct access_admission *at, size_t n)
{
	size_t room = admission_room(tools, conf), total = 0;

	for (size_t i = 0; i < n; i++) {
		const struct door *door = at[i].door;

		at[i].admitted = door && (!door_wants_port(door) || at[i].ask.port.port);
		if (at[i].admitted && !admission_take(tools, door, &at[i].ip, &room)) {
			admission_log_full(tools);
			at[i].admitted = false;
		}
		total += count_admitted(&at[i]);
	}
	return total;
}

/* 0, or -1 with errno. */
static int
collect_admitted(struct access_batch *batch, const struct access_admission *at, size_t n, size_t total)
{
	batch->ops = calloc(total + 1, sizeof(*batch->ops));
	batch->made = calloc(total + 1, sizeof(*batch->made));
	if (!batch->ops || !batch->made)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (at[i].admitted && add_door(batch, at[i].door, &at[i].ip, &at[i].ask))
			return -1;
	return 0;
}

/* Settles the operations from `at` on, and returns their end. */
static size_t
finish_admitted(const struct access_tools *tools, const struct conf *conf, struct access_admission *a,
		const struct access_batch *batch, size_t at)
{
	size_t end = at + count_admitted(a);
	char who[LOOKUP_WHO_LEN];

	log_notice(tools->log, "%s: %s: opened by gateway %s", lookup_who(tools->lookup, &a->ip, who), a->door->name,
		   a->gateway);
	settle(tools, conf, a->door, &a->ask, &batch->ops[at], end - at);
	a->admitted = false;
	for (; at < end; at++)
		a->admitted |= batch->ops[at].add && nftset_is_good(&batch->ops[at]);
	return end;
}

void
access_admit(const struct access_tools *tools, const struct conf *conf, struct access_admission *at, size_t n)
{
	struct access_batch batch = { .n = 0 };
	size_t done = 0;
	bool failed = collect_admitted(&batch, at, n, select_admitted(tools, conf, at, n));

	if (failed)
		log_warn(tools->log, "could not open for %zu addresses of other gateways", n);
	else
		nftset_apply(tools->nftset, batch.ops, batch.n);
	for (size_t i = 0; i < n; i++) {
		if (failed)
			at[i].admitted = false;
		else if (at[i].admitted)
			done = finish_admitted(tools, conf, &at[i], &batch, done);
	}
	free_batch(&batch);
}

/* The element's own time, unless the other gateway's ban ends before. */
static void
limit_bans(struct access_batch *batch, uint64_t left_ms)
{
	for (size_t i = 0; i < batch->n; i++)
		if (!batch->ops[i].element->timeout_ms || left_ms < batch->ops[i].element->timeout_ms)
			batch->ops[i].timeout_ms = left_ms;
}

void
access_ban(const struct access_tools *tools, const struct conf *conf, const struct addr *ip, uint64_t left_ms,
	   const char *gateway)
{
	const struct element_list *bans = bans_for(conf, ip);
	struct access_batch batch = { .n = 0 };
	char text[LOG_TEXT_MAX], who[ADDR_STRLEN];

	if (!bans->n || bans_spare(tools->bans, conf, ip))
		return;
	batch.ops = calloc(bans->n, sizeof(*batch.ops));
	if (!batch.ops)
		return;
	add_bans(&batch, conf, ip);
	limit_bans(&batch, left_ms);
	nftset_apply(tools->nftset, batch.ops, batch.n);
	for (size_t i = 0; i < batch.n; i++)
		log_private(tools->log, "%s: banned by gateway %s: %s", addr_format(ip, who), gateway,
			    command_of(&batch.ops[i], text, sizeof(text)));
	free_batch(&batch);
}
