/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One operation on an element of a set or map, and what became of it. */
#ifndef KNOCKD_NFTSET_OP_H
#define KNOCKD_NFTSET_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/element.h"
#include "lib/addr.h"
#include "netlink/nftkey.h"

enum nftset_result {
	NFTSET_OK,
	NFTSET_ABSENT,     /* delete only: the element was not there (any more); not a failure */
	NFTSET_KEPT,       /* another program's element is there, see nftset_apply(); not a failure */
	NFTSET_NO_SET,     /* table or set does not exist */
	NFTSET_KEY,        /* the set's key type does not fit the element's text */
	NFTSET_NO_TIMEOUT, /* a timeout is asked for and the set has no `flags timeout` */
	NFTSET_DATA,       /* map and plain set mixed up, or data that the map cannot take */
	NFTSET_WIDE,       /* more addresses than `min_prefix` allows */
	NFTSET_FULL,       /* the set's `size` is reached */
	NFTSET_PERMISSION, /* the process lacks CAP_NET_ADMIN in this network namespace */
	NFTSET_ERROR,      /* anything else: see `error` */
};

/* `detail` of NFTSET_NO_SET when it is the table that is missing */
#define NFTSET_NO_TABLE "no such table"

struct nftset_op {
	/* set by the caller */
	bool add;                      /* false: delete */
	const struct element *element; /* borrowed */
	struct addr ip;                /* what %IP% stands for */
	const char *comment;           /* borrowed; NULL: none. Cut at nft's limit of 128 bytes */
	int min_prefix;                /* an element to add has this many bits of the knocker's address at least */
	uint64_t timeout_ms;           /* 0: no timeout of its own; overrides element->timeout_ms */
	bool likely;                   /* add: it is probably there, so ask before adding */
	bool own;                      /* delete: only an element that the owner has added */
	/* set by nftset_apply() and nftset_check() */
	enum nftset_result result;
	int error;                   /* errno behind `result`, 0 if none */
	char detail[160];            /* one clause on what does not fit, or "" */
	uint64_t lifetime_ms;        /* of an element that was added: its own or the set's; 0: no end */
	uint8_t key[NFTKEY_LEN_MAX]; /* as the kernel has it; of a range, its beginning */
	uint32_t key_len;
};

#endif
