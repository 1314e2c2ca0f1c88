/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install_sets.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "expr.h"
#include "guard_rules.h"
#include "netlink/nftkey.h"
#include "older.h"

#define ENTRIES_PER_MESSAGE 1000 /* at most 40 bytes each: a nested attribute holds 64 KiB */

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
	struct nlmsghdr *nlh = transaction_add(&install->transaction, NFT_MSG_NEWSET, NLM_F_CREATE, "set", set->name);
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
	struct nlmsghdr *nlh =
	    transaction_add(&install->transaction, NFT_MSG_NEWSETELEM, NLM_F_CREATE, "the elements of set", set->name);
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

bool
install_sets_need_new_table(const struct install *install)
{
	uint32_t flags = install->transaction.look.flags;

	return flags & NFT_TABLE_F_DORMANT || (install->own && !(flags & LOOK_TABLE_PERSIST));
}

/* The kernel's set like this one, whose elements fit; NULL: none. */
static struct look_set *
find_alike(const struct install *install, const struct port_set *set)
{
	for (size_t i = 0; i < install->transaction.look.n_sets && set->kept; i++) {
		struct look_set *found = &install->transaction.look.sets[i];

		if (!strcmp(found->name, set->name) && found->type == keys[set->key].type &&
		    found->len == keys[set->key].len && (found->flags & ~(uint32_t)NFT_SET_EVAL) == NFT_SET_TIMEOUT)
			return found;
	}
	return NULL;
}

bool
install_sets_is_kept(const struct install *install, const struct port_set *set)
{
	const struct look_set *alike = find_alike(install, set);

	return !install_sets_need_new_table(install) && alike && alike->flags == flags_of(set);
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
	uint32_t n;
	bool failed; /* no memory */
};

/* NULL or 0: without. */
struct copy {
	const void *key, *userdata;
	uint32_t key_len, userdata_len;
	const uint64_t *timeout_ms, *left_ms;
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
	copying->nlh = transaction_add(&copying->install->transaction, NFT_MSG_NEWSETELEM, NLM_F_CREATE,
				       "the elements of set", copying->set->name);
	if (!copying->nlh)
		return -1;
	mnl_attr_put_strz(copying->nlh, NFTA_SET_ELEM_LIST_TABLE, RULESET_TABLE);
	mnl_attr_put_strz(copying->nlh, NFTA_SET_ELEM_LIST_SET, copying->set->name);
	mnl_attr_put_u32(copying->nlh, NFTA_SET_ELEM_LIST_SET_ID,
			 htonl(RULESET_SET_ID(copying->install->rules, copying->set)));
	copying->list = mnl_attr_nest_start(copying->nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	return 0;
}

static void
put_msec(struct nlmsghdr *nlh, uint16_t type, const uint64_t *ms)
{
	if (ms)
		mnl_attr_put_u64(nlh, type, htobe64(*ms));
}

/* libnftnl before 1.2.1 cannot write a single element. */
static int
put_copy(struct copying *copying, const struct copy *copy)
{
	struct nlattr *nest, *key;

	if (copying->nlh && copying->nlh->nlmsg_len > COPY_MAX)
		end_message(copying);
	if (!copying->nlh && begin_message(copying))
		return -1;
	nest = mnl_attr_nest_start(copying->nlh, NFTA_LIST_ELEM);
	key = mnl_attr_nest_start(copying->nlh, NFTA_SET_ELEM_KEY);
	mnl_attr_put(copying->nlh, NFTA_DATA_VALUE, copy->key_len, copy->key);
	mnl_attr_nest_end(copying->nlh, key);
	put_msec(copying->nlh, NFTA_SET_ELEM_TIMEOUT, copy->timeout_ms);
	put_msec(copying->nlh, NFTA_SET_ELEM_EXPIRATION, copy->left_ms);
	if (copy->userdata)
		mnl_attr_put(copying->nlh, NFTA_SET_ELEM_USERDATA, copy->userdata_len, copy->userdata);
	mnl_attr_nest_end(copying->nlh, nest);
	return 0;
}

static const uint64_t *
get_msec(struct nftnl_set_elem *elem, uint16_t attr, uint64_t *ms)
{
	if (!nftnl_set_elem_is_set(elem, attr))
		return NULL;
	*ms = nftnl_set_elem_get_u64(elem, attr);
	return ms;
}

/* With its comment, its time, and the time that it has left. */
static int
copy_element(struct nftnl_set_elem *elem, void *arg)
{
	uint64_t timeout_ms, left_ms;
	struct copy copy = { .timeout_ms = get_msec(elem, NFTNL_SET_ELEM_TIMEOUT, &timeout_ms),
			     .left_ms = get_msec(elem, NFTNL_SET_ELEM_EXPIRATION, &left_ms) };

	copy.key = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &copy.key_len);
	copy.userdata = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_USERDATA, &copy.userdata_len);
	return put_copy(arg, &copy);
}

/* Into a set that was just made. */
static int
put_copies(struct install *install, const struct port_set *set, struct look_set *from)
{
	struct copying copying = { .install = install, .set = set };
	int rc = look_elements(from, install->transaction.nfnl) ||
		 nftnl_set_elem_foreach(from->elements, copy_element, &copying);

	end_message(&copying);
	return rc ? -1 : 0;
}

static uint32_t
most_given(const struct port_set *set)
{
	return set->size && set->size < RULESET_ELEMENTS_MAX ? set->size : RULESET_ELEMENTS_MAX;
}

/* nftset_visit. The caller learns from the set what is missing. */
static void
put_given(void *arg, const void *key, uint32_t key_len, const struct nftset_found *found)
{
	struct copying *copying = arg;
	struct nftnl_udata_buf *buf;

	if (copying->failed || key_len != keys[copying->set->key].len || copying->n == most_given(copying->set))
		return;
	buf = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	copying->failed = !buf;
	if (!buf)
		return;
	nftnl_udata_put_strz(buf, NFTNL_UDATA_SET_ELEM_COMMENT, found->comment);
	copying->failed =
	    put_copy(copying,
		     &(struct copy){ .key = key,
				     .key_len = key_len,
				     .userdata = nftnl_udata_buf_data(buf),
				     .userdata_len = nftnl_udata_buf_len(buf),
				     .timeout_ms = found->left_ms == NFTSET_ENDLESS ? NULL : &found->left_ms });
	nftnl_udata_buf_free(buf);
	copying->n++;
}

static int
put_all_given(struct install *install, const struct port_set *set)
{
	struct copying copying = { .install = install, .set = set };

	if (!install->elements || !set->kept)
		return 0;
	install->elements(install->elements_arg, set->name, put_given, &copying);
	end_message(&copying);
	install->given |= copying.n > 0;
	return copying.failed ? -1 : 0;
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
	for (size_t i = 0; i < install->transaction.look.n_sets && !search.found; i++) {
		struct look_set *there = &install->transaction.look.sets[i];

		if (strcmp(there->name, set->name))
			continue;
		if (!there->elements && look_elements(there, install->transaction.nfnl))
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
	return put_all_entries(install, set) || put_older(install, set) || put_all_given(install, set) ? -1 : 0;
}

int
install_sets_put(struct install *install)
{
	install->emptied = install->given = false;
	install->begun_pen = text_pen(install->begun, sizeof(install->begun));
	for (size_t i = 0; i < install->rules->n_sets; i++) {
		const struct port_set *set = &install->rules->sets[i];

		if (!install_sets_is_kept(install, set) && put_new_set(install, set))
			return -1;
	}
	return put_begun(install);
}
