/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the client sends: the ports, in order, as typed on the command line or from a profile, and
 * the packet for each of them.
 */
#ifndef KNOCK_HIT_H
#define KNOCK_HIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/seq.h"
#include "net.h"

#define HIT_WORD_MAX 64

struct hit {
	uint16_t port;
	uint8_t proto;           /* IPPROTO_TCP or IPPROTO_UDP */
	char word[HIT_WORD_MAX]; /* the port as typed, for the verbose line */
};

struct hits {
	struct hit *at; /* owned */
	size_t n;
	bool secret; /* from a file: no port is ever shown */
};

enum hit_status {
	HIT_OK,
	HIT_BAD,     /* `err` is the whole message */
	HIT_UNKNOWN, /* not a number, not a service name: `err` is the resolver's word on it */
};

/*
 * Reads PORT[:PROTO]: a number from 1 to 65535 or a service name; "tcp" or "udp" in any case, tcp
 * when absent or empty. `udp` forces UDP whatever is written.
 */
enum hit_status hit_parse(struct hit *hit, const char *text, bool udp, char *err, size_t errlen);

/*
 * Appends one word of the command line: one hit, or several with commas between them. What does not
 * parse is not counted, but its `word` is found at at[n] after HIT_UNKNOWN.
 */
enum hit_status hits_add(struct hits *hits, const char *word, bool udp, char *err, size_t errlen);

/* Takes a profile's sequence, which stays secret. 0, or -1 when memory is out. */
int hits_set(struct hits *hits, const struct seq *seq, bool udp);
void hits_free(struct hits *hits);

/*
 * Hits one port once: one SYN, or one datagram of one NUL byte. What the network says to it is not
 * looked at. Returns 0, or -1 with errno when nothing could be sent.
 */
int hit_send(const struct hit *hit, const struct place *place, const struct origin *origin);

/* Writes the verbose line for hit `i`. */
void hit_show(FILE *out, const struct hits *hits, size_t i, const struct place *place);

#endif
