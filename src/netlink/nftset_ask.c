/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nftset_ask.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/set.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#define TABLE_F_OWNER 0x2 /* NFT_TABLE_F_OWNER, which the headers of kernels before 5.12 lack */

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
	struct described *described = arg;

	if (mnl_attr_get_type(attr) == NFTA_TABLE_FLAGS)
		described->owned = ntohl(mnl_attr_get_u32(attr)) & TABLE_F_OWNER;
	return MNL_CB_OK;
}

static int
read_table(const struct nlmsghdr *nlh, void *arg)
{
	return mnl_attr_parse(nlh, sizeof(struct nfgenmsg), read_owner, arg);
}

/* 0, or the kernel's errno. */
static int
ask(struct nfnl *nfnl, uint16_t type, uint8_t family, const char *table, const char *set, struct described *to)
{
	struct nlmsghdr *nlh = nfnl_request(nfnl, type, family);

	mnl_attr_put_strz(nlh, type == NFT_MSG_GETTABLE ? NFTA_TABLE_NAME : NFTA_SET_TABLE, table);
	if (set)
		mnl_attr_put_strz(nlh, NFTA_SET_NAME, set);
	errno = 0;
	if (!nfnl_ask(nfnl, set ? read_set : read_table, to))
		return 0;
	return errno ? errno : EPROTO;
}

void
nftset_ask_set(struct nfnl *nfnl, struct described *to, const struct element *element)
{
	*to = (struct described){ .error = 0 };
	to->error = ask(nfnl, NFT_MSG_GETSET, element->family, element->table, element->set, to);
	if (to->error == ENOENT)
		to->no_table = ask(nfnl, NFT_MSG_GETTABLE, element->family, element->table, NULL, to) == ENOENT;
}

bool
nftset_ask_owned(struct nfnl *nfnl, const struct element *element)
{
	struct described table = { .owned = false };

	return !ask(nfnl, NFT_MSG_GETTABLE, element->family, element->table, NULL, &table) && table.owned;
}

struct element_search {
	const struct nftkey *key;
	enum found found;
};

static int
compare_element(struct nftnl_set_elem *elem, void *arg)
{
	struct element_search *search = arg;
	uint32_t len = 0, end_len = 0;
	const void *from = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &len);
	const void *to = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY_END, &end_len);

	if (from && to && len == search->key->len && end_len == len && !memcmp(from, search->key->from, len) &&
	    !memcmp(to, search->key->to, len))
		search->found = FOUND_SAME;
	else
		search->found = FOUND_OTHER;
	return 0;
}

static int
read_elements(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_set *set = nftnl_set_alloc();
	int rc = set && !nftnl_set_elems_nlmsg_parse(nlh, set) ? MNL_CB_OK : MNL_CB_ERROR;

	if (rc == MNL_CB_OK)
		nftnl_set_elem_foreach(set, compare_element, arg);
	if (set)
		nftnl_set_free(set);
	return rc;
}

int
nftset_ask_element(struct nfnl *nfnl, const struct encoded *encoded, enum found *found)
{
	struct element_search search = { .key = &encoded->key };
	struct nlmsghdr *nlh = nfnl_request(nfnl, NFT_MSG_GETSETELEM, encoded->op->element->family);
	int rc;

	if (nftset_fit_put(nlh, encoded, false)) {
		errno = ENOMEM;
		return -1;
	}
	rc = nfnl_ask(nfnl, read_elements, &search);
	*found = search.found;
	return rc && errno != ENOENT ? -1 : 0;
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
