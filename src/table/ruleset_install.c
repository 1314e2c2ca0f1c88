/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "compose.h"
#include "expr.h"
#include "guard_rules.h"
#include "install_sets.h"
#include "lib/text.h"
#include "table/ruleset.h"
#include "transaction.h"

#define TRIES_WITH_ELEMENTS 3

static const char table_made[] = "table"; /* `what` of the message that makes the table, or takes it over */

static int
put_table(struct install *install)
{
	struct nlmsghdr *nlh =
	    transaction_add(&install->transaction, NFT_MSG_NEWTABLE, NLM_F_CREATE, table_made, RULESET_TABLE);

	if (!nlh)
		return -1;
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, RULESET_TABLE);
	if (install->own)
		mnl_attr_put_u32(nlh, NFTA_TABLE_FLAGS, htonl(LOOK_TABLE_OWNER | LOOK_TABLE_PERSIST));
	return 0;
}

static int
put_table_removal(struct install *install)
{
	struct nlmsghdr *nlh =
	    transaction_add(&install->transaction, NFT_MSG_DELTABLE, 0, "to delete table", RULESET_TABLE);

	if (!nlh)
		return -1;
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, RULESET_TABLE);
	return 0;
}

/* --- chains -------------------------------------------------------------------------------------- */

static uint32_t
hook_number(enum chain_hook hook)
{
	return hook == CHAIN_INPUT ? NF_INET_LOCAL_IN : NF_INET_PRE_ROUTING;
}

static int
put_chain(struct install *install, const struct chain *chain)
{
	struct nlmsghdr *nlh =
	    transaction_add(&install->transaction, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "chain", chain->name);
	struct nftnl_chain *nl = nftnl_chain_alloc();

	if (!nlh || !nl || nftnl_chain_set_str(nl, NFTNL_CHAIN_TABLE, RULESET_TABLE) ||
	    nftnl_chain_set_str(nl, NFTNL_CHAIN_NAME, chain->name) ||
	    (chain->hook && nftnl_chain_set_str(nl, NFTNL_CHAIN_TYPE, "filter"))) {
		if (nl)
			nftnl_chain_free(nl);
		return -1;
	}
	if (chain->hook) {
		nftnl_chain_set_u32(nl, NFTNL_CHAIN_HOOKNUM, hook_number(chain->hook));
		nftnl_chain_set_s32(nl, NFTNL_CHAIN_PRIO, chain->priority);
		nftnl_chain_set_u32(nl, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	}
	nftnl_chain_nlmsg_build_payload(nlh, nl);
	nftnl_chain_free(nl);
	return 0;
}

static int
put_chains(struct install *install)
{
	const struct rules *rules = install->rules;

	for (size_t i = 0; i < rules->n_chains; i++) {
		if (put_chain(install, &rules->chains[i]))
			return -1;
	}
	return 0;
}

/* --- rules --------------------------------------------------------------------------------------- */

static int
put_rule(struct install *install, const struct rule *rule)
{
	struct nlmsghdr *nlh = transaction_add_rule(&install->transaction, rule);
	struct nftnl_rule *nl = nftnl_rule_alloc();
	int rc = !nlh || !nl || nftnl_rule_set_str(nl, NFTNL_RULE_TABLE, RULESET_TABLE) ||
			 nftnl_rule_set_str(nl, NFTNL_RULE_CHAIN, rule->chain)
		     ? -1
		     : 0;

	for (size_t i = 0; i < rule->n && !rc; i++)
		rc = expr_put_term(nl, install->rules, &rule->terms[i]);
	if (!rc && !(rc = expr_mark(nl)))
		nftnl_rule_nlmsg_build_payload(nlh, nl);
	if (nl)
		nftnl_rule_free(nl);
	return rc;
}

static int
put_rules(struct install *install)
{
	for (size_t i = 0; i < install->rules->n_rules; i++) {
		if (put_rule(install, &install->rules->rules[i]))
			return -1;
	}
	return 0;
}

/* --- removals ------------------------------------------------------------------------------------ */

/* Deletes the rules of this chain; NULL: of all. */
static int
put_flush(struct install *install, const char *chain)
{
	struct nlmsghdr *nlh =
	    transaction_add(&install->transaction, NFT_MSG_DELRULE, 0, "to flush chain", chain ? chain : "");

	if (!nlh)
		return -1;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, RULESET_TABLE);
	if (chain)
		mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain);
	return 0;
}

static int
put_chain_removal(struct install *install, const char *name)
{
	struct nlmsghdr *nlh = transaction_add(&install->transaction, NFT_MSG_DELCHAIN, 0, "to delete chain", name);

	if (!nlh)
		return -1;
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, RULESET_TABLE);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, name);
	return 0;
}

static int
put_set_removal(struct install *install, const char *name)
{
	struct nlmsghdr *nlh = transaction_add(&install->transaction, NFT_MSG_DELSET, 0, "to delete set", name);

	if (!nlh)
		return -1;
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, RULESET_TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, name);
	return 0;
}

/* Is the set, or with `is_chain` the chain, of this name to be removed? */
typedef bool part_goes(const struct install *install, const char *name, bool is_chain);

/*
 * A base chain of the right shape stays and only gets new rules. While the kernel commits a transaction, an old base
 * chain and a new one of the same name are both hooked: each would report the packet, and a hit would count twice.
 */
static bool
is_kept_base(const struct install *install, const struct look_chain *there)
{
	const struct rules *rules = install->rules;

	for (size_t i = 0; i < rules->n_chains; i++)
		if (!strcmp(rules->chains[i].name, there->name))
			return rules->chains[i].hook && there->base &&
			       hook_number(rules->chains[i].hook) == there->hook &&
			       rules->chains[i].priority == there->priority;
	return false;
}

/* This order, because rules use sets and chains, and maps use chains. */
static int
put_removals(struct install *install, part_goes *goes, bool keeps_bases)
{
	const struct look *look = &install->transaction.look;
	int rc = 0;

	for (size_t i = 0; i < look->n_chains && !rc; i++)
		rc = goes(install, look->chains[i].name, true) ? put_flush(install, look->chains[i].name) : 0;
	for (size_t i = 0; i < look->n_sets && !rc; i++)
		rc = goes(install, look->sets[i].name, false) ? put_set_removal(install, look->sets[i].name) : 0;
	for (size_t i = 0; i < look->n_chains && !rc; i++)
		rc = goes(install, look->chains[i].name, true) &&
			     !(keeps_bases && is_kept_base(install, &look->chains[i]))
			 ? put_chain_removal(install, look->chains[i].name)
			 : 0;
	return rc;
}

static bool
is_replaced(const struct install *install, const char *name, bool is_chain)
{
	const struct port_set *set = is_chain ? NULL : rules_kept_set(install->rules, name);

	return !set || !install_sets_is_kept(install, set);
}

static bool
is_of_knocks(const struct install *install, const char *name, bool is_chain)
{
	(void)install;
	(void)is_chain;
	return !guard_rules_has(name, true);
}

static bool
is_of_guard(const struct install *install, const char *name, bool is_chain)
{
	(void)install;
	(void)is_chain;
	return guard_rules_has(name, false);
}

static bool
keeps_a_part(const struct install *install)
{
	for (size_t i = 0; i < install->rules->n_sets; i++)
		if (install_sets_is_kept(install, &install->rules->sets[i]))
			return true;
	for (size_t i = 0; i < install->transaction.look.n_chains && !install_sets_need_new_table(install); i++)
		if (is_kept_base(install, &install->transaction.look.chains[i]))
			return true;
	return false;
}

static int
put_clean_table(struct install *install)
{
	if (keeps_a_part(install))
		return put_table(install) || put_removals(install, is_replaced, true) ? -1 : 0;
	if (install->transaction.look.there && put_table_removal(install))
		return -1;
	return put_table(install);
}

/* transaction_put, in a transaction of its own: the kernel adds no base chain to a table whose flags change. */
static int
put_adoption(void *arg)
{
	struct install *install = arg;
	bool orphan = (install->transaction.look.flags & (LOOK_TABLE_OWNER | LOOK_TABLE_PERSIST)) == LOOK_TABLE_PERSIST;

	return install->own && orphan && !install_sets_need_new_table(install) ? put_table(install) : 0;
}

/* transaction_put */
static int
put_all(void *arg)
{
	struct install *install = arg;

	return put_clean_table(install) || install_sets_put(install) || put_chains(install) || put_rules(install) ? -1
														  : 0;
}

/* Before 6.9 the kernel does not know one of the flags. */
static bool
cannot_own(const struct install *install, int rc)
{
	const struct transaction *t = &install->transaction;

	return rc > 0 && install->own && t->subjects[t->refused].what == table_made &&
	       (t->error == EOPNOTSUPP || t->error == EINVAL);
}

static int
commit_all(struct install *install)
{
	int rc = transaction_run(&install->transaction, put_all, install);

	if (!cannot_own(install, rc))
		return rc;
	install->own = false;
	return transaction_run(&install->transaction, put_all, install);
}

/*
 * The guard must neither fail nor wait because of elements: there may be too many for the socket's buffer, or the
 * ruleset changes again and again before they are written. The caller adds them later.
 */
static int
commit_without(struct install *install, int result, char *err, size_t errlen)
{
	install->bare = install->given;
	if (install->bare)
		transaction_explain(&install->transaction, result, err, errlen);
	install->elements = NULL;
	install->transaction.tries = 0;
	return commit_all(install);
}

static int
replace(struct install *install, char *err, size_t errlen)
{
	struct transaction *t = &install->transaction;
	int rc = transaction_run(t, put_adoption, install);

	t->tries = install->elements ? TRIES_WITH_ELEMENTS : 0;
	if (!rc) {
		rc = commit_all(install);
		if (rc && install->elements)
			rc = commit_without(install, rc, err, errlen);
	}
	if (rc)
		transaction_explain(t, rc, err, errlen);
	return rc ? -1 : 0;
}

int
ruleset_install(struct ruleset *ruleset, const struct conf *conf, char *err, size_t errlen)
{
	bool own = conf_owns_table(conf) && !ruleset->cannot_own;
	struct rules *rules = compose_rules(conf);
	struct install install = { .rules = rules,
				   .own = own,
				   .same = ruleset->same,
				   .elements = ruleset->elements,
				   .elements_arg = ruleset->elements_arg,
				   .transaction = { .nfnl = ruleset->nfnl, .rules = rules } };
	int rc = -1;

	if (rules)
		rc = replace(&install, err, errlen);
	else
		snprintf(err, errlen, "%s", strerror(errno));
	ruleset->cannot_own |= own && !install.own;
	if (!rc) {
		ruleset->owned = install.own;
		ruleset->emptied = install.emptied;
		ruleset->bare = install.bare;
		text_copy(ruleset->begun, sizeof(ruleset->begun), install.begun);
	}
	transaction_free(&install.transaction);
	rules_free(rules);
	return rc;
}

/* --- remove, unguard ----------------------------------------------------------------------------- */

/* transaction_put */
static int
put_knocks_removal(void *arg)
{
	struct install *install = arg;

	if (look_has_chain(&install->transaction.look, RULES_CHAIN_GUARD))
		return put_removals(install, is_of_knocks, false);
	return put_table_removal(install);
}

/* transaction_put */
static int
put_guard_removal(void *arg)
{
	struct install *install = arg;

	if (look_has_chain(&install->transaction.look, RULES_CHAIN_KNOCKS))
		return put_removals(install, is_of_guard, false);
	return put_table_removal(install);
}

static int
take_away(const struct ruleset *ruleset, transaction_put *put)
{
	struct install install = { .transaction = { .nfnl = ruleset->nfnl } };
	int rc = transaction_run(&install.transaction, put, &install);

	if (rc > 0)
		errno = install.transaction.error;
	transaction_free(&install.transaction);
	return !rc || (rc > 0 && errno == ENOENT) ? 0 : -1;
}

int
ruleset_remove(const struct ruleset *ruleset)
{
	return take_away(ruleset, put_knocks_removal);
}

int
ruleset_unguard(const struct ruleset *ruleset)
{
	return take_away(ruleset, put_guard_removal);
}
