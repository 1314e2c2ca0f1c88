/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Some 8,000 packets: 50 ms of a heavy flood, in case the engine is not scheduled. */
#define SOCKET_BUFFER_LEN (8 << 20)

/* An error answer repeats the request; packets may come before it. */
#define ANSWER_LEN 8192

/* An engine whose parent was killed may need so long to end and release the group. */
#define BIND_RETRIES    20
#define BIND_RETRY_MSEC 25

static void
enlarge_buffer(int fd)
{
	int size = SOCKET_BUFFER_LEN;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

struct mnl_socket *
capture_socket_open(char *err, size_t errlen)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);

	if (nl && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) >= 0) {
		enlarge_buffer(mnl_socket_get_fd(nl));
		return nl;
	}
	snprintf(err, errlen, "cannot open a netlink socket: %s%s", strerror(errno),
		 errno == EPROTONOSUPPORT ? ": the kernel lacks CONFIG_NETFILTER_NETLINK" : "");
	if (nl)
		mnl_socket_close(nl);
	return NULL;
}

int
capture_socket_request(struct mnl_socket *nl, struct nlmsghdr *nlh)
{
	_Alignas(struct nlmsghdr) char buf[ANSWER_LEN];
	uint32_t seq = nlh->nlmsg_seq;
	ssize_t len;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;
	for (;;) {
		const struct nlmsghdr *answer = (const struct nlmsghdr *)buf;

		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0 && errno == ENOBUFS)
			continue; /* packets after the answer were lost */
		if (len <= 0)
			return -1;
		if (mnl_nlmsg_ok(answer, (int)len) && answer->nlmsg_type == NLMSG_ERROR && answer->nlmsg_seq == seq)
			return mnl_cb_run(buf, (size_t)len, seq, mnl_socket_get_portid(nl), NULL, NULL) < 0 ? -1 : 0;
	}
}

static bool
may_administer_network(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	return !syscall(SYS_capget, &header, caps) && caps[0].effective & 1U << CAP_NET_ADMIN;
}

/* EPERM: another socket holds the number; EBUSY: that socket is being closed. */
int
capture_socket_bind(struct mnl_socket *nl, capture_socket_binder *bind, uint16_t number)
{
	const struct timespec pause = { .tv_nsec = BIND_RETRY_MSEC * 1000000L };

	for (int i = 0; i < BIND_RETRIES; i++) {
		if (!bind(nl, number))
			return 0;
		if ((errno != EPERM && errno != EBUSY) || !may_administer_network())
			return -1;
		nanosleep(&pause, NULL);
	}
	return -1;
}

unsigned
capture_socket_holder(const char *list, uint16_t wanted)
{
	FILE *file = fopen(list, "re");
	unsigned number, port, holder = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%u %u", &number, &port) == 2 && number == wanted)
			holder = port;
	if (file)
		fclose(file);
	return holder;
}

void
capture_socket_explain(const char *list, uint16_t number, char *err, size_t errlen)
{
	int error = errno;
	unsigned holder = capture_socket_holder(list, number);

	if (!may_administer_network())
		snprintf(err, errlen, "no permission: knockd needs root, or CAP_NET_ADMIN in this network namespace");
	else if (holder)
		snprintf(err, errlen, "another program has it (netlink port %u, usually its process id)", holder);
	else
		snprintf(err, errlen, "%s", strerror(error));
}

int
capture_socket_descriptor(struct mnl_socket *nl, char *err, size_t errlen)
{
	int fd = fcntl(mnl_socket_get_fd(nl), F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		snprintf(err, errlen, "%s", strerror(errno));
	mnl_socket_close(nl);
	return fd;
}
