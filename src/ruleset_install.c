/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nfnl.h"
#include "nftkey.h"
#include "ruleset.h"
#include "ruleset_expr.h"
#include "ruleset_print.h"

#define ENTRIES_PER_MESSAGE 1000 /* at most 40 bytes each: a nested attribute holds 64 KiB */
#define REGISTER_LEN        4    /* of a 32-bit register; NFT_REG_1 is the first four of them */

/* What each message of the transaction is about, to say what the kernel refused. */
struct source {
	const char *what; /* "table", "set", ... or NULL: `rule` */
	const char *name;
	const struct rule *rule;
};

struct install {
	const struct rules *rules;
	struct nfnl *nfnl;
	struct source *sources;
	size_t n, room;
	size_t refused; /* index of the first message that was refused */
	int error;      /* its errno, 0: none */
};

static struct nlmsghdr *
add_message(struct install *install, uint16_t type, uint16_t flags, const char *what, const char *name)
{
	size_t room = install->room ? 2 * install->room : 64;
	struct source *grown;

	if (install->n == install->room) {
		grown = reallocarray(install->sources, room, sizeof(*grown));
		if (!grown)
			return NULL;
		install->sources = grown;
		install->room = room;
	}
	install->sources[install->n++] = (struct source){ .what = what, .name = name };
	return nfnl_add(install->nfnl, type, NFPROTO_INET, flags);
}

static int
put_table(struct install *install, uint16_t type)
{
	struct nlmsghdr *nlh =
	    add_message(install, type, type == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0, "table", RULESET_TABLE);

	if (!nlh)
		return -1;
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, RULESET_TABLE);
	return 0;
}

/* --- sets ---------------------------------------------------------------------------------------- */

static const struct {
	uint32_t type, len;
} keys[PORT_KEYS] = {
	{ NFTKEY_CONCAT(NFTKEY_PROTO, NFTKEY_PORT), 8 },
	{ NFTKEY_CONCAT(NFTKEY_CONCAT(NFTKEY_IPV4, NFTKEY_PROTO), NFTKEY_PORT), 12 },
	{ NFTKEY_CONCAT(NFTKEY_CONCAT(NFTKEY_IPV6, NFTKEY_PROTO), NFTKEY_PORT), 24 },
};

static struct nftnl_set *
new_set(const struct port_set *set)
{
	struct nftnl_set *nl = nftnl_set_alloc();

	if (!nl)
		return NULL;
	if (nftnl_set_set_str(nl, NFTNL_SET_TABLE, RULESET_TABLE) || nftnl_set_set_str(nl, NFTNL_SET_NAME, set->name)) {
		nftnl_set_free(nl);
		return NULL;
	}
	return nl;
}

/* Only user space reads it: a concatenation as a whole has no byte order. */
static int
put_byteorder(struct nftnl_set *nl)
{
	struct nftnl_udata_buf *buf = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

	if (!buf)
		return -1;
	nftnl_udata_put_u32(buf, NFTNL_UDATA_SET_KEYBYTEORDER, 0);
	nftnl_set_set_data(nl, NFTNL_SET_USERDATA, nftnl_udata_buf_data(buf), nftnl_udata_buf_len(buf));
	nftnl_udata_buf_free(buf);
	return 0;
}

static int
put_set(struct install *install, const struct port_set *set)
{
	struct nlmsghdr *nlh = add_message(install, NFT_MSG_NEWSET, NLM_F_CREATE, "set", set->name);
	struct nftnl_set *nl = new_set(set);

	if (!nlh || !nl || put_byteorder(nl)) {
		if (nl)
			nftnl_set_free(nl);
		return -1;
	}
	nftnl_set_set_u32(nl, NFTNL_SET_FLAGS, 0);
	nftnl_set_set_u32(nl, NFTNL_SET_ID, RULESET_SET_ID(install->rules, set));
	nftnl_set_set_u32(nl, NFTNL_SET_KEY_TYPE, keys[set->key].type);
	nftnl_set_set_u32(nl, NFTNL_SET_KEY_LEN, keys[set->key].len);
	nftnl_set_nlmsg_build_payload(nlh, nl);
	nftnl_set_free(nl);
	return 0;
}

static int
put_entry(struct nftnl_set *nl, const struct port_set *set, const struct port_entry *entry)
{
	struct nftnl_set_elem *elem = nftnl_set_elem_alloc();
	size_t at = addr_len(&entry->target);
	uint8_t key[NFTKEY_LEN_MAX] = { 0 };

	if (!elem)
		return -1;
	memcpy(key, entry->target.bytes, at);
	key[at] = entry->port.proto;
	key[at + REGISTER_LEN] = (uint8_t)(entry->port.port >> 8);
	key[at + REGISTER_LEN + 1] = (uint8_t)entry->port.port;
	nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, key, keys[set->key].len);
	nftnl_set_elem_add(nl, elem);
	return 0;
}

static int
put_entries(struct install *install, const struct port_set *set, size_t from, size_t to)
{
	struct nlmsghdr *nlh = add_message(install, NFT_MSG_NEWSETELEM, NLM_F_CREATE, "the elements of set", set->name);
	struct nftnl_set *nl = new_set(set);
	int rc = nlh && nl ? 0 : -1;

	for (size_t i = from; i < to && !rc; i++)
		rc = put_entry(nl, set, &set->at[i]);
	if (!rc)
		nftnl_set_elems_nlmsg_build_payload(nlh, nl);
	if (nl)
		nftnl_set_free(nl);
	return rc;
}

static int
put_sets(struct install *install)
{
	for (size_t i = 0; i < install->rules->n_sets; i++) {
		const struct port_set *set = &install->rules->sets[i];

		if (put_set(install, set))
			return -1;
		for (size_t from = 0; from < set->n; from += ENTRIES_PER_MESSAGE) {
			size_t left = set->n - from;

			if (put_entries(install, set, from,
					from + (left < ENTRIES_PER_MESSAGE ? left : ENTRIES_PER_MESSAGE)))
				return -1;
		}
	}
	return 0;
}

/* --- chains -------------------------------------------------------------------------------------- */

static int
put_chain(struct install *install, const char *name, bool base)
{
	struct nlmsghdr *nlh = add_message(install, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "chain", name);
	struct nftnl_chain *chain = nftnl_chain_alloc();

	if (!nlh || !chain || nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, RULESET_TABLE) ||
	    nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, name) ||
	    (base && nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter"))) {
		if (chain)
			nftnl_chain_free(chain);
		return -1;
	}
	if (base) {
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, NF_INET_PRE_ROUTING);
		nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, RULESET_PRIORITY);
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	}
	nftnl_chain_nlmsg_build_payload(nlh, chain);
	nftnl_chain_free(chain);
	return 0;
}

static int
put_chains(struct install *install)
{
	const struct rules *rules = install->rules;

	for (size_t i = 0; i < rules->n_chains; i++) {
		if (put_chain(install, rules->chains[i], i == rules->n_chains - 1))
			return -1;
	}
	return 0;
}

/* --- rules --------------------------------------------------------------------------------------- */

static int
put_rule(struct install *install, const struct rule *rule)
{
	struct nlmsghdr *nlh = add_message(install, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, NULL, NULL);
	struct nftnl_rule *nl = nftnl_rule_alloc();
	int rc = !nlh || !nl || nftnl_rule_set_str(nl, NFTNL_RULE_TABLE, RULESET_TABLE) ||
			 nftnl_rule_set_str(nl, NFTNL_RULE_CHAIN, rule->chain)
		     ? -1
		     : 0;

	for (size_t i = 0; i < rule->n && !rc; i++)
		rc = rule_put_term(nl, install->rules, &rule->terms[i]);
	if (!rc) {
		install->sources[install->n - 1].rule = rule;
		nftnl_rule_nlmsg_build_payload(nlh, nl);
	}
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

/* --- the transaction ----------------------------------------------------------------------------- */

/* A rule that is refused takes others with it; the first one is the reason. */
static void
take_refusal(void *arg, size_t index, int error)
{
	struct install *install = arg;

	if (install->error && index >= install->refused)
		return;
	install->refused = index;
	install->error = error;
}

static void
explain(const struct install *install, char *err, size_t errlen)
{
	const struct source *source = &install->sources[install->refused];
	char *text = NULL;
	size_t len;
	FILE *out;

	if (source->what) {
		snprintf(err, errlen, "the kernel refused %s %s: %s", source->what, source->name,
			 strerror(install->error));
		return;
	}
	out = open_memstream(&text, &len);
	if (out) {
		rule_print(install->rules, source->rule, out);
		fclose(out);
	}
	snprintf(err, errlen, "the kernel refused \"%s\": %s", text ? text : "a rule", strerror(install->error));
	free(text);
}

/* "add, delete, add": deleting is then right whether there was a table or not. */
static int
transact(struct install *install, char *err, size_t errlen)
{
	int rc;

	nfnl_begin(install->nfnl, 0);
	rc = put_table(install, NFT_MSG_NEWTABLE) || put_table(install, NFT_MSG_DELTABLE) ||
	     put_table(install, NFT_MSG_NEWTABLE) || put_sets(install) || put_chains(install) || put_rules(install);
	if (rc)
		errno = ENOMEM;
	rc = rc ? -1 : nfnl_commit(install->nfnl, take_refusal, install);
	if (rc < 0) {
		snprintf(err, errlen, "%s", strerror(errno));
	} else if (rc) {
		explain(install, err, errlen);
		errno = install->error;
	}
	return rc ? -1 : 0;
}

int
ruleset_install(const struct conf *conf, char *err, size_t errlen)
{
	struct rules *rules = rules_new(conf);
	struct install install = { .rules = rules, .nfnl = rules ? nfnl_open() : NULL };
	int rc = -1, saved;

	if (install.nfnl)
		rc = transact(&install, err, errlen);
	else
		snprintf(err, errlen, "%s", strerror(errno));
	saved = errno;
	nfnl_close(install.nfnl);
	free(install.sources);
	rules_free(rules);
	errno = saved;
	return rc;
}

int
ruleset_remove(void)
{
	struct install install = { .nfnl = nfnl_open() };
	int rc = -1, saved;

	if (!install.nfnl)
		return -1;
	nfnl_begin(install.nfnl, 0);
	if (!put_table(&install, NFT_MSG_DELTABLE))
		rc = nfnl_commit(install.nfnl, take_refusal, &install);
	saved = rc > 0 ? install.error : errno;
	nfnl_close(install.nfnl);
	free(install.sources);
	errno = saved;
	return !rc || (rc > 0 && saved == ENOENT) ? 0 : -1;
}
