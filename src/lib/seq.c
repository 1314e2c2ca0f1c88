/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/seq.h"

#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/text.h"

const char *
seq_proto_name(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case SEQ_AUTH:
		return "auth";
	}
	return "?";
}

/* The port must be the whole text: knockd 0.8's atoi() took "7000-7010" for 7000 and "" for 0. */
static int
parse_port(uint16_t *port, const char *text)
{
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)*text))
		return -1;
	n = strtoul(text, &end, 10);
	if (*end || n < 1 || n > 65535)
		return -1;
	*port = (uint16_t)n;
	return 0;
}

static int
parse_proto(uint8_t *proto, const char *text)
{
	if (!text || !strcasecmp(text, "tcp"))
		*proto = IPPROTO_TCP;
	else if (!strcasecmp(text, "udp"))
		*proto = IPPROTO_UDP;
	else
		return -1;
	return 0;
}

static int
refuse(struct seq_error *error, enum seq_fault fault, size_t item, const char *word)
{
	if (!error)
		return -1;
	error->fault = fault;
	error->item = item;
	text_copy(error->word, sizeof(error->word), word);
	return -1;
}

/* "62201" or "62000-62999" */
static int
parse_range(struct knock_port *kp, char *port)
{
	char *rest = port, *first = text_trim(strsep(&rest, "-"));

	kp->proto = SEQ_AUTH;
	if (parse_port(&kp->port, first))
		return -1;
	kp->last = kp->port;
	return rest && (parse_port(&kp->last, text_trim(rest)) || kp->last < kp->port) ? -1 : 0;
}

static int
parse_item(struct knock_port *kp, char *item, size_t number, bool door, struct seq_error *error)
{
	char *rest = item;
	char *port = text_trim(strsep(&rest, ":"));
	char *proto = rest ? text_trim(strsep(&rest, ":")) : NULL;

	if (door && proto && !strcasecmp(proto, "auth"))
		return parse_range(kp, port) ? refuse(error, SEQ_NO_PORT, number, port) : 0;
	kp->last = 0;
	if (parse_port(&kp->port, port))
		return refuse(error, SEQ_NO_PORT, number, port);
	if (parse_proto(&kp->proto, proto))
		return refuse(error, SEQ_NO_PROTOCOL, number, proto);
	return 0;
}

static int
parse(struct seq *seq, const char *text, bool door, struct seq_error *error)
{
	struct seq parsed = { .n = 0 };
	char copy[4096], *rest = copy, *item;

	if (text_copy(copy, sizeof(copy), text))
		return refuse(error, SEQ_TOO_MANY, SEQ_MAX + 1, "");
	while ((item = strsep(&rest, ","))) {
		if (parsed.n == SEQ_MAX)
			return refuse(error, SEQ_TOO_MANY, SEQ_MAX + 1, "");
		if (parsed.n && parsed.at[parsed.n - 1].proto == SEQ_AUTH)
			return refuse(error, SEQ_NOT_LAST, parsed.n, "auth");
		if (parse_item(&parsed.at[parsed.n], item, parsed.n + 1, door, error))
			return -1;
		parsed.n++;
	}
	*seq = parsed;
	return 0;
}

int
seq_parse(struct seq *seq, const char *text, struct seq_error *error)
{
	return parse(seq, text, false, error);
}

int
seq_parse_door(struct seq *seq, const char *text, struct seq_error *error)
{
	return parse(seq, text, true, error);
}

const struct knock_port *
seq_auth(const struct seq *seq)
{
	return seq->n && seq->at[seq->n - 1].proto == SEQ_AUTH ? &seq->at[seq->n - 1] : NULL;
}

bool
seq_equal(const struct seq *a, const struct seq *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->at[i].port != b->at[i].port || a->at[i].proto != b->at[i].proto ||
		    a->at[i].last != b->at[i].last)
			return false;
	}
	return true;
}

const char *
seq_format(const struct seq *seq, char *buf, size_t len)
{
	struct pen pen = text_pen(buf, len);

	for (size_t i = 0; i < seq->n; i++) {
		text_write(&pen, i ? "," : "", NULL);
		text_write_number(&pen, seq->at[i].port);
		if (seq->at[i].last > seq->at[i].port)
			text_print(&pen, "-%u", seq->at[i].last);
		text_write(&pen, ":", seq_proto_name(seq->at[i].proto), NULL);
	}
	return buf;
}
