/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "leftovers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What the elements of one door look like in the set. */
struct form {
	const struct door *door;
	const struct element *element;
	char comment[ELEMENT_COMMENT_MAX];
	uint64_t lifetime_ms;
	uint8_t family; /* of the client */
	uint32_t key_len, ip_at;
	uint8_t key[NFTKEY_LEN_MAX];  /* of a client whose address is all zeroes */
	uint8_t mask[NFTKEY_LEN_MAX]; /* the bits of the address */
};

struct leftover {
	const struct form *form;
	struct addr ip;
	bool endless;
};

struct leftovers {
	struct grants *grants;
	struct form *forms;
	size_t n_forms;
	struct leftover *at;
	size_t n, size;
	size_t told, removed;
};

/* ---- forms ------------------------------------------------------------------------------------- */

static bool
is_there(const struct place *place, const struct element *element)
{
	return grant_is_in(place, element->family, element->table, element->set);
}

/* Into `forms`, unless it is NULL. Returns their number. */
static size_t
list_forms(const struct element_list *list, const struct place *place, const struct form *like, struct form *forms)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (!is_there(place, &list->at[i]))
			continue;
		if (forms) {
			forms[n] = *like;
			forms[n].element = &list->at[i];
		}
		n++;
	}
	return n;
}

/* Those of the elements that a door grants in the place, for each family. */
static size_t
list_of_door(const struct door *door, const struct place *place, struct form *forms)
{
	static const uint8_t families[CONF_FAMILIES] = { [CONF_V4] = AF_INET, [CONF_V6] = AF_INET6 };
	size_t n = 0;

	for (enum door_kind kind = 0; kind < DOOR_KINDS; kind++)
		for (enum conf_family f = CONF_V4; f < CONF_FAMILIES && door_adds(kind); f++)
			n +=
			    list_forms(door_elements(door, kind, f), place,
				       &(struct form){ .door = door, .family = families[f] }, forms ? forms + n : NULL);
	return n;
}

static size_t
list_all(const struct conf *conf, const struct place *place, struct form *forms)
{
	size_t n = 0;

	for (size_t i = 0; i < conf->n_doors; i++)
		n += list_of_door(&conf->doors[i], place, forms ? forms + n : NULL);
	return n;
}

static struct addr
filled(uint8_t family, int byte)
{
	struct addr addr = { .family = family };

	memset(addr.bytes, byte, addr_len(&addr));
	return addr;
}

/*
 * Where a rule renews elements, one of no access may be one that was renewed while no daemon ran.
 * Two keys, for the lowest and the highest address, tell where in the key the address is.
 */
static bool
learn(struct form *form, const struct nftset_op *low, const struct nftset_op *high)
{
	if (low->result != NFTSET_OK || high->result != NFTSET_OK || grant_is_renewable(low))
		return false;
	element_comment(form->door->name, form->comment);
	form->lifetime_ms = nftset_lifetime(low);
	form->key_len = low->key_len;
	memcpy(form->key, low->key, sizeof(form->key));
	for (size_t i = 0; i < form->key_len; i++)
		form->mask[i] = low->key[i] ^ high->key[i];
	while (form->ip_at < form->key_len && !form->mask[form->ip_at])
		form->ip_at++;
	return true;
}

static int
learn_all(struct leftovers *l)
{
	struct nftset_op *ops = calloc(2 * l->n_forms, sizeof(*ops));
	size_t known = 0;

	if (!ops)
		return -1;
	for (size_t i = 0; i < 2 * l->n_forms; i++)
		ops[i] = (struct nftset_op){ .element = l->forms[i / 2].element,
					     .ip = filled(l->forms[i / 2].family, i % 2 ? 0xff : 0) };
	nftset_check(l->grants->nftset, ops, 2 * l->n_forms);
	for (size_t i = 0; i < l->n_forms; i++) {
		l->forms[known] = l->forms[i];
		known += learn(&l->forms[known], &ops[2 * i], &ops[2 * i + 1]);
	}
	l->n_forms = known;
	free(ops);
	return 0;
}

struct leftovers *
leftovers_new(struct grants *g, const struct place *place, const struct conf *conf)
{
	size_t n = list_all(conf, place, NULL);
	struct leftovers *l = n ? calloc(1, sizeof(*l)) : NULL;

	if (!l)
		return NULL;
	l->grants = g;
	l->forms = calloc(n, sizeof(*l->forms));
	if (l->forms) {
		l->n_forms = list_all(conf, place, l->forms);
		if (!learn_all(l))
			return l;
	}
	leftovers_free(l);
	return NULL;
}

void
leftovers_free(struct leftovers *l)
{
	if (!l)
		return;
	free(l->forms);
	free(l->at);
	free(l);
}

/* ---- meeting them ------------------------------------------------------------------------------ */

static bool
has_form(const struct form *form, const uint8_t *key, uint32_t key_len, const struct nftset_found *found)
{
	if (form->key_len != key_len || found->timeout_ms > form->lifetime_ms || strcmp(form->comment, found->comment))
		return false;
	for (size_t i = 0; i < key_len; i++)
		if ((key[i] ^ form->key[i]) & ~form->mask[i])
			return false;
	return true;
}

static struct addr
client_of(const struct form *form, const uint8_t *key)
{
	struct addr ip = { .family = form->family };

	if (form->ip_at + addr_len(&ip) <= form->key_len)
		memcpy(ip.bytes, key + form->ip_at, addr_len(&ip));
	return ip;
}

/* Without memory it stays, until its time is over. */
static void
add(struct leftovers *l, const struct leftover *leftover)
{
	size_t size = l->size ? 2 * l->size : 64;
	struct leftover *at = l->at;

	if (l->n == l->size) {
		at = reallocarray(l->at, size, sizeof(*at));
		if (!at)
			return;
		l->at = at;
		l->size = size;
	}
	at[l->n++] = *leftover;
}

void
leftovers_meet(struct leftovers *l, const void *key, uint32_t key_len, const struct nftset_found *found)
{
	for (size_t i = 0; l && *found->comment && i < l->n_forms; i++) {
		const struct form *form = &l->forms[i];

		if (!has_form(form, key, key_len, found))
			continue;
		add(l, &(struct leftover){
			   .form = form, .ip = client_of(form, key), .endless = found->timeout_ms == NFTSET_ENDLESS });
		return;
	}
}

/* ---- removing them ----------------------------------------------------------------------------- */

static void
tell(struct leftovers *l, const struct leftover *leftover, const char *done)
{
	char text[LOG_TEXT_MAX / 2];

	if (l->told++ < LEFTOVERS_LINES)
		log_notice(l->grants->log, "%s: %s: %s: no access has it, so a saved ruleset may have brought it back",
			   leftover->form->door->name,
			   element_for(leftover->form->element, &leftover->ip, text, sizeof(text)), done);
}

static void
tell_result(struct leftovers *l, const struct leftover *leftover, const struct nftset_op *op)
{
	char text[LOG_TEXT_MAX / 2];

	l->removed += op->result == NFTSET_OK;
	if (op->result == NFTSET_OK)
		tell(l, leftover, "removed");
	else if (!nftset_is_good(op) && l->told++ < LEFTOVERS_LINES)
		log_warnx(l->grants->log, "%s: an element of no access cannot be deleted: %s",
			  leftover->form->door->name, nftset_explain(op, text, sizeof(text)));
}

/* At most GRANT_BATCH of them, from `at` on. */
static void
remove_some(struct leftovers *l, struct nftset_op *ops, const struct leftover *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ops[i] = (struct nftset_op){ .element = at[i].form->element,
					     .ip = at[i].ip,
					     .comment = at[i].form->door->name,
					     .own = true,
					     .seen = true };
	nftset_apply(l->grants->nftset, ops, n);
	for (size_t i = 0; i < n; i++)
		tell_result(l, &at[i], &ops[i]);
}

/* A door may give elements without a time: then one in a file may as well be the admin's. */
static void
spare_endless(struct leftovers *l, bool first)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (!l->at[i].endless)
			l->at[n++] = l->at[i];
		else if (first)
			tell(l, &l->at[i], "kept, without a time");
	}
	l->n = n;
}

size_t
leftovers_remove(struct leftovers *l, bool first)
{
	struct nftset_op *ops = l && l->n ? calloc(GRANT_BATCH, sizeof(*ops)) : NULL;

	if (!ops)
		return 0;
	spare_endless(l, first);
	for (size_t i = 0; i < l->n; i += GRANT_BATCH)
		remove_some(l, ops, l->at + i, l->n - i < GRANT_BATCH ? l->n - i : GRANT_BATCH);
	if (l->told > LEFTOVERS_LINES)
		log_notice(l->grants->log, "%zu more elements of no access", l->told - LEFTOVERS_LINES);
	free(ops);
	return l->removed;
}
