/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/bans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/moment.h"
#include "lib/text.h"
#include "netlink/hosts.h"

/* How old may be what is known of routes and name servers: a scan leads to many questions. */
#define FRESH_MSEC 10000

/* Addresses, each once. */
struct addr_list {
	struct addr *at;
	size_t n, size;
	bool lost; /* no memory for one */
};

struct bans {
	struct bans_sources sources;
	struct addr_list hosts, servers;
	int64_t fresh_until; /* boot clock, ms */
};

/* ---- what is looked up ------------------------------------------------------------------------- */

/* hosts_found, with the list as `arg` */
static void
add(void *arg, const struct addr *addr)
{
	struct addr_list *list = arg;
	size_t size = list->size ? 2 * list->size : 16;
	struct addr *at;

	for (size_t i = 0; i < list->n; i++)
		if (addr_equal(&list->at[i], addr))
			return;
	if (list->n == list->size) {
		at = reallocarray(list->at, size, sizeof(*at));
		list->lost |= !at;
		if (!at)
			return;
		list->at = at;
		list->size = size;
	}
	list->at[list->n++] = *addr;
}

/* "nameserver ADDRESS", perhaps with %INTERFACE: resolv.conf(5). */
static void
take_line(struct addr_list *list, char *line)
{
	char *rest = text_trim(line), *word = strsep(&rest, " \t");
	struct addr addr;

	if (strcmp(word, "nameserver") || !rest)
		return;
	rest = text_trim(rest);
	rest[strcspn(rest, "% \t")] = '\0';
	if (!addr_parse(&addr, rest))
		add(list, &addr);
}

static void
read_servers(struct addr_list *list)
{
	/* the second names those behind systemd-resolved, which is the only one in the first */
	static const char *const paths[] = { "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf" };
	char line[TEXT_LINE_MAX];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		FILE *file = fopen(paths[i], "re");

		while (file && fgets(line, sizeof(line), file))
			take_line(list, line);
		if (file)
			fclose(file);
	}
}

/* False: it is not known. */
static bool
refresh(struct bans *b)
{
	int64_t now = moment_now().boot_ms;

	if (now < b->fresh_until)
		return true;
	b->hosts.n = b->servers.n = 0;
	b->hosts.lost = b->servers.lost = false;
	if (hosts_each(add, &b->hosts))
		return false;
	read_servers(&b->servers);
	if (b->hosts.lost || b->servers.lost)
		return false;
	b->fresh_until = now + FRESH_MSEC;
	return true;
}

/* ---- judging ----------------------------------------------------------------------------------- */

static bool
is_special(const struct network *banned)
{
	/* never the source of a packet on the wire (addr_is_host()), or of this link alone; RFC 6890 */
	static const struct network special[] = {
		{ { { 0 }, AF_INET }, 8 },
		{ { { 127 }, AF_INET }, 8 },
		{ { { 169, 254 }, AF_INET }, 16 },
		{ { { 224 }, AF_INET }, 3 },
		{ { { 0 }, AF_INET6 }, 64 }, /* ::, ::1, ::ffff:0:0/96 */
		{ { { 0xfe, 0x80 }, AF_INET6 }, 10 },
		{ { { 0xff }, AF_INET6 }, 8 },
	};

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (network_overlaps(&special[i], banned))
			return true;
	return false;
}

static bool
has_any(const struct addr_list *list, const struct network *banned)
{
	for (size_t i = 0; i < list->n; i++) {
		struct network one = network_around(&list->at[i], 128);

		if (network_overlaps(&one, banned))
			return true;
	}
	return false;
}

static bool
is_excepted(const struct conf *conf, const struct network *banned)
{
	for (size_t i = 0; i < conf->n_ban_except; i++)
		if (network_overlaps(&conf->ban_except[i], banned))
			return true;
	return false;
}

/* While a set is missing nobody knows whom it would have: then nobody is banned. */
static const char *
ask_sets(struct bans *b, const struct conf *conf, const struct addr *ip)
{
	for (size_t i = 0; i < conf->ban_except_sets.n; i++) {
		struct nftset_op op = { .element = &conf->ban_except_sets.at[i], .ip = *ip };
		int there = nftset_holds(b->sources.nftset, &op);

		if (there)
			return there > 0 ? "it is in a set of Ban_Except" : "a set of Ban_Except cannot be asked";
	}
	return NULL;
}

/* The network that the widest of the elements bans. */
static struct network
banned_with(const struct conf *conf, const struct addr *ip)
{
	const struct element_list *list = conf_bans(conf, door_family(ip));
	int least = ELEMENT_WHOLE;

	for (size_t i = 0; i < list->n; i++) {
		int bits = element_prefix(&list->at[i]);

		if (bits >= 0 && bits < least)
			least = bits;
	}
	return network_around(ip, (unsigned)least);
}

const char *
bans_spare(struct bans *b, const struct conf *conf, const struct addr *ip)
{
	struct network banned = banned_with(conf, ip);

	if (is_special(&banned))
		return "no ban for addresses of its kind";
	if (is_excepted(conf, &banned))
		return "it is in a network of Ban_Except";
	if (grants_reach(b->sources.grants, &banned) || closings_reach(b->sources.closings, &banned))
		return "it has an access";
	if (!refresh(b))
		return "routes and name servers are not known";
	if (has_any(&b->hosts, &banned))
		return "it is one of this machine or a next hop";
	if (has_any(&b->servers, &banned))
		return "it is a name server";
	return ask_sets(b, conf, ip);
}

/* ---- start and end ----------------------------------------------------------------------------- */

struct bans *
bans_new(const struct bans_sources *sources)
{
	struct bans *b = calloc(1, sizeof(*b));

	if (b)
		b->sources = *sources;
	return b;
}

void
bans_free(struct bans *b)
{
	if (!b)
		return;
	free(b->hosts.at);
	free(b->servers.at);
	free(b);
}
