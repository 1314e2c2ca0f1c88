/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nflog GROUP: binds an NFLOG group as another program (ulogd, for instance) does. Prints "listening" when it has the
 * group, then "PREFIX tcp 7000" for each packet.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>

static void
show(const char *prefix, int proto, const unsigned char *transport)
{
	const char *name = proto == IPPROTO_TCP ? "tcp" : proto == IPPROTO_UDP ? "udp" : "other";

	printf("%s %s %d\n", prefix, name, transport[2] << 8 | transport[3]);
	fflush(stdout);
}

/* Knows no extension headers: the tests that use this send none. */
static int
packet(const struct nlmsghdr *nlh, void *arg)
{
	const char *prefix = "";
	const unsigned char *p = NULL;
	const struct nlattr *attr;
	int len = 0;

	(void)arg;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attr) == NFULA_PREFIX)
			prefix = mnl_attr_get_str(attr);
		if (mnl_attr_get_type(attr) == NFULA_PAYLOAD) {
			p = mnl_attr_get_payload(attr);
			len = mnl_attr_get_payload_len(attr);
		}
	}
	if (len >= 24 && p[0] >> 4 == 4 && (p[0] & 15) * 4 + 4 <= len)
		show(prefix, p[9], p + (p[0] & 15) * 4);
	else if (len >= 44 && p[0] >> 4 == 6)
		show(prefix, p[6], p + sizeof(struct ip6_hdr));
	else
		printf("short\n");
	return MNL_CB_OK;
}

static int
bind_group(struct mnl_socket *nl, uint16_t number)
{
	const struct nfulnl_msg_config_cmd command = { NFULNL_CFG_CMD_BIND };
	const struct nfulnl_msg_config_mode mode = { htonl(256), NFULNL_COPY_PACKET, 0 };
	_Alignas(struct nlmsghdr) char buf[4096];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *about = mnl_nlmsg_put_extra_header(nlh, sizeof(*about));
	ssize_t len;

	nlh->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	about->res_id = htons(number);
	mnl_attr_put(nlh, NFULA_CFG_CMD, sizeof(command), &command);
	mnl_attr_put(nlh, NFULA_CFG_MODE, sizeof(mode), &mode);
	mnl_attr_put_u32(nlh, NFULA_CFG_QTHRESH, htonl(1));
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	return len < 0 ? -1 : mnl_cb_run(buf, (size_t)len, 0, mnl_socket_get_portid(nl), packet, NULL);
}

int
main(int argc, char **argv)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	_Alignas(struct nlmsghdr) static char buf[65536];
	ssize_t len;

	if (argc != 2 || !nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID)) {
		fprintf(stderr, "usage: nflog GROUP (and the right to)\n");
		return 2;
	}
	if (bind_group(nl, (uint16_t)atoi(argv[1])) < 0) {
		perror("nflog: cannot bind the group");
		return 1;
	}
	puts("listening");
	fflush(stdout);
	while ((len = mnl_socket_recvfrom(nl, buf, sizeof(buf))) > 0)
		mnl_cb_run(buf, (size_t)len, 0, 0, packet, NULL);
	perror("nflog");
	return 1;
}
