/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "look.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"
#include "rules.h"
#include "table/ruleset.h"

#define TABLE_OWNER 7 /* NFTA_TABLE_OWNER, which the headers of kernels before 5.12 lack */

static int
dump(struct nfnl *nfnl, uint16_t type, uint16_t table_attr, mnl_cb_t object, void *arg)
{
	struct nlmsghdr *nlh = nfnl_request(nfnl, type, NFPROTO_INET);

	mnl_attr_put_strz(nlh, table_attr, RULESET_TABLE);
	return nfnl_dump(nfnl, object, arg) && errno != ENOENT ? -1 : 0;
}

/* --- chains -------------------------------------------------------------------------------------- */

static bool
is_base(struct nftnl_chain *chain)
{
	const char *type = nftnl_chain_get_str(chain, NFTNL_CHAIN_TYPE);

	return type && !strcmp(type, "filter") && nftnl_chain_is_set(chain, NFTNL_CHAIN_HOOKNUM) &&
	       nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY) == NF_ACCEPT;
}

static int
add_chain(struct look *look, struct nftnl_chain *chain)
{
	struct look_chain *grown = reallocarray(look->chains, look->n_chains + 1, sizeof(*grown));

	if (!grown)
		return -1;
	look->chains = grown;
	grown[look->n_chains] = (struct look_chain){
		.name = strdup(nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME)),
		.base = is_base(chain),
		.hook = nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM),
		.priority = nftnl_chain_get_s32(chain, NFTNL_CHAIN_PRIO),
	};
	return grown[look->n_chains++].name ? 0 : -1;
}

/* The kernel dumps the chains of all tables. A chain in braces within a rule is deleted with the rule. */
static int
read_chain(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	int rc = chain && !nftnl_chain_nlmsg_parse(nlh, chain) ? MNL_CB_OK : MNL_CB_ERROR;

	if (rc == MNL_CB_OK && nftnl_chain_get_u32(chain, NFTNL_CHAIN_FAMILY) == NFPROTO_INET &&
	    !strcmp(nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE), RULESET_TABLE) &&
	    !(nftnl_chain_get_u32(chain, NFTNL_CHAIN_FLAGS) & NFT_CHAIN_BINDING) && add_chain(arg, chain))
		rc = MNL_CB_ERROR;
	if (chain)
		nftnl_chain_free(chain);
	return rc;
}

bool
look_has_chain(const struct look *look, const char *name)
{
	for (size_t i = 0; i < look->n_chains; i++) {
		if (!strcmp(look->chains[i].name, name))
			return true;
	}
	return false;
}

/* --- sets ---------------------------------------------------------------------------------------- */

static int
add_set(struct look *look, struct nftnl_set *set)
{
	struct look_set *grown = reallocarray(look->sets, look->n_sets + 1, sizeof(*grown));

	if (!grown)
		return -1;
	look->sets = grown;
	grown[look->n_sets] = (struct look_set){
		.name = strdup(nftnl_set_get_str(set, NFTNL_SET_NAME)),
		.type = nftnl_set_get_u32(set, NFTNL_SET_KEY_TYPE),
		.len = nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN),
		.flags = nftnl_set_get_u32(set, NFTNL_SET_FLAGS),
	};
	return grown[look->n_sets++].name ? 0 : -1;
}

static int
read_set(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_set *set = nftnl_set_alloc();
	int rc = set && !nftnl_set_nlmsg_parse(nlh, set) ? MNL_CB_OK : MNL_CB_ERROR;

	if (rc == MNL_CB_OK && !(nftnl_set_get_u32(set, NFTNL_SET_FLAGS) & NFT_SET_ANONYMOUS) && add_set(arg, set))
		rc = MNL_CB_ERROR;
	if (set)
		nftnl_set_free(set);
	return rc;
}

static int
read_elements(const struct nlmsghdr *nlh, void *arg)
{
	return nftnl_set_elems_nlmsg_parse(nlh, arg) ? MNL_CB_ERROR : MNL_CB_OK;
}

int
look_elements(struct look_set *set, struct nfnl *nfnl)
{
	struct nlmsghdr *nlh = nfnl_request(nfnl, NFT_MSG_GETSETELEM, NFPROTO_INET);

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, RULESET_TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set->name);
	set->elements = nftnl_set_alloc();
	return !set->elements || nfnl_dump(nfnl, read_elements, set->elements) ? -1 : 0;
}

/* --- the table ----------------------------------------------------------------------------------- */

static int
read_table(const struct nlmsghdr *nlh, void *arg)
{
	struct look *look = arg;
	const struct nlattr *attr;

	look->there = true;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_validate(attr, MNL_TYPE_U32))
			continue;
		if (mnl_attr_get_type(attr) == NFTA_TABLE_FLAGS)
			look->flags = ntohl(mnl_attr_get_u32(attr));
		else if (mnl_attr_get_type(attr) == TABLE_OWNER)
			look->owner = ntohl(mnl_attr_get_u32(attr));
	}
	return MNL_CB_OK;
}

static int
ask_table(struct look *look, struct nfnl *nfnl)
{
	struct nlmsghdr *nlh = nfnl_request(nfnl, NFT_MSG_GETTABLE, NFPROTO_INET);

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, RULESET_TABLE);
	return nfnl_ask(nfnl, read_table, look) && errno != ENOENT ? -1 : 0;
}

/* --- all of it ----------------------------------------------------------------------------------- */

int
look_at(struct look *look, struct nfnl *nfnl)
{
	*look = (struct look){ .generation = 0 };
	return nfnl_generation(nfnl, &look->generation) || ask_table(look, nfnl) ||
		       dump(nfnl, NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE, read_chain, look) ||
		       dump(nfnl, NFT_MSG_GETSET, NFTA_SET_TABLE, read_set, look)
		   ? -1
		   : 0;
}

void
look_free(struct look *look)
{
	for (size_t i = 0; i < look->n_chains; i++)
		free(look->chains[i].name);
	for (size_t i = 0; i < look->n_sets; i++) {
		free(look->sets[i].name);
		if (look->sets[i].elements)
			nftnl_set_free(look->sets[i].elements);
	}
	free(look->chains);
	free(look->sets);
	*look = (struct look){ .generation = 0 };
}

/* --- search for rules of ours -------------------------------------------------------------------- */

struct rule_search {
	struct ruleset_report report;
	bool marked; /* the current rule */
	bool found;
	bool guard;
	bool ours; /* any rule is marked */
	size_t n;
};

static int
take_report(struct nftnl_expr *expr, void *arg)
{
	struct rule_search *search = arg;
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_NAME);
	struct ruleset_report report = { .queued = !strcmp(name, "queue"), .marked = search->marked };

	if (report.queued)
		report.number = nftnl_expr_get_u16(expr, NFTNL_EXPR_QUEUE_NUM);
	else if (!strcmp(name, "log") && nftnl_expr_is_set(expr, NFTNL_EXPR_LOG_GROUP))
		report.number = nftnl_expr_get_u16(expr, NFTNL_EXPR_LOG_GROUP);
	else
		return 0;
	if (!search->found || report.number < search->report.number)
		search->report = report;
	search->found = true;
	return 0;
}

static int
read_rule(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	int rc = rule && !nftnl_rule_nlmsg_parse(nlh, rule) ? MNL_CB_OK : MNL_CB_ERROR;
	struct rule_search *search = arg;

	if (rc == MNL_CB_OK) {
		search->n++;
		search->marked = expr_is_marked(rule);
		search->ours |= search->marked;
		search->guard |=
		    search->marked && !strcmp(nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN), RULES_CHAIN_GUARD);
		nftnl_expr_foreach(rule, take_report, search);
	}
	if (rule)
		nftnl_rule_free(rule);
	return rc;
}

static struct rule_search
search_rules(void)
{
	struct rule_search search = { .found = false };
	struct nfnl *nfnl = nfnl_open();

	if (nfnl)
		dump(nfnl, NFT_MSG_GETRULE, NFTA_RULE_TABLE, read_rule, &search);
	nfnl_close(nfnl);
	return search;
}

bool
ruleset_reports_to(struct ruleset_report *report)
{
	struct rule_search search = search_rules();

	*report = search.report;
	return search.found;
}

bool
ruleset_has_guard(void)
{
	return search_rules().guard;
}

bool
ruleset_is_foreign(void)
{
	struct rule_search search = search_rules();

	return search.n && !search.ours;
}
