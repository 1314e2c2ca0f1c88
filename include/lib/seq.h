/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A knock sequence: the ports and protocols that must be hit, in this order.
 * Shared by the daemon's configuration, one-time files and the client's profiles.
 */
#ifndef KNOCKD_SEQ_H
#define KNOCKD_SEQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEQ_MAX 32 /* entries in one sequence, as in knockd 0.8 */

/* The protocol of a step that is a signed packet, to any port of a range, by UDP. No packet has it. */
#define SEQ_AUTH 255

struct knock_port {
	uint16_t port; /* 1..65535, host order */
	uint8_t proto; /* IPPROTO_TCP, IPPROTO_UDP or SEQ_AUTH */
	uint16_t last; /* SEQ_AUTH, or a step of a code: the last port of the range; else 0 */
};

/*
 * A one-time code of six digits is three steps of one range: each hit tells two digits, by its distance from the first
 * port. 492817 at 40000 is 40049, 40028, 40017.
 */
#define SEQ_CODE_STEPS 3
#define SEQ_CODE_PORTS 100

struct seq {
	struct knock_port at[SEQ_MAX];
	size_t n; /* 0: no sequence */
};

enum seq_fault {
	SEQ_TOO_MANY,    /* more than SEQ_MAX items */
	SEQ_NO_PORT,     /* `word` is not a number from 1 to 65535 */
	SEQ_NO_PROTOCOL, /* `word`, after a colon, is neither tcp nor udp */
	SEQ_BACKWARDS,   /* a range whose last port is below its first */
	SEQ_NOT_LAST,    /* an item after `word`, auth or totp, which is only the last one */
	SEQ_NO_ROOM,     /* :totp, and the ports behind it do not end at 65535 or before */
};

struct seq_error {
	enum seq_fault fault;
	size_t item;   /* its number, from 1 */
	char word[64]; /* the wrong part of the item, cut; it may be secret */
};

/*
 * Reads "7000,8000:udp, 9000:tcp": blanks around items are fine, the protocol is tcp or udp in
 * any case and tcp when absent. Returns 0, or -1 with `error`, which may be NULL; `seq` is then untouched.
 */
int seq_parse(struct seq *seq, const char *text, struct seq_error *error);

/*
 * The same for a door, whose last item may be "62201:auth", "62000-62999:auth", or "40000:totp" and "40000:totp:udp"
 * for a code.
 */
int seq_parse_door(struct seq *seq, const char *text, struct seq_error *error);

/* The same for a client, which does not have :auth in a sequence. */
int seq_parse_client(struct seq *seq, const char *text, struct seq_error *error);

/* The first step of the code that the sequence ends with, or NULL. */
const struct knock_port *seq_code(const struct seq *seq);

/* The port that tells these two digits of a code, from step 0 on. */
uint16_t seq_code_port(const struct knock_port *code, uint32_t value, unsigned step);

/* The last item if it is a signed packet, or NULL. */
const struct knock_port *seq_auth(const struct seq *seq);

/* The last port of a step: its only one, unless it has a range. */
uint16_t seq_last(const struct knock_port *step);

bool seq_equal(const struct seq *a, const struct seq *b);

/* Writes "7000:tcp,8000:udp", cut at `len`, and returns `buf`. */
const char *seq_format(const struct seq *seq, char *buf, size_t len);
#define SEQ_STRLEN (SEQ_MAX * sizeof("65535:tcp") + sizeof("-65535"))

/* "tcp", "udp" or, for anything else, "?". */
const char *seq_proto_name(uint8_t proto);

#endif
