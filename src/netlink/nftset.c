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
#define FEW                16          /* operations in one call; see replace() */
#define TURNS              4           /* retries of an operation: another way, or an error that passes */
#define TRIES              32          /* of one transaction, while other programs change the ruleset */
#define MSG_DESTROYSETELEM 30          /* NFT_MSG_DESTROYSETELEM, which the headers of older kernels lack */
#define MESSAGES_PER_OP    3           /* add, delete, add */
#define OPS_PER_ROUND      1024        /* a message has at least 80 bytes, so TRANSACTION_MAX comes first */

/* How an addition is sent. An element that is there is replaced only after a look at it. */
enum way {
	WAY_NEW,     /* add; the kernel refuses if it is there */
	WAY_DESTROY, /* destroy, add: right whether it is there or not, on Linux 6.3 and later */
	WAY_REFRESH, /* add, delete, add: likewise, on every kernel */
	WAY_REPLACE, /* delete, add: it is there, maybe with other data */
};

struct op_state {
	bool done;
	bool look;     /* the kernel has refused to add it, since something is there */
	bool replace;  /* WAY_REFRESH was refused, because the data differ */
	uint8_t turns; /* how often it was tried in another way */
	enum way way;  /* in the transaction under way */
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
	struct nftset_owner owner;
	bool no_destroy;                  /* the kernel has no destroy */
	uint32_t generation;              /* of the ruleset; 0: unknown, ask the kernel */
	uint32_t looked;                  /* generation of the last nftset_each() and of our changes since; 0: none */
	bool asked;                       /* the current transaction has asked */
	struct remembered sets[SETS_MAX]; /* of that generation */
	size_t n_sets;
	/* of the current call or transaction */
	struct nftset_op *ops;
	struct op_state *states;
	size_t n, first;                                /* the transaction's first op */
	size_t behind[OPS_PER_ROUND * MESSAGES_PER_OP]; /* the op behind each message */
	size_t n_messages;
	bool ranges_added; /* to a concatenated interval set */
	size_t refused;    /* the op refused last; SIZE_MAX: none */
};

struct nftset *
nftset_new(struct nfnl *nfnl)
{
	struct nftset *nftset = calloc(1, sizeof(*nftset));

	if (!nftset)
		return NULL;
	nftset->nfnl = nfnl;
	nftset_set_owner(nftset, NULL);
	return nftset;
}

void
nftset_free(struct nftset *nftset)
{
	free(nftset);
}

/* --- the owner ----------------------------------------------------------------------------------- */

static bool
expect_none(void *arg, const struct nftset_op *op)
{
	(void)arg;
	(void)op;
	return false;
}

static bool
own_what_it_gives(void *arg, const struct nftset_op *op, const struct nftset_found *found)
{
	(void)arg;
	return nftset_gives(op, found);
}

void
nftset_set_owner(struct nftset *nftset, const struct nftset_owner *owner)
{
	static const struct nftset_owner none = { .expects = expect_none, .owns = own_what_it_gives };

	nftset->owner = owner ? *owner : none;
}

bool
nftset_gives(const struct nftset_op *op, const struct nftset_found *found)
{
	char comment[ELEMENT_COMMENT_MAX];

	return op->comment && !strcmp(found->comment, element_comment(op->comment, comment)) &&
	       found->timeout_ms <= nftset_lifetime(op);
}

uint64_t
nftset_lifetime(const struct nftset_op *op)
{
	return op->lifetime_ms ? op->lifetime_ms : NFTSET_ENDLESS;
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
put_message(struct nftset *nftset, const struct encoded *encoded, uint16_t type, uint16_t flags, size_t i)
{
	struct nlmsghdr *nlh = nfnl_add(nftset->nfnl, type, encoded->op->element->family, flags);

	nftset->behind[nftset->n_messages++] = i;
	if (nlh && !nftset_fit_put(nlh, encoded, type == NFT_MSG_NEWSETELEM))
		return 0;
	errno = ENOMEM;
	return -1;
}

static int
put_add(struct nftset *nftset, const struct encoded *encoded, size_t i, uint16_t flags)
{
	return put_message(nftset, encoded, NFT_MSG_NEWSETELEM, NLM_F_CREATE | flags, i);
}

static int
put_delete(struct nftset *nftset, const struct encoded *encoded, size_t i)
{
	return put_message(nftset, encoded, NFT_MSG_DELSETELEM, 0, i);
}

/* A delete that succeeds without the element, too. */
static int
put_destroy(struct nftset *nftset, const struct encoded *encoded, size_t i)
{
	return put_message(nftset, encoded, MSG_DESTROYSETELEM, 0, i);
}

static int
put_op(struct nftset *nftset, const struct encoded *encoded, size_t i)
{
	if (!encoded->op->add)
		return put_delete(nftset, encoded, i);
	nftset->ranges_added |= nftset_fit_is_ranges(encoded->described);
	switch (nftset->states[i].way) {
	case WAY_NEW:
		return put_add(nftset, encoded, i, NLM_F_EXCL);
	case WAY_DESTROY:
		return put_destroy(nftset, encoded, i) || put_add(nftset, encoded, i, 0) ? -1 : 0;
	case WAY_REFRESH:
		if (put_add(nftset, encoded, i, 0))
			return -1;
		break;
	case WAY_REPLACE:
		break;
	}
	return put_delete(nftset, encoded, i) || put_add(nftset, encoded, i, 0) ? -1 : 0;
}

/* --- refusals ------------------------------------------------------------------------------------ */

/*
 * EEXIST: it is there, or a range that overlaps it. EBUSY: likewise, in a map with other data. ENOENT: it was there at
 * the look, and is gone. EINVAL: this kernel knows no destroy.
 */
static bool
try_otherwise(struct nftset *nftset, const struct nftset_op *op, struct op_state *state, int error)
{
	bool there = error == EEXIST || error == EBUSY;

	if (state->turns == TURNS)
		return false;
	if (error == EINVAL && state->way == WAY_DESTROY)
		nftset->no_destroy = true;
	else if (there && state->way == WAY_NEW)
		state->look = true;
	else if (there && state->way == WAY_REFRESH && op->element->data)
		state->replace = true;
	else if (error != ENOENT || state->way != WAY_REPLACE)
		return false;
	state->turns++;
	state->done = false;
	return true;
}

/* A set without ranges is a hash table: EBUSY while the kernel makes it larger. */
static bool
passes(int error)
{
	return error == ENOMEM || error == ENOBUFS || error == EBUSY;
}

static void
refuse_add(struct nftset *nftset, struct nftset_op *op, struct op_state *state, int error)
{
	if (try_otherwise(nftset, op, state, error))
		return;
	if (error == ENFILE)
		nftset_fit_fail(op, NFTSET_FULL, error, "the set's size is reached");
	else if (error == EEXIST || error == ENOTEMPTY || (state->turns == TURNS && !passes(error)))
		nftset_fit_fail(op, NFTSET_ERROR, EEXIST, "it overlaps a range in the set");
	else if (error == ENOENT && op->element->data)
		nftset_fit_fail(op, NFTSET_DATA, error, "the table has no such chain");
	else
		nftset_fit_fail(op, NFTSET_ERROR, error, strerror(error));
}

static bool
try_again(struct op_state *state, int error)
{
	if (!passes(error) || state->turns == TURNS)
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

	if (index >= nftset->n_messages || nftset->behind[index] == nftset->refused)
		return;
	nftset->refused = nftset->behind[index];
	op = &nftset->ops[nftset->behind[index]];
	state = &nftset->states[nftset->behind[index]];
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

/* --- what is there already ----------------------------------------------------------------------- */

/* What is not sent the kernel does not check, so no operation is settled by what was remembered. */
static int
ask_again(struct nftset *nftset)
{
	nftset->generation = 0;
	errno = ERESTART;
	return -1;
}

/*
 * A refused transaction costs the kernel a grace period of RCU, some milliseconds, so the way that is
 * never refused is the rule. In a concatenated interval set it takes time with the square of the
 * additions in one transaction, which is no matter for a few and seconds for hundreds.
 */
static enum way
replace(const struct nftset *nftset, const struct described *described, const struct op_state *state)
{
	if (state->replace || (nftset_fit_is_ranges(described) && nftset->n > FEW))
		return WAY_REPLACE;
	/* of a range, what would be destroyed might be half of a wider one */
	return nftset->no_destroy || described->key.interval ? WAY_REFRESH : WAY_DESTROY;
}

/* The last operation before this one that the transaction under way has for the same key, or NULL. */
static const struct nftset_op *
find_earlier(const struct nftset *nftset, size_t i)
{
	const struct nftset_op *op = &nftset->ops[i];

	for (size_t j = i; j-- > nftset->first;) {
		const struct nftset_op *other = &nftset->ops[j];

		if (!nftset->states[j].done && other->key_len == op->key_len &&
		    !memcmp(other->key, op->key, op->key_len) && other->element->family == op->element->family &&
		    !strcmp(other->element->set, op->element->set) &&
		    !strcmp(other->element->table, op->element->table))
			return other;
	}
	return NULL;
}

/* Nothing has changed since nftset_each() has shown the element. Of a range it has not shown the end. */
static bool
is_seen(const struct nftset *nftset, const struct encoded *encoded)
{
	return encoded->op->seen && nftset->looked && nftset->looked == nftset->generation &&
	       !encoded->described->key.interval;
}

/*
 * Before an element is replaced, it must be known whose it is. In a concatenated interval set the kernel deletes
 * whatever covers the key's beginning, an admin's wide range for one address in it. Before Linux 5.7 a range could be
 * added into another one, and made holes in it.
 */
static bool
must_look(const struct nftset *nftset, const struct encoded *encoded, size_t i)
{
	const struct nftset_op *op = encoded->op;

	if (!op->add)
		return (op->own && !is_seen(nftset, encoded)) || nftset_fit_is_ranges(encoded->described);
	return nftset->states[i].look || op->likely || nftset_fit_is_paired(encoded->described) ||
	       nftset->owner.expects(nftset->owner.arg, op);
}

/* Settled without a change. A fresh description of the set is needed, since the kernel checks only what is sent. */
static int
settle_op(struct nftset *nftset, size_t i, enum nftset_result result, int error, const char *detail)
{
	if (!nftset->asked)
		return ask_again(nftset);
	nftset_fit_fail(&nftset->ops[i], result, error, detail);
	nftset->states[i].done = true;
	return 1;
}

static const char *
reason(const struct match *match)
{
	bool endless = match->found.left_ms == NFTSET_ENDLESS;

	if (match->kind == MATCH_WIDER)
		return endless ? "in a range without a time" : "in a range that has more time";
	return endless ? "without a time" : "with more time";
}

static int
judge_add(struct nftset *nftset, const struct encoded *encoded, size_t i, const struct match *match)
{
	const struct nftset_op *op = encoded->op;
	struct op_state *state = &nftset->states[i];
	bool stays = match->found.left_ms >= nftset_lifetime(op);

	if (match->kind == MATCH_PART || (match->kind == MATCH_WIDER && !stays))
		return settle_op(nftset, i, NFTSET_ERROR, EEXIST, "it overlaps a range in the set");
	if (match->kind == MATCH_WIDER ||
	    (match->kind == MATCH_SAME && stays && !nftset->owner.owns(nftset->owner.arg, op, &match->found)))
		return settle_op(nftset, i, NFTSET_KEPT, 0, reason(match));
	state->way = replace(nftset, encoded->described, state);
	if (match->kind == MATCH_NONE && (!state->look || state->way == WAY_REPLACE))
		state->way = WAY_NEW;
	return 1;
}

static int
judge_delete(struct nftset *nftset, const struct encoded *encoded, size_t i, const struct match *match)
{
	const struct nftset_op *op = encoded->op;

	if (match->kind == MATCH_NONE)
		return settle_op(nftset, i, NFTSET_ABSENT, 0, "");
	if (op->own && (match->kind != MATCH_SAME || !nftset->owner.owns(nftset->owner.arg, op, &match->found)))
		return settle_op(nftset, i, NFTSET_KEPT, 0, "from another program");
	if (match->kind != MATCH_SAME)
		return settle_op(nftset, i, NFTSET_ERROR, EEXIST, "a wider range in the set covers it");
	return 1;
}

/* Returns as put_next(). The kernel's answer does not know what the transaction under way has done so far. */
static int
look(struct nftset *nftset, const struct encoded *encoded, size_t i)
{
	const struct nftset_op *op = encoded->op, *earlier;
	struct match match = { .kind = MATCH_NONE };

	if (nftset_fit_is_ranges(encoded->described) && nftset->ranges_added)
		return 0;
	earlier = find_earlier(nftset, i);
	if (earlier) {
		if (earlier->add)
			nftset->states[i].way = replace(nftset, encoded->described, &nftset->states[i]);
		return 1;
	}
	if (nftset_ask_element(nftset->nfnl, encoded, &match)) /* the set may have changed since it was described */
		return nftset->asked || errno == EPERM ? -1 : ask_again(nftset);
	return op->add ? judge_add(nftset, encoded, i, &match) : judge_delete(nftset, encoded, i, &match);
}

/* --- transactions -------------------------------------------------------------------------------- */

/* 1: sent or settled, 0: this one must begin a transaction, -1: netlink failed. */
static int
put_next(struct nftset *nftset, size_t i)
{
	struct encoded encoded;
	int rc;

	if (!nftset_fit_encode(&encoded, &nftset->ops[i], describe(nftset, nftset->ops[i].element))) {
		if (!nftset->asked)
			return ask_again(nftset);
		nftset->states[i].done = true;
		return 1;
	}
	nftset->states[i].way = WAY_NEW;
	if (must_look(nftset, &encoded, i) && (rc = look(nftset, &encoded, i)) <= 0)
		return rc;
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

/* A transaction of ours is done. */
static void
note_change(struct nftset *nftset)
{
	if (nftset->looked == nftset->generation)
		nftset->looked++;
	nftset->generation++;
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
	nftset->first = first;
	nftset->ranges_added = false;
	nftset->refused = SIZE_MAX;
	*next = first;
	if (know_generation(nftset))
		return -1;
	nfnl_begin(nftset->nfnl, guarded ? nftset->generation : 0);
	if (fill(nftset, next))
		return -1;
	refused = nfnl_commit(nftset->nfnl, take_refusal, nftset);
	if (!refused && nftset->n_messages)
		note_change(nftset);
	if (refused)
		nftset->generation = 0;
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

bool
nftset_is_good(const struct nftset_op *op)
{
	return op->result == NFTSET_OK || op->result == NFTSET_ABSENT || op->result == NFTSET_KEPT;
}

static int
count_failures(const struct nftset_op *ops, size_t n)
{
	int failures = 0;

	for (size_t i = 0; i < n; i++)
		failures += !nftset_is_good(&ops[i]);
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
	struct op_state one = { .done = false };
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
nftset_check(struct nftset *nftset, struct nftset_op *ops, size_t n)
{
	struct encoded encoded;
	int error = 0;

	nftset->n_sets = 0;
	nftset->generation = 0;
	for (size_t i = 0; i < n; i++) {
		size_t known = nftset->n_sets;
		const struct described *described = describe(nftset, ops[i].element);

		if (nftset->n_sets > known && !described->error) /* the kernel would tell at the first knock */
			nftset->sets[known].described.owned = nftset_ask_owned(nftset->nfnl, ops[i].element);
		if (nftset_fit_encode(&encoded, &ops[i], described))
			nftset_fit_fail(&ops[i], NFTSET_OK, 0, "");
		if (ops[i].result == NFTSET_ERROR)
			error = ops[i].error;
	}
	errno = error;
	return error ? -1 : 0;
}

/* 0, or -1 with errno. */
static int
visit_all(struct nftset *nftset, const struct element *set, nftset_visit *visit, void *arg)
{
	struct described described;

	nftset_ask_set(nftset->nfnl, &described, set);
	if (!described.error)
		return nftset_ask_elements(nftset->nfnl, set, described.timeout_ms, visit, arg);
	errno = described.error;
	return -1;
}

int
nftset_each(struct nftset *nftset, const struct element *set, nftset_visit *visit, void *arg)
{
	uint32_t before, after;

	nftset->looked = nftset->generation = 0;
	if (nfnl_generation(nftset->nfnl, &before) || visit_all(nftset, set, visit, arg) ||
	    nfnl_generation(nftset->nfnl, &after))
		return -1;
	if (before == after)
		nftset->looked = after;
	return 0;
}

bool
nftset_unchanged(struct nftset *nftset)
{
	uint32_t generation;

	return nftset->looked && !nfnl_generation(nftset->nfnl, &generation) && generation == nftset->looked;
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

int
nftset_find(struct nftset *nftset, struct nftset_op *op, struct nftset_found *found)
{
	struct described described;
	struct encoded encoded;
	struct match match;

	nftset_ask_set(nftset->nfnl, &described, op->element);
	if (!nftset_fit_encode(&encoded, op, &described) || nftset_ask_element(nftset->nfnl, &encoded, &match))
		return -1;
	*found = match.found;
	return match.kind == MATCH_SAME;
}
