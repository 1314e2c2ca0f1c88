/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parent/interfaces.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/text.h"
#include "netlink/links.h"

/* --- names --------------------------------------------------------------------------------------- */

void
interfaces_translate(struct conf *conf, const struct log *log)
{
	for (size_t i = 0; i < conf->n_interfaces; i++) {
		char own[IFNAMSIZ], *copy;
		unsigned index = if_nametoindex(conf->interfaces[i]); /* of an alternative name, too */

		if (!index || !if_indextoname(index, own) || !strcmp(own, conf->interfaces[i]) || !(copy = strdup(own)))
			continue;
		if (log)
			log_notice(log, "%s is another name of the interface %s: listening on that",
				   conf->interfaces[i], own);
		free(conf->interfaces[i]);
		conf->interfaces[i] = copy;
	}
}

static bool
is_wildcard(const char *name)
{
	return *name && name[strlen(name) - 1] == '*';
}

static bool
matches(const char *wanted, const char *name)
{
	return is_wildcard(wanted) ? !strncmp(wanted, name, strlen(wanted) - 1) : !strcmp(wanted, name);
}

/* Does any name in the configuration stand for this interface? */
static bool
is_wanted(const struct conf *conf, const struct link *link)
{
	for (size_t i = 0; i < conf->n_interfaces; i++)
		if (matches(conf->interfaces[i], link->name))
			return true;
	return false;
}

/* --- warnings about Interface --------------------------------------------------------------------- */

static void
warn_of_missing(const struct links *links, const char *name, const struct log *log)
{
	char text[LOG_TEXT_MAX];
	struct pen pen = text_pen(text, sizeof(text));

	for (size_t i = 0; i < links->n; i++)
		text_write(&pen, i ? ", " : "", links->at[i].name, NULL);
	log_warnx(log, "warning: there is no interface %s now, only %s", name, text);
}

/* The first alternative name that `wanted` matches. NULL: none. Cuts up the copy. */
static const char *
find_altname(char *copy, const char *wanted)
{
	char *word;

	while ((word = strsep(&copy, " ")))
		if (*word && matches(wanted, word))
			return word;
	return NULL;
}

/* The kernel compares packets with interfaces' own names alone, so a wildcard matches no alternative name. */
static void
warn_of_altname(const struct links *links, const char *name, const struct log *log)
{
	for (size_t i = 0; i < links->n; i++)
		if (matches(name, links->at[i].name))
			return;
	for (size_t i = 0; i < links->n; i++) {
		char copy[sizeof(links->at[i].altnames)];
		const char *altname;

		text_copy(copy, sizeof(copy), links->at[i].altnames);
		altname = find_altname(copy, name);
		if (!altname)
			continue;
		log_warnx(log, "warning: %s stands for no alternative name such as %s: write Interface = %s", name,
			  altname, links->at[i].name);
		return;
	}
}

/* The rules see the packets of a bridge's port, a bond's member and the like as packets of their master. */
static bool
is_port(const struct links *links, const struct link *link)
{
	const struct link *master = links_by_index(links, link->master);

	return master && strcmp(master->kind, "vrf");
}

/* One of the ports that `name` stands for, if it stands for nothing else and the master is not wanted; or NULL. */
static const struct link *
find_port(const struct conf *conf, const struct links *links, const char *name)
{
	const struct link *port = NULL;

	for (size_t i = 0; i < links->n; i++) {
		const struct link *link = &links->at[i];

		if (!matches(name, link->name))
			continue;
		if (!is_port(links, link) || is_wanted(conf, links_by_index(links, link->master)))
			return NULL;
		port = link;
	}
	return port;
}

static void
warn_of_port(const struct conf *conf, const struct links *links, const char *name, const struct log *log)
{
	const struct link *port = find_port(conf, links, name), *master;

	if (!port)
		return;
	master = links_by_index(links, port->master);
	log_warnx(log, "warning: %s belongs to the %s %s, and knocks come by %s: write Interface = %s", port->name,
		  *master->kind ? master->kind : "interface", master->name, master->name, master->name);
}

static void
warn_of_vrf(const struct conf *conf, const struct links *links, const struct log *log)
{
	for (size_t i = 0; i < links->n; i++) {
		const struct link *link = &links->at[i], *master = links_by_index(links, link->master);

		if (!master || strcmp(master->kind, "vrf") || !is_wanted(conf, link) || !is_wanted(conf, master))
			continue;
		log_warnx(log,
			  "warning: Interface has the VRF %s and its member %s: a knock that comes by %s counts twice, "
			  "leave out one of them",
			  master->name, link->name, link->name);
	}
}

static void
warn_of_names(const struct conf *conf, const struct links *links, const struct log *log)
{
	for (size_t i = 0; i < conf->n_interfaces; i++) {
		const char *name = conf->interfaces[i];

		if (is_wildcard(name))
			warn_of_altname(links, name, log);
		else if (!links_by_name(links, name))
			warn_of_missing(links, name, log);
		warn_of_port(conf, links, name, log);
	}
	if (conf->n_interfaces)
		warn_of_vrf(conf, links, log);
}

/* --- warnings about Target ------------------------------------------------------------------------ */

/* Does netfilter see packets from one port of the bridge to another? Without br_netfilter there are no such files. */
static bool
sees_bridged(const struct link *bridge, int family)
{
	static const char *const paths[] = { "/proc/sys/net/bridge/bridge-nf-call-iptables",
					     "/proc/sys/net/bridge/bridge-nf-call-ip6tables" };
	bool v6 = family == AF_INET6;
	FILE *file = fopen(paths[v6], "re");
	int on;

	if (!file)
		return false;
	on = getc(file);
	fclose(file);
	return bridge->filters[v6] || on == '1';
}

static void
warn_of_target(const struct door *door, const struct links *links, const struct log *log)
{
	const struct link *link = links_by_index(links, links_to(&door->target));
	char target[ADDR_STRLEN];

	if (!link || strcmp(link->kind, "bridge") || sees_bridged(link, door->target.family))
		return;
	log_warnx(
	    log,
	    "warning: %s: hosts on the bridge %s reach Target %s without a knock: packets from one port of a "
	    "bridge to another do not come to the guard without br_netfilter and net.bridge.bridge-nf-call-%s = 1",
	    door->name, link->name, addr_format(&door->target, target),
	    door->target.family == AF_INET6 ? "ip6tables" : "iptables");
}

void
interfaces_warn(const struct conf *conf, const struct log *log)
{
	struct links links;

	if (links_read(&links)) {
		log_warn(log, "could not read the list of interfaces");
		links_free(&links);
		return;
	}
	warn_of_names(conf, &links, log);
	for (size_t i = 0; i < conf->n_doors; i++)
		if (conf->doors[i].open.n && conf->doors[i].target.family)
			warn_of_target(&conf->doors[i], &links, log);
	links_free(&links);
}
