/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink/monitor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Holds the events of an admin's ruleset with some ten thousand elements. */
#define MONITOR_RCVBUF (4 << 20)

/* The kernel packs events into datagrams of NLMSG_GOODSIZE, at most 8 KiB; a single event may be larger. */
#define MONITOR_READ (64 << 10)

struct monitor {
	struct mnl_socket *nl;
	monitor_take *take;
	void *arg;
	char buf[MONITOR_READ];
};

/* ---- opening ----------------------------------------------------------------------------------- */

/*
 * Drops our own events. A datagram holds events of one transaction, so the port in its first header is that of all.
 * Classic BPF loads words in network order, but the header is in host order.
 */
static int
leave_out(int fd, uint32_t port)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int
subscribe(struct mnl_socket *nl, uint32_t own)
{
	int fd = mnl_socket_get_fd(nl), size = MONITOR_RCVBUF, group = NFNLGRP_NFTABLES;

	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 || leave_out(fd, own))
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
}

struct monitor *
monitor_open(uint32_t own)
{
	struct monitor *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (m->nl && !subscribe(m->nl, own))
		return m;
	monitor_close(m);
	return NULL;
}

int
monitor_leave_out(struct monitor *m, uint32_t own)
{
	return leave_out(mnl_socket_get_fd(m->nl), own);
}

void
monitor_close(struct monitor *m)
{
	if (!m)
		return;
	if (m->nl)
		mnl_socket_close(m->nl);
	free(m);
}

int
monitor_fd(const struct monitor *m)
{
	return m ? mnl_socket_get_fd(m->nl) : -1;
}

/* ---- events ------------------------------------------------------------------------------------ */

static void
lost(struct monitor *m)
{
	m->take(m->arg, &(struct monitor_event){ .kind = MONITOR_LOST });
}

static void
table_changed(struct monitor *m, enum monitor_kind kind, const struct nlmsghdr *nlh)
{
	struct nftnl_table *table = nftnl_table_alloc();

	if (table && !nftnl_table_nlmsg_parse(nlh, table))
		m->take(m->arg,
			&(struct monitor_event){ .kind = kind,
						 .family = (uint8_t)nftnl_table_get_u32(table, NFTNL_TABLE_FAMILY),
						 .table = nftnl_table_get_str(table, NFTNL_TABLE_NAME) });
	if (!table)
		lost(m);
	else
		nftnl_table_free(table);
}

static void
chain_gone(struct monitor *m, const struct nlmsghdr *nlh)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();

	if (chain && !nftnl_chain_nlmsg_parse(nlh, chain))
		m->take(m->arg,
			&(struct monitor_event){ .kind = MONITOR_RULES_GONE,
						 .family = (uint8_t)nftnl_chain_get_u32(chain, NFTNL_CHAIN_FAMILY),
						 .table = nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE) });
	if (!chain)
		lost(m);
	else
		nftnl_chain_free(chain);
}

static void
rule_gone(struct monitor *m, const struct nlmsghdr *nlh)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();

	if (rule && !nftnl_rule_nlmsg_parse(nlh, rule))
		m->take(m->arg, &(struct monitor_event){ .kind = MONITOR_RULES_GONE,
							 .family = (uint8_t)nftnl_rule_get_u32(rule, NFTNL_RULE_FAMILY),
							 .table = nftnl_rule_get_str(rule, NFTNL_RULE_TABLE) });
	if (!rule)
		lost(m);
	else
		nftnl_rule_free(rule);
}

static struct monitor_event
about_set(enum monitor_kind kind, const struct nftnl_set *set)
{
	return (struct monitor_event){ .kind = kind,
				       .family = (uint8_t)nftnl_set_get_u32(set, NFTNL_SET_FAMILY),
				       .table = nftnl_set_get_str(set, NFTNL_SET_TABLE),
				       .set = nftnl_set_get_str(set, NFTNL_SET_NAME) };
}

static void
set_changed(struct monitor *m, const struct nlmsghdr *nlh)
{
	struct nftnl_set *set = nftnl_set_alloc();

	if (set && !nftnl_set_nlmsg_parse(nlh, set)) {
		struct monitor_event event = about_set(MONITOR_SET_CHANGED, set);

		if (event.table && event.set)
			m->take(m->arg, &event);
	}
	if (!set)
		lost(m);
	else
		nftnl_set_free(set);
}

struct telling {
	struct monitor *monitor;
	struct monitor_event event;
};

/* The end of a range is an element, too; another range may begin with its key. */
static bool
is_end(struct nftnl_set_elem *elem)
{
	return nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_FLAGS) &&
	       nftnl_set_elem_get_u32(elem, NFTNL_SET_ELEM_FLAGS) & NFT_SET_ELEM_INTERVAL_END;
}

static int
tell_element(struct nftnl_set_elem *elem, void *arg)
{
	struct telling *t = arg;

	if (is_end(elem))
		return 0;
	t->event.key = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &t->event.key_len);
	if (t->event.key)
		t->monitor->take(t->monitor->arg, &t->event);
	return 0;
}

static void
elements_gone(struct monitor *m, const struct nlmsghdr *nlh)
{
	struct nftnl_set *set = nftnl_set_alloc();

	if (set && !nftnl_set_elems_nlmsg_parse(nlh, set)) {
		struct telling telling = { m, about_set(MONITOR_ELEMENT_GONE, set) };

		if (telling.event.table && telling.event.set)
			nftnl_set_elem_foreach(set, tell_element, &telling);
	}
	if (!set)
		lost(m);
	else
		nftnl_set_free(set);
}

/* mnl_cb_t */
static int
take_message(const struct nlmsghdr *nlh, void *arg)
{
	struct monitor *m = arg;

	if (NFNL_SUBSYS_ID(nlh->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
		return MNL_CB_OK;
	switch (NFNL_MSG_TYPE(nlh->nlmsg_type)) {
	case NFT_MSG_NEWTABLE:
		table_changed(m, MONITOR_TABLE_NEW, nlh);
		break;
	case NFT_MSG_DELTABLE:
		table_changed(m, MONITOR_TABLE_GONE, nlh);
		break;
	case NFT_MSG_DELCHAIN:
		chain_gone(m, nlh);
		break;
	case NFT_MSG_DELRULE:
		rule_gone(m, nlh);
		break;
	case NFT_MSG_NEWSET:
	case NFT_MSG_DELSET:
		set_changed(m, nlh);
		break;
	case NFT_MSG_DELSETELEM:
		elements_gone(m, nlh);
		break;
	}
	return MNL_CB_OK;
}

void
monitor_read(struct monitor *m, monitor_take *take, void *arg)
{
	ssize_t len;

	m->take = take;
	m->arg = arg;
	for (;;) {
		len = mnl_socket_recvfrom(m->nl, m->buf, sizeof(m->buf));
		if (len > 0)
			mnl_cb_run(m->buf, (size_t)len, 0, 0, take_message, m);
		else if (len < 0 && (errno == ENOBUFS || errno == ENOSPC)) /* overrun, or cut (libmnl's ENOSPC) */
			lost(m);
		else if (len == 0 || errno == EAGAIN)
			return;
		else if (errno != EINTR) {
			lost(m);
			return;
		}
	}
}
