/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink/hosts.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "rtnl.h"

struct search {
	hosts_found *found;
	void *arg;
	int family; /* of the message */
	bool ours;  /* it is a route to this machine itself, or to all on a link */
};

static void
tell(const struct search *s, int family, const void *bytes, size_t len)
{
	struct addr addr = { .family = (uint8_t)family };

	if (!addr_len(&addr) || len < addr_len(&addr))
		return;
	addr = addr_from_bytes(family, bytes);
	s->found(s->arg, &addr);
}

/* ---- addresses --------------------------------------------------------------------------------- */

/* mnl_attr_cb_t */
static int
take_address(const struct nlattr *attr, void *arg)
{
	const struct search *s = arg;

	switch (mnl_attr_get_type(attr)) {
	case IFA_LOCAL:
	case IFA_ADDRESS:
	case IFA_BROADCAST:
		tell(s, s->family, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
	}
	return MNL_CB_OK;
}

/* mnl_cb_t */
static int
take_interface(const struct nlmsghdr *nlh, void *arg)
{
	struct search *s = arg;
	const struct ifaddrmsg *message = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type != RTM_NEWADDR)
		return MNL_CB_OK;
	s->family = message->ifa_family;
	mnl_attr_parse(nlh, sizeof(*message), take_address, s);
	return MNL_CB_OK;
}

/* ---- routes ------------------------------------------------------------------------------------ */

/* The next hop of a route of the other family. */
static void
take_via(const struct search *s, const struct nlattr *attr)
{
	const struct rtvia *via = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);

	if (len > sizeof(*via))
		tell(s, via->rtvia_family, via->rtvia_addr, len - sizeof(*via));
}

static void take_hops(struct search *s, const struct nlattr *attr);

/* mnl_attr_cb_t */
static int
take_hop(const struct nlattr *attr, void *arg)
{
	struct search *s = arg;

	switch (mnl_attr_get_type(attr)) {
	case RTA_DST:
		if (s->ours)
			tell(s, s->family, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
		break;
	case RTA_GATEWAY:
		tell(s, s->family, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
		break;
	case RTA_VIA:
		take_via(s, attr);
		break;
	case RTA_MULTIPATH:
		take_hops(s, attr);
		break;
	}
	return MNL_CB_OK;
}

static void
take_hops(struct search *s, const struct nlattr *attr)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(attr);
	size_t left = mnl_attr_get_payload_len(attr);

	while (left >= sizeof(*hop) && hop->rtnh_len >= sizeof(*hop) && hop->rtnh_len <= left) {
		size_t len = RTNH_ALIGN(hop->rtnh_len);

		mnl_attr_parse_payload(RTNH_DATA(hop), hop->rtnh_len - sizeof(*hop), take_hop, s);
		if (len >= left)
			return;
		left -= len;
		hop = RTNH_NEXT(hop);
	}
}

/* mnl_cb_t */
static int
take_route(const struct nlmsghdr *nlh, void *arg)
{
	struct search *s = arg;
	const struct rtmsg *message = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	s->family = message->rtm_family;
	s->ours = message->rtm_type == RTN_LOCAL || message->rtm_type == RTN_BROADCAST;
	mnl_attr_parse(nlh, sizeof(*message), take_hop, s);
	return MNL_CB_OK;
}

/* ---- all of it ---------------------------------------------------------------------------------- */

int
hosts_each(hosts_found *found, void *arg)
{
	struct search search = { .found = found, .arg = arg };
	struct mnl_socket *socket = rtnl_open();
	int failed, error;

	if (!socket)
		return -1;
	failed = rtnl_dump(socket, RTM_GETADDR, sizeof(struct ifaddrmsg), take_interface, &search) ||
		 rtnl_dump(socket, RTM_GETROUTE, sizeof(struct rtmsg), take_route, &search);
	error = errno;
	mnl_socket_close(socket);
	errno = error;
	return failed ? -1 : 0;
}
