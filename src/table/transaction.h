/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A transaction on table inet knockd: reads the table, commits messages that change it, and knows the subject of each,
 * to name the one that the kernel refuses.
 */
#ifndef KNOCKD_TRANSACTION_H
#define KNOCKD_TRANSACTION_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

#include "look.h"
#include "netlink/nfnl.h"
#include "rules.h"

/* The subject of a message. */
struct subject {
	const char *what; /* "table", "set", ... or NULL: `rule` */
	const char *name;
	const struct rule *rule;
};

/* To begin with, the first three; the rest is zero. */
struct transaction {
	struct nfnl *nfnl;
	const struct rules *rules; /* to explain errors; NULL if it adds none */
	int tries;                 /* while other programs change the ruleset, or memory is short; 0: 20 */
	struct look look;          /* the table before */
	struct subject *subjects;  /* by message */
	size_t n, room;
	size_t refused; /* index of the first refused message */
	int error;      /* its errno, 0: none */
};

/* Adds the messages. May be called several times, each time after a new look. 0, or -1 with errno. */
typedef int transaction_put(void *arg);

/*
 * Looks, puts, and commits; again if another program has changed the ruleset in between. Returns as nfnl_commit() does;
 * above 0, `refused` and `error` say what.
 */
int transaction_run(struct transaction *t, transaction_put *put, void *arg);

/* Of a transaction_put: a message with an empty body. `what` and `name` are borrowed. NULL with errno. */
struct nlmsghdr *transaction_add(struct transaction *t, uint16_t type, uint16_t flags, const char *what,
				 const char *name);
struct nlmsghdr *transaction_add_rule(struct transaction *t, const struct rule *rule);

/* Describes `result` of transaction_run(), other than 0, and leaves errno as what it was for. */
void transaction_explain(const struct transaction *t, int result, char *err, size_t errlen);

/* Keeps errno. */
void transaction_free(struct transaction *t);

#endif
