/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan: what becomes of each door. */
#ifndef KNOCKD_PLAN_STATE_H
#define KNOCKD_PLAN_STATE_H

#include "conf/conf.h"
#include "names.h"
#include "rule.h"
#include "source.h"

#define PLAN_TABLE "inet knock_ok" /* for the sets of firewalls that have none of nft */
#define PLAN_MARKS 16              /* firewall marks for such sets: the upper bits, which others use least */

enum plan_prefer {
	PLAN_ANY, /* grant where the firewall has sets of nft or ipset, open elsewhere */
	PLAN_OPEN,
	PLAN_GRANT,
};

enum plan_role {
	PLAN_SILENT, /* it has no command: there is nothing to say */
	PLAN_STAYS,
	PLAN_OPENER,
	PLAN_CLOSER,
};

/* What all rules of one key have in common. */
struct plan_key {
	bool opened, closed; /* by some door, with this key alone or among others */
	size_t door;         /* one that has it */
	const char *table;   /* of its set */
	const char *set;     /* of IPv4 addresses; that of IPv6 addresses has "6" behind it. NULL: not chosen */
	uint32_t mark;       /* of packets from the set's addresses; 0: a rule of the same table looks into the set */
};

/* What doors add to a chain of nft. */
struct plan_chain {
	const struct rule *rule;
	bool several; /* rules, which are not the same */
};

struct plan_door {
	enum plan_role role;
	bool as_open;       /* or as elements of sets */
	const char *reason; /* of PLAN_STAYS */
	const char *remark; /* of the others, or NULL */
	struct rule *rules; /* PLAN_STAYS: as far as they could be read, those of the stop command, too */
	size_t n_rules;
	uint64_t timeout_ms; /* 0: the access has no end */
	bool has_stop;       /* or a sleep in the start command, and then what a stop command would do */
	uint64_t sleep_ms;   /* of that sleep */
	size_t group;        /* the number of the first door with which it moves */
};

struct plan {
	const struct conf *conf;
	const struct source *source;
	struct arena *arena;
	enum plan_prefer prefer;
	struct plan_door *doors;
	struct names keys;  /* of rules: struct plan_key */
	struct names names; /* of sets */
	unsigned marks;     /* in use */
};

#endif
