/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hits of a knock: ports in order, from the command line or a profile, and the packet for each.
 */
#ifndef KNOCK_HIT_H
#define KNOCK_HIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/seq.h"
#include "net.h"
#include "signer.h"

#define HIT_WORD_MAX 64

struct hit {
	uint16_t port;
	uint8_t proto;           /* IPPROTO_TCP or IPPROTO_UDP; SEQ_AUTH: a signed knock */
	struct signer *signer;   /* makes that; borrowed. NULL: another hit */
	char word[HIT_WORD_MAX]; /* the port as typed, for the verbose line */
};

struct hits {
	struct hit *at; /* owned */
	size_t n;
	uint32_t code; /* of the user, for "PORT:totp" */
	bool secret;   /* from a file: ports are never printed */
};

enum hit_status {
	HIT_OK,
	HIT_BAD,     /* `err` is the whole message */
	HIT_UNKNOWN, /* neither number nor service name: `err` is the resolver's text */
};

/*
 * Reads PORT[:PROTO]: a number from 1 to 65535 or a service name; "tcp" or "udp" in any case, tcp
 * when absent or empty. `udp` overrides it.
 */
enum hit_status hit_parse(struct hit *hit, const char *text, bool udp, char *err, size_t errlen);

/*
 * Appends one word of the command line: hits separated by commas. The last may be "PORT:totp", which stands for the
 * hits that tell the code. An invalid hit is not counted; after HIT_UNKNOWN its `word` is in at[n].
 */
enum hit_status hits_add(struct hits *hits, const char *word, bool udp, char *err, size_t errlen);

/* Is this word of the command line, or the end of it, a code? */
bool hits_need_code(const char *word);

/*
 * Sets the hits to a profile's sequence, as secret, and a signed knock after it if there is a signer. 0, or -1: out of
 * memory.
 */
int hits_set(struct hits *hits, const struct seq *seq, bool udp, struct signer *signer);
void hits_free(struct hits *hits);

/*
 * Sends a signed knock, or hits one port once: one SYN, or one datagram of one NUL byte. Ignores any answer. Returns 0,
 * or -1 with errno when nothing could be sent.
 */
int hit_send(const struct hit *hit, const struct place *place, const struct origin *origin);

/* Writes the verbose line for hit `i`. */
void hit_show(FILE *out, const struct hits *hits, size_t i, const struct place *place);

#endif
