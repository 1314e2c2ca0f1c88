/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A firewall command's words as its reader takes them, and what the reader finds. */
#ifndef KNOCKD_RULE_WORDS_H
#define KNOCKD_RULE_WORDS_H

#include "rule.h"

#define RULE_PARTS 24

#define RULE_FOR_ALL      "opens for everybody: it has no %IP%"
#define RULE_SHUT_FOR_ALL "shuts for everybody: it has no %IP%"

struct rule_words {
	struct rule *rule;
	struct arena *arena;
	size_t at;                     /* the next word */
	const char *parts[RULE_PARTS]; /* of the key: "name=value" */
	size_t n_parts;
	const char *why; /* it is no rule for the client; NULL: it may be one */
};

/* Each reader has 0, or -1 with `why`. */
typedef int rule_reader(struct rule_words *words);

rule_reader rule_iptables, rule_ip6tables, rule_ufw, rule_nft, rule_firewalld, rule_ipset;

/* -1. The first reason stays. */
int rule_refuse(struct rule_words *words, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

const char *rule_peek(const struct rule_words *words); /* "" behind the last one */
const char *rule_next(struct rule_words *words);
bool rule_more(const struct rule_words *words);

/* Is the next word one of these, however it is capitalised? Then it is taken. */
bool rule_eat(struct rule_words *words, const char *word);

/* 0, or -1: too many parts, or no memory. */
int rule_part(struct rule_words *words, const char *name, const char *value);

/* Gives the rule its key: the parts, sorted, behind the tool's name. */
int rule_finish(struct rule_words *words, const char *tool);

/*
 * Adds "22", "ssh", "22,80", "1000:1009" or "1024:" for these protocols. False: no such port. More ports than fit are
 * left out, and `ports` is empty then.
 */
bool rule_ports(struct seq *ports, const char *text, bool tcp, bool udp);

/*
 * Is this the client's address, and no other? A length of 32 or 128 bits says of which family it is, and takes the
 * other one from the rule.
 */
bool rule_is_client(struct rule *rule, const char *word);

/* May packets to this machine pass the chain? Only its name says so. */
bool rule_is_input(const char *chain);

bool rule_is_number(const char *word);

#endif
