/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is table inet knockd complete and not dormant? The rules with our mark are counted: that is enough, because deleting
 * a chain deletes its rules, a set cannot be deleted while rules use it, and we add our rules only all at once. Sets
 * must hold each of their ports. Elements that knocks have added come and go, and are not checked.
 */
#include "table/ruleset.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"
#include "expr.h"
#include "netlink/nfnl.h"
#include "rules.h"

#define TRIES 8 /* while other programs change the ruleset during the check */

/* --- the table ----------------------------------------------------------------------------------- */

/* mnl_cb_t */
static int
read_flags(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_table *table = nftnl_table_alloc();
	int rc = table && !nftnl_table_nlmsg_parse(nlh, table) ? MNL_CB_OK : MNL_CB_ERROR;

	if (rc == MNL_CB_OK)
		*(uint32_t *)arg = nftnl_table_get_u32(table, NFTNL_TABLE_FLAGS);
	if (table)
		nftnl_table_free(table);
	return rc;
}

/* A dormant table (`flags dormant`) is complete, but the kernel does not run its chains. */
static int
look_awake(struct nfnl *nfnl, bool *awake)
{
	uint32_t flags = 0;
	struct nlmsghdr *nlh = nfnl_request(nfnl, NFT_MSG_GETTABLE, NFPROTO_INET);

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, RULESET_TABLE);
	if (nfnl_ask(nfnl, read_flags, &flags))
		return -1;
	*awake = !(flags & NFT_TABLE_F_DORMANT);
	return 0;
}

/* --- rules --------------------------------------------------------------------------------------- */

/* mnl_cb_t */
static int
count(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	int rc = rule && !nftnl_rule_nlmsg_parse(nlh, rule) ? MNL_CB_OK : MNL_CB_ERROR;

	if (rc == MNL_CB_OK && expr_is_marked(rule))
		++*(size_t *)arg;
	if (rule)
		nftnl_rule_free(rule);
	return rc;
}

static int
count_rules(struct nfnl *nfnl, size_t *n)
{
	struct nlmsghdr *nlh = nfnl_request(nfnl, NFT_MSG_GETRULE, NFPROTO_INET);

	*n = 0;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, RULESET_TABLE);
	return nfnl_dump(nfnl, count, n);
}

/* --- sets ---------------------------------------------------------------------------------------- */

struct set_search {
	const struct port_set *set;
	size_t found;
};

struct found_key {
	const void *bytes;
	uint32_t len;
};

/* The entries are in the order of their keys. */
static int
compare(const void *found, const void *entry)
{
	const struct found_key *key = found;
	uint8_t bytes[NFTKEY_LEN_MAX];
	uint32_t len = rules_entry_key(entry, bytes);

	return key->len == len ? memcmp(key->bytes, bytes, len) : -1;
}

static int
find_entry(struct nftnl_set_elem *elem, void *arg)
{
	struct set_search *search = arg;
	struct found_key key;

	key.bytes = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &key.len);
	if (key.bytes && bsearch(&key, search->set->at, search->set->n, sizeof(*search->set->at), compare))
		search->found++;
	return 0;
}

/* mnl_cb_t */
static int
find_entries(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_set *set = nftnl_set_alloc();
	int rc = set && !nftnl_set_elems_nlmsg_parse(nlh, set) ? MNL_CB_OK : MNL_CB_ERROR;

	if (rc == MNL_CB_OK)
		nftnl_set_elem_foreach(set, find_entry, arg);
	if (set)
		nftnl_set_free(set);
	return rc;
}

static int
look_into(struct nfnl *nfnl, struct set_search *search)
{
	struct nlmsghdr *nlh = nfnl_request(nfnl, NFT_MSG_GETSETELEM, NFPROTO_INET);

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, RULESET_TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, search->set->name);
	return nfnl_dump(nfnl, find_entries, search);
}

/* --- all of it ----------------------------------------------------------------------------------- */

/* 0, or -1 with errno. */
static int
compare_all(struct nfnl *nfnl, const struct rules *rules, bool *intact)
{
	size_t n;

	if (look_awake(nfnl, intact) || count_rules(nfnl, &n))
		return -1;
	*intact &= n >= rules->n_rules;
	for (size_t i = 0; i < rules->n_sets && *intact; i++) {
		struct set_search search = { .set = &rules->sets[i] };

		if (search.set->kept)
			continue;
		if (search.set->n && look_into(nfnl, &search))
			return -1;
		*intact = search.found >= search.set->n;
	}
	return 0;
}

/* A table that cannot be read counts as missing. */
bool
ruleset_intact(const struct ruleset *ruleset, const struct conf *conf)
{
	struct rules *rules = compose_rules(conf);
	bool intact = false;
	int rc = -1;

	errno = EINTR;
	for (int i = 0; i < TRIES && rules && rc && nfnl_is_passing(errno); i++)
		rc = compare_all(ruleset->nfnl, rules, &intact);
	rules_free(rules);
	return !rc && intact;
}
