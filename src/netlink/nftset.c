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

#define TRANSACTION_MAX    (128 << 10) /* bytes, some 350 grants: below every system's default send buffer */
#define SETS_MAX           16          /* descriptions cached for one generation of the ruleset */
#define FEW                16          /* operations in one call; see choose() */
#define TURNS              4           /* retries of an operation: another way, or memory was short */
#define TRIES              32          /* of one transaction, while other programs change the ruleset */
#define MSG_DESTROYSETELEM 30          /* NFT_MSG_DESTROYSETELEM, which the headers of older kernels lack */
#define MESSAGES_PER_OP    3           /* add, delete, add */
#define OPS_PER_ROUND      1024        /* a message has at least 80 bytes, so TRANSACTION_MAX comes first */

/* How an addition is sent. A refusal may lead to another way. */
enum way {
	WAY_FIRST,   /* not chosen yet: see choose() */
	WAY_DESTROY, /* destroy, add: whether the element is there or not, Linux 6.3 and later */
	WAY_REFRESH, /* add, delete, add: the same on every kernel */
	WAY_NEW,     /* add: the element is not there */
	WAY_REPLACE, /* delete, add: the element is there, maybe with other data */
};

struct op_state {
	bool done;
	uint8_t turns; /* retries so far */
	enum way way;
};

/* Has copies of the names, as the element may be gone by the next transaction. */
struct remembered {
	uint8_t family;
	char table[ELEMENT_NAME_MAX];
	char set[ELEMENT_NAME_MAX];
	struct described described;
};

struct nftset {
	struct nfnl *nfnl;
	bool no_destroy;                  /* the kernel has no destroy */
	uint32_t generation;              /* of the ruleset; 0: unknown, ask the kernel */
	bool asked;                       /* the current transaction has asked */
	struct remembered sets[SETS_MAX]; /* of that generation */
	size_t n_sets;
	/* of the current call or transaction */
	struct nftset_op *ops;
	struct op_state *states;
	size_t n;
	size_t owner[OPS_PER_ROUND * MESSAGES_PER_OP]; /* the op of each message */
	size_t n_messages;
	bool ranges_added; /* to a concatenated interval set */
	size_t refused;    /* the op refused last; SIZE_MAX: none */
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

/* With more than SETS_MAX sets the last place is reused: slower, never wrong. */
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

/* A delete that succeeds without the element, too. */
static int
put_destroy(struct nftset *nftset, const struct encoded *encoded, size_t owner)
{
	return put_message(nftset, encoded, MSG_DESTROYSETELEM, 0, owner);
}

/*
 * A refused transaction costs an RCU grace period, some milliseconds, so prefer a way that is never refused. Not for
 * many additions to a concatenated interval set, which take the kernel time with the square of their number in a
 * transaction: seconds for hundreds.
 */
static enum way
choose(const struct nftset *nftset, const struct described *described)
{
	if (nftset_fit_is_ranges(described) && nftset->n > FEW)
		return WAY_NEW;
	/* in an interval set, destroy might remove one end of a wider range */
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
 * Replaces an element that exists: the same one, or in a map one with the same key and other data (EBUSY on old
 * kernels). By then it may be gone again.
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
		nftset_fit_fail(op, NFTSET_ERROR, EEXIST, "it overlaps a range in the set");
	else if (error == ENOENT && op->element->data)
		nftset_fit_fail(op, NFTSET_DATA, error, "the table has no such chain");
	else
		nftset_fit_fail(op, NFTSET_ERROR, error, strerror(error));
}

static bool
try_again(struct op_state *state, int error)
{
	if (!lacks_memory(error) || state->turns == TURNS)
		return false;
	state->turns++;
	state->done = false;
	return true;
}

/* Only the first error of an operation counts: the others follow from it. */
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
		nftset_fit_fail(op, NFTSET_PERMISSION, error, NFTSET_OWNED);
	else if (op->add)
		refuse_add(nftset, op, state, error);
	else if (error == ENOENT)
		nftset_fit_fail(op, NFTSET_ABSENT, 0, "");
	else
		nftset_fit_fail(op, NFTSET_ERROR, error, strerror(error));
}

/*
 * In a concatenated interval set the kernel deletes any range that covers the key's beginning, such as an admin's wide
 * range for one address in it. So ask the kernel first which range that is. Its answer lacks this transaction's
 * additions: after one the operation begins a new transaction.
 */
static bool
must_search(const struct nftset *nftset, const struct encoded *encoded, size_t i)
{
	return nftset_fit_is_ranges(encoded->described) && (!encoded->op->add || nftset->states[i].way == WAY_REPLACE);
}

/* Settles the operation, or lets it be sent. */
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
		nftset_fit_fail(op, NFTSET_ERROR, EEXIST, "a wider range in the set covers it");
	else if (!op->add)
		nftset_fit_fail(op, NFTSET_ABSENT, 0, "");
	else
		nftset->states[i].way = WAY_NEW;
	nftset->states[i].done = found == FOUND_OTHER || !op->add;
	return 0;
}

/* --- transactions -------------------------------------------------------------------------------- */

/* Never fail an operation from cached data; ask the kernel again. */
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
 * Assumes that the ruleset has not changed since our last transaction, which added one to the generation. If that is
 * wrong the kernel refuses the transaction, at no cost, and the next try asks for the generation.
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
 * One transaction of the operations from `first` on, as many as fit. 1: done up to *next; 0: try again without the
 * refused ones; -1: netlink failed.
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

/* The last try does not check the generation, so that permanent changes by other programs do not starve it. */
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
	if (!described.error) /* the kernel would tell at the first knock */
		described.owned = nftset_ask_owned(nftset->nfnl, op->element);
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
		return op->result == NFTSET_KEY || op->result == NFTSET_FAMILY ? 0 : -1;
	there = nftset_ask_whether(nftset->nfnl, &encoded);
	if (there < 0)
		nftset_fit_fail(op, NFTSET_ERROR, errno, "");
	return there;
}
