/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A firewall command as a value: which packets of the client it lets in, or no longer. */
#ifndef KNOCKD_RULE_H
#define KNOCKD_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/seq.h"
#include "shell.h"

enum rule_tool { RULE_IPTABLES, RULE_UFW, RULE_NFT, RULE_ELEMENT, RULE_FIREWALLD, RULE_IPSET };

enum rule_families { RULE_V4 = 1, RULE_V6 = 2 };

struct rule {
	enum rule_tool tool;
	bool adds;           /* false: it deletes */
	uint8_t families;    /* enum rule_families */
	const char *key;     /* equal keys: the same rule, to be added by one command and deleted by another */
	struct seq ports;    /* what it lets in; n 0: all ports, or more than fit */
	bool input;          /* for packets to this machine */
	bool reply;          /* for the answers of `ports`, to the client */
	uint64_t timeout_ms; /* the firewall itself ends it; 0: it does not */
	bool later;          /* behind a sleep of its command line */

	/* The command in pieces, for the rules that take its place. */
	const char *words[SHELL_WORDS + 8];
	size_t n_words;
	size_t address, n_address; /* the words that name the client: "-s %IP%" */

	struct plan_key *shared; /* plan.c's, for all rules with this key */

	const char *zone;    /* firewalld's, or "" */
	bool lasting;        /* ... and it takes effect at the next reload */
	bool reloads;        /* firewalld: this is no rule, but such a reload */
	const char *table;   /* nft's "inet filter", RULE_NFT and RULE_ELEMENT */
	const char *chain;   /* ... and "inet filter input", RULE_NFT */
	const char *set;     /* RULE_ELEMENT, RULE_IPSET */
	const char *element; /* RULE_ELEMENT without timeout: "inet filter ok { %IP% . 22" */
};

#endif
