/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keys.h"

#include <ctype.h>
#include <strings.h>

#include "message.h"

static const struct conf_keys *const all[KEYS_LISTS] = { &keys_options, &keys_door, &keys_signed, &keys_share };

void
keys_use_syslog(struct parser *p)
{
	p->conf->use_syslog = true;
	message_tell(p, CONF_DEBUG, "config: usesyslog");
}

bool
keys_alike(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a && !isalnum((unsigned char)*a))
			a++;
		while (*b && !isalnum((unsigned char)*b))
			b++;
		if (!*a || !*b || tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return !*a && !*b;
	}
}

const struct conf_key *
keys_find(const char *name)
{
	for (size_t list = 0; list < KEYS_LISTS; list++)
		for (size_t i = 0; i < all[list]->n; i++)
			if (!strcasecmp(all[list]->at[i].name, name))
				return &all[list]->at[i];
	return NULL;
}

const char *
keys_similar(const char *name)
{
	for (size_t list = 0; list < KEYS_LISTS; list++)
		for (size_t i = 0; i < all[list]->n; i++)
			if (keys_alike(all[list]->at[i].name, name))
				return all[list]->at[i].name;
	return keys_alike("UseSyslog", name) ? "UseSyslog" : NULL;
}

static uint64_t
bit_of(const struct conf_keys *list, const struct conf_key *key)
{
	return UINT64_C(1) << (key - list->at);
}

bool
keys_seen(const struct parser *p, const struct conf_key *key)
{
	for (size_t list = 0; list < KEYS_LISTS; list++)
		for (size_t i = 0; i < all[list]->n; i++)
			if (all[list]->at[i].set == key->set && p->seen[list] & bit_of(all[list], &all[list]->at[i]))
				return true;
	return false;
}

void
keys_met(struct parser *p, const struct conf_key *key)
{
	for (size_t list = 0; list < KEYS_LISTS; list++)
		for (size_t i = 0; i < all[list]->n; i++)
			if (&all[list]->at[i] == key)
				p->seen[list] |= bit_of(all[list], key);
}
