/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line at the control socket, of any bytes, from a client that may connect. */
#include "fuzz.h"

#include <string.h>

#include "lib/network.h"
#include "wire/request.h"

/* The words of a command line for the same request. */
static size_t
words_of(const struct request *r, const char **words, char (*nets)[NETWORK_STRLEN], char by[static 64])
{
	size_t n = 0;

	words[n++] = request_name(r->command);
	for (size_t i = 0; i < r->whom.n_nets; i++)
		words[n++] = network_format(&r->whom.nets[i], nets[i]);
	if (r->whom.door) {
		words[n++] = "--door";
		words[n++] = r->whom.door;
	}
	if (r->user && r->command == REQUEST_USERS)
		words[n++] = "--reset";
	if (r->user)
		words[n++] = r->user;
	if (r->host) {
		words[n++] = "--host";
		words[n++] = r->host;
	}
	if (r->all)
		words[n++] = "--all";
	if (r->by_ms) {
		snprintf(by, 64, "%lldms", (long long)r->by_ms);
		words[n++] = by;
	}
	HOLDS(n <= REQUEST_WORDS);
	return n;
}

static bool
same_door(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* An accepted request, written again, is parsed to the same request. */
static void
repeat(const struct request *r)
{
	char nets[REQUEST_NETS][NETWORK_STRLEN], by[64], line[2 * REQUEST_LINE_MAX], err[200];
	const char *words[REQUEST_WORDS];
	size_t n = words_of(r, words, nets, by);
	struct request again;

	if (request_format(line, sizeof(line), words, n) || strlen(line) > REQUEST_LINE_MAX)
		return;
	HOLDS(!request_parse(&again, line, strlen(line), err, sizeof(err)));
	HOLDS(again.command == r->command && again.all == r->all && again.by_ms == r->by_ms);
	HOLDS(same_door(again.user, r->user) && same_door(again.host, r->host));
	HOLDS(again.whom.n_nets == r->whom.n_nets && same_door(again.whom.door, r->whom.door));
	for (size_t i = 0; i < r->whom.n_nets; i++)
		HOLDS(again.whom.nets[i].bits == r->whom.nets[i].bits &&
		      addr_equal(&again.whom.nets[i].addr, &r->whom.nets[i].addr));
}

static void
describe(const struct request *r)
{
	char text[512], cut[8];

	HOLDS(strlen(request_describe(r, text, sizeof(text))) < sizeof(text));
	for (const char *c = text; *c; c++)
		HOLDS((unsigned char)*c >= ' ' && *c != 127);
	HOLDS(strlen(request_describe(r, cut, sizeof(cut))) < sizeof(cut));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request request;
	char err[64] = "";

	if (request_parse(&request, data, size, err, sizeof(err))) {
		HOLDS(*err && strlen(err) < sizeof(err));
		return 0;
	}
	describe(&request);
	repeat(&request);
	return 0;
}
