/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages between the parent and the courier, the process that keeps the connection to Redis or Valkey.
 * SOCK_SEQPACKET in both directions, each packet 1 to SHARE_BATCH of struct share_message, no pointers.
 *
 * The parent seals and opens the records. The courier never has the key and passes them on as they are; neither side
 * uses a field before share_valid(). Identifiers are keyed hashes that the parent makes, so neither the courier nor
 * Redis learns an address or a user.
 */
#ifndef KNOCKD_WIRE_SHARE_H
#define KNOCKD_WIRE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHARE_PLAIN  160                     /* a record before it is sealed */
#define SHARE_SEALED (24 + SHARE_PLAIN + 16) /* nonce, text, tag of XChaCha20-Poly1305 */
#define SHARE_ID     16
#define SHARE_REASON 120
#define SHARE_BATCH  16 /* most messages in one packet */

/* PX of Redis is a signed 64-bit number that it adds to its clock; ten years are more than any door allows. */
#define SHARE_LEFT_MAX (UINT64_C(10) * 366 * 86400 * 1000)

enum share_kind {
	/* from the parent */
	SHARE_PUT = 1, /* run the script; answered once by an ANSWER with the same `ticket`, unless that is 0 */
	SHARE_RESYNC,  /* read everything that is stored; while that goes on, do it once more afterwards */

	/* from the courier */
	SHARE_READY, /* confined; its first message, sent once */
	SHARE_LINK,  /* `link` has changed, or `missed` is not 0 */
	/* `id`, `sealed`: of another gateway, and while all is read of our own, too. Then `left_ms` is by the server's
	   clock, 0: no end. It only shortens the time that the record names, which grows old in the store */
	SHARE_RECORD,
	SHARE_ANSWER,     /* to the PUT with `ticket` */
	SHARE_SYNC_BEGIN, /* the subscription is in force, and the stored records follow */
	SHARE_SYNC_END,   /* all were sent; the parent now puts what it has and they lack */
};

/*
 * What a PUT does beside publishing `id` and `sealed`: all of it, or nothing, not even that, when the script refuses.
 * The checks come first.
 */
#define SHARE_STORE   0x01 /* keep the record for `left_ms`; refused if the stored one's hlc is not below `hlc` */
#define SHARE_COUNTER 0x02 /* refused if the counter stored for `user` is not below `counter`; stores it */
#define SHARE_ONCE    0x04 /* refused if the one-time sequence `once` is used up; uses it up */
#define SHARE_RENEW   0x08 /* with STORE: not refused if the stored one's hlc is the same */
#define SHARE_FLAGS   (SHARE_STORE | SHARE_COUNTER | SHARE_ONCE | SHARE_RENEW)

enum share_answer {
	SHARE_YES = 1, /* and on so many replicas as the configuration wants */
	SHARE_OLDER,   /* a record that is not older is stored */
	SHARE_REPEAT,  /* counter or one-time sequence was used before */
	SHARE_UNKNOWN, /* the connection is down or was lost, or too few replicas: the script may have run */
};

enum share_link {
	SHARE_DOWN = 1,
	SHARE_UP, /* both connections answer and the subscription is confirmed */
};

/* Unused fields are 0. */
struct share_message {
	uint32_t kind;    /* enum share_kind */
	uint32_t flags;   /* PUT: SHARE_* */
	uint32_t answer;  /* ANSWER: enum share_answer */
	uint32_t link;    /* LINK: enum share_link */
	uint64_t missed;  /* LINK: records dropped since the last one, as the parent's socket was full */
	uint64_t ticket;  /* PUT, ANSWER */
	uint64_t hlc;     /* PUT: hybrid logical clock, 48 bits of milliseconds and 16 of a count */
	uint64_t left_ms; /* PUT with STORE, RECORD: up to SHARE_LEFT_MAX; 0: no end */
	uint64_t counter; /* PUT with COUNTER: not 0 */
	uint8_t id[SHARE_ID];
	uint8_t user[SHARE_ID]; /* PUT with COUNTER */
	uint8_t once[SHARE_ID]; /* PUT with ONCE */
	uint8_t sealed[SHARE_SEALED];
	char reason[SHARE_REASON]; /* LINK: address of the primary; if it is down, why. Printable ASCII, null byte */
};

enum share_from { SHARE_FROM_PARENT, SHARE_FROM_COURIER };

/* Could a sane sender have sent it? */
bool share_valid(const struct share_message *message, enum share_from from);

/* Both ends close-on-exec. [0] is the parent's, [1] the courier's. 0, or -1 with errno. */
int share_pair(int fds[2]);

/*
 * Sends `n` <= SHARE_BATCH messages, all or none, and never waits. 0, or -1 with errno: EAGAIN, the socket is full;
 * EPIPE, the other process is gone.
 */
int share_send(int fd, const struct share_message *messages, size_t n);

/*
 * Takes pending packets without waiting, until fewer than SHARE_BATCH of `max` places are left. Returns the number of
 * messages; 0: the other process has closed its end; -1 with errno: EAGAIN, or EPROTO if a packet is too long or not a
 * whole number of messages.
 */
int share_recv(int fd, struct share_message *messages, size_t max);

#endif
