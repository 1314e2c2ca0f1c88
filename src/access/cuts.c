/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/cuts.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/guard.h"
#include "netlink/flows.h"
#include "netlink/nftkey.h"

/* An element is looked at so often, with this pause: the kernel's clock and ours differ by less. */
#define TRIES      25
#define PAUSE_MSEC 100

#define RETRY_MSEC 1000 /* after an error of netlink */

#define CUTS_MAX 4096 /* at a time; more are dropped, with a line in the log */

struct cut {
	char door[DOOR_NAME_MAX];
	struct element element; /* a copy */
	struct addr ip;
	struct network from; /* bits 0: what the element says */
	bool forced;
	unsigned tries;
};

struct cuts {
	const struct log *log;
	struct nftset *nftset;
	struct cut *at;
	size_t n, room;
	bool forced;
	int error;    /* errno of the last tick; 0: none */
	bool failing; /* the log says so */
	uint64_t next_at;
};

/* ---- what an element admits -------------------------------------------------------------------- */

static void
take_port(struct flows_match *match, const char *part)
{
	const char *dash = strchr(part, '-');
	struct servent *service = getservbyname(part, NULL);

	match->port_from = service ? ntohs((uint16_t)service->s_port) : (uint16_t)atoi(part);
	match->port_to = dash && !service ? (uint16_t)atoi(dash + 1) : match->port_from;
}

static void
take_proto(struct flows_match *match, const char *part)
{
	struct protoent *proto = getprotobyname(part);

	if (!strcasecmp(part, "tcp"))
		match->proto = IPPROTO_TCP;
	else if (!strcasecmp(part, "udp"))
		match->proto = IPPROTO_UDP;
	else if (proto)
		match->proto = (uint8_t)proto->p_proto;
}

/* The first address is the client's, a second one the destination's. */
static void
take_part(struct flows_match *match, const char *part, const struct addr *ip, bool *has_from)
{
	bool interval = false;
	struct network net;

	switch (nftkey_guess(part, ip, &interval)) {
	case NFTKEY_IPV4:
	case NFTKEY_IPV6:
		if (network_parse(&net, part))
			break;
		if (!*has_from)
			match->from = net;
		else
			match->to = net.addr;
		*has_from = true;
		break;
	case NFTKEY_PORT:
		take_port(match, part);
		break;
	case NFTKEY_PROTO:
		take_proto(match, part);
		break;
	case NFTKEY_NFPROTO:
	case NFTKEY_ETHER:
	case NFTKEY_MARK:
	case NFTKEY_IFNAME:
		break;
	}
}

static struct flows_match
match_of(const struct cut *cut)
{
	struct flows_match match = { .from = network_around(&cut->ip, UINT8_MAX) };
	char part[ELEMENT_TEXT_MAX];
	bool has_from = false;

	for (size_t i = 0; i < cut->element.n_parts; i++)
		take_part(&match, element_expand(cut->element.parts[i], &cut->ip, part, sizeof(part)), &cut->ip,
			  &has_from);
	if (cut->from.bits)
		match.from = cut->from;
	return match;
}

/* ---- notes ------------------------------------------------------------------------------------- */

/* NULL: not noted. */
static struct cut *
add(struct cuts *cuts)
{
	size_t room = cuts->room ? 2 * cuts->room : 16;
	struct cut *grown;

	if (cuts->n == CUTS_MAX)
		return NULL;
	if (cuts->n == cuts->room) {
		grown = reallocarray(cuts->at, room, sizeof(*grown));
		if (!grown)
			return NULL;
		cuts->at = grown;
		cuts->room = room;
	}
	cuts->at[cuts->n] = (struct cut){ .forced = cuts->forced };
	return &cuts->at[cuts->n++];
}

static void
note(struct cuts *cuts, const char *door, const struct element *element, const struct addr *ip,
     const struct network *from)
{
	char text[ELEMENT_TEXT_MAX], err[160];
	struct cut *cut = add(cuts);

	if (!cut || element_parse(&cut->element, element_text(element, text, sizeof(text)), err, sizeof(err))) {
		cuts->n -= cut != NULL;
		log_warnx(cuts->log, "%s: connections are not cut: too many accesses end at once", door);
		return;
	}
	snprintf(cut->door, sizeof(cut->door), "%s", door);
	cut->ip = *ip;
	cut->from = from ? *from : (struct network){ .bits = 0 };
	cuts->next_at = 0;
}

void
cuts_note(struct cuts *cuts, const char *door, const struct element *element, const struct addr *ip)
{
	note(cuts, door, element, ip, NULL);
}

void
cuts_force(struct cuts *cuts, bool forced)
{
	cuts->forced = forced;
}

static void
note_door(struct cuts *cuts, const struct door *door, const struct network *net)
{
	static const enum door_kind kinds[] = { DOOR_OPENS, DOOR_GRANTS };

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		const struct element_list *list = door_elements(door, kinds[k], door_family(&net->addr));

		for (size_t i = 0; i < list->n; i++)
			note(cuts, door->name, &list->at[i], &net->addr, net);
	}
}

void
cuts_whom(struct cuts *cuts, const struct conf *conf, const struct request_whom *whom)
{
	for (size_t i = 0; i < whom->n_nets; i++)
		for (size_t d = 0; d < conf->n_doors; d++)
			if (!whom->door || !strcmp(whom->door, conf->doors[d].name))
				note_door(cuts, &conf->doors[d], &whom->nets[i]);
}

/* ---- the cut ----------------------------------------------------------------------------------- */

/* With `open` the guard cuts. */
static bool
is_wanted(const struct cut *cut, const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_doors && !cut->forced; i++)
		if (conf->doors[i].cut && !strcmp(conf->doors[i].name, cut->door))
			return strcmp(cut->element.table, GUARD_TABLE) != 0;
	return cut->forced;
}

/* Is the address, or that of a network, still admitted? 1, 0, or -1: the kernel could not be asked. */
static int
is_admitted(struct cuts *cuts, const struct cut *cut)
{
	struct nftset_op op = { .element = &cut->element, .ip = cut->ip };
	int there = nftset_holds(cuts->nftset, &op);

	if (there >= 0 || op.result != NFTSET_ERROR)
		return there == 1;
	cuts->error = op.error ? op.error : EIO;
	return -1;
}

/* Moves to the end of the array what is cut now, and returns its number. */
static size_t
pick(struct cuts *cuts, const struct conf *conf)
{
	size_t kept = 0, picked = 0;
	struct cut *due = calloc(cuts->n, sizeof(*due));

	for (size_t i = 0; due && i < cuts->n; i++) {
		struct cut *cut = &cuts->at[i];
		int admitted = is_wanted(cut, conf) ? is_admitted(cuts, cut) : 1;

		if (!admitted)
			due[picked++] = *cut;
		else if (admitted < 0 || (is_wanted(cut, conf) && ++cut->tries < TRIES))
			cuts->at[kept++] = *cut;
		else
			element_free(&cut->element);
	}
	if (due) {
		memcpy(cuts->at + kept, due, picked * sizeof(*due));
		cuts->n = kept;
	}
	free(due);
	return picked;
}

static void
tell(const struct cuts *cuts, const struct cut *cut, const struct flows_match *match)
{
	char from[NETWORK_STRLEN];

	if (match->ended)
		log_notice(cuts->log, "%s: %s: %zu %s cut", network_format(&match->from, from), cut->door, match->ended,
			   match->ended == 1 ? "connection" : "connections");
}

/* They are tried again, after an error that the caller tells of. */
static void
keep(struct cuts *cuts, size_t n)
{
	cuts->error = errno;
	cuts->n += n;
}

/* Those that pick() has left behind the array. If netlink fails, they are in it again. */
static void
end_flows(struct cuts *cuts, size_t n)
{
	struct cut *due = cuts->at + cuts->n;
	struct flows_match *matches = calloc(n, sizeof(*matches));

	if (!matches) {
		keep(cuts, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		matches[i] = match_of(&due[i]);
	if (flows_end(matches, n)) {
		keep(cuts, n);
	} else {
		for (size_t i = 0; i < n; i++) {
			tell(cuts, &due[i], &matches[i]);
			element_free(&due[i].element);
		}
	}
	free(matches);
}

/* One line for all tries. */
static void
tell_error(struct cuts *cuts)
{
	errno = cuts->error;
	if (cuts->error && !cuts->failing)
		log_warn(cuts->log, "could not cut connections, trying again");
	cuts->failing = cuts->error != 0;
}

void
cuts_tick(struct cuts *cuts, const struct conf *conf, uint64_t now)
{
	size_t due;

	if (!cuts->n || cuts->next_at > now)
		return;
	cuts->error = 0;
	due = pick(cuts, conf);
	if (due)
		end_flows(cuts, due);
	tell_error(cuts);
	cuts->next_at = cuts->n ? now + (cuts->error ? RETRY_MSEC : PAUSE_MSEC) : UINT64_MAX;
}

uint64_t
cuts_next(const struct cuts *cuts)
{
	return cuts->n ? cuts->next_at : UINT64_MAX;
}

/* ---- start and end ----------------------------------------------------------------------------- */

struct cuts *
cuts_new(const struct log *log, struct nftset *nftset)
{
	struct cuts *cuts = calloc(1, sizeof(*cuts));

	if (cuts)
		*cuts = (struct cuts){ .log = log, .nftset = nftset, .next_at = UINT64_MAX };
	return cuts;
}

void
cuts_free(struct cuts *cuts)
{
	if (!cuts)
		return;
	for (size_t i = 0; i < cuts->n; i++)
		element_free(&cuts->at[i].element);
	free(cuts->at);
	free(cuts);
}
