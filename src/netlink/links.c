/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink/links.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rtnl.h"

/* IFLA_PROP_LIST and IFLA_ALT_IFNAME, which the headers of kernels before 5.5 lack */
#define PROP_LIST  52
#define ALT_IFNAME 53

/* --- interfaces ---------------------------------------------------------------------------------- */

/* mnl_attr_cb_t */
static int
take_bridge_option(const struct nlattr *attr, void *arg)
{
	struct link *link = arg;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_BR_NF_CALL_IPTABLES:
		link->filters[0] = mnl_attr_get_u8(attr);
		break;
	case IFLA_BR_NF_CALL_IP6TABLES:
		link->filters[1] = mnl_attr_get_u8(attr);
		break;
	}
	return MNL_CB_OK;
}

/* mnl_attr_cb_t. The kernel sends the kind before its data. */
static int
take_info(const struct nlattr *attr, void *arg)
{
	struct link *link = arg;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_INFO_KIND:
		snprintf(link->kind, sizeof(link->kind), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_INFO_DATA:
		if (!strcmp(link->kind, "bridge"))
			mnl_attr_parse_nested(attr, take_bridge_option, link);
		break;
	}
	return MNL_CB_OK;
}

/* mnl_attr_cb_t */
static int
take_property(const struct nlattr *attr, void *arg)
{
	struct link *link = arg;
	size_t len = strlen(link->altnames), more = mnl_attr_get_payload_len(attr);

	if (mnl_attr_get_type(attr) == ALT_IFNAME && len + 1 + more <= sizeof(link->altnames))
		snprintf(link->altnames + len, sizeof(link->altnames) - len, "%s%s", len ? " " : "",
			 mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/* mnl_attr_cb_t */
static int
take_attribute(const struct nlattr *attr, void *arg)
{
	struct link *link = arg;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		snprintf(link->name, sizeof(link->name), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_MASTER:
		link->master = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINKINFO:
		mnl_attr_parse_nested(attr, take_info, link);
		break;
	case PROP_LIST:
		mnl_attr_parse_nested(attr, take_property, link);
		break;
	}
	return MNL_CB_OK;
}

/* mnl_cb_t */
static int
take_link(const struct nlmsghdr *nlh, void *arg)
{
	struct links *links = arg;
	const struct ifinfomsg *message = mnl_nlmsg_get_payload(nlh);
	struct link *grown;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	grown = reallocarray(links->at, links->n + 1, sizeof(*grown));
	if (!grown)
		return MNL_CB_ERROR;
	links->at = grown;
	grown[links->n] = (struct link){ .index = (unsigned)message->ifi_index };
	mnl_attr_parse(nlh, sizeof(*message), take_attribute, &grown[links->n++]);
	return MNL_CB_OK;
}

int
links_read(struct links *links)
{
	struct mnl_socket *socket = rtnl_open();
	int rc, error;

	*links = (struct links){ .n = 0 };
	if (!socket)
		return -1;
	rc = rtnl_dump(socket, RTM_GETLINK, sizeof(struct ifinfomsg), take_link, links);
	error = errno;
	mnl_socket_close(socket);
	errno = error;
	return rc ? -1 : 0;
}

void
links_free(struct links *links)
{
	free(links->at);
	*links = (struct links){ .n = 0 };
}

const struct link *
links_by_index(const struct links *links, unsigned index)
{
	for (size_t i = 0; i < links->n; i++)
		if (links->at[i].index == index)
			return &links->at[i];
	return NULL;
}

const struct link *
links_by_name(const struct links *links, const char *name)
{
	for (size_t i = 0; i < links->n; i++)
		if (!strcmp(links->at[i].name, name))
			return &links->at[i];
	return NULL;
}

/* --- routes -------------------------------------------------------------------------------------- */

struct route {
	unsigned index; /* of the interface */
	uint8_t type;
};

/* mnl_attr_cb_t */
static int
take_interface(const struct nlattr *attr, void *arg)
{
	struct route *route = arg;

	if (mnl_attr_get_type(attr) == RTA_OIF)
		route->index = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

/* mnl_cb_t */
static int
take_route(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtmsg *message = mnl_nlmsg_get_payload(nlh);
	struct route *route = arg;

	if (nlh->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	route->type = message->rtm_type;
	mnl_attr_parse(nlh, sizeof(*message), take_interface, route);
	return MNL_CB_OK;
}

/* Without a route its type is RTN_UNSPEC. */
static struct route
ask_route(const struct addr *addr)
{
	char buf[RTNL_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *message = mnl_nlmsg_put_extra_header(nlh, sizeof(*message));
	struct mnl_socket *socket = rtnl_open();
	struct route route = { .type = RTN_UNSPEC };

	if (!socket)
		return route;
	nlh->nlmsg_type = RTM_GETROUTE;
	message->rtm_family = addr->family;
	message->rtm_dst_len = (unsigned char)(8 * addr_len(addr));
	mnl_attr_put(nlh, RTA_DST, addr_len(addr), addr->bytes);
	if (rtnl_ask(socket, nlh, take_route, &route))
		route.type = RTN_UNSPEC;
	mnl_socket_close(socket);
	return route;
}

unsigned
links_to(const struct addr *addr)
{
	struct route route = ask_route(addr);

	return route.type == RTN_UNICAST ? route.index : 0;
}

bool
links_may_be_host(const struct addr *addr)
{
	struct route route = ask_route(addr);

	return route.type != RTN_BROADCAST && route.type != RTN_ANYCAST;
}
