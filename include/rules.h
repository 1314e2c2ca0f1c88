/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What table inet knockd is made of, as plain data: sets of ports, chains, and rules that are a row
 * of terms. Derived from the configuration, no I/O; ruleset writes it as text and as netlink messages.
 */
#ifndef KNOCKD_RULES_H
#define KNOCKD_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "conf.h"

#define RULES_NAME_MAX 80 /* "local_" and eight flags, each with "_not_" before it */
#define RULES_TERMS    6
#define RULES_CHAINS   4

enum port_key {
	PORT_KEY_LOCAL, /* proto . port: any address of this machine */
	PORT_KEY_IP,	/* ip daddr . proto . port: doors with a Target */
	PORT_KEY_IP6,
	PORT_KEYS
};

struct port_entry {
	struct addr	  target; /* of no family with PORT_KEY_LOCAL */
	struct knock_port port;
};

struct port_set {
	char		   name[RULES_NAME_MAX];
	enum port_key	   key;
	uint8_t		   mask, value; /* TCP flags that its packets must have; mask 0: any */
	struct port_entry *at;		/* sorted, each once */
	size_t		   n, room;
};

enum term_kind {
	TERM_IPV4,    /* meta nfproto ipv4 */
	TERM_IFNAME,  /* iifname NAME; a final '*' is any rest */
	TERM_SET,     /* the packet's destination is in SET */
	TERM_FLAGS,   /* ... and its TCP flags are as SET's mask and value say */
	TERM_LOCAL,   /* fib daddr type local */
	TERM_COUNTER,
	TERM_LOG,     /* to the group, NAME is the prefix */
	TERM_RETURN,
	TERM_GOTO,    /* chain NAME */
};

struct term {
	enum term_kind	       kind;
	const char	      *name;
	const struct port_set *set;
};

struct rule {
	const char *chain;
	struct term terms[RULES_TERMS];
	size_t	    n;
};

struct rules {
	uint16_t	 group;	       /* NFLOG */
	struct port_set	*sets;	       /* the first one holds every port, if there is any */
	size_t		 n_sets, room;
	const char	*chains[RULES_CHAINS]; /* each before those that go to it, the base chain is the last */
	size_t		 n_chains;
	struct rule	*rules;	       /* chain by chain */
	size_t		 n_rules;
};

/* Borrows interface names from `conf`. NULL with errno when memory is out. */
struct rules *rules_new(const struct conf *conf);
void rules_free(struct rules *rules); /* NULL is legal */

/* nft's name for one bit of the TCP flags, 0 (fin) to 7 (cwr). */
const char *rules_flag_name(unsigned bit);

#endif
