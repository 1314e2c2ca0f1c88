/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keys.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "message.h"

#define LETTERS_MAX 31

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

/* The letters and digits of a name, in lower case; "" if there are too many. */
static void
take_letters(char to[static LETTERS_MAX + 1], const char *name)
{
	size_t n = 0;

	for (; *name && n <= LETTERS_MAX; name++)
		if (isalnum((unsigned char)*name))
			to[n++] = (char)tolower((unsigned char)*name);
	to[n > LETTERS_MAX ? 0 : n] = '\0';
}

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein's distance: how many letters are missing, too many or others. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[LETTERS_MAX + 1], above, corner;
	size_t len = strlen(b);

	for (size_t j = 0; j <= len; j++)
		row[j] = (unsigned)j;
	for (; *a; a++) {
		corner = row[0]++;
		for (size_t j = 1; j <= len; j++) {
			above = row[j];
			row[j] = least(above + 1, row[j - 1] + 1, corner + (*a != b[j - 1]));
			corner = above;
		}
	}
	return row[len];
}

/* Short names differ by few letters from any other. */
static unsigned
tolerance(const char *letters)
{
	return strlen(letters) < 4 ? 0 : strlen(letters) < 8 ? 1 : 2;
}

struct nearest {
	char letters[LETTERS_MAX + 1]; /* of the name that is looked for */
	const char *name;
	unsigned distance; /* a key must be nearer */
};

static void
compare(struct nearest *nearest, const char *name)
{
	char letters[LETTERS_MAX + 1];
	unsigned far;

	take_letters(letters, name);
	far = distance(letters, nearest->letters);
	if (far >= nearest->distance)
		return;
	nearest->name = name;
	nearest->distance = far;
}

const char *
keys_similar(const char *name)
{
	struct nearest nearest = { .name = NULL };

	take_letters(nearest.letters, name);
	nearest.distance = tolerance(nearest.letters) + 1;
	for (size_t list = 0; list < KEYS_LISTS; list++)
		for (size_t i = 0; i < all[list]->n; i++)
			compare(&nearest, all[list]->at[i].name);
	compare(&nearest, "UseSyslog");
	return nearest.name;
}

static uint64_t
bit_of(const struct conf_keys *list, const struct conf_key *key)
{
	return UINT64_C(1) << (key - list->at);
}

/* In `seen`. */
static bool
is_in(const uint64_t seen[static KEYS_LISTS], const struct conf_key *key)
{
	for (size_t list = 0; list < KEYS_LISTS; list++)
		for (size_t i = 0; i < all[list]->n; i++)
			if (all[list]->at[i].set == key->set && seen[list] & bit_of(all[list], &all[list]->at[i]))
				return true;
	return false;
}

bool
keys_seen(const struct parser *p, const struct conf_key *key)
{
	return is_in(p->seen, key);
}

bool
keys_in_options(const struct parser *p, const struct conf_key *key)
{
	return is_in(p->seen_options, key);
}

static void
add_to(uint64_t seen[static KEYS_LISTS], const struct conf_key *key)
{
	for (size_t list = 0; list < KEYS_LISTS; list++)
		for (size_t i = 0; i < all[list]->n; i++)
			if (&all[list]->at[i] == key)
				seen[list] |= bit_of(all[list], key);
}

void
keys_met(struct parser *p, const struct conf_key *key)
{
	add_to(p->seen, key);
	if (p->scope == CONF_SCOPE_OPTIONS)
		add_to(p->seen_options, key);
}
