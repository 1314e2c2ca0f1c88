/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A firewall command as a value: which packets of the client it lets in, or no longer. */
#ifndef KNOCKD_RULE_H
#define KNOCKD_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "conf/element.h"
#include "lib/seq.h"
#include "shell.h"

enum rule_tool { RULE_IPTABLES, RULE_UFW, RULE_NFT, RULE_ELEMENT, RULE_FIREWALLD, RULE_IPSET };

enum rule_families { RULE_V4 = 1, RULE_V6 = 2 };

struct rule {
	enum rule_tool tool;
	bool adds;           /* false: it deletes */
	bool everybody;      /* no address: it opens, or shuts, for all */
	uint8_t families;    /* enum rule_families */
	const char *key;     /* equal keys: the same rule, to be added by one command and deleted by another */
	struct seq ports;    /* what it lets in; n 0: all ports, or more than fit */
	bool input;          /* for packets to this machine */
	bool reply;          /* for the answers of `ports`, to the client */
	uint64_t timeout_ms; /* the firewall itself ends it; 0: it does not */

	/* The command in pieces, for the rules that take its place. */
	const char *words[SHELL_WORDS + 8];
	size_t n_words;
	size_t address, n_address; /* the words that name the client: "-s %IP%" */

	struct plan_key *shared; /* plan.c's, for all rules with this key */

	const char *zone;    /* firewalld's, or "" */
	const char *table;   /* nft's "inet filter", RULE_NFT and RULE_ELEMENT */
	const char *set;     /* RULE_ELEMENT, RULE_IPSET */
	const char *element; /* RULE_ELEMENT without timeout: "inet filter ok { %IP% . 22" */
};

/*
 * Reads one command. 0, or -1: `why` tells why it is none that can be replaced, in words that follow "the command".
 * `rule` may then say `everybody`, and have ports.
 */
int rule_read(struct rule *rule, const struct shell_command *command, struct arena *arena, const char **why);

/* ---- for the readers of the tools ----------------------------------------------------------------- */

typedef int rule_reader(struct rule *rule, struct arena *arena, const char **why);

rule_reader rule_iptables, rule_ip6tables, rule_ufw, rule_nft, rule_firewalld, rule_ipset;

/* Keeps the words that are not part of the key sorted and joined. */
#define RULE_PARTS 24
struct rule_parts {
	const char *at[RULE_PARTS];
	size_t n;
};

/* Adds "name=value" to the parts; a NULL name or value is out of memory. -1: too many, or no memory. */
int rule_part(struct rule_parts *parts, struct arena *arena, const char *name, const char *value);

/* Joins the parts, sorted. NULL: no memory. */
const char *rule_key(struct rule_parts *parts, struct arena *arena, const char *tool);

/*
 * Adds "22", "ssh", "22,80" or "1000:1009" for these protocols. False: no such port. More ports than fit are left out,
 * and `ports` is empty then.
 */
bool rule_ports(struct seq *ports, const char *text, bool tcp, bool udp);

bool rule_is_client(const char *word); /* %IP%, or %IP%/32 */

#endif
