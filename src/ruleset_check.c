/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is table inet knockd still whole? Its rules are counted: chains and sets cannot go without them, and a
 * rule of ours is only ever added together with all others.
 */
#include "ruleset.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <time.h>

#include "rules.h"

/* mnl_cb_t */
static int
count(const struct nlmsghdr *nlh, void *arg)
{
	(void)nlh;
	++*(size_t *)arg;
	return MNL_CB_OK;
}

static struct nlmsghdr *
put_request(char *buf, uint32_t seq)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = seq;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = NFPROTO_INET;
	nfg->version = NFNETLINK_V0;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, RULESET_TABLE);
	return nlh;
}

/* The rules that are there; what cannot be asked counts as none. */
static size_t
count_rules(struct mnl_socket *nl)
{
	char buf[32 << 10];
	uint32_t seq = (uint32_t)time(NULL);
	const struct nlmsghdr *nlh = put_request(buf, seq);
	size_t n = 0;
	int more = MNL_CB_OK;

	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 || mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return 0;
	while (more > MNL_CB_STOP) {
		ssize_t len = mnl_socket_recvfrom(nl, buf, sizeof(buf));

		more = len > 0 ? mnl_cb_run(buf, (size_t)len, seq, mnl_socket_get_portid(nl), count, &n) : -1;
	}
	return more < 0 ? 0 : n;
}

bool
ruleset_intact(const struct conf *conf)
{
	struct rules *rules = rules_new(conf);
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	bool intact = rules && nl && count_rules(nl) >= rules->n_rules;

	if (nl)
		mnl_socket_close(nl);
	rules_free(rules);
	return intact;
}
