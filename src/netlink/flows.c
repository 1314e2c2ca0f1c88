/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink/flows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Of one call: the kernel must not be busy with a table that grows as fast as it is read. */
#define FLOWS_MAX 65536

struct dump {
	struct flows_match *matches;
	size_t n;
	struct nf_conntrack **found;
	size_t n_found, room;
};

/* ---- comparing --------------------------------------------------------------------------------- */

static struct addr
address_of(const struct nf_conntrack *ct, uint8_t family, enum nf_conntrack_attr v4, enum nf_conntrack_attr v6)
{
	struct addr addr = { .family = family };
	const void *bytes = nfct_get_attr(ct, family == AF_INET ? v4 : v6);

	if (bytes)
		memcpy(addr.bytes, bytes, addr_len(&addr));
	else
		addr.family = 0;
	return addr;
}

static bool
is_port(const struct flows_match *match, uint16_t port)
{
	return port >= match->port_from && port <= match->port_to;
}

/* DNAT changes address and port: the answers come from where the packets go. */
static bool
fits(const struct flows_match *match, const struct nf_conntrack *ct)
{
	uint8_t family = nfct_get_attr_u8(ct, ATTR_ORIG_L3PROTO);
	struct addr from = address_of(ct, family, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC);
	struct addr sent_to = address_of(ct, family, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_DST);
	struct addr answers = address_of(ct, family, ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV6_SRC);

	if (!from.family || !network_has(&match->from, &from))
		return false;
	if (match->proto && nfct_get_attr_u8(ct, ATTR_ORIG_L4PROTO) != match->proto)
		return false;
	if (match->to.family && !addr_equal(&match->to, &sent_to) && !addr_equal(&match->to, &answers))
		return false;
	return !match->port_to || is_port(match, ntohs(nfct_get_attr_u16(ct, ATTR_ORIG_PORT_DST))) ||
	       is_port(match, ntohs(nfct_get_attr_u16(ct, ATTR_REPL_PORT_SRC)));
}

/* ---- the dump ---------------------------------------------------------------------------------- */

/* Takes over the flow. 0, or -1 with errno. */
static int
keep(struct dump *dump, struct nf_conntrack *ct)
{
	size_t room = dump->room ? 2 * dump->room : 16;
	struct nf_conntrack **grown;

	if (dump->n_found == dump->room) {
		grown = reallocarray(dump->found, room, sizeof(*grown));
		if (!grown) {
			nfct_destroy(ct);
			return -1;
		}
		dump->found = grown;
		dump->room = room;
	}
	dump->found[dump->n_found++] = ct;
	return 0;
}

/* mnl_cb_t */
static int
take_flow(const struct nlmsghdr *nlh, void *arg)
{
	struct dump *dump = arg;
	struct nf_conntrack *ct = nfct_new();

	if (!ct || nfct_nlmsg_parse(nlh, ct) < 0) {
		if (ct)
			nfct_destroy(ct);
		return MNL_CB_ERROR;
	}
	for (size_t i = 0; i < dump->n && dump->n_found < FLOWS_MAX; i++) {
		if (!fits(&dump->matches[i], ct))
			continue;
		dump->matches[i].ended++;
		return keep(dump, ct) ? MNL_CB_ERROR : MNL_CB_OK;
	}
	nfct_destroy(ct);
	return MNL_CB_OK;
}

static struct nlmsghdr *
begin(char *buf, uint16_t type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *header;

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
	header->nfgen_family = family;
	header->version = NFNETLINK_V0;
	return nlh;
}

/* 0, or -1 with errno. */
static int
converse(struct mnl_socket *nl, const struct nlmsghdr *nlh, mnl_cb_t take, void *arg)
{
	char buf[32768];
	ssize_t len;
	int rc = MNL_CB_OK;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;
	while (rc > MNL_CB_STOP) {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			return -1;
		rc = mnl_cb_run(buf, (size_t)len, 0, mnl_socket_get_portid(nl), take, arg);
	}
	return rc < 0 ? -1 : 0;
}

static int
find(struct mnl_socket *nl, struct dump *dump)
{
	char buf[MNL_NLMSG_HDRLEN + 64];

	return converse(nl, begin(buf, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC), take_flow, dump);
}

/* ---- the end ----------------------------------------------------------------------------------- */

/* A flow that has ended meanwhile is no error. */
static int
delete_flow(struct mnl_socket *nl, const struct nf_conntrack *ct)
{
	char buf[4096];
	struct nlmsghdr *nlh = begin(buf, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, nfct_get_attr_u8(ct, ATTR_ORIG_L3PROTO));

	if (nfct_nlmsg_build(nlh, ct) < 0)
		return -1;
	return converse(nl, nlh, NULL, NULL) && errno != ENOENT ? -1 : 0;
}

int
flows_end(struct flows_match *matches, size_t n)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	struct dump dump = { .matches = matches, .n = n };
	int failed = -1, saved;

	if (nl && !mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		failed = find(nl, &dump);
	for (size_t i = 0; i < dump.n_found; i++) {
		failed = failed || delete_flow(nl, dump.found[i]) ? -1 : 0;
		saved = errno;
		nfct_destroy(dump.found[i]);
		errno = saved;
	}
	saved = errno;
	free(dump.found);
	if (nl)
		mnl_socket_close(nl);
	errno = saved;
	return failed;
}
