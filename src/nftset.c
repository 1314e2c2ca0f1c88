/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nftset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nfnl.h"
#include "nftkey.h"
#include "text.h"

#define TRANSACTION_MAX (128 << 10) /* bytes: below every system's default send buffer, some 350 grants */
#define SETS_MAX	16	    /* descriptions remembered within one transaction */
#define TRIES		32	    /* for one transaction, while others change the ruleset all the time */
#define MESSAGES_PER_OP 3	    /* add, delete, add */
#define OPS_PER_ROUND	1024	    /* a message has at least 80 bytes, so TRANSACTION_MAX comes first */

/* What the kernel says of a set, good for one generation of the ruleset. */
struct described {
	const struct element *element; /* names family, table and set; borrowed from the first op that asked */
	int	 error;		       /* errno of the question, 0: the rest is valid */
	bool	 no_table;
	uint32_t flags, data_type, data_len;
	struct nftkey_type key;
};

/* How an addition is sent; the kernel's answer to one way may ask for another. */
enum way {
	WAY_REFRESH, /* add, delete, add: right whether it is there or not */
	WAY_REPLACE, /* delete, add: it is there with other data */
};

struct state {
	bool	 done;
	bool	 interval; /* the set's */
	enum way way;
};

struct nftset {
	struct nfnl *nfnl;
	struct described sets[SETS_MAX];
	size_t	 n_sets;
	/* of the transaction under way */
	struct nftset_op *ops;
	struct state	 *states;
	size_t	 n;
	size_t	 owner[OPS_PER_ROUND * MESSAGES_PER_OP]; /* the op behind each message */
	size_t	 n_messages;
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

/* --- what the kernel knows of a set -------------------------------------------------------------- */

static int
read_set(const struct nlmsghdr *nlh, void *arg)
{
	struct described *described = arg;
	struct nftnl_set *set = nftnl_set_alloc();

	if (!set || nftnl_set_nlmsg_parse(nlh, set)) {
		nftnl_set_free(set);
		return MNL_CB_ERROR;
	}
	described->flags = nftnl_set_get_u32(set, NFTNL_SET_FLAGS);
	described->key.type = nftnl_set_get_u32(set, NFTNL_SET_KEY_TYPE);
	described->key.len = nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN);
	described->key.interval = described->flags & NFT_SET_INTERVAL;
	described->data_type = nftnl_set_get_u32(set, NFTNL_SET_DATA_TYPE);
	described->data_len = nftnl_set_get_u32(set, NFTNL_SET_DATA_LEN);
	nftnl_set_free(set);
	return MNL_CB_OK;
}

/* 0, or the kernel's errno. */
static int
ask(struct nftset *nftset, uint16_t type, uint8_t family, const char *table, const char *set, struct described *to)
{
	struct nlmsghdr *nlh = nfnl_request(nftset->nfnl, type, family);

	mnl_attr_put_strz(nlh, type == NFT_MSG_GETTABLE ? NFTA_TABLE_NAME : NFTA_SET_TABLE, table);
	if (set)
		mnl_attr_put_strz(nlh, NFTA_SET_NAME, set);
	errno = 0;
	if (!nfnl_ask(nftset->nfnl, set ? read_set : NULL, to))
		return 0;
	return errno ? errno : EPROTO;
}

static void
query(struct nftset *nftset, struct described *to, const struct element *element)
{
	*to = (struct described){ .element = element };
	to->error = ask(nftset, NFT_MSG_GETSET, element->family, element->table, element->set, to);
	if (to->error == ENOENT)
		to->no_table = ask(nftset, NFT_MSG_GETTABLE, element->family, element->table, NULL, NULL) == ENOENT;
}

static bool
same_set(const struct element *a, const struct element *b)
{
	return a->family == b->family && !strcmp(a->set, b->set) && !strcmp(a->table, b->table);
}

/* With more sets than places the last place is used again and again: slower, never wrong. */
static const struct described *
describe(struct nftset *nftset, const struct element *element)
{
	struct described *to;

	for (size_t i = 0; i < nftset->n_sets; i++) {
		if (same_set(nftset->sets[i].element, element))
			return &nftset->sets[i];
	}
	if (nftset->n_sets < SETS_MAX)
		nftset->n_sets++;
	to = &nftset->sets[nftset->n_sets - 1];
	query(nftset, to, element);
	return to;
}

/* --- does the operation fit the set? ------------------------------------------------------------- */

/* An operation as the set wants it. */
struct encoded {
	const struct nftset_op *op;
	const struct described *described;
	uint64_t      timeout_ms;
	struct nftkey key;
	struct nftkey data;
	uint32_t      verdict;	  /* of a verdict map */
	char	      chain[256]; /* ... for jump and goto; NFT_NAME_MAXLEN */
};

static bool
fail(struct nftset_op *op, enum nftset_result result, int error, const char *detail)
{
	op->result = result;
	op->error = error;
	text_copy(op->detail, sizeof(op->detail), detail);
	return false;
}

static bool
fit_set(struct nftset_op *op, const struct described *described)
{
	if (!described->error)
		return true;
	if (described->error == ENOENT)
		return fail(op, NFTSET_NO_SET, ENOENT, described->no_table ? NFTSET_NO_TABLE : "no such set");
	if (described->error == EPERM)
		return fail(op, NFTSET_PERMISSION, EPERM, "");
	return fail(op, NFTSET_ERROR, described->error, strerror(described->error));
}

static bool
fit_key(struct encoded *encoded, struct nftset_op *op)
{
	const struct element *element = op->element;
	char err[sizeof(op->detail)];

	if (!nftkey_encode(&encoded->key, &encoded->described->key, element->parts, element->n_parts, &op->ip, err,
			   sizeof(err)))
		return true;
	return fail(op, NFTSET_KEY, 0, err);
}

static bool
fit_timeout(struct encoded *encoded, struct nftset_op *op)
{
	encoded->timeout_ms = op->timeout_ms ? op->timeout_ms : op->element->timeout_ms;
	if (!op->add || !encoded->timeout_ms || encoded->described->flags & NFT_SET_TIMEOUT)
		return true;
	return fail(op, NFTSET_NO_TIMEOUT, 0, "the set has no flags timeout");
}

static bool
fit_verdict(struct encoded *encoded, struct nftset_op *op)
{
	static const struct {
		const char *word;
		int	    verdict;
		bool	    chain;
	} verdicts[] = {
		{ "accept", NF_ACCEPT, false },	  { "drop", NF_DROP, false }, { "return", NFT_RETURN, false },
		{ "continue", NFT_CONTINUE, false }, { "jump", NFT_JUMP, true },   { "goto", NFT_GOTO, true },
	};
	const char *data = op->element->data;
	size_t len = strcspn(data, " ");

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		if (strlen(verdicts[i].word) != len || strncmp(verdicts[i].word, data, len) ||
		    verdicts[i].chain != (data[len] == ' '))
			continue;
		encoded->verdict = (uint32_t)verdicts[i].verdict;
		if (!verdicts[i].chain || !text_copy(encoded->chain, sizeof(encoded->chain), data + len + 1))
			return true;
	}
	return fail(op, NFTSET_DATA, 0, "the map wants a verdict (accept, drop, return, continue, jump X, goto X)");
}

static bool
fit_value(struct encoded *encoded, struct nftset_op *op)
{
	struct nftkey_type type = { .type = encoded->described->data_type, .len = encoded->described->data_len };
	char copy[ELEMENT_TEXT_MAX], err[sizeof(op->detail)], *parts[ELEMENT_PARTS];
	size_t n;

	text_copy(copy, sizeof(copy), op->element->data);
	n = element_split(copy, parts);
	if (!nftkey_encode(&encoded->data, &type, parts, n, &op->ip, err, sizeof(err)))
		return true;
	return fail(op, NFTSET_DATA, 0, err);
}

/* A delete names the key alone, so what the map holds is no matter. */
static bool
fit_data(struct encoded *encoded, struct nftset_op *op)
{
	uint32_t flags = encoded->described->flags;

	if (!op->add)
		return true;
	if (flags & NFT_SET_OBJECT)
		return fail(op, NFTSET_DATA, 0, "it is a map to objects, which are not supported");
	if (!op->element->data)
		return !(flags & NFT_SET_MAP) || fail(op, NFTSET_DATA, 0, "it is a map: \": value\" is missing");
	if (!(flags & NFT_SET_MAP))
		return fail(op, NFTSET_DATA, 0, "it is a set and no map: it takes no \": value\"");
	if (encoded->described->data_type == NFT_DATA_VERDICT)
		return fit_verdict(encoded, op);
	return fit_value(encoded, op);
}

static bool
encode(struct encoded *encoded, struct nftset_op *op, const struct described *described)
{
	*encoded = (struct encoded){ .op = op, .described = described };
	return fit_set(op, described) && fit_key(encoded, op) && fit_timeout(encoded, op) && fit_data(encoded, op);
}

/* --- messages ------------------------------------------------------------------------------------ */

static int
put_userdata(struct nftnl_set_elem *elem, const char *comment, bool open)
{
	struct nftnl_udata_buf *buf;
	char text[ELEMENT_COMMENT_MAX];

	if (!comment && !open)
		return 0;
	buf = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	if (!buf)
		return -1;
	if (comment)
		nftnl_udata_put_strz(buf, NFTNL_UDATA_SET_ELEM_COMMENT, element_comment(comment, text));
	if (open) /* nft then shows a range that has no closing element as one */
		nftnl_udata_put_u32(buf, NFTNL_UDATA_SET_ELEM_FLAGS, NFTNL_SET_ELEM_F_INTERVAL_OPEN);
	nftnl_set_elem_set(elem, NFTNL_SET_ELEM_USERDATA, nftnl_udata_buf_data(buf), nftnl_udata_buf_len(buf));
	nftnl_udata_buf_free(buf);
	return 0;
}

static void
put_data(struct nftnl_set_elem *elem, const struct encoded *encoded)
{
	if (!encoded->op->element->data)
		return;
	if (encoded->described->data_type != NFT_DATA_VERDICT) {
		nftnl_set_elem_set(elem, NFTNL_SET_ELEM_DATA, encoded->data.from, encoded->data.len);
		return;
	}
	nftnl_set_elem_set_u32(elem, NFTNL_SET_ELEM_VERDICT, encoded->verdict);
	if (*encoded->chain)
		nftnl_set_elem_set_str(elem, NFTNL_SET_ELEM_CHAIN, encoded->chain);
}

static bool
is_concat(const struct described *described)
{
	return described->key.type >> 6;
}

/* The element that closes a range [from, to) in a set that is not concatenated. */
static int
put_end(struct nftnl_set *set, const struct encoded *encoded, const uint8_t *after)
{
	struct nftnl_set_elem *elem = nftnl_set_elem_alloc();

	if (!elem)
		return -1;
	nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, after, encoded->key.len);
	nftnl_set_elem_set_u32(elem, NFTNL_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	nftnl_set_elem_add(set, elem);
	return 0;
}

/* A range in a concatenated set is one element with two keys, elsewhere it is two elements. */
static int
put_elements(struct nftnl_set *set, const struct encoded *encoded, bool add)
{
	struct nftnl_set_elem *elem = nftnl_set_elem_alloc();
	uint8_t after[NFTKEY_LEN_MAX];
	bool interval = encoded->described->key.interval, concat = is_concat(encoded->described);
	bool closed = interval && !concat && nftkey_after(&encoded->key, after);

	if (!elem)
		return -1;
	nftnl_set_elem_add(set, elem);
	nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, encoded->key.from, encoded->key.len);
	if (interval && concat)
		nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY_END, encoded->key.to, encoded->key.len);
	if (add) {
		if (put_userdata(elem, encoded->op->comment, interval && !concat && !closed))
			return -1;
		if (encoded->timeout_ms)
			nftnl_set_elem_set_u64(elem, NFTNL_SET_ELEM_TIMEOUT, encoded->timeout_ms);
		put_data(elem, encoded);
	}
	return closed ? put_end(set, encoded, after) : 0;
}

static int
put_message(struct nftset *nftset, const struct encoded *encoded, bool add, size_t owner)
{
	const struct element *element = encoded->op->element;
	struct nftnl_set *set = nftnl_set_alloc();
	struct nlmsghdr *nlh = nfnl_add(nftset->nfnl, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, element->family,
					add ? NLM_F_CREATE : 0);

	nftset->owner[nftset->n_messages++] = owner;
	if (!set || !nlh || nftnl_set_set_str(set, NFTNL_SET_TABLE, element->table) ||
	    nftnl_set_set_str(set, NFTNL_SET_NAME, element->set) || put_elements(set, encoded, add)) {
		nftnl_set_free(set);
		errno = ENOMEM;
		return -1;
	}
	nftnl_set_elems_nlmsg_build_payload(nlh, set);
	nftnl_set_free(set);
	return 0;
}

static int
put_op(struct nftset *nftset, const struct encoded *encoded, size_t owner)
{
	nftset->states[owner].interval = encoded->described->key.interval;
	if (!encoded->op->add)
		return put_message(nftset, encoded, false, owner);
	if (nftset->states[owner].way == WAY_REFRESH && put_message(nftset, encoded, true, owner))
		return -1;
	return put_message(nftset, encoded, false, owner) || put_message(nftset, encoded, true, owner) ? -1 : 0;
}

/* --- transactions -------------------------------------------------------------------------------- */

/* The key may be in a map with other data (EBUSY on old kernels), and gone again when that is acted upon. */
static bool
try_otherwise(const struct nftset_op *op, struct state *state, int error)
{
	if (!op->element->data)
		return false;
	if (state->way == WAY_REFRESH && (error == EEXIST || error == EBUSY))
		state->way = WAY_REPLACE;
	else if (state->way == WAY_REPLACE && error == ENOENT && !state->interval)
		state->way = WAY_REFRESH;
	else
		return false;
	state->done = false;
	return true;
}

static void
refuse_add(struct nftset_op *op, struct state *state, int error)
{
	bool gone = error == ENOENT && state->way == WAY_REPLACE;

	if (try_otherwise(op, state, error))
		return;
	if (error == ENFILE)
		fail(op, NFTSET_FULL, error, "the set's size is reached");
	else if (error == EEXIST || error == ENOTEMPTY || gone)
		fail(op, NFTSET_ERROR, EEXIST, "it overlaps a range that is in the set already");
	else if (error == ENOENT && op->element->data)
		fail(op, NFTSET_DATA, error, "there is no such chain in the table");
	else
		fail(op, NFTSET_ERROR, error, strerror(error));
}

/* Only the first error of an operation says something: the others are its echo. */
static void
take_refusal(void *arg, size_t index, int error)
{
	struct nftset *nftset = arg;
	struct nftset_op *op;
	struct state *state;

	if (index >= nftset->n_messages)
		return;
	op = &nftset->ops[nftset->owner[index]];
	state = &nftset->states[nftset->owner[index]];
	if (state->done)
		return;
	state->done = true;
	if (error == EPERM)
		fail(op, NFTSET_PERMISSION, error, "the table belongs to another process");
	else if (op->add)
		refuse_add(op, state, error);
	else if (error == ENOENT)
		fail(op, NFTSET_ABSENT, 0, "");
	else
		fail(op, NFTSET_ERROR, error, strerror(error));
}

static int
fill(struct nftset *nftset, size_t *next)
{
	struct encoded encoded;
	size_t i;

	for (i = *next; i < nftset->n; i++) {
		if (nfnl_size(nftset->nfnl) >= TRANSACTION_MAX ||
		    nftset->n_messages / MESSAGES_PER_OP >= OPS_PER_ROUND - 1)
			break;
		if (nftset->states[i].done)
			continue;
		if (!encode(&encoded, &nftset->ops[i], describe(nftset, nftset->ops[i].element)))
			nftset->states[i].done = true;
		else if (put_op(nftset, &encoded, i))
			return -1;
	}
	*next = i;
	return 0;
}

static void
settle(struct nftset *nftset, size_t from, size_t to, enum nftset_result result, int error)
{
	for (size_t i = from; i < to; i++) {
		if (!nftset->states[i].done)
			fail(&nftset->ops[i], result, error, "");
		nftset->states[i].done = true;
	}
}

/*
 * One transaction of the operations from `first` on, as many as fit. 1: done up to *next, 0: to be
 * tried again without those that were refused, -1: netlink failed.
 */
static int
transact(struct nftset *nftset, size_t first, size_t *next, bool guarded)
{
	uint32_t generation;
	int refused;

	nftset->n_sets = nftset->n_messages = 0;
	*next = first;
	if (nfnl_generation(nftset->nfnl, &generation))
		return -1;
	nfnl_begin(nftset->nfnl, guarded ? generation : 0);
	if (fill(nftset, next))
		return -1;
	refused = nfnl_commit(nftset->nfnl, take_refusal, nftset);
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
		if (rc < 0 && errno != ERESTART && errno != EINTR && errno != EAGAIN && errno != EBUSY)
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
	struct state one = { .way = WAY_REFRESH };
	int rc;

	nftset->ops = ops;
	nftset->n = n;
	nftset->states = n > 1 ? calloc(n, sizeof(*nftset->states)) : &one;
	if (!nftset->states)
		return -1;
	rc = apply_all(nftset);
	if (nftset->states != &one)
		free(nftset->states);
	nftset->states = NULL;
	return rc;
}

int
nftset_check(struct nftset *nftset, struct nftset_op *op)
{
	struct described described;
	struct encoded encoded;

	query(nftset, &described, op->element);
	if (encode(&encoded, op, &described))
		fail(op, NFTSET_OK, 0, "");
	if (op->result == NFTSET_ERROR) {
		errno = op->error;
		return -1;
	}
	return 0;
}
