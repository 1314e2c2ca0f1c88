/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nflog.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_log/libnetfilter_log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <linux/capability.h>
#include <linux/netfilter/nfnetlink.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"

/* Messages per system call, and room for each: CAPTURE_SNAPLEN and some 150 bytes of attributes. */
#define READ_BATCH	 32
#define READ_MESSAGE_LEN 1024

/*
 * The kernel charges the socket for a whole buffer of this size per packet, so the default of a page or
 * two would fill it with a few thousand packets. A packet that needs more gets more.
 */
#define KERNEL_BUFFER_LEN 512

/* Room for some 8,000 packets: what arrives while the engine is not scheduled for 50 ms of a heavy flood. */
#define SOCKET_BUFFER_LEN (8 << 20)

/* A request is three headers and a few numbers; an answer repeats it, and packets may come before. */
#define REQUEST_LEN 256
#define ANSWER_LEN  8192

/* How long to wait for an engine whose parent was killed to notice and let go of the group. */
#define BIND_RETRIES	20
#define BIND_RETRY_MSEC 25

/* ---- opening ----------------------------------------------------------------------------------- */

static struct nlmsghdr *
config_message(char *buf, uint16_t group, uint32_t seq)
{
	struct nlmsghdr *nlh = nflog_nlmsg_put_header(buf, NFULNL_MSG_CONFIG, AF_UNSPEC, group);

	nlh->nlmsg_flags |= NLM_F_ACK;
	nlh->nlmsg_seq = seq;
	return nlh;
}

/* Sends one request and waits for its answer. Packets of the group that come first are dropped: nobody reads yet. */
static int
request(struct mnl_socket *nl, struct nlmsghdr *nlh)
{
	char buf[ANSWER_LEN];
	uint32_t seq = nlh->nlmsg_seq;
	ssize_t len;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;
	while ((len = mnl_socket_recvfrom(nl, buf, sizeof(buf))) > 0) {
		const struct nlmsghdr *answer = (const struct nlmsghdr *)buf;

		if (mnl_nlmsg_ok(answer, (int)len) && answer->nlmsg_type == NLMSG_ERROR && answer->nlmsg_seq == seq)
			return mnl_cb_run(buf, (size_t)len, seq, mnl_socket_get_portid(nl), NULL, NULL) < 0 ? -1 : 0;
	}
	return -1;
}

static int
bind_group(struct mnl_socket *nl, uint16_t group)
{
	char buf[REQUEST_LEN];
	struct nlmsghdr *nlh = config_message(buf, group, 1);

	if (nflog_attr_put_cfg_cmd(nlh, NFULNL_CFG_CMD_BIND) < 0)
		return -1;
	return request(nl, nlh);
}

static int
configure_group(struct mnl_socket *nl, uint16_t group)
{
	char buf[REQUEST_LEN];
	struct nlmsghdr *nlh = config_message(buf, group, 2);

	if (nflog_attr_put_cfg_mode(nlh, NFULNL_COPY_PACKET, CAPTURE_SNAPLEN) < 0)
		return -1;
	mnl_attr_put_u32(nlh, NFULA_CFG_NLBUFSIZ, htonl(KERNEL_BUFFER_LEN));
	mnl_attr_put_u32(nlh, NFULA_CFG_QTHRESH, htonl(1));
	mnl_attr_put_u16(nlh, NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_SEQ));
	return request(nl, nlh);
}

static bool
may_administer_network(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	return !syscall(SYS_capget, &header, caps) && caps[0].effective & 1U << CAP_NET_ADMIN;
}

unsigned
nflog_holder(uint16_t group)
{
	FILE *list = fopen("/proc/net/netfilter/nfnetlink_log", "re");
	unsigned number, port, holder = 0;
	char line[128];

	while (list && fgets(line, sizeof(line), list))
		if (sscanf(line, "%u %u", &number, &port) == 2 && number == group)
			holder = port;
	if (list)
		fclose(list);
	return holder;
}

static void
explain_bind(uint16_t group, char *err, size_t errlen)
{
	int error = errno;
	unsigned holder = nflog_holder(group);

	if (!may_administer_network())
		snprintf(err, errlen, "no permission: knockd needs root, or CAP_NET_ADMIN in this network namespace");
	else if (holder)
		snprintf(err, errlen, "another program has it (netlink port %u, as a rule its process id)", holder);
	else
		snprintf(err, errlen, "%s", strerror(error));
}

/* A group that is taken answers EPERM, or EBUSY when its holder is on the way out. */
static int
bind_patiently(struct mnl_socket *nl, uint16_t group)
{
	const struct timespec pause = { .tv_nsec = BIND_RETRY_MSEC * 1000000L };

	for (int i = 0; i < BIND_RETRIES; i++) {
		if (!bind_group(nl, group))
			return 0;
		if ((errno != EPERM && errno != EBUSY) || !may_administer_network())
			return -1;
		nanosleep(&pause, NULL);
	}
	return -1;
}

static void
enlarge_buffer(int fd)
{
	int size = SOCKET_BUFFER_LEN;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

int
nflog_listen(uint16_t group, char *err, size_t errlen)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	int fd;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		snprintf(err, errlen, "no netlink socket: %s", strerror(errno));
	} else if (bind_patiently(nl, group)) {
		explain_bind(group, err, errlen);
	} else if (configure_group(nl, group)) {
		snprintf(err, errlen, "the kernel refused its settings: %s", strerror(errno));
	} else {
		fd = fcntl(mnl_socket_get_fd(nl), F_DUPFD_CLOEXEC, 0);
		mnl_socket_close(nl);
		if (fd < 0)
			return -1;
		enlarge_buffer(fd);
		return fd;
	}
	if (nl)
		mnl_socket_close(nl);
	return -1;
}

/* ---- reading ----------------------------------------------------------------------------------- */

struct attributes {
	const struct nlattr *payload, *prefix, *seq;
	const char	    *end; /* of the message */
};

static int
collect(const struct nlattr *attr, void *data)
{
	struct attributes *found = data;

	/* libmnl counts the padding behind a message as part of it, but behind the last one there may be none */
	if ((const char *)attr + attr->nla_len > found->end)
		return MNL_CB_ERROR;
	switch (mnl_attr_get_type(attr)) {
	case NFULA_PAYLOAD:
		found->payload = attr;
		break;
	case NFULA_PREFIX:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
			return MNL_CB_ERROR;
		found->prefix = attr;
		break;
	case NFULA_SEQ:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
			return MNL_CB_ERROR;
		found->seq = attr;
		break;
	}
	return MNL_CB_OK;
}

static bool
is_packet(const struct nlmsghdr *nlh)
{
	return nlh->nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) &&
	       mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct nfgenmsg);
}

static int
decode_message(const struct nlmsghdr *nlh, struct nflog_packet *packet)
{
	struct attributes found = { .end = (const char *)nlh + nlh->nlmsg_len };

	if (!is_packet(nlh) || mnl_attr_parse(nlh, sizeof(struct nfgenmsg), collect, &found) < 0 || !found.payload)
		return -1;
	*packet = (struct nflog_packet){
		.data = mnl_attr_get_payload(found.payload),
		.len = mnl_attr_get_payload_len(found.payload),
		.local = !found.prefix || strcmp(mnl_attr_get_str(found.prefix), CAPTURE_PREFIX_TARGET),
		.has_seq = found.seq != NULL,
		.seq = found.seq ? ntohl(mnl_attr_get_u32(found.seq)) : 0,
	};
	return 0;
}

/* libmnl takes a length above INT_MAX for a negative one, which is never too long, and would walk on for ever. */
static bool
is_whole(const struct nlmsghdr *nlh, int rest)
{
	return mnl_nlmsg_ok(nlh, rest) && nlh->nlmsg_len <= (uint32_t)rest;
}

void
nflog_decode(const void *datagram, size_t len, nflog_take *take, void *arg)
{
	const struct nlmsghdr *nlh = datagram;
	int rest = (int)len;

	for (; is_whole(nlh, rest); nlh = mnl_nlmsg_next(nlh, &rest)) {
		struct nflog_packet packet;

		if (nlh->nlmsg_type == NLMSG_DONE)
			return;
		take(arg, decode_message(nlh, &packet) ? NULL : &packet);
	}
	if (rest > 0)
		take(arg, NULL);
}

struct nflog_reader {
	int		   fd;
	struct mmsghdr	   msgs[READ_BATCH];
	struct iovec	   iov[READ_BATCH];
	struct sockaddr_nl from[READ_BATCH];
	_Alignas(struct nlmsghdr) char buf[READ_BATCH][READ_MESSAGE_LEN];
};

struct nflog_reader *
nflog_reader_new(int fd)
{
	struct nflog_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->fd = fd;
	for (size_t i = 0; i < READ_BATCH; i++) {
		r->iov[i] = (struct iovec){ r->buf[i], sizeof(r->buf[i]) };
		r->msgs[i].msg_hdr =
		    (struct msghdr){ .msg_iov = &r->iov[i], .msg_iovlen = 1, .msg_name = &r->from[i] };
	}
	return r;
}

int
nflog_read(struct nflog_reader *r, nflog_take *take, void *arg)
{
	int n;

	for (size_t i = 0; i < READ_BATCH; i++)
		r->msgs[i].msg_hdr.msg_namelen = sizeof(r->from[i]);
	n = recvmmsg(r->fd, r->msgs, READ_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		/* port 0 is the kernel; nobody else has anything to say here */
		if (r->from[i].nl_pid || r->msgs[i].msg_hdr.msg_flags & MSG_TRUNC)
			take(arg, NULL);
		else
			nflog_decode(r->buf[i], r->msgs[i].msg_len, take, arg);
	}
	return n < 0 ? -1 : 0;
}
