/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rtnl.h"

#include <errno.h>
#include <linux/rtnetlink.h>

struct mnl_socket *
rtnl_open(void)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int error;

	if (!socket || !mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID))
		return socket;
	error = errno;
	mnl_socket_close(socket);
	errno = error;
	return NULL;
}

/* 0 when the answer is complete; -1 with errno. */
static int
receive(struct mnl_socket *socket, unsigned seq, mnl_cb_t take, void *arg)
{
	char buf[RTNL_SIZE];
	int more = 1;

	while (more > 0) {
		ssize_t len = mnl_socket_recvfrom(socket, buf, sizeof(buf));

		if (len < 0)
			return -1;
		more = mnl_cb_run(buf, (size_t)len, seq, mnl_socket_get_portid(socket), take, arg);
	}
	return more;
}

int
rtnl_dump(struct mnl_socket *socket, uint16_t type, size_t header, mnl_cb_t take, void *arg)
{
	char buf[RTNL_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = type;
	mnl_nlmsg_put_extra_header(nlh, header); /* AF_UNSPEC */
	if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		return -1;
	return receive(socket, type, take, arg);
}

int
rtnl_ask(struct mnl_socket *socket, struct nlmsghdr *nlh, mnl_cb_t take, void *arg)
{
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = nlh->nlmsg_type;
	if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		return -1;
	return receive(socket, nlh->nlmsg_type, take, arg);
}
