/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <endian.h>
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

#include "build.h"
#include "compose.h"
#include "expr.h"
#include "guard_rules.h"
#include "lib/text.h"
#include "look.h"
#include "netlink/nfnl.h"
#include "netlink/nftkey.h"
#include "older.h"
#include "ruleset_print.h"
#include "table/ruleset.h"

#define ENTRIES_PER_MESSAGE 1000 /* at most 40 bytes each: a nested attribute holds 64 KiB */
#define TRIES               20   /* while other programs change the ruleset between look and commit */

/* The subject of each message of the transaction, to name the one that the kernel refuses. */
struct source {
	const char *what; /* "table", "set", ... or NULL: `rule` */
	const char *name;
	const struct rule *rule;
};

struct install {
	const struct rules *rules;
	struct nfnl *nfnl;
	bool own;                      /* the socket shall own the table */
	bool same;                     /* no port begins to be cut */
	char begun[RULESET_BEGUN_LEN]; /* ports that do */
	struct pen begun_pen;
	bool emptied;     /* a set whose elements were to be kept is new */
	struct look look; /* the table before */
	struct source *sources;
	size_t n, room;
	size_t refused; /* index of the first refused message */
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

static const char table_made[] = "table"; /* `what` of the message that makes the table, or takes it over */

static int
put_table(struct install *install)
{
	struct nlmsghdr *nlh = add_message(install, NFT_MSG_NEWTABLE, NLM_F_CREATE, table_made, RULESET_TABLE);

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
	struct nlmsghdr *nlh = add_message(install, NFT_MSG_DELTABLE, 0, "to delete table", RULESET_TABLE);

	if (!nlh)
		return -1;
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, RULESET_TABLE);
	return 0;
}

/* --- sets ---------------------------------------------------------------------------------------- */

/* `addresses` . inet_proto . inet_service */
#define SERVICE(addresses) NFTKEY_CONCAT(NFTKEY_CONCAT(addresses, NFTKEY_PROTO), NFTKEY_PORT)

static const struct {
	uint32_t type, len;
} keys[PORT_KEYS] = {
	[PORT_KEY_LOCAL] = { SERVICE(0), 8 },
	[PORT_KEY_IP] = { SERVICE(NFTKEY_IPV4), 12 },
	[PORT_KEY_IP6] = { SERVICE(NFTKEY_IPV6), 24 },
	[PORT_KEY_OPEN4] = { SERVICE(NFTKEY_IPV4), 12 },
	[PORT_KEY_OPEN6] = { SERVICE(NFTKEY_IPV6), 24 },
	[PORT_KEY_OPEN4_TARGET] = { SERVICE(NFTKEY_CONCAT(NFTKEY_IPV4, NFTKEY_IPV4)), 16 },
	[PORT_KEY_SOURCE4] = { NFTKEY_IPV4, 4 },
	[PORT_KEY_SOURCE6] = { NFTKEY_IPV6, 16 },
	[PORT_KEY_TARGET4] = { NFTKEY_IPV4, 4 },
	[PORT_KEY_TARGET6] = { NFTKEY_IPV6, 16 },
	[PORT_KEY_NUMBER] = { NFTKEY_PORT, 2 },
	[PORT_KEY_OPEN6_TARGET] = { SERVICE(NFTKEY_CONCAT(NFTKEY_IPV6, NFTKEY_IPV6)), 40 },
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

/* For nft alone, not the kernel: addresses and ports are in network byte order, a concatenation has none. */
static int
put_byteorder(struct nftnl_set *nl, enum port_key key)
{
	enum { NONE = 0, BIG_ENDIAN_KEY = 2 };
	struct nftnl_udata_buf *buf = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

	if (!buf)
		return -1;
	nftnl_udata_put_u32(buf, NFTNL_UDATA_SET_KEYBYTEORDER, rules_key_shape(key).proto ? NONE : BIG_ENDIAN_KEY);
	nftnl_set_set_data(nl, NFTNL_SET_USERDATA, nftnl_udata_buf_data(buf), nftnl_udata_buf_len(buf));
	nftnl_udata_buf_free(buf);
	return 0;
}

static uint32_t
flags_of(const struct port_set *set)
{
	return (set->kept || set->hashed || set->size ? NFT_SET_TIMEOUT : 0) | (set->size ? NFT_SET_EVAL : 0);
}

static int
put_set(struct install *install, const struct port_set *set)
{
	struct nlmsghdr *nlh = add_message(install, NFT_MSG_NEWSET, NLM_F_CREATE, "set", set->name);
	struct nftnl_set *nl = new_set(set);

	if (!nlh || !nl || put_byteorder(nl, set->key)) {
		if (nl)
			nftnl_set_free(nl);
		return -1;
	}
	nftnl_set_set_u32(nl, NFTNL_SET_FLAGS, flags_of(set));
	if (set->timeout)
		nftnl_set_set_u64(nl, NFTNL_SET_TIMEOUT, (uint64_t)set->timeout * 1000);
	if (set->size)
		nftnl_set_set_u32(nl, NFTNL_SET_DESC_SIZE, set->size);
	nftnl_set_set_u32(nl, NFTNL_SET_ID, RULESET_SET_ID(install->rules, set));
	nftnl_set_set_u32(nl, NFTNL_SET_KEY_TYPE, keys[set->key].type);
	nftnl_set_set_u32(nl, NFTNL_SET_KEY_LEN, keys[set->key].len);
	nftnl_set_nlmsg_build_payload(nlh, nl);
	nftnl_set_free(nl);
	return 0;
}

static int
put_entry(struct nftnl_set *nl, const struct port_entry *entry)
{
	struct nftnl_set_elem *elem = nftnl_set_elem_alloc();
	uint8_t key[NFTKEY_LEN_MAX];

	if (!elem)
		return -1;
	nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, key, rules_entry_key(entry, key));
	if (entry->timeout_ms)
		nftnl_set_elem_set_u64(elem, NFTNL_SET_ELEM_TIMEOUT, entry->timeout_ms);
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
		rc = put_entry(nl, &set->at[i]);
	if (!rc)
		nftnl_set_elems_nlmsg_build_payload(nlh, nl);
	if (nl)
		nftnl_set_free(nl);
	return rc;
}

/*
 * Must the table be made anew? One transaction cannot wake and fill a dormant one (`flags dormant`), and the kernel
 * keeps a table without its owner only if it was made so.
 */
static bool
is_unfit(const struct install *install)
{
	uint32_t flags = install->look.flags;

	return flags & NFT_TABLE_F_DORMANT || (install->own && !(flags & LOOK_TABLE_PERSIST));
}

/* The kernel's set like this one, whose elements fit; NULL: none. */
static struct look_set *
find_alike(const struct install *install, const struct port_set *set)
{
	for (size_t i = 0; i < install->look.n_sets && set->kept; i++) {
		struct look_set *found = &install->look.sets[i];

		if (!strcmp(found->name, set->name) && found->type == keys[set->key].type &&
		    found->len == keys[set->key].len && (found->flags & ~(uint32_t)NFT_SET_EVAL) == NFT_SET_TIMEOUT)
			return found;
	}
	return NULL;
}

/* Does the set stay, with its elements? */
static bool
is_kept_set(const struct install *install, const struct port_set *set)
{
	const struct look_set *alike = find_alike(install, set);

	return !is_unfit(install) && alike && alike->flags == flags_of(set);
}

static int
put_all_entries(struct install *install, const struct port_set *set)
{
	for (size_t from = 0; from < set->n; from += ENTRIES_PER_MESSAGE) {
		size_t left = set->n - from;

		if (put_entries(install, set, from, from + (left < ENTRIES_PER_MESSAGE ? left : ENTRIES_PER_MESSAGE)))
			return -1;
	}
	return 0;
}

/* Only with the set itself: a reload neither adds to it nor makes it younger. */
static int
put_older(struct install *install, const struct port_set *set)
{
	struct port_set older = *set;
	int rc;

	if (strcmp(set->name, GUARD_RULES_OLDER))
		return 0;
	older.at = NULL;
	older.n = older.room = 0;
	rc = older_ports(install->rules, &older) || put_all_entries(install, &older) ? -1 : 0;
	free(older.at);
	return rc;
}

/* --- the elements of a table that is made anew --------------------------------------------------- */

#define COPY_MAX (NFNL_MESSAGE_MAX / 2) /* bytes of a message, where the next one begins */

struct copying {
	struct install *install;
	const struct port_set *set;
	struct nlmsghdr *nlh; /* NULL: none yet */
	struct nlattr *list;
};

static void
end_message(struct copying *copying)
{
	if (copying->nlh)
		mnl_attr_nest_end(copying->nlh, copying->list);
	copying->nlh = NULL;
}

static int
begin_message(struct copying *copying)
{
	copying->nlh =
	    add_message(copying->install, NFT_MSG_NEWSETELEM, NLM_F_CREATE, "the elements of set", copying->set->name);
	if (!copying->nlh)
		return -1;
	mnl_attr_put_strz(copying->nlh, NFTA_SET_ELEM_LIST_TABLE, RULESET_TABLE);
	mnl_attr_put_strz(copying->nlh, NFTA_SET_ELEM_LIST_SET, copying->set->name);
	mnl_attr_put_u32(copying->nlh, NFTA_SET_ELEM_LIST_SET_ID,
			 htonl(RULESET_SET_ID(copying->install->rules, copying->set)));
	copying->list = mnl_attr_nest_start(copying->nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	return 0;
}

/* With its comment, its time, and the time that it has left. libnftnl before 1.2.1 cannot write a single element. */
static void
put_copy(struct nlmsghdr *nlh, struct nftnl_set_elem *elem)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM), *key;
	uint32_t len;
	const void *data = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &len);

	key = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);
	mnl_attr_put(nlh, NFTA_DATA_VALUE, len, data);
	mnl_attr_nest_end(nlh, key);
	if (nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_TIMEOUT))
		mnl_attr_put_u64(nlh, NFTA_SET_ELEM_TIMEOUT,
				 htobe64(nftnl_set_elem_get_u64(elem, NFTNL_SET_ELEM_TIMEOUT)));
	if (nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_EXPIRATION))
		mnl_attr_put_u64(nlh, NFTA_SET_ELEM_EXPIRATION,
				 htobe64(nftnl_set_elem_get_u64(elem, NFTNL_SET_ELEM_EXPIRATION)));
	data = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_USERDATA, &len);
	if (data)
		mnl_attr_put(nlh, NFTA_SET_ELEM_USERDATA, len, data);
	mnl_attr_nest_end(nlh, nest);
}

static int
copy_element(struct nftnl_set_elem *elem, void *arg)
{
	struct copying *copying = arg;

	if (copying->nlh && copying->nlh->nlmsg_len > COPY_MAX)
		end_message(copying);
	if (!copying->nlh && begin_message(copying))
		return -1;
	put_copy(copying->nlh, elem);
	return 0;
}

/* Into a set that was just made. Returns as transact() does. */
static int
put_copies(struct install *install, const struct port_set *set, struct look_set *from)
{
	struct copying copying = { .install = install, .set = set };
	int rc = look_elements(from, install->nfnl) || nftnl_set_elem_foreach(from->elements, copy_element, &copying);

	end_message(&copying);
	return rc ? -1 : 0;
}

/* --- ports that begin to be cut ------------------------------------------------------------------ */

struct key_search {
	uint8_t key[NFTKEY_LEN_MAX];
	uint32_t len;
	bool found;
};

static int
compare_key(struct nftnl_set_elem *elem, void *arg)
{
	struct key_search *search = arg;
	uint32_t len = 0;
	const void *key = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &len);

	search->found |= key && len == search->len && !memcmp(key, search->key, len);
	return 0;
}

/* Is it in the kernel's set of that name? 1, 0, or -1 with errno. */
static int
is_there(struct install *install, const struct port_set *set, const struct port_entry *entry)
{
	struct key_search search = { .found = false };

	search.len = rules_entry_key(entry, search.key);
	for (size_t i = 0; i < install->look.n_sets && !search.found; i++) {
		struct look_set *there = &install->look.sets[i];

		if (strcmp(there->name, set->name))
			continue;
		if (!there->elements && look_elements(there, install->nfnl))
			return -1;
		nftnl_set_elem_foreach(there->elements, compare_key, &search);
	}
	return search.found;
}

/* Adds the port's entry of `from` to `to`. */
static int
add_begun(struct install *install, struct port_set *to, const struct port_set *from, const struct knock_port *port)
{
	static const struct addr nowhere;
	char number[16];

	for (size_t i = 0; i < from->n; i++) {
		if (from->at[i].port.proto != port->proto || from->at[i].port.port != port->port)
			continue;
		if (build_entry(to, &nowhere, port))
			return -1;
		to->at[to->n - 1].timeout_ms = from->at[i].timeout_ms;
		snprintf(number, sizeof(number), "%u:", port->port);
		text_write(&install->begun_pen, to->n > 1 ? ", " : "", number, seq_proto_name(port->proto), NULL);
		return 0;
	}
	return 0;
}

static int
collect_begun(struct install *install, struct port_set *begun, const struct port_set *from)
{
	for (size_t k = 0; k < GUARD_RULES_CUTS; k++) {
		const struct port_set *cut = guard_rules_cut(install->rules, k);

		for (size_t i = 0; cut && i < cut->n; i++) {
			int there = is_there(install, cut, &cut->at[i]);

			if (there < 0 || (!there && add_begun(install, begun, from, &cut->at[i].port)))
				return -1;
		}
	}
	return 0;
}

/* The connections of ports that this transaction begins to cut may go on for a while. */
static int
put_begun(struct install *install)
{
	const struct port_set *set = rules_set(install->rules, GUARD_RULES_BEGUN);
	struct port_set begun;
	int rc;

	if (!set || install->same)
		return 0;
	begun = *set;
	begun.at = NULL;
	begun.n = begun.room = 0;
	rc = collect_begun(install, &begun, set) || put_all_entries(install, &begun) ? -1 : 0;
	free(begun.at);
	return rc;
}

static int
put_new_set(struct install *install, const struct port_set *set)
{
	struct look_set *alike = find_alike(install, set);

	if (put_set(install, set))
		return -1;
	if (alike)
		return put_copies(install, set, alike);
	install->emptied |= set->kept;
	if (!strcmp(set->name, GUARD_RULES_BEGUN))
		return 0;
	return put_all_entries(install, set) || put_older(install, set) ? -1 : 0;
}

static int
put_sets(struct install *install)
{
	for (size_t i = 0; i < install->rules->n_sets; i++) {
		const struct port_set *set = &install->rules->sets[i];

		if (!is_kept_set(install, set) && put_new_set(install, set))
			return -1;
	}
	return put_begun(install);
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
	struct nlmsghdr *nlh = add_message(install, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "chain", chain->name);
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
	struct nlmsghdr *nlh = add_message(install, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, NULL, NULL);
	struct nftnl_rule *nl = nftnl_rule_alloc();
	int rc = !nlh || !nl || nftnl_rule_set_str(nl, NFTNL_RULE_TABLE, RULESET_TABLE) ||
			 nftnl_rule_set_str(nl, NFTNL_RULE_CHAIN, rule->chain)
		     ? -1
		     : 0;

	for (size_t i = 0; i < rule->n && !rc; i++)
		rc = expr_put_term(nl, install->rules, &rule->terms[i]);
	if (!rc && !(rc = expr_mark(nl))) {
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

/* --- removals ------------------------------------------------------------------------------------ */

/* Deletes the rules of this chain; NULL: of all. */
static int
put_flush(struct install *install, const char *chain)
{
	struct nlmsghdr *nlh = add_message(install, NFT_MSG_DELRULE, 0, "to flush chain", chain ? chain : "");

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
	struct nlmsghdr *nlh = add_message(install, NFT_MSG_DELCHAIN, 0, "to delete chain", name);

	if (!nlh)
		return -1;
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, RULESET_TABLE);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, name);
	return 0;
}

static int
put_set_removal(struct install *install, const char *name)
{
	struct nlmsghdr *nlh = add_message(install, NFT_MSG_DELSET, 0, "to delete set", name);

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
	const struct look *look = &install->look;
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

	return !set || !is_kept_set(install, set);
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
		if (is_kept_set(install, &install->rules->sets[i]))
			return true;
	for (size_t i = 0; i < install->look.n_chains && !is_unfit(install); i++)
		if (is_kept_base(install, &install->look.chains[i]))
			return true;
	return false;
}

static int
put_clean_table(struct install *install)
{
	if (keeps_a_part(install))
		return put_table(install) || put_removals(install, is_replaced, true) ? -1 : 0;
	if (install->look.there && put_table_removal(install))
		return -1;
	return put_table(install);
}

/* --- the transaction ----------------------------------------------------------------------------- */

/* A refused message makes the kernel refuse later ones, too: the first is the reason. */
static void
take_refusal(void *arg, size_t index, int error)
{
	struct install *install = arg;

	if (install->error && index >= install->refused)
		return;
	install->refused = index;
	install->error = error;
}

/* Linux before 5.9 cannot reject at this hook, and refuses the rule or the whole transaction. */
static const char *
hint(const struct install *install, int error)
{
	for (size_t i = 0; i < install->rules->n_rules && error == EOPNOTSUPP; i++) {
		const struct rule *rule = &install->rules->rules[i];

		if (rule->terms[rule->n - 1].kind == TERM_REJECT)
			return " (Guard_Policy = reject needs Linux 5.9 or later)";
	}
	return "";
}

/* ENOENT: this kernel lacks the expression. */
static const char *
rule_hint(const struct install *install, const struct rule *rule)
{
	if (install->error == ENOENT && rule->terms[rule->n - 1].kind == TERM_QUEUE)
		return " (Capture = nfqueue needs a kernel with CONFIG_NFT_QUEUE; Capture = nflog does without)";
	if (install->error == ENOENT && rule->terms[0].kind == TERM_ASKED)
		return " (Scan_Guard needs a kernel with CONFIG_NFT_SOCKET; doors with tcpflags = syn,!ack and without "
		       "UDP "
		       "ports do without, and so does Scan_Guard = 0)";
	return hint(install, install->error);
}

static void
explain(const struct install *install, char *err, size_t errlen)
{
	const struct source *source = &install->sources[install->refused];
	char *text = NULL;
	size_t len;
	FILE *out;

	if (install->error == EPERM && install->look.owner && install->look.owner != nfnl_port(install->nfnl)) {
		snprintf(err, errlen, "the table belongs to another process (netlink port %u)", install->look.owner);
		return;
	}
	if (source->what) {
		snprintf(err, errlen, "the kernel refused %s %s: %s", source->what, source->name,
			 strerror(install->error));
		return;
	}
	out = open_memstream(&text, &len);
	if (out) {
		ruleset_print_rule(install->rules, source->rule, out);
		fclose(out);
	}
	snprintf(err, errlen, "the kernel refused \"%s\": %s%s", text ? text : "a rule", strerror(install->error),
		 rule_hint(install, source->rule));
	free(text);
}

/*
 * Reads the table, puts the messages that change it, and commits them; again if another program has changed the
 * ruleset in between. Returns as nfnl_commit() does.
 */
static int
transact(struct install *install, int (*put)(struct install *install))
{
	int rc = -1;

	errno = ERESTART;
	for (int i = 0; i < TRIES && rc < 0 && nfnl_is_passing(errno); i++) {
		look_free(&install->look);
		install->n = 0;
		install->error = 0;
		install->emptied = false;
		install->begun_pen = text_pen(install->begun, sizeof(install->begun));
		if (look_at(&install->look, install->nfnl))
			continue;
		nfnl_begin(install->nfnl, install->look.generation);
		errno = ENOMEM;
		if (put(install))
			continue;
		rc = nfnl_commit(install->nfnl, take_refusal, install);
		if (rc > 0 && (install->error == ENOMEM || install->error == ENOBUFS)) {
			errno = install->error;
			rc = -1;
		}
	}
	return rc;
}

static void
finish(struct install *install)
{
	int saved = errno;

	look_free(&install->look);
	free(install->sources);
	errno = saved;
}

/* In a transaction of its own: the kernel adds no base chain to a table whose flags change. */
static int
put_adoption(struct install *install)
{
	bool orphan = (install->look.flags & (LOOK_TABLE_OWNER | LOOK_TABLE_PERSIST)) == LOOK_TABLE_PERSIST;

	return install->own && orphan && !is_unfit(install) ? put_table(install) : 0;
}

static int
put_all(struct install *install)
{
	return put_clean_table(install) || put_sets(install) || put_chains(install) || put_rules(install) ? -1 : 0;
}

/* Before 6.9 the kernel does not know one of the flags. */
static bool
cannot_own(const struct install *install, int rc)
{
	return rc > 0 && install->own && install->sources[install->refused].what == table_made &&
	       (install->error == EOPNOTSUPP || install->error == EINVAL);
}

static int
replace(struct install *install, char *err, size_t errlen)
{
	int rc = transact(install, put_adoption);

	if (!rc)
		rc = transact(install, put_all);
	if (cannot_own(install, rc)) {
		install->own = false;
		rc = transact(install, put_all);
	}
	if (rc < 0 && errno == EINVAL) { /* nothing has this type of message */
		snprintf(err, errlen, "the kernel lacks nf_tables (CONFIG_NF_TABLES)");
	} else if (rc < 0) {
		snprintf(err, errlen, "%s%s", strerror(errno), hint(install, errno));
	} else if (rc) {
		explain(install, err, errlen);
		errno = install->error;
	}
	return rc ? -1 : 0;
}

int
ruleset_install(struct ruleset *ruleset, const struct conf *conf, char *err, size_t errlen)
{
	bool own = conf_owns_table(conf) && !ruleset->cannot_own;
	struct rules *rules = compose_rules(conf);
	struct install install = { .rules = rules, .nfnl = ruleset->nfnl, .own = own, .same = ruleset->same };
	int rc = -1;

	if (rules)
		rc = replace(&install, err, errlen);
	else
		snprintf(err, errlen, "%s", strerror(errno));
	ruleset->cannot_own |= own && !install.own;
	if (!rc) {
		ruleset->owned = install.own;
		ruleset->emptied = install.emptied;
		text_copy(ruleset->begun, sizeof(ruleset->begun), install.begun);
	}
	finish(&install);
	rules_free(rules);
	return rc;
}

/* --- remove, unguard ----------------------------------------------------------------------------- */

static int
put_knocks_removal(struct install *install)
{
	if (look_has_chain(&install->look, RULES_CHAIN_GUARD))
		return put_removals(install, is_of_knocks, false);
	return put_table_removal(install);
}

static int
put_guard_removal(struct install *install)
{
	if (look_has_chain(&install->look, RULES_CHAIN_KNOCKS))
		return put_removals(install, is_of_guard, false);
	return put_table_removal(install);
}

static int
take_away(const struct ruleset *ruleset, int (*put)(struct install *install))
{
	struct install install = { .nfnl = ruleset->nfnl };
	int rc = transact(&install, put);

	if (rc > 0)
		errno = install.error;
	finish(&install);
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
