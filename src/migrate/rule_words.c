/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule_words.h"

#include <ctype.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char no_memory[] = "does not fit into memory";

int
rule_refuse(struct rule_words *words, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (words->why)
		return -1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	words->why = arena_copy(words->arena, text, strlen(text));
	if (!words->why)
		words->why = no_memory;
	return -1;
}

bool
rule_more(const struct rule_words *words)
{
	return words->at < words->rule->n_words;
}

const char *
rule_peek(const struct rule_words *words)
{
	return rule_more(words) ? words->rule->words[words->at] : "";
}

const char *
rule_next(struct rule_words *words)
{
	return rule_more(words) ? words->rule->words[words->at++] : "";
}

bool
rule_eat(struct rule_words *words, const char *word)
{
	if (!rule_more(words) || strcasecmp(rule_peek(words), word))
		return false;
	words->at++;
	return true;
}

/* ---- the key -------------------------------------------------------------------------------------- */

int
rule_part(struct rule_words *words, const char *name, const char *value)
{
	if (words->n_parts == RULE_PARTS)
		return rule_refuse(words, "has too many parts");
	words->parts[words->n_parts] = arena_print(words->arena, "%s=%s", name, value);
	return words->parts[words->n_parts++] ? 0 : rule_refuse(words, no_memory);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int
rule_finish(struct rule_words *words, const char *tool)
{
	size_t len = strlen(tool) + 1;
	char *key, *to;

	if (words->why)
		return -1;
	qsort(words->parts, words->n_parts, sizeof(words->parts[0]), compare);
	for (size_t i = 0; i < words->n_parts; i++)
		len += strlen(words->parts[i]) + 1;
	key = arena_get(words->arena, len, 1);
	if (!key)
		return rule_refuse(words, no_memory);
	to = stpcpy(key, tool);
	for (size_t i = 0; i < words->n_parts; i++)
		to = stpcpy(stpcpy(to, " "), words->parts[i]);
	words->rule->key = key;
	return 0;
}

/* ---- values --------------------------------------------------------------------------------------- */

bool
rule_is_client(struct rule *rule, const char *word)
{
	static const struct {
		const char *word;
		uint8_t families;
	} spellings[] = {
		{ "%IP%", RULE_V4 | RULE_V6 },
		{ "%IP%/32", RULE_V4 },
		{ "%IP%/255.255.255.255", RULE_V4 },
		{ "%IP%/128", RULE_V6 },
	};

	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		if (strcmp(spellings[i].word, word) || !(rule->families & spellings[i].families))
			continue;
		rule->families &= spellings[i].families;
		return true;
	}
	return false;
}

bool
rule_is_number(const char *word)
{
	return *word && strspn(word, "0123456789") == strlen(word);
}

bool
rule_is_input(const char *chain)
{
	static const char *const others[] = { "forward", "output", "docker", "postrouting" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcasestr(chain, others[i]))
			return false;
	return true;
}

/* ---- ports ---------------------------------------------------------------------------------------- */

static long
port_of(const char *text)
{
	const struct servent *service;
	char *end;
	long n = strtol(text, &end, 10);

	if (isdigit((unsigned char)*text))
		return *end || n > UINT16_MAX ? -1 : n;
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

/* Names of services have no colon, and may have a "-". Port 0 is none, but may begin a range. */
static bool
range_of(char *word, long *from, long *to)
{
	char *between = strchr(word, ':');

	if (!between && isdigit((unsigned char)*word))
		between = strchr(word, '-');
	if (between)
		*between++ = '\0';
	if (!*word && (!between || !*between))
		return false;
	*from = *word ? port_of(word) : 0;
	*to = !between ? *from : *between ? port_of(between) : UINT16_MAX;
	return *from >= 0 && *to >= *from && *to > 0;
}

bool
rule_ports(struct seq *ports, const char *text, bool tcp, bool udp)
{
	char copy[512], *rest = copy, *word;
	bool fits = true;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return false;
	while ((word = strsep(&rest, ","))) {
		long from, to;

		if (!range_of(word, &from, &to))
			return false;
		for (long port = from ? from : 1; port <= to && fits; port++)
			fits = (!tcp || add(ports, port, IPPROTO_TCP)) && (!udp || add(ports, port, IPPROTO_UDP));
	}
	if (!fits)
		ports->n = 0;
	return true;
}
