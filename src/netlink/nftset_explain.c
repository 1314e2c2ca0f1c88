/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proposed type is derived from the element alone, so it can be given without a set to compare with. A command is
 * proposed only where nft can carry it out: a set that exists cannot be changed.
 */
#include "netlink/nftset.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/text.h"
#include "netlink/nftkey.h"

#define SIZE_PROPOSED 65535 /* more grants than clients ever have at a time */

static void
put_types(struct pen *pen, char *const *parts, size_t n, const struct addr *ip, bool *interval)
{
	char name[NFTKEY_TYPE_LEN];

	for (size_t i = 0; i < n; i++) {
		uint32_t type = nftkey_guess(parts[i], ip, interval);

		text_print(pen, "%s%s", i ? " . " : "", nftkey_type_text(type, name, sizeof(name)));
	}
}

static bool
is_verdict(const char *data)
{
	static const char *const words[] = { "accept", "drop", "return", "continue", "jump", "goto" };
	size_t len = strcspn(data, " ");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) == len && !strncmp(words[i], data, len))
			return true;
	}
	return false;
}

static void
put_data_type(struct pen *pen, const char *data, const struct addr *ip)
{
	char copy[ELEMENT_TEXT_MAX], *parts[ELEMENT_PARTS];
	bool interval = false;

	text_print(pen, " : ");
	if (is_verdict(data)) {
		text_print(pen, "verdict");
		return;
	}
	text_copy(copy, sizeof(copy), data);
	put_types(pen, parts, element_split(copy, parts), ip, &interval);
}

static void
put_table(struct pen *pen, const char *before, const struct element *element)
{
	const char *family = element_family_name(element->family);

	text_print(pen, "%s%s %s", before, family ? family : "?", element->table);
}

/* { type ipv4_addr . inet_service; flags interval,timeout; } */
static void
put_body(struct pen *pen, const struct nftset_op *op)
{
	const struct element *element = op->element;
	bool timeout = op->timeout_ms || element->timeout_ms || op->set_flags & NFT_SET_TIMEOUT;
	bool interval = op->set_flags & NFT_SET_INTERVAL;

	text_print(pen, "{ type ");
	put_types(pen, element->parts, element->n_parts, &op->ip, &interval);
	if (element->data)
		put_data_type(pen, element->data, &op->ip);
	if (interval || timeout)
		text_print(pen, "; flags %s%s%s", interval ? "interval" : "", interval && timeout ? "," : "",
			   timeout ? "timeout" : "");
	if (op->result == NFTSET_FULL)
		text_print(pen, "; size %d", SIZE_PROPOSED);
	text_print(pen, "; }");
}

/* Only for a set that does not exist: nft cannot change one. */
static void
put_command(struct pen *pen, const struct nftset_op *op, const char *suffix)
{
	put_table(pen, op->element->data ? "nft add map " : "nft add set ", op->element);
	text_print(pen, " %s%s '", op->element->set, suffix);
	put_body(pen, op);
	text_print(pen, "'");
}

/* As in a file for `nft -f`. */
static void
put_definition(struct pen *pen, const struct nftset_op *op)
{
	text_print(pen, "definition in the ruleset to: %s %s ", op->element->data ? "map" : "set", op->element->set);
	put_body(pen, op);
}

static void
put_missing(struct pen *pen, const struct nftset_op *op)
{
	if (op->element->n_parts > NFTKEY_FIELDS) {
		text_print(pen, "%s, and keys of more than %d parts are not supported", op->detail, NFTKEY_FIELDS);
		return;
	}
	if (strcmp(op->detail, NFTSET_NO_TABLE)) {
		text_print(pen, "no such set; create it with: ");
	} else {
		text_print(pen, "no such table; create both with: ");
		put_table(pen, "nft add table ", op->element);
		text_print(pen, "; ");
	}
	put_command(pen, op, "");
}

/* A set for the IPv6 clients of a plain key. */
static void
put_other_family(struct pen *pen, const struct nftset_op *op)
{
	text_print(pen, "%s", op->detail);
	if (op->ip.family != AF_INET6)
		return;
	text_print(pen, ", made for instance with: ");
	put_command(pen, op, "_6");
}

static void
put_reason(struct pen *pen, const struct nftset_op *op)
{
	switch (op->result) {
	case NFTSET_OK:
		text_print(pen, "done");
		return;
	case NFTSET_ABSENT:
		text_print(pen, "the element was not there");
		return;
	case NFTSET_KEPT:
		text_print(pen, "the element is there already, %s, and stays as it is", op->detail);
		return;
	case NFTSET_NO_SET:
		put_missing(pen, op);
		return;
	case NFTSET_FAMILY:
		put_other_family(pen, op);
		return;
	case NFTSET_KEY:
	case NFTSET_DATA:
		text_print(pen, "%s; change the element in knockd.conf, or the ", op->detail);
		put_definition(pen, op);
		return;
	case NFTSET_FLAGS:
		text_print(pen, "%s; change its ", op->detail);
		put_definition(pen, op);
		return;
	case NFTSET_FULL:
		text_print(pen, "the set is full; delete elements, or change its ");
		put_definition(pen, op);
		return;
	case NFTSET_PERMISSION:
		text_print(pen, "not permitted: %s", *op->detail ? op->detail : "CAP_NET_ADMIN is missing");
		return;
	case NFTSET_WIDE:
	case NFTSET_ERROR:
		text_print(pen, "%s", *op->detail ? op->detail : strerror(op->error));
		return;
	}
}

const char *
nftset_explain(const struct nftset_op *op, char *buf, size_t len)
{
	struct pen pen = text_pen(buf, len);

	put_table(&pen, "", op->element);
	text_print(&pen, " %s: ", op->element->set);
	put_reason(&pen, op);
	return buf;
}
