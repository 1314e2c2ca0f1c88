/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replays a trace against the matcher with a clock of its own and prints TAP. A trace is
 *
 *   a knockd.conf                               without a line "--"
 *   --
 *   0.00  10.0.0.1 tcp 7000 S                   seconds, source, protocol, port, TCP flags (FSRPAU, - for none)
 *       = 10.0.0.1: A: Stage 1                  log lines expected now, in this order, and no others
 *   9.50  clock                                 time passes, no packet
 *
 * After the flags: `sport N` and `seq N` (else each packet has its own), `to ADDR` (else the packet is for this
 * machine). '#' begins a comment line.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/logtext.h"
#include "conf/conf.h"
#include "conf/parser.h"
#include "engine/knock.h"
#include "lib/text.h"

#define SAID_MAX 64

struct replay {
	const char *path;
	int line;
	unsigned failures, checks;
	struct conf *conf;
	struct knock *knock;
	char said[SAID_MAX][256];
	unsigned n_said, n_heard;
	uint16_t next_port;
};

static void
fail(struct replay *r, const char *what, const char *text)
{
	printf("# %s:%d: %s: %s\n", r->path, r->line, what, text);
	r->failures++;
}

static void
report(void *arg, enum conf_severity severity, const char *text)
{
	if (severity == CONF_ERROR)
		fail(arg, "configuration", text);
}

static void
listen_in(void *arg, const struct event *event)
{
	struct replay *r = arg;
	char who[ADDR_STRLEN];

	if (!event_valid(event, r->conf->n_doors) || r->n_said == SAID_MAX) {
		fail(r, "event", "makes no sense, or too many");
		return;
	}
	if (event->kind == EVENT_CODE) { /* no news, until the parent has judged it */
		snprintf(r->said[r->n_said++], sizeof(r->said[0]), "%s: %s: code %06u",
			 addr_format(&event->source, who), r->conf->doors[event->door].name, event->count);
		return;
	}
	logtext_event(event, addr_format(&event->source, who), r->conf->doors[event->door].name, r->said[r->n_said++],
		      sizeof(r->said[0]));
}

/* A line that was said and not expected is a failure, too. */
static void
expect_silence(struct replay *r)
{
	for (; r->n_heard < r->n_said; r->n_heard++)
		fail(r, "not expected", r->said[r->n_heard]);
	r->n_said = r->n_heard = 0;
}

static void
expect(struct replay *r, const char *text)
{
	r->checks++;
	if (r->n_heard == r->n_said)
		fail(r, "expected but not said", text);
	else if (strcmp(r->said[r->n_heard++], text))
		fail(r, "said instead", r->said[r->n_heard - 1]);
}

static uint8_t
parse_flags(const char *text)
{
	static const char letters[] = "FSRPAU";
	uint8_t flags = 0;

	for (; *text; text++) {
		const char *letter = strchr(letters, *text);

		if (letter)
			flags |= (uint8_t)(1 << (letter - letters));
	}
	return flags;
}

static void
parse_extras(struct replay *r, struct packet *packet, bool *local, char *rest)
{
	char *word, *value;

	while ((word = strtok_r(NULL, " \t", &rest))) {
		value = strtok_r(NULL, " \t", &rest);
		if (!value)
			fail(r, "no value", word);
		else if (!strcmp(word, "sport"))
			packet->src_port = (uint16_t)atoi(value);
		else if (!strcmp(word, "seq"))
			packet->tcp_seq = (uint32_t)atoi(value);
		else if (!strcmp(word, "to"))
			*local = addr_parse(&packet->dst, value) != 0;
		else
			fail(r, "unknown word", word);
	}
}

static void
play(struct replay *r, char *text)
{
	char *rest, *time = strtok_r(text, " \t", &rest), *source = strtok_r(NULL, " \t", &rest);
	uint64_t now = 1000000 + (uint64_t)(atof(time) * 1000 + 0.5);
	struct packet packet = { .src_port = r->next_port++, .tcp_seq = r->next_port };
	char *proto, *port, *flags;
	bool local = true;

	expect_silence(r);
	if (source && !strcmp(source, "clock")) {
		knock_expire(r->knock, now);
		return;
	}
	proto = strtok_r(NULL, " \t", &rest);
	port = strtok_r(NULL, " \t", &rest);
	flags = strtok_r(NULL, " \t", &rest);
	if (!source || !proto || !port || !flags || addr_parse(&packet.src, source)) {
		fail(r, "no packet", time);
		return;
	}
	packet.proto = !strcmp(proto, "udp") ? IPPROTO_UDP : IPPROTO_TCP;
	packet.dst_port = (uint16_t)atoi(port);
	packet.tcp_flags = packet.proto == IPPROTO_TCP ? parse_flags(flags) : 0;
	addr_parse(&packet.dst, packet.src.family == AF_INET6 ? "2001:db8::1" : "192.0.2.1");
	parse_extras(r, &packet, &local, rest);
	knock_feed(r->knock, &(struct knock_hit){ packet, local }, 1, now);
}

static int
read_conf(struct replay *r, FILE *file)
{
	struct parser *parser = parser_begin(r->path, report, r);
	char line[TEXT_LINE_MAX];

	while (fgets(line, sizeof(line), file)) {
		r->line++;
		if (!strncmp(line, "--", 2))
			break;
		parser_line(parser, line);
	}
	r->conf = parser_end(parser);
	if (r->conf)
		r->conf->max_attempts = 1024;
	return r->conf ? 0 : -1;
}

static void
read_trace(struct replay *r, FILE *file)
{
	char line[TEXT_LINE_MAX], *text;

	while (fgets(line, sizeof(line), file)) {
		r->line++;
		text = text_trim(line);
		if (*text == '=')
			expect(r, text_trim(text + 1));
		else if (*text && *text != '#')
			play(r, text);
	}
	expect_silence(r);
}

int
main(int argc, char **argv)
{
	static const uint8_t secret[16] = { 1, 2, 3 };
	struct replay r = { .path = argc > 1 ? argv[1] : "", .next_port = 40000 };
	FILE *file = fopen(r.path, "r");

	if (!file || read_conf(&r, file)) {
		printf("1..1\nnot ok 1 - %s\n", r.path);
		return 0;
	}
	r.knock = knock_new(r.conf, secret, listen_in, &r);
	read_trace(&r, file);
	if (!r.checks)
		fail(&r, "nothing is expected in", r.path);
	printf("1..1\n%s 1 - %s\n", r.failures ? "not ok" : "ok", r.path);
	knock_free(r.knock);
	conf_free(r.conf);
	fclose(file);
	return 0;
}
