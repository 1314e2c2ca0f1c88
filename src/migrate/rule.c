/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule.h"

#include <ctype.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *program;
	rule_reader *read;
} readers[] = {
	{ "iptables", rule_iptables },
	{ "iptables-nft", rule_iptables },
	{ "iptables-legacy", rule_iptables },
	{ "ip6tables", rule_ip6tables },
	{ "ip6tables-nft", rule_ip6tables },
	{ "ip6tables-legacy", rule_ip6tables },
	{ "ufw", rule_ufw },
	{ "nft", rule_nft },
	{ "firewall-cmd", rule_firewalld },
	{ "ipset", rule_ipset },
};

static const char *
base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The daemon runs commands as root, or as the user that the admin has chosen: sudo adds nothing to a rule. */
static size_t
skip_sudo(const struct shell_command *command)
{
	size_t at = 0;

	if (strcmp(base(command->words[0]), "sudo"))
		return 0;
	for (at = 1; at < command->n && (!strcmp(command->words[at], "-n") || !strcmp(command->words[at], "-E"));)
		at++;
	return at;
}

int
rule_read(struct rule *rule, const struct shell_command *command, struct arena *arena, const char **why)
{
	size_t skip = skip_sudo(command);
	const char *name;

	*rule = (struct rule){ .zone = "" };
	*why = "runs nothing";
	if (skip == command->n)
		return -1;
	for (size_t i = skip; i < command->n; i++)
		rule->words[rule->n_words++] = command->words[i];
	name = base(rule->words[0]);
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (!strcmp(readers[i].program, name))
			return readers[i].read(rule, arena, why);
	*why = arena_print(arena, "runs %s, which is no firewall command", name);
	return -1;
}

/* ---- for the readers ------------------------------------------------------------------------------ */

int
rule_part(struct rule_parts *parts, struct arena *arena, const char *name, const char *value)
{
	if (parts->n == RULE_PARTS)
		return -1;
	parts->at[parts->n] = arena_print(arena, "%s=%s", name, value);
	return parts->at[parts->n++] ? 0 : -1;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *
rule_key(struct rule_parts *parts, struct arena *arena, const char *tool)
{
	size_t len = strlen(tool) + 1;
	char *key, *to;

	qsort(parts->at, parts->n, sizeof(parts->at[0]), compare);
	for (size_t i = 0; i < parts->n; i++)
		len += strlen(parts->at[i]) + 1;
	key = arena_get(arena, len, 1);
	if (!key)
		return NULL;
	to = stpcpy(key, tool);
	for (size_t i = 0; i < parts->n; i++)
		to = stpcpy(stpcpy(to, " "), parts->at[i]);
	return key;
}

bool
rule_is_client(const char *word)
{
	return !strcmp(word, "%IP%") || !strcmp(word, "%IP%/32");
}

static long
port_of(const char *text)
{
	const struct servent *service;
	char *end;
	long n = strtol(text, &end, 10);

	if (isdigit((unsigned char)*text))
		return *end || n < 1 || n > UINT16_MAX ? -1 : n;
	service = getservbyname(text, NULL);
	return service ? ntohs((uint16_t)service->s_port) : -1;
}

static bool
has(const struct seq *ports, long port, uint8_t proto)
{
	for (size_t i = 0; i < ports->n; i++)
		if (ports->at[i].port == port && ports->at[i].proto == proto)
			return true;
	return false;
}

/* False: no place. */
static bool
add(struct seq *ports, long port, uint8_t proto)
{
	if (has(ports, port, proto))
		return true;
	if (ports->n == SEQ_MAX)
		return false;
	ports->at[ports->n++] = (struct knock_port){ .port = (uint16_t)port, .proto = proto };
	return true;
}

bool
rule_ports(struct seq *ports, const char *text, bool tcp, bool udp)
{
	char copy[512], *rest = copy, *word;
	bool fits = true;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return false;
	while ((word = strsep(&rest, ","))) {
		char *colon = strpbrk(word, ":-"), *last = colon && isdigit((unsigned char)colon[1]) ? colon + 1 : word;
		long from, to;

		if (last != word)
			*colon = '\0';
		from = port_of(word);
		to = port_of(last);
		if (from < 0 || to < from)
			return false;
		for (long port = from; port <= to && fits; port++)
			fits = (!tcp || add(ports, port, IPPROTO_TCP)) && (!udp || add(ports, port, IPPROTO_UDP));
	}
	if (!fits)
		ports->n = 0;
	return true;
}
