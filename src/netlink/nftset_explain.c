/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why an operation failed and what would mend it, in nft's words. The line that is proposed is
 * derived from the element alone, so it fits also where there is nothing to compare with.
 */
#include "netlink/nftset.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "netlink/nftkey.h"

#define SIZE_PROPOSED 65535 /* more than knockers ever have open, and a limit all the same */

struct writer {
	char *buf;
	size_t len, used;
};

static void put(struct writer *writer, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
put(struct writer *writer, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (writer->used >= writer->len)
		return;
	va_start(ap, fmt);
	n = vsnprintf(writer->buf + writer->used, writer->len - writer->used, fmt, ap);
	va_end(ap);
	if (n > 0)
		writer->used += (size_t)n;
}

static void
put_types(struct writer *writer, char *const *parts, size_t n, const struct addr *ip, bool *interval)
{
	char name[NFTKEY_TYPE_LEN];

	for (size_t i = 0; i < n; i++) {
		uint32_t type = nftkey_guess(parts[i], ip, interval);

		put(writer, "%s%s", i ? " . " : "", nftkey_type_text(type, name, sizeof(name)));
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
put_data_type(struct writer *writer, const char *data, const struct addr *ip)
{
	char copy[ELEMENT_TEXT_MAX], *parts[ELEMENT_PARTS];
	bool interval = false;

	put(writer, " : ");
	if (is_verdict(data)) {
		put(writer, "verdict");
		return;
	}
	text_copy(copy, sizeof(copy), data);
	put_types(writer, parts, element_split(copy, parts), ip, &interval);
}

static void
put_table(struct writer *writer, const char *before, const struct element *element)
{
	const char *family = element_family_name(element->family);

	put(writer, "%s%s %s", before, family ? family : "?", element->table);
}

/* nft add set inet filter ssh_ok '{ type ipv4_addr . inet_service; flags interval,timeout; }' */
static void
put_set(struct writer *writer, const struct nftset_op *op)
{
	const struct element *element = op->element;
	bool timeout = op->timeout_ms || element->timeout_ms, interval = false;

	put_table(writer, element->data ? "nft add map " : "nft add set ", element);
	put(writer, " %s '{ type ", element->set);
	put_types(writer, element->parts, element->n_parts, &op->ip, &interval);
	if (element->data)
		put_data_type(writer, element->data, &op->ip);
	if (interval || timeout)
		put(writer, "; flags %s%s%s", interval ? "interval" : "", interval && timeout ? "," : "",
		    timeout ? "timeout" : "");
	if (op->result == NFTSET_FULL)
		put(writer, "; size %d", SIZE_PROPOSED);
	put(writer, "; }'");
}

static void
put_missing(struct writer *writer, const struct nftset_op *op)
{
	if (strcmp(op->detail, NFTSET_NO_TABLE)) {
		put(writer, "no such set; create it with: ");
	} else {
		put(writer, "no such table; create both with: ");
		put_table(writer, "nft add table ", op->element);
		put(writer, "; ");
	}
	put_set(writer, op);
}

static void
put_misfit(struct writer *writer, const struct nftset_op *op)
{
	put(writer, "%s; it would fit a %s made with: ", op->detail, op->element->data ? "map" : "set");
	put_set(writer, op);
}

static void
put_reason(struct writer *writer, const struct nftset_op *op)
{
	switch (op->result) {
	case NFTSET_OK:
		put(writer, "done");
		return;
	case NFTSET_ABSENT:
		put(writer, "the element was not there");
		return;
	case NFTSET_NO_SET:
		put_missing(writer, op);
		return;
	case NFTSET_KEY:
	case NFTSET_NO_TIMEOUT:
	case NFTSET_DATA:
		put_misfit(writer, op);
		return;
	case NFTSET_FULL:
		put(writer, "the set is full; delete elements of it, or make it anew with a larger size: ");
		put_set(writer, op);
		return;
	case NFTSET_PERMISSION:
		put(writer, "not permitted: %s", *op->detail ? op->detail : "CAP_NET_ADMIN is missing");
		return;
	case NFTSET_WIDE:
	case NFTSET_ERROR:
		put(writer, "%s", *op->detail ? op->detail : strerror(op->error));
		return;
	}
}

const char *
nftset_explain(const struct nftset_op *op, char *buf, size_t len)
{
	struct writer writer = { .buf = buf, .len = len };

	if (len)
		*buf = '\0';
	put_table(&writer, "", op->element);
	put(&writer, " %s: ", op->element->set);
	put_reason(&writer, op);
	return buf;
}
