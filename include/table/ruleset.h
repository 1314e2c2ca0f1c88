/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table inet knockd: rules that send knocks, and other packets of knocking sources, to the engine (NFLOG or NFQUEUE),
 * and the guard that keeps the ports of `open` shut. Derived from the configuration alone. Its nft text and its netlink
 * messages come from one description, so --print-rules shows the installed rules.
 *
 * Knocks: a chain at prerouting, priority -350: after defragmentation (-400), before raw (-300), so that no drop,
 * notrack or DNAT of the admin's hides a knock. An unrelated packet costs a few comparisons, or one look-up if there
 * are many ports. The log prefix, or the queue, tells the engine the destination: CAPTURE_PREFIX_LOCAL for an address
 * of this machine, CAPTURE_PREFIX_TARGET for any other (a door's Target).
 *
 * Guard: a chain at prerouting, priority -149; src/table/guard_rules.c gives the reasons.
 *
 * Owner: since Linux 5.12 the netlink socket that makes a table may own it; another program can then neither change nor
 * flush it. Since 6.9 the table stays when its owner ends, without an owner, and the next one can take it over. A guard
 * needs both.
 */
#ifndef KNOCKD_RULESET_H
#define KNOCKD_RULESET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "conf/conf.h"
#include "conf/guard.h"
#include "netlink/nfnl.h"
#include "netlink/nftset_op.h"

#define RULESET_TABLE GUARD_TABLE

#define RULESET_BEGUN_LEN 128 /* a longer text is cut */

/*
 * Writes the table as nft text that `nft -f` loads over an existing one; open ports stay open. Port sets of an older
 * configuration may remain, unused. 0, or -1 with errno.
 */
int ruleset_print(const struct conf *conf, FILE *out);

/*
 * Until the elements are written the guarded ports are open, and the kernel needs 4 ms for a thousand on a busy
 * machine. So the first ten thousand of a set come with the table.
 */
#define RULESET_ELEMENTS_MAX 10000

/* Visits the elements that `set`, one of guard.h, is to have when it is new. Keys of another length are left out. */
typedef void ruleset_elements(void *arg, const char *set, nftset_visit *visit, void *visit_arg);

/* Begin with the first two, and maybe the next two. */
struct ruleset {
	struct nfnl *nfnl;          /* borrowed; its socket may own the table */
	bool same;                  /* this configuration was installed last: it begins to cut no port */
	ruleset_elements *elements; /* NULL: none */
	void *elements_arg;
	bool cannot_own; /* the kernel cannot keep an owned table without its owner; known after the first try */
	/* set by ruleset_install() */
	bool owned;
	char begun[RULESET_BEGUN_LEN]; /* ports that begin to be cut, such as "22:tcp, 443:udp" */
	bool emptied;                  /* a set in guard.h that this configuration has is new, and may lack elements */
	bool bare; /* ... because the table could not be installed with those that `elements` has visited */
};

/*
 * Installs the table in one transaction. It replaces all of an existing table, but keeps the elements of the sets in
 * guard.h that this configuration has. A set that is new gets those that `elements` visits, up to RULESET_ELEMENTS_MAX
 * of them, in the same transaction, so that no packet meets the guard without them; if that fails, the table comes
 * without them. The socket owns the table then if conf_owns_table() and the kernel can keep it. Returns 0, or -1 with
 * errno; `err` gets one clause that names what the kernel refused, with `bare` too.
 */
int ruleset_install(struct ruleset *ruleset, const struct conf *conf, char *err, size_t errlen);

/* Does the table work, with all of its rules, and all ports in its sets? Additions of the admin's do not matter. */
bool ruleset_intact(const struct ruleset *ruleset, const struct conf *conf);

/*
 * Removes the rules that report knocks, and the whole table if it has no guard: guarded ports stay shut without a
 * daemon. 0 also when there is no table; -1 with errno.
 */
int ruleset_remove(const struct ruleset *ruleset);

/*
 * Removes the guard, and the whole table if it reports no knocks: no port is kept shut any more. The sets in guard.h
 * stay as long as knocks are reported. 0 also when there is no guard; -1 with errno.
 */
int ruleset_unguard(const struct ruleset *ruleset);

/* Where any installed table inet knockd reports to. False: nowhere, or the table cannot be read. */
struct ruleset_report {
	bool queued;     /* NFQUEUE and not NFLOG */
	bool marked;     /* by ruleset_install(), and not loaded as text */
	uint16_t number; /* of the group, or the lowest of the queues */
};
bool ruleset_reports_to(struct ruleset_report *report);

/* Has ruleset_install(), in any process, installed a guard? False also when the table cannot be read. */
bool ruleset_has_guard(void);

/* Is there a table with rules, and none of them by ruleset_install()? False also when the table cannot be read. */
bool ruleset_is_foreign(void);

#endif
