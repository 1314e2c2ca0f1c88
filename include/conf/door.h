/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A door: a sequence and what it opens. Plain data; conf_free() frees the memory it points to. */
#ifndef KNOCKD_DOOR_H
#define KNOCKD_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/element.h"
#include "conf/share_conf.h"
#include "lib/addr.h"
#include "lib/seq.h"

#define DOOR_NAME_MAX 128 /* with its NUL; knockd 0.8 cuts longer names */

/* Index of values that depend on the client's address family. */
enum conf_family { CONF_V4, CONF_V6, CONF_FAMILIES };

/* Kinds of elements, in the order of an opening: deletions first, as a door may move its client to another set. */
enum door_kind {
	DOOR_CLOSES, /* `close`: in table inet knockd */
	DOOR_REVOKES,
	DOOR_OPENS, /* `open`: in table inet knockd */
	DOOR_GRANTS,
	DOOR_KINDS
};

struct element_list {
	struct element *at;
	size_t n;
	bool given; /* the key is in the file */
};

struct door {
	char name[DOOR_NAME_MAX];
	int line; /* of its section header */
	struct seq seq;
	char *one_time_path;              /* NULL: the sequence is fixed */
	struct seq *one_time;             /* the file's unused sequences when it was read, in order */
	size_t n_one_time, next_one_time; /* next_one_time: the first that was not `seq` yet */
	bool one_time_refused;            /* others can write to the file since, which was said */
	bool engine_ahead;   /* the engine has gone on from `seq`, which is not used up; see access_act() */
	int64_t seq_timeout; /* seconds; 0 or less: a sequence of several ports never completes */
	uint8_t flags_mask;  /* TCP flag bits to compare, as in byte 13 of the header (RFC 9293) */
	uint8_t flags_value; /* ... and their required values */
	struct addr target;  /* family 0: any address of this host */
	int64_t cmd_timeout; /* seconds */
	int64_t cooldown;    /* seconds after a success: the door ignores every hit */
	bool allow_duplicates;
	char *users; /* who may open with a signed knock or a code, separated by commas; NULL: all who have one */
	unsigned code_tries;                /* wrong codes at once, see access/codes.h */
	bool bound;                         /* a signed knock must name the address that it comes from */
	uint64_t max_time_ms;               /* the longest time that a signed knock may ask for; 0: the door's own */
	char *start_command[CONF_FAMILIES]; /* as written; NULL: key absent, "": given but empty */
	char *stop_command[CONF_FAMILIES];
	uint8_t max_prefix[CONF_FAMILIES]; /* smallest N of %IP%/N in a grant; the same for all doors */
	enum share_mode share;             /* with the other gateways, if there are any */
	struct seq open, close;            /* guarded ports that the door opens or closes for its client; n 0: none */
	uint64_t open_timeout_ms;
	uint64_t idle_ms; /* an access ends when nothing has come for so long; 0: it does not, open_timeout is given */
	bool cut;         /* connections to those ports end with the access */
	struct element_list elements[DOOR_KINDS][CONF_FAMILIES]; /* see door_elements() */
};

/* Has any of its elements a %PROTO% or %PORT%? */
bool door_wants_port(const struct door *door);

/* Is the user one of `users`? */
bool door_has_user(const struct door *door, const char *user);

/* AF_INET6 is CONF_V6, anything else CONF_V4. */
enum conf_family door_family(const struct addr *addr);

/* The command for a client of this family: of the _6 key if given, else of the plain key. NULL: none. */
const char *door_start_command(const struct door *door, enum conf_family family);
const char *door_stop_command(const struct door *door, enum conf_family family);

/* The elements for a client of this family: of the _6 key if given, else of the plain key. */
const struct element_list *door_elements(const struct door *door, enum door_kind kind, enum conf_family family);

/* Does any of the door's sequences, past and future ones too, have a port of this protocol? */
bool door_has_proto(const struct door *door, uint8_t proto);

/* Does an opening add elements of this kind (or delete them)? */
bool door_adds(enum door_kind kind);

/* Moves the door to its next one-time sequence. False: none is left; seq.n is then 0 and the door disabled. */
bool door_next_sequence(struct door *door);

#endif
