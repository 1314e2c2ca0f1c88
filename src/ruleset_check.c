/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is table inet knockd still whole? Its rules are counted: chains and sets cannot go without them, and a
 * rule of ours is only ever added together with all others.
 */
#include "ruleset.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "nfnl.h"
#include "rules.h"

/* mnl_cb_t */
static int
count(const struct nlmsghdr *nlh, void *arg)
{
	(void)nlh;
	++*(size_t *)arg;
	return MNL_CB_OK;
}

/* The rules that are there; what cannot be asked counts as none, and so does what changes under our eyes. */
static size_t
count_rules(struct nfnl *nfnl)
{
	struct nlmsghdr *nlh = nfnl_request(nfnl, NFT_MSG_GETRULE, NFPROTO_INET);
	size_t n = 0;

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, RULESET_TABLE);
	return nfnl_dump(nfnl, count, &n) ? 0 : n;
}

bool
ruleset_intact(const struct conf *conf)
{
	struct rules *rules = rules_new(conf);
	struct nfnl *nfnl = nfnl_open();
	bool intact = rules && nfnl && count_rules(nfnl) >= rules->n_rules;

	nfnl_close(nfnl);
	rules_free(rules);
	return intact;
}
