/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/seq.h"

#include <ctype.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/text.h"

const char *
proto_name(uint8_t proto)
{
	return proto == IPPROTO_TCP ? "tcp" : proto == IPPROTO_UDP ? "udp" : "?";
}

/* The port must be the whole text: knockd's atoi() took "7000-7010" for 7000 and "" for 0. */
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

/* A number that is no port, or a word, is quoted, as knockd does. Several ports, or one and something else, are secret.
 */
static int
refuse_port(const char *port, size_t number, char *err, size_t errlen)
{
	bool is_number = strspn(port + (*port == '-'), "0123456789") == strlen(port + (*port == '-'));

	if (is_number || !strpbrk(port, "0123456789"))
		snprintf(err, errlen, "port %s is invalid", *port ? port : "\"\"");
	else
		snprintf(err, errlen, "item %zu in knock sequence is no port%s", number,
			 strchr(port, '-') > port ? " (there are no ranges)" : "");
	return -1;
}

static int
refuse_proto(const char *proto, size_t number, char *err, size_t errlen)
{
	if (strpbrk(proto, "0123456789"))
		snprintf(err, errlen, "unknown protocol in knock sequence, item %zu", number);
	else
		snprintf(err, errlen, "unknown protocol in knock sequence: \"%s\"", proto);
	return -1;
}

static int
parse_item(struct knock_port *kp, char *item, size_t number, char *err, size_t errlen)
{
	char *rest = item;
	char *port = text_trim(strsep(&rest, ":"));
	char *proto = rest ? text_trim(strsep(&rest, ":")) : NULL;

	if (parse_port(&kp->port, port))
		return refuse_port(port, number, err, errlen);
	if (parse_proto(&kp->proto, proto))
		return refuse_proto(proto, number, err, errlen);
	return 0;
}

int
seq_parse(struct seq *seq, const char *text, char *err, size_t errlen)
{
	struct seq parsed = { .n = 0 };
	char copy[4096], *rest = copy, *item;

	if ((size_t)snprintf(copy, sizeof(copy), "%s", text) >= sizeof(copy)) {
		snprintf(err, errlen, "too many ports in knock sequence");
		return -1;
	}
	while ((item = strsep(&rest, ","))) {
		if (parsed.n == SEQ_MAX) {
			snprintf(err, errlen, "too many ports in knock sequence (at most %d)", SEQ_MAX);
			return -1;
		}
		if (parse_item(&parsed.at[parsed.n], item, parsed.n + 1, err, errlen))
			return -1;
		parsed.n++;
	}
	*seq = parsed;
	return 0;
}

const char *
seq_format(const struct seq *seq, char *buf, size_t len)
{
	size_t used = 0;

	if (len)
		*buf = '\0';
	for (size_t i = 0; i < seq->n && used < len; i++)
		used += (size_t)snprintf(buf + used, len - used, "%s%u:%s", i ? "," : "", seq->at[i].port,
					 proto_name(seq->at[i].proto));
	return buf;
}
