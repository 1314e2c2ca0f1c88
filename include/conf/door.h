/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A door: a sequence, and what it opens. Plain data; conf_free() frees what it points to. */
#ifndef KNOCKD_DOOR_H
#define KNOCKD_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/element.h"
#include "lib/addr.h"
#include "lib/seq.h"

#define DOOR_NAME_MAX 128 /* with its NUL; knockd 0.8 cuts longer names */

/* Family-dependent values: [0] is for IPv4 knockers, [1] for IPv6. */
enum conf_family { CONF_V4, CONF_V6, CONF_FAMILIES };

/* Kinds of elements, in the order of an opening: it takes back first, since a door may move its knocker to another set.
 */
enum door_kind {
	DOOR_CLOSES, /* of `close` and `open`, in our own table */
	DOOR_REVOKES,
	DOOR_OPENS,
	DOOR_GRANTS,
	DOOR_KINDS
};

struct element_list {
	struct element *at;
	size_t n;
	bool given; /* the key was there */
};

struct door {
	char name[DOOR_NAME_MAX];
	int line; /* of its section header */
	struct seq seq;
	char *one_time_path;              /* NULL: the sequence is fixed */
	struct seq *one_time;             /* what the file held when it was read, in order */
	size_t n_one_time, next_one_time; /* the first that has not become `seq` yet */
	int64_t seq_timeout;              /* seconds; 0 or less: a sequence of several ports never completes */
	uint8_t flags_mask;               /* TCP flag bits that are looked at, as in byte 13 of the header (RFC 9293) */
	uint8_t flags_value;              /* ... and what they must be */
	struct addr target;               /* family 0: any address of this machine */
	int64_t cmd_timeout;              /* seconds */
	int64_t cooldown;                 /* seconds after a success in which the door ignores every hit */
	bool allow_duplicates;
	char *start_command[CONF_FAMILIES]; /* as written; NULL: key absent, "": given but empty */
	char *stop_command[CONF_FAMILIES];
	uint8_t max_prefix[CONF_FAMILIES]; /* bits of a knocker's address in a grant at least; of all doors alike */
	struct seq open, close; /* ports that are kept shut and opened per knocker, and shut again; n 0: none */
	uint64_t open_timeout_ms;
	struct element_list elements[DOOR_KINDS][CONF_FAMILIES]; /* see door_elements() */
};

/* AF_INET6 is CONF_V6, anything else CONF_V4. */
enum conf_family door_family(const struct addr *addr);

/* The commands for a knocker of this family: of the _6 key, else of the plain one. NULL: none. */
const char *door_start_command(const struct door *door, enum conf_family family);
const char *door_stop_command(const struct door *door, enum conf_family family);

/* What an opening means for a knocker of this family: of the _6 key if there is one, else of the plain one. */
const struct element_list *door_elements(const struct door *door, enum door_kind kind, enum conf_family family);

/* Does any of the door's sequences, past and future ones too, have a port of this protocol? */
bool door_has_proto(const struct door *door, uint8_t proto);

/* Are elements of this kind added by an opening, or deleted? */
bool door_adds(enum door_kind kind);

/* Makes the next one-time sequence the door's. False when there is none: seq.n is then 0, the door is disabled. */
bool door_next_sequence(struct door *door);

#endif
