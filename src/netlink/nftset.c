/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink/nftset.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netlink/nfnl.h"
#include "nftset_ask.h"
#include "nftset_fit.h"

#define TRANSACTION_MAX    (128 << 10) /* bytes: below every system's default send buffer, some 350 grants */
#define SETS_MAX           16          /* descriptions remembered while the ruleset is of one generation */
#define FEW                16          /* operations in one call; see choose() */
#define TURNS              4           /* of the way an addition is sent, while others change the same key */
#define TRIES              32          /* for one transaction, while others change the ruleset all the time */
#define MSG_DESTROYSETELEM 30          /* NFT_MSG_DESTROYSETELEM, which the headers of older kernels lack */
#define MESSAGES_PER_OP    3           /* add, delete, add */
#define OPS_PER_ROUND      1024        /* a message has at least 80 bytes, so TRANSACTION_MAX comes first */

/* How an addition is sent; the kernel's answer to one way may ask for another. */
enum way {
	WAY_FIRST,   /* to be chosen by the set */
	WAY_DESTROY, /* destroy, add: right whether it is there or not, on Linux 6.3 and later */
	WAY_REFRESH, /* add, delete, add: likewise, on every kernel */
	WAY_NEW,     /* add what must not be there */
	WAY_REPLACE, /* delete, add: it is there, maybe with other data */
};

struct op_state {
	bool done;
	uint8_t turns; /* how often the way was changed */
	enum way way;
};

/* The names are its own: the element that they were asked for may be gone by the next transaction. */
struct remembered {
	uint8_t family;
	char table[ELEMENT_NAME_MAX];
	char set[ELEMENT_NAME_MAX];
	struct described described;
};

struct nftset {
	struct nfnl *nfnl;
	bool no_destroy;                  /* the kernel is older than that */
	uint32_t generation;              /* of the ruleset, as far as known; 0: to be asked */
	bool asked;                       /* ... in the transaction under way */
	struct remembered sets[SETS_MAX]; /* ... of that generation */
	size_t n_sets;
	/* of the transaction under way */
	struct nftset_op *ops;
	struct op_state *states;
	size_t n;
	size_t owner[OPS_PER_ROUND * MESSAGES_PER_OP]; /* the op behind each message */
	size_t n_messages;
	bool ranges_added; /* ... to concatenated interval sets */
	size_t refused;    /* the op that was refused last, SIZE_MAX: none */
};

struct nftset *
nftset_open(void)
{
	struct nftset *nftset = calloc(1, sizeof(*nftset));

	if (!nftset)
		return NULL;
	nftset->nfnl = nfnl_open();
	if (!nftset->nfnl) {
		free(nftset);
		return NULL;
	}
	return nftset;
}

void
nftset_close(struct nftset *nftset)
{
	if (!nftset)
		return;
	nfnl_close(nftset->nfnl);
	free(nftset);
}

uint32_t
nftset_port(const struct nftset *nftset)
{
	return nfnl_port(nftset->nfnl);
}

static bool
is_of(const struct remembered *remembered, const struct element *element)
{
	return remembered->family == element->family && !strcmp(remembered->set, element->set) &&
	       !strcmp(remembered->table, element->table);
}

/* With more sets than places the last place is used again and again: slower, never wrong. */
static const struct described *
describe(struct nftset *nftset, const struct element *element)
{
	struct remembered *to;

	for (size_t i = 0; i < nftset->n_sets; i++) {
		if (is_of(&nftset->sets[i], element))
			return &nftset->sets[i].described;
	}
	if (nftset->n_sets < SETS_MAX)
		nftset->n_sets++;
	to = &nftset->sets[nftset->n_sets - 1];
	to->family = element->family;
	snprintf(to->table, sizeof(to->table), "%s", element->table);
	snprintf(to->set, sizeof(to->set), "%s", element->set);
	nftset_ask_set(nftset->nfnl, &to->described, element);
	return &to->described;
}

/* --- messages ------------------------------------------------------------------------------------ */

static int
put_message(struct nftset *nftset, const struct encoded *encoded, uint16_t type, uint16_t flags, size_t owner)
{
	struct nlmsghdr *nlh = nfnl_add(nftset->nfnl, type, encoded->op->element->family, flags);

	nftset->owner[nftset->n_messages++] = owner;
	if (nlh && !nftset_fit_put(nlh, encoded, type == NFT_MSG_NEWSETELEM))
		return 0;
	errno = ENOMEM;
	return -1;
}

static int
put_add(struct nftset *nftset, const struct encoded *encoded, size_t owner, uint16_t flags)
{
	return put_message(nftset, encoded, NFT_MSG_NEWSETELEM, NLM_F_CREATE | flags, owner);
}

static int
put_delete(struct nftset *nftset, const struct encoded *encoded, size_t owner)
{
	return put_message(nftset, encoded, NFT_MSG_DELSETELEM, 0, owner);
}

/* A delete that does not mind when there is nothing. */
static int
put_destroy(struct nftset *nftset, const struct encoded *encoded, size_t owner)
{
	return put_message(nftset, encoded, MSG_DESTROYSETELEM, 0, owner);
}

/*
 * A refused transaction costs the kernel a grace period of RCU, some milliseconds, so the way that is
 * never refused is the rule. In a concatenated interval set it takes time with the square of the
 * additions in one transaction, which is no matter for a few and seconds for hundreds.
 */
static enum way
choose(const struct nftset *nftset, const struct described *described)
{
	if (nftset_fit_is_ranges(described) && nftset->n > FEW)
		return WAY_NEW;
	/* of a range, what would be destroyed might be half of a wider one */
	return nftset->no_destroy || described->key.interval ? WAY_REFRESH : WAY_DESTROY;
}

static int
put_op(struct nftset *nftset, const struct encoded *encoded, size_t owner)
{
	enum way *way = &nftset->states[owner].way;

	if (!encoded->op->add)
		return put_delete(nftset, encoded, owner);
	nftset->ranges_added |= nftset_fit_is_ranges(encoded->described);
	if (*way == WAY_FIRST)
		*way = choose(nftset, encoded->described);
	if (*way == WAY_NEW)
		return put_add(nftset, encoded, owner, NLM_F_EXCL);
	if (*way == WAY_DESTROY)
		return put_destroy(nftset, encoded, owner) || put_add(nftset, encoded, owner, 0) ? -1 : 0;
	if (*way == WAY_REFRESH && put_add(nftset, encoded, owner, 0))
		return -1;
	return put_delete(nftset, encoded, owner) || put_add(nftset, encoded, owner, 0) ? -1 : 0;
}

/* --- refusals ------------------------------------------------------------------------------------ */

/*
 * What is there already is replaced: the element itself, or in a map its key with other data (EBUSY
 * on old kernels). It may be gone again by then.
 */
static bool
try_otherwise(struct nftset *nftset, const struct nftset_op *op, struct op_state *state, int error)
{
	bool there = error == EEXIST || error == EBUSY;

	if (state->turns == TURNS)
		return false;
	if (error == EINVAL && state->way == WAY_DESTROY) {
		nftset->no_destroy = true;
		state->way = WAY_FIRST;
		state->done = false;
		return true;
	}
	if (there && (state->way == WAY_NEW || (state->way == WAY_REFRESH && op->element->data)))
		state->way = WAY_REPLACE;
	else if (error == ENOENT && state->way == WAY_REPLACE)
		state->way = WAY_FIRST;
	else
		return false;
	state->turns++;
	state->done = false;
	return true;
}

/* Nothing is wrong with the operation. */
static bool
lacks_memory(int error)
{
	return error == ENOMEM || error == ENOBUFS;
}

static void
refuse_add(struct nftset *nftset, struct nftset_op *op, struct op_state *state, int error)
{
	if (try_otherwise(nftset, op, state, error))
		return;
	if (error == ENFILE)
		nftset_fit_fail(op, NFTSET_FULL, error, "the set's size is reached");
	else if (error == EEXIST || error == ENOTEMPTY || (state->turns == TURNS && !lacks_memory(error)))
		nftset_fit_fail(op, NFTSET_ERROR, EEXIST, "it overlaps a range that is in the set already");
	else if (error == ENOENT && op->element->data)
		nftset_fit_fail(op, NFTSET_DATA, error, "there is no such chain in the table");
	else
		nftset_fit_fail(op, NFTSET_ERROR, error, strerror(error));
}

/* The same again. */
static bool
try_again(struct op_state *state, int error)
{
	if (!lacks_memory(error) || state->turns == TURNS)
		return false;
	state->turns++;
	state->done = false;
	return true;
}

/* Only the first error of an operation says something: the others are its echo. */
static void
take_refusal(void *arg, size_t index, int error)
{
	struct nftset *nftset = arg;
	struct nftset_op *op;
	struct op_state *state;

	if (index >= nftset->n_messages || nftset->owner[index] == nftset->refused)
		return;
	nftset->refused = nftset->owner[index];
	op = &nftset->ops[nftset->owner[index]];
	state = &nftset->states[nftset->owner[index]];
	state->done = true;
	if (try_again(state, error))
		return;
	if (error == EPERM)
		nftset_fit_fail(op, NFTSET_PERMISSION, error, "the table belongs to another process");
	else if (op->add)
		refuse_add(nftset, op, state, error);
	else if (error == ENOENT)
		nftset_fit_fail(op, NFTSET_ABSENT, 0, "");
	else
		nftset_fit_fail(op, NFTSET_ERROR, error, strerror(error));
}

/*
 * In a concatenated interval set the kernel deletes whatever covers the key's beginning, an admin's
 * wide range for one address in it. So the kernel is asked what it would be. The answer does not
 * know what this transaction has added, hence an end is made to it first.
 */
static bool
must_search(const struct nftset *nftset, const struct encoded *encoded, size_t i)
{
	return nftset_fit_is_ranges(encoded->described) && (!encoded->op->add || nftset->states[i].way == WAY_REPLACE);
}

/* Settles the operation, or leaves it to be sent. */
static int
guard(struct nftset *nftset, const struct encoded *encoded, size_t i)
{
	struct nftset_op *op = &nftset->ops[i];
	enum found found;

	if (nftset_ask_element(nftset->nfnl, encoded, &found))
		return -1;
	if (found == FOUND_SAME)
		return 0;
	if (found == FOUND_OTHER)
		nftset_fit_fail(op, NFTSET_ERROR, EEXIST, "a wider range that is in the set covers it");
	else if (!op->add)
		nftset_fit_fail(op, NFTSET_ABSENT, 0, "");
	else
		nftset->states[i].way = WAY_NEW;
	nftset->states[i].done = found == FOUND_OTHER || !op->add;
	return 0;
}

/* --- transactions -------------------------------------------------------------------------------- */

/* What is not sent the kernel does not check, so no operation is settled by what was remembered. */
static int
ask_again(struct nftset *nftset)
{
	nftset->generation = 0;
	errno = ERESTART;
	return -1;
}

/* 1: sent or settled, 0: this one must begin a transaction, -1: netlink failed. */
static int
put_next(struct nftset *nftset, size_t i)
{
	struct encoded encoded;

	if (!nftset_fit_encode(&encoded, &nftset->ops[i], describe(nftset, nftset->ops[i].element))) {
		if (!nftset->asked)
			return ask_again(nftset);
		nftset->states[i].done = true;
		return 1;
	}
	if (must_search(nftset, &encoded, i)) {
		if (!nftset->asked)
			return ask_again(nftset);
		if (nftset->ranges_added)
			return 0;
		if (guard(nftset, &encoded, i))
			return -1;
	}
	return nftset->states[i].done || !put_op(nftset, &encoded, i) ? 1 : -1;
}

static int
fill(struct nftset *nftset, size_t *next)
{
	int rc = 1;
	size_t i;

	for (i = *next; i < nftset->n; i++) {
		if (nfnl_size(nftset->nfnl) >= TRANSACTION_MAX ||
		    nftset->n_messages / MESSAGES_PER_OP >= OPS_PER_ROUND - 1)
			break;
		if (!nftset->states[i].done)
			rc = put_next(nftset, i);
		if (rc < 0)
			return -1;
		if (!rc)
			break;
	}
	*next = i;
	return 0;
}

static void
settle(struct nftset *nftset, size_t from, size_t to, enum nftset_result result, int error)
{
	for (size_t i = from; i < to; i++) {
		if (nftset->states && nftset->states[i].done)
			continue;
		nftset_fit_fail(&nftset->ops[i], result, error, "");
		if (nftset->states)
			nftset->states[i].done = true;
	}
}

/*
 * Nobody is asked while the ruleset is as our last transaction has left it: one generation on. Should that be
 * wrong, the kernel refuses the transaction as such, which costs it nothing, and the next try asks.
 */
static int
know_generation(struct nftset *nftset)
{
	nftset->asked = !nftset->generation;
	if (!nftset->asked)
		return 0;
	nftset->n_sets = 0;
	return nfnl_generation(nftset->nfnl, &nftset->generation);
}

/*
 * One transaction of the operations from `first` on, as many as fit. 1: done up to *next, 0: to be
 * tried again without those that were refused, -1: netlink failed.
 */
static int
transact(struct nftset *nftset, size_t first, size_t *next, bool guarded)
{
	int refused;

	nftset->n_messages = 0;
	nftset->ranges_added = false;
	nftset->refused = SIZE_MAX;
	*next = first;
	if (know_generation(nftset))
		return -1;
	nfnl_begin(nftset->nfnl, guarded ? nftset->generation : 0);
	if (fill(nftset, next))
		return -1;
	refused = nfnl_commit(nftset->nfnl, take_refusal, nftset);
	nftset->generation = refused ? 0 : nftset->generation + (nftset->n_messages > 0);
	if (!refused)
		settle(nftset, first, *next, NFTSET_OK, 0);
	return refused < 0 ? -1 : !refused;
}

/* The last try goes without the guard, so that a ruleset that changes all the time does not starve it. */
static int
apply_some(struct nftset *nftset, size_t first, size_t *next)
{
	int rc;

	for (int i = 1; i <= TRIES; i++) {
		rc = transact(nftset, first, next, i < TRIES);
		if (rc > 0)
			return 0;
		if (rc < 0 && !nfnl_is_passing(errno))
			return -1;
	}
	if (!rc)
		errno = EBUSY;
	return -1;
}

static int
count_failures(const struct nftset_op *ops, size_t n)
{
	int failures = 0;

	for (size_t i = 0; i < n; i++)
		failures += ops[i].result != NFTSET_OK && ops[i].result != NFTSET_ABSENT;
	return failures;
}

static int
apply_all(struct nftset *nftset)
{
	size_t next = 0;

	while (next < nftset->n) {
		if (!apply_some(nftset, next, &next))
			continue;
		if (errno != EPERM)
			return -1;
		settle(nftset, 0, nftset->n, NFTSET_PERMISSION, EPERM);
		next = nftset->n;
	}
	return count_failures(nftset->ops, nftset->n);
}

int
nftset_apply(struct nftset *nftset, struct nftset_op *ops, size_t n)
{
	struct op_state one = { .way = WAY_FIRST };
	int rc, error;

	nftset->ops = ops;
	nftset->n = n;
	nftset->states = n > 1 ? calloc(n, sizeof(*nftset->states)) : &one;
	rc = nftset->states ? apply_all(nftset) : -1;
	error = errno;
	if (rc < 0)
		settle(nftset, 0, n, NFTSET_ERROR, error);
	if (nftset->states != &one)
		free(nftset->states);
	nftset->states = NULL;
	errno = error;
	return rc;
}

int
nftset_check(struct nftset *nftset, struct nftset_op *op)
{
	struct described described;
	struct encoded encoded;

	nftset_ask_set(nftset->nfnl, &described, op->element);
	if (nftset_fit_encode(&encoded, op, &described))
		nftset_fit_fail(op, NFTSET_OK, 0, "");
	if (op->result == NFTSET_ERROR) {
		errno = op->error;
		return -1;
	}
	return 0;
}

int
nftset_holds(struct nftset *nftset, struct nftset_op *op)
{
	struct described described;
	struct encoded encoded;
	int there;

	nftset_ask_set(nftset->nfnl, &described, op->element);
	if (!nftset_fit_encode(&encoded, op, &described))
		return op->result == NFTSET_KEY ? 0 : -1;
	there = nftset_ask_whether(nftset->nfnl, &encoded);
	if (there < 0)
		nftset_fit_fail(op, NFTSET_ERROR, errno, "");
	return there;
}
