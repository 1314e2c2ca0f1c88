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
parse_range(struct knock_port *kp, char *port, size_t number, struct seq_error *error)
{
	char *last = port, *first = text_trim(strsep(&last, "-"));

	last = last ? text_trim(last) : first;
	kp->proto = SEQ_AUTH;
	if (parse_port(&kp->port, first))
		return refuse(error, SEQ_NO_PORT, number, first);
	if (parse_port(&kp->last, last))
		return refuse(error, SEQ_NO_PORT, number, last);
	return kp->last < kp->port ? refuse(error, SEQ_BACKWARDS, number, "") : 0;
}

/* What an item may be besides a port. */
enum { ITEM_AUTH = 1, ITEM_CODE = 2 };

/* The text behind "totp", which is empty or begins with a colon; NULL: `proto` is something else. */
static char *
behind_code(char *proto)
{
	size_t len = strlen("totp");

	if (!proto || strncasecmp(proto, "totp", len))
		return NULL;
	proto = text_trim(proto + len);
	return !*proto || *proto == ':' ? proto : NULL;
}

/* Appends the steps of a code. `proto` is the text behind "totp:", or NULL. */
static int
parse_code(struct seq *seq, const char *port, const char *proto, size_t number, struct seq_error *error)
{
	struct knock_port kp;

	if (seq->n + SEQ_CODE_STEPS > SEQ_MAX)
		return refuse(error, SEQ_TOO_MANY, SEQ_MAX + 1, "");
	if (parse_port(&kp.port, port))
		return refuse(error, SEQ_NO_PORT, number, port);
	if (parse_proto(&kp.proto, proto))
		return refuse(error, SEQ_NO_PROTOCOL, number, proto);
	if (kp.port > UINT16_MAX - SEQ_CODE_PORTS + 1)
		return refuse(error, SEQ_NO_ROOM, number, port);
	kp.last = (uint16_t)(kp.port + SEQ_CODE_PORTS - 1);
	for (unsigned i = 0; i < SEQ_CODE_STEPS; i++)
		seq->at[seq->n++] = kp;
	return 0;
}

static int
parse_item(struct seq *seq, char *item, size_t number, unsigned allowed, struct seq_error *error)
{
	struct knock_port *kp = &seq->at[seq->n];
	char *proto = item;
	char *port = text_trim(strsep(&proto, ":"));
	char *behind;

	proto = proto ? text_trim(proto) : NULL;
	behind = allowed & ITEM_CODE ? behind_code(proto) : NULL;
	if (behind)
		return parse_code(seq, port, *behind ? text_trim(behind + 1) : NULL, number, error);
	seq->n++;
	if (allowed & ITEM_AUTH && proto && !strcasecmp(proto, "auth"))
		return parse_range(kp, port, number, error);
	kp->last = 0;
	if (parse_port(&kp->port, port))
		return refuse(error, SEQ_NO_PORT, number, port);
	if (parse_proto(&kp->proto, proto))
		return refuse(error, SEQ_NO_PROTOCOL, number, proto);
	return 0;
}

static int
parse(struct seq *seq, const char *text, unsigned allowed, struct seq_error *error)
{
	struct seq parsed = { .n = 0 };
	char copy[4096], *rest = copy, *item;
	size_t number = 0;

	if (text_copy(copy, sizeof(copy), text))
		return refuse(error, SEQ_TOO_MANY, SEQ_MAX + 1, "");
	while ((item = strsep(&rest, ","))) {
		if (parsed.n == SEQ_MAX)
			return refuse(error, SEQ_TOO_MANY, SEQ_MAX + 1, "");
		if (parsed.n && parsed.at[parsed.n - 1].last)
			return refuse(error, SEQ_NOT_LAST, number, seq_auth(&parsed) ? "auth" : "totp");
		if (parse_item(&parsed, item, ++number, allowed, error))
			return -1;
	}
	*seq = parsed;
	return 0;
}

int
seq_parse(struct seq *seq, const char *text, struct seq_error *error)
{
	return parse(seq, text, 0, error);
}

int
seq_parse_door(struct seq *seq, const char *text, struct seq_error *error)
{
	return parse(seq, text, ITEM_AUTH | ITEM_CODE, error);
}

int
seq_parse_client(struct seq *seq, const char *text, struct seq_error *error)
{
	return parse(seq, text, ITEM_CODE, error);
}

const struct knock_port *
seq_code(const struct seq *seq)
{
	const struct knock_port *code;

	if (seq->n < SEQ_CODE_STEPS)
		return NULL;
	code = &seq->at[seq->n - SEQ_CODE_STEPS];
	return code->last && code->proto != SEQ_AUTH ? code : NULL;
}

uint16_t
seq_code_port(const struct knock_port *code, uint32_t value, unsigned step)
{
	while (++step < SEQ_CODE_STEPS)
		value /= SEQ_CODE_PORTS;
	return (uint16_t)(code->port + value % SEQ_CODE_PORTS);
}

const struct knock_port *
seq_auth(const struct seq *seq)
{
	return seq->n && seq->at[seq->n - 1].proto == SEQ_AUTH ? &seq->at[seq->n - 1] : NULL;
}

uint16_t
seq_last(const struct knock_port *step)
{
	return step->last ? step->last : step->port;
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
		const struct knock_port *kp = &seq->at[i];

		text_write(&pen, i ? "," : "", NULL);
		text_write_number(&pen, kp->port);
		if (kp == seq_code(seq)) {
			text_write(&pen, ":totp", kp->proto == IPPROTO_UDP ? ":udp" : "", NULL);
			break;
		}
		if (kp->last > kp->port)
			text_print(&pen, "-%u", kp->last);
		text_write(&pen, ":", seq_proto_name(kp->proto), NULL);
	}
	return buf;
}
