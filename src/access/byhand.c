/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/byhand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "netlink/links.h"
#include "process/lookup.h"

/* The elements of a door's `open` for one address. */
struct batch {
	struct element *elements;
	struct nftset_op *ops;
	size_t n;
};

static void
free_batch(struct batch *b)
{
	free(b->elements);
	free(b->ops);
}

/* 0, or -1 with errno. The texts of the elements are the door's. */
static int
make_batch(struct batch *b, const struct door *door, const struct addr *ip, bool add)
{
	const struct element_list *list = door_elements(door, DOOR_OPENS, door_family(ip));

	*b = (struct batch){ .elements = calloc(list->n + 1, sizeof(*b->elements)),
			     .ops = calloc(list->n + 1, sizeof(*b->ops)) };
	if (!b->elements || !b->ops) {
		free_batch(b);
		return -1;
	}
	for (; b->n < list->n; b->n++) {
		struct element *element = &b->elements[b->n];

		*element = list->at[b->n];
		element->timeout_ms = element->idle_ms = element->limit_ms = 0;
		b->ops[b->n] = (struct nftset_op){ .add = add, .element = element, .ip = *ip };
	}
	return 0;
}

/* Keeps the first reason. */
static void
explain(const struct nftset_op *op, char *err, size_t errlen)
{
	char text[LOG_TEXT_MAX];

	if (!*err && !nftset_is_good(op) && (op->add || op->result != NFTSET_NO_SET))
		text_copy(err, errlen, nftset_explain(op, text, sizeof(text)));
}

int
byhand_admit(const struct access_tools *tools, const struct door *door, const struct addr *ip, char *err, size_t errlen)
{
	char who[LOOKUP_WHO_LEN];
	struct batch b;

	*err = '\0';
	if (!links_may_be_host(ip)) {
		snprintf(err, errlen, "no host has the address %s", addr_format(ip, who));
		return -1;
	}
	if (!door_elements(door, DOOR_OPENS, door_family(ip))->n) {
		snprintf(err, errlen,
			 "--forever: the door has no open for this address; for a set of yours use "
			 "nft add element");
		return -1;
	}
	if (make_batch(&b, door, ip, true)) {
		snprintf(err, errlen, "%s", strerror(errno));
		return -1;
	}
	nftset_apply(tools->nftset, b.ops, b.n);
	for (size_t i = 0; i < b.n; i++) {
		if (nftset_is_good(&b.ops[i]))
			grants_taken(tools->grants, &b.ops[i]);
		explain(&b.ops[i], err, errlen);
	}
	free_batch(&b);
	if (!*err)
		log_notice(tools->log, "%s: %s: admitted by hand, without an end", lookup_who(tools->lookup, ip, who),
			   door->name);
	return *err ? -1 : 0;
}

static size_t
delete_at(const struct access_tools *tools, const struct door *door, const struct addr *ip, char *err, size_t errlen)
{
	char text[LOG_TEXT_MAX / 2], who[LOOKUP_WHO_LEN];
	struct batch b;
	size_t n = 0;

	if (make_batch(&b, door, ip, false)) {
		text_copy(err, errlen, strerror(errno));
		return 0;
	}
	nftset_apply(tools->nftset, b.ops, b.n);
	for (size_t i = 0; i < b.n; i++) {
		explain(&b.ops[i], err, errlen);
		if (b.ops[i].result != NFTSET_OK)
			continue;
		n++;
		grants_taken(tools->grants, &b.ops[i]);
		log_notice(tools->log, "%s: %s: element of another program is deleted: %s",
			   lookup_who(tools->lookup, ip, who), door->name,
			   element_for(b.ops[i].element, ip, text, sizeof(text)));
	}
	free_batch(&b);
	return n;
}

size_t
byhand_delete(const struct access_tools *tools, const struct conf *conf, const struct request_whom *whom, char *err,
	      size_t errlen)
{
	size_t n = 0;

	for (size_t i = 0; i < whom->n_nets; i++) {
		for (size_t d = 0; d < conf->n_doors; d++) {
			const struct door *door = &conf->doors[d];

			if (request_means(whom, &whom->nets[i].addr, door->name))
				n += delete_at(tools, door, &whom->nets[i].addr, err, errlen);
		}
	}
	return n;
}
