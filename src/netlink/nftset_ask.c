/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nftset_ask.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

/* NFT_TABLE_F_OWNER and NFTA_TABLE_OWNER, which the headers of kernels before 5.12 lack */
#define TABLE_F_OWNER 0x2
#define TABLE_OWNER   7

/* The description of a table. */
struct table_read {
	uint32_t flags, owner; /* a netlink port */
};

static int
read_set(const struct nlmsghdr *nlh, void *arg)
{
	struct described *described = arg;
	struct nftnl_set *set = nftnl_set_alloc();

	if (!set)
		return MNL_CB_ERROR;
	if (nftnl_set_nlmsg_parse(nlh, set)) {
		nftnl_set_free(set);
		return MNL_CB_ERROR;
	}
	described->flags = nftnl_set_get_u32(set, NFTNL_SET_FLAGS);
	described->key.type = nftnl_set_get_u32(set, NFTNL_SET_KEY_TYPE);
	described->key.len = nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN);
	described->key.interval = described->flags & NFT_SET_INTERVAL;
	described->data_type = nftnl_set_get_u32(set, NFTNL_SET_DATA_TYPE);
	described->data_len = nftnl_set_get_u32(set, NFTNL_SET_DATA_LEN);
	described->timeout_ms = nftnl_set_get_u64(set, NFTNL_SET_TIMEOUT);
	nftnl_set_free(set);
	return MNL_CB_OK;
}

/* mnl_attr_cb_t */
static int
read_owner(const struct nlattr *attr, void *arg)
{
	struct table_read *table = arg;

	if (mnl_attr_get_type(attr) == NFTA_TABLE_FLAGS)
		table->flags = ntohl(mnl_attr_get_u32(attr));
	else if (mnl_attr_get_type(attr) == TABLE_OWNER)
		table->owner = ntohl(mnl_attr_get_u32(attr));
	return MNL_CB_OK;
}

static int
read_table(const struct nlmsghdr *nlh, void *arg)
{
	return mnl_attr_parse(nlh, sizeof(struct nfgenmsg), read_owner, arg);
}

/* 0, or the kernel's errno. */
static int
ask(struct nfnl *nfnl, mnl_cb_t answer, void *to)
{
	errno = 0;
	if (!nfnl_ask(nfnl, answer, to))
		return 0;
	return errno ? errno : EPROTO;
}

static int
ask_table(struct nfnl *nfnl, const struct element *element, struct table_read *table)
{
	struct nlmsghdr *nlh = nfnl_request(nfnl, NFT_MSG_GETTABLE, element->family);

	*table = (struct table_read){ .flags = 0 };
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, element->table);
	return ask(nfnl, read_table, table);
}

static bool
is_others(const struct nfnl *nfnl, const struct table_read *table)
{
	return table->flags & TABLE_F_OWNER && table->owner != nfnl_port(nfnl);
}

void
nftset_ask_set(struct nfnl *nfnl, struct described *to, const struct element *element)
{
	struct nlmsghdr *nlh = nfnl_request(nfnl, NFT_MSG_GETSET, element->family);
	struct table_read table;

	*to = (struct described){ .error = 0 };
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, element->table);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, element->set);
	to->error = ask(nfnl, read_set, to);
	if (to->error != ENOENT)
		return;
	to->no_table = ask_table(nfnl, element, &table) == ENOENT;
	to->owned = is_others(nfnl, &table);
}

bool
nftset_ask_owned(struct nfnl *nfnl, const struct element *element)
{
	struct table_read table;

	return !ask_table(nfnl, element, &table) && is_others(nfnl, &table);
}

/* --- one element --------------------------------------------------------------------------------- */

/* The comment's user data, as nft writes it: attributes, each with its type and length. */
static int
take_comment(const struct nftnl_udata *attr, void *arg)
{
	char *comment = arg;

	if (nftnl_udata_type(attr) == NFTNL_UDATA_SET_ELEM_COMMENT)
		snprintf(comment, ELEMENT_COMMENT_MAX, "%.*s", (int)nftnl_udata_len(attr),
			 (const char *)nftnl_udata_get(attr));
	return 0;
}

/* Since Linux 6.12 the kernel leaves out a timeout that is the set's own. Only an element with a time expires. */
static void
describe(struct nftnl_set_elem *elem, uint64_t set_timeout_ms, struct nftset_found *found)
{
	uint32_t len = 0;
	const void *udata = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_USERDATA, &len);

	found->left_ms = found->timeout_ms = NFTSET_ENDLESS;
	if (nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_EXPIRATION)) {
		found->left_ms = nftnl_set_elem_get_u64(elem, NFTNL_SET_ELEM_EXPIRATION);
		found->timeout_ms = nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_TIMEOUT)
					? nftnl_set_elem_get_u64(elem, NFTNL_SET_ELEM_TIMEOUT)
					: set_timeout_ms;
	}
	*found->comment = '\0';
	if (udata)
		nftnl_udata_parse(udata, len, take_comment, found->comment);
}

struct answer {
	uint64_t set_timeout_ms;
	bool there;
	uint32_t len; /* of the key */
	uint8_t from[NFTKEY_LEN_MAX], to[NFTKEY_LEN_MAX];
	struct nftset_found found;
};

static int
take_element(struct nftnl_set_elem *elem, void *arg)
{
	struct answer *answer = arg;
	uint32_t len = 0, end_len = 0;
	const void *from = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &len);
	const void *to = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY_END, &end_len);

	if (!from || len > NFTKEY_LEN_MAX || (to && end_len != len))
		return 0;
	answer->there = true;
	answer->len = len;
	memcpy(answer->from, from, len);
	memcpy(answer->to, to ? to : from, len);
	describe(elem, answer->set_timeout_ms, &answer->found);
	return 0;
}

struct reading {
	int (*take)(struct nftnl_set_elem *elem, void *arg);
	void *arg;
};

static int
read_elements(const struct nlmsghdr *nlh, void *arg)
{
	const struct reading *reading = arg;
	struct nftnl_set *set = nftnl_set_alloc();
	int rc = set && !nftnl_set_elems_nlmsg_parse(nlh, set) ? MNL_CB_OK : MNL_CB_ERROR;

	if (rc == MNL_CB_OK)
		nftnl_set_elem_foreach(set, reading->take, reading->arg);
	if (set)
		nftnl_set_free(set);
	return rc;
}

/* See nftset_fit_ask(). 0, or -1 with errno. */
static int
ask_one(struct nfnl *nfnl, const struct encoded *encoded, const uint8_t *key, bool end, struct answer *answer)
{
	struct nlmsghdr *nlh = nfnl_request(nfnl, NFT_MSG_GETSETELEM, encoded->op->element->family);
	struct reading reading = { .take = take_element, .arg = answer };

	*answer = (struct answer){ .set_timeout_ms = encoded->described->timeout_ms };
	if (nftset_fit_ask(nlh, encoded, key, end)) {
		errno = ENOMEM;
		return -1;
	}
	if (nfnl_ask(nfnl, read_elements, &reading))
		return errno == ENOENT ? 0 : -1;
	answer->there &= answer->len == encoded->key.len;
	return 0;
}

/* In a set of several fields an element has both ends of a range. Without ranges the kernel finds the key alone. */
static void
compare_element(const struct encoded *encoded, const struct answer *answer, struct match *match)
{
	const struct nftkey *key = &encoded->key;

	if (!nftset_fit_is_ranges(encoded->described) ||
	    (!memcmp(answer->from, key->from, key->len) && !memcmp(answer->to, key->to, key->len)))
		match->kind = MATCH_SAME;
	else if (nftkey_covers(&encoded->described->key, answer->from, answer->to, key))
		match->kind = MATCH_WIDER;
	else
		match->kind = MATCH_PART;
}

/*
 * In a set of one field the end of a range is an element of its own. The kernel does not find it while an expired
 * range begins there. Is there a range from the key's beginning that goes on behind its end?
 */
static int
compare_end(struct nfnl *nfnl, const struct encoded *encoded, struct match *match)
{
	uint8_t after[NFTKEY_LEN_MAX];
	struct answer end;

	match->kind = MATCH_SAME;
	if (!nftkey_after(&encoded->key, after))
		return 0;
	if (ask_one(nfnl, encoded, after, true, &end))
		return -1;
	if (end.there && memcmp(end.from, after, encoded->key.len) > 0)
		match->kind = MATCH_WIDER;
	return 0;
}

static int
compare_range(struct nfnl *nfnl, const struct encoded *encoded, const struct answer *answer, struct match *match)
{
	const struct nftkey *key = &encoded->key;
	struct answer last = *answer;

	if (memcmp(key->from, key->to, key->len) && ask_one(nfnl, encoded, key->to, false, &last))
		return -1;
	if (!answer->there && !last.there)
		return 0;
	match->kind = MATCH_PART;
	if (!answer->there || !last.there || memcmp(answer->from, last.from, key->len))
		return 0;
	match->kind = MATCH_WIDER;
	return memcmp(answer->from, key->from, key->len) ? 0 : compare_end(nfnl, encoded, match);
}

int
nftset_ask_element(struct nfnl *nfnl, const struct encoded *encoded, struct match *match)
{
	struct answer answer;

	match->kind = MATCH_NONE;
	if (ask_one(nfnl, encoded, encoded->key.from, false, &answer))
		return -1;
	match->found = answer.found;
	if (nftset_fit_is_paired(encoded->described))
		return compare_range(nfnl, encoded, &answer, match);
	if (answer.there)
		compare_element(encoded, &answer, match);
	return 0;
}

/* --- all of them --------------------------------------------------------------------------------- */

struct visiting {
	uint64_t timeout_ms;
	nftset_visit *visit;
	void *arg;
};

static bool
is_end(struct nftnl_set_elem *elem)
{
	return nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_FLAGS) &&
	       nftnl_set_elem_get_u32(elem, NFTNL_SET_ELEM_FLAGS) & NFT_SET_ELEM_INTERVAL_END;
}

static int
visit_element(struct nftnl_set_elem *elem, void *arg)
{
	const struct visiting *v = arg;
	struct nftset_found found;
	uint32_t len = 0;
	const void *key = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &len);

	if (!key || is_end(elem))
		return 0;
	describe(elem, v->timeout_ms, &found);
	v->visit(v->arg, key, len, &found);
	return 0;
}

int
nftset_ask_elements(struct nfnl *nfnl, const struct element *set, uint64_t timeout_ms, nftset_visit *visit, void *arg)
{
	struct visiting visiting = { .timeout_ms = timeout_ms, .visit = visit, .arg = arg };
	struct reading reading = { .take = visit_element, .arg = &visiting };
	struct nlmsghdr *nlh = nfnl_request(nfnl, NFT_MSG_GETSETELEM, set->family);

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, set->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set->set);
	return nfnl_dump(nfnl, read_elements, &reading);
}

int
nftset_ask_whether(struct nfnl *nfnl, const struct encoded *encoded)
{
	struct nlmsghdr *nlh = nfnl_request(nfnl, NFT_MSG_GETSETELEM, encoded->op->element->family);

	if (nftset_fit_put(nlh, encoded, false)) {
		errno = ENOMEM;
		return -1;
	}
	if (!nfnl_ask(nfnl, NULL, NULL))
		return 1;
	return errno == ENOENT ? 0 : -1;
}
