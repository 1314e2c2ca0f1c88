/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nftset_fit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/text.h"

bool
nftset_fit_fail(struct nftset_op *op, enum nftset_result result, int error, const char *detail)
{
	op->result = result;
	op->error = error;
	text_copy(op->detail, sizeof(op->detail), detail);
	return false;
}

static bool
fit_set(struct nftset_op *op, const struct described *described)
{
	if (described->owned)
		return nftset_fit_fail(op, NFTSET_PERMISSION, EPERM, NFTSET_OWNED);
	if (!described->error)
		return true;
	if (described->error == ENOENT)
		return nftset_fit_fail(op, NFTSET_NO_SET, ENOENT,
				       described->no_table ? NFTSET_NO_TABLE : "no such set");
	if (described->error == EPERM)
		return nftset_fit_fail(op, NFTSET_PERMISSION, EPERM, "");
	return nftset_fit_fail(op, NFTSET_ERROR, described->error, strerror(described->error));
}

static bool
fit_key(struct encoded *encoded, struct nftset_op *op)
{
	const struct element *element = op->element;
	char err[sizeof(op->detail)];
	bool other;

	if (!nftkey_encode(&encoded->key, &encoded->described->key, element->parts, element->n_parts, &op->ip, err,
			   sizeof(err)))
		return true;
	other = nftkey_is_other_family(encoded->described->key.type, element->parts, element->n_parts, &op->ip);
	return nftset_fit_fail(op, other ? NFTSET_FAMILY : NFTSET_KEY, 0, err);
}

/* After fit_key(), so that only a client of the set's family gets this message. */
static bool
fit_prefix(struct nftset_op *op)
{
	int bits = element_prefix(op->element);
	char text[sizeof(op->detail)];

	if (!op->add || bits >= op->min_prefix)
		return true;
	snprintf(text, sizeof(text), "the prefix is wider than the /%d that Max_Prefix allows for %s", op->min_prefix,
		 op->ip.family == AF_INET6 ? "IPv6" : "IPv4");
	return nftset_fit_fail(op, NFTSET_WIDE, 0, text);
}

/* The kernel refuses changes of a constant set once a rule uses it. */
static bool
fit_flags(struct encoded *encoded, struct nftset_op *op)
{
	encoded->timeout_ms = op->timeout_ms ? op->timeout_ms : op->element->timeout_ms;
	if (op->add && encoded->described->flags & NFT_SET_CONSTANT)
		return nftset_fit_fail(op, NFTSET_FLAGS, 0, "the set has flags constant");
	if (!op->add || !encoded->timeout_ms || encoded->described->flags & NFT_SET_TIMEOUT)
		return true;
	return nftset_fit_fail(op, NFTSET_FLAGS, 0, "the set has no flags timeout");
}

static bool
fit_verdict(struct encoded *encoded, struct nftset_op *op)
{
	static const struct {
		const char *word;
		int verdict;
		bool chain;
	} verdicts[] = {
		{ "accept", NF_ACCEPT, false },      { "drop", NF_DROP, false }, { "return", NFT_RETURN, false },
		{ "continue", NFT_CONTINUE, false }, { "jump", NFT_JUMP, true }, { "goto", NFT_GOTO, true },
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
	return nftset_fit_fail(op, NFTSET_DATA, 0,
			       "the map needs a verdict (accept, drop, return, continue, jump X, goto X)");
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
	return nftset_fit_fail(op, NFTSET_DATA, 0, err);
}

/* A delete names only the key, so data does not matter. */
static bool
fit_data(struct encoded *encoded, struct nftset_op *op)
{
	uint32_t flags = encoded->described->flags;

	if (!op->add)
		return true;
	if (flags & NFT_SET_OBJECT)
		return nftset_fit_fail(op, NFTSET_DATA, 0, "it is a map to objects, which are not supported");
	if (!op->element->data)
		return !(flags & NFT_SET_MAP) ||
		       nftset_fit_fail(op, NFTSET_DATA, 0, "it is a map: \": value\" is missing");
	if (!(flags & NFT_SET_MAP))
		return nftset_fit_fail(op, NFTSET_DATA, 0, "it is a set, not a map: it takes no \": value\"");
	if (encoded->described->data_type == NFT_DATA_VERDICT)
		return fit_verdict(encoded, op);
	return fit_value(encoded, op);
}

bool
nftset_fit_encode(struct encoded *encoded, struct nftset_op *op, const struct described *described)
{
	*encoded = (struct encoded){ .op = op, .described = described };
	op->set_flags = described->flags;
	if (!fit_set(op, described) || !fit_key(encoded, op) || !fit_prefix(op) || !fit_flags(encoded, op) ||
	    !fit_data(encoded, op))
		return false;
	op->lifetime_ms = encoded->timeout_ms ? encoded->timeout_ms : described->timeout_ms;
	op->key_len = encoded->key.len;
	memcpy(op->key, encoded->key.from, sizeof(op->key));
	return true;
}

/* --- elements ------------------------------------------------------------------------------------ */

static int
set_userdata(struct nftnl_set_elem *elem, const char *comment, bool open)
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
	if (open) /* nft then prints the range, which has no closing element, as a range */
		nftnl_udata_put_u32(buf, NFTNL_UDATA_SET_ELEM_FLAGS, NFTNL_SET_ELEM_F_INTERVAL_OPEN);
	nftnl_set_elem_set(elem, NFTNL_SET_ELEM_USERDATA, nftnl_udata_buf_data(buf), nftnl_udata_buf_len(buf));
	nftnl_udata_buf_free(buf);
	return 0;
}

static void
set_data(struct nftnl_set_elem *elem, const struct encoded *encoded)
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

bool
nftset_fit_is_ranges(const struct described *described)
{
	return is_concat(described) && described->key.interval;
}

bool
nftset_fit_is_paired(const struct described *described)
{
	return !is_concat(described) && described->key.interval;
}

/* NULL: no memory. */
static struct nftnl_set_elem *
new_elem(const struct encoded *encoded, bool add, bool open)
{
	struct nftnl_set_elem *elem = nftnl_set_elem_alloc();

	if (!elem)
		return NULL;
	nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, encoded->key.from, encoded->key.len);
	if (nftset_fit_is_ranges(encoded->described))
		nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY_END, encoded->key.to, encoded->key.len);
	if (!add)
		return elem;
	if (set_userdata(elem, encoded->op->comment, open)) {
		nftnl_set_elem_free(elem);
		return NULL;
	}
	if (encoded->timeout_ms)
		nftnl_set_elem_set_u64(elem, NFTNL_SET_ELEM_TIMEOUT, encoded->timeout_ms);
	set_data(elem, encoded);
	return elem;
}

/* The element that closes a range [from, to) in a set that is not concatenated. */
static struct nftnl_set_elem *
new_end(const struct encoded *encoded, const uint8_t *after)
{
	struct nftnl_set_elem *elem = nftnl_set_elem_alloc();

	if (!elem)
		return NULL;
	nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, after, encoded->key.len);
	nftnl_set_elem_set_u32(elem, NFTNL_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	return elem;
}

/* Adds the element to the set, to which it then belongs. */
static int
add_elem(struct nftnl_set *set, struct nftnl_set_elem *elem)
{
	if (elem)
		nftnl_set_elem_add(set, elem);
	return elem ? 0 : -1;
}

/* A set of libnftnl's, with nothing but its name and the elements of a message. */
static struct nftnl_set *
new_list(const struct element *element)
{
	struct nftnl_set *set = nftnl_set_alloc();

	if (set && (nftnl_set_set_str(set, NFTNL_SET_TABLE, element->table) ||
		    nftnl_set_set_str(set, NFTNL_SET_NAME, element->set))) {
		nftnl_set_free(set);
		return NULL;
	}
	return set;
}

/* Writes the list if it is complete, and frees it. */
static int
put_list(struct nlmsghdr *nlh, struct nftnl_set *set, int incomplete)
{
	if (!incomplete)
		nftnl_set_elems_nlmsg_build_payload(nlh, set);
	nftnl_set_free(set);
	return incomplete;
}

int
nftset_fit_ask(struct nlmsghdr *nlh, const struct encoded *encoded, const uint8_t *key, bool end)
{
	struct nftnl_set *list = new_list(encoded->op->element);
	struct nftnl_set_elem *elem;

	if (!list)
		return -1;
	elem = end ? new_end(encoded, key) : nftnl_set_elem_alloc();
	if (elem && !end)
		nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, key, encoded->key.len);
	return put_list(nlh, list, add_elem(list, elem));
}

/* A range in a concatenated set is one element with two keys, elsewhere it is two elements. */
int
nftset_fit_put(struct nlmsghdr *nlh, const struct encoded *encoded, bool add)
{
	bool paired = nftset_fit_is_paired(encoded->described);
	uint8_t after[NFTKEY_LEN_MAX];
	bool closed = paired && nftkey_after(&encoded->key, after);
	struct nftnl_set *list = new_list(encoded->op->element);
	int rc;

	if (!list)
		return -1;
	rc = add_elem(list, new_elem(encoded, add, paired && !closed));
	if (!rc && closed)
		rc = add_elem(list, new_end(encoded, after));
	return put_list(nlh, list, rc);
}
