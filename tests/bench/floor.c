/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floors: the cost of the kernel's interfaces alone, which every contestant has to pay.
 *
 *	floor count GROUP           reads and drops an NFLOG group's packets; prints "listening" when it has the
 *	                            group, and "PACKETS OVERRUNS CPU_NANOSECONDS" at SIGTERM
 *	floor stamp GROUP PACKETS   likewise, with a line for each packet: the time of its arrival in nanoseconds
 *	floor add ELEMENTS BATCH    adds elements to set ok, BATCH in a transaction; prints "ELEMENTS NANOSECONDS"
 *	floor answer ELEMENTS       one at a time, with a line for each: microseconds until the kernel's event arrives
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "netlink/nflog_group.h"
#include "wire.h"

#define READ_BATCH    32
#define MESSAGE_LEN   1024
#define ELEMENT_LEN   64 /* in a message, at most */
#define TIMEOUT_MSEC  600000
#define FIRST_ELEMENT (10U << 24 | 64U << 16)

/* ---- reading ------------------------------------------------------------------------------------ */

struct reader {
	int fd;
	int64_t packets, overruns;
	struct mmsghdr msgs[READ_BATCH];
	struct iovec iov[READ_BATCH];
	char buf[READ_BATCH][MESSAGE_LEN];
};

static void
reader_open(struct reader *r, const char *group)
{
	char err[256];

	r->fd = nflog_group_listen((uint16_t)atoi(group), err, sizeof(err));
	if (r->fd < 0)
		die(err);
	for (size_t i = 0; i < READ_BATCH; i++) {
		r->iov[i] = (struct iovec){ r->buf[i], sizeof(r->buf[i]) };
		r->msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &r->iov[i], .msg_iovlen = 1 };
	}
	puts("listening");
	fflush(stdout);
}

static int
read_some(struct reader *r)
{
	int n = recvmmsg(r->fd, r->msgs, READ_BATCH, MSG_DONTWAIT, NULL);

	if (n > 0)
		r->packets += n;
	else if (errno == ENOBUFS)
		r->overruns++;
	return n;
}

static int
open_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static void
count(const char *group)
{
	static struct reader reader;
	struct pollfd fds[] = { { .fd = open_signal(), .events = POLLIN }, { .events = POLLIN } };
	struct timespec cpu;

	reader_open(&reader, group);
	fds[1].fd = reader.fd;
	while (poll(fds, 2, -1) > 0 && !fds[0].revents)
		read_some(&reader);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	printf("%" PRId64 " %" PRId64 " %" PRId64 "\n", reader.packets, reader.overruns,
	       cpu.tv_sec * NS_PER_S + cpu.tv_nsec);
}

static void
stamp(const char *group, int64_t packets)
{
	static struct reader reader;
	struct pollfd fd = { .events = POLLIN };

	reader_open(&reader, group);
	fd.fd = reader.fd;
	while (reader.packets < packets && poll(&fd, 1, -1) > 0) {
		int64_t now = clock_ns();

		for (int n = read_some(&reader); n > 0; n--)
			printf("%" PRId64 "\n", now);
	}
}

/* ---- writing ------------------------------------------------------------------------------------ */

struct writer {
	struct mnl_socket *nl;
	char *buf;
	size_t used;
	uint32_t seq;
};

static void
writer_open(struct writer *w, size_t batch)
{
	int size = (int)(batch * ELEMENT_LEN * 4 + (1 << 20));

	*w = (struct writer){ .nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC),
			      .buf = malloc((batch + 4) * 4 * ELEMENT_LEN) };
	if (!w->nl || !w->buf || mnl_socket_bind(w->nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(w->nl), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		die("netlink");
}

static struct nlmsghdr *
put_header(struct writer *w, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(w->buf + w->used);
	struct nfgenmsg *msg = mnl_nlmsg_put_extra_header(nlh, sizeof(*msg));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++w->seq;
	msg->nfgen_family = NFPROTO_INET;
	return nlh;
}

static void
put_mark(struct writer *w, uint16_t type)
{
	struct nlmsghdr *nlh = put_header(w, type, 0);
	struct nfgenmsg *msg = mnl_nlmsg_get_payload(nlh);

	msg->nfgen_family = AF_UNSPEC;
	msg->res_id = htons(NFNL_SUBSYS_NFTABLES);
	w->used += nlh->nlmsg_len;
}

/* The elements of a transaction share one message, the smallest form. */
static void
put_elements(struct writer *w, uint32_t first, size_t n)
{
	struct nlmsghdr *nlh = put_header(w, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_ACK);
	struct nlattr *list, *element, *key;

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, "filter");
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, "ok");
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = 0; i < n; i++) {
		element = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
		key = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);
		mnl_attr_put_u32(nlh, NFTA_DATA_VALUE, htonl(first + (uint32_t)i));
		mnl_attr_nest_end(nlh, key);
		mnl_attr_put_u64(nlh, NFTA_SET_ELEM_TIMEOUT, htobe64(TIMEOUT_MSEC));
		mnl_attr_nest_end(nlh, element);
	}
	mnl_attr_nest_end(nlh, list);
	w->used += nlh->nlmsg_len;
}

static void
write_elements(struct writer *w, uint32_t first, size_t n)
{
	char answer[4096];
	ssize_t len;

	w->used = 0;
	put_mark(w, NFNL_MSG_BATCH_BEGIN);
	put_elements(w, first, n);
	put_mark(w, NFNL_MSG_BATCH_END);
	if (mnl_socket_sendto(w->nl, w->buf, w->used) < 0 ||
	    (len = mnl_socket_recvfrom(w->nl, answer, sizeof(answer))) < 0 ||
	    mnl_cb_run(answer, (size_t)len, 0, mnl_socket_get_portid(w->nl), NULL, NULL) < 0)
		die("adding elements");
}

static void
add(size_t elements, size_t batch)
{
	struct writer writer;
	int64_t start;
	size_t n;

	writer_open(&writer, batch);
	start = clock_ns();
	for (size_t done = 0; done < elements; done += n) {
		n = elements - done < batch ? elements - done : batch;
		write_elements(&writer, FIRST_ELEMENT + (uint32_t)done, n);
	}
	printf("%zu %" PRId64 "\n", elements, clock_ns() - start);
}

/* ---- writing, and the kernel's event ------------------------------------------------------------ */

struct answer {
	_Atomic int64_t asked_for; /* the writer is to add elements up to this number */
	_Atomic int64_t begun_ns;
};

static _Noreturn void
write_when_asked(struct answer *shared, size_t elements)
{
	struct writer writer;

	pin_to(1);
	writer_open(&writer, 1);
	for (size_t i = 0; i < elements; i++) {
		while (shared->asked_for <= (int64_t)i)
			sleep_until(clock_ns() + 50 * NS_PER_US);
		shared->begun_ns = clock_ns();
		write_elements(&writer, FIRST_ELEMENT + (uint32_t)i, 1);
	}
	_exit(0);
}

/* watch_seen */
static void
count_one(void *arg, uint32_t address)
{
	(void)address;
	++*(int64_t *)arg;
}

static void
answer(size_t elements)
{
	struct answer *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int watch = watch_open(true);
	int64_t seen = 0;

	if (shared == MAP_FAILED)
		die("memory");
	if (!fork())
		write_when_asked(shared, elements);
	pin_to(0);
	for (size_t i = 0; i < elements; i++) {
		shared->asked_for = (int64_t)i + 1;
		while (seen <= (int64_t)i)
			watch_read(watch, count_one, &seen);
		printf("%.3f\n", (double)(clock_ns() - shared->begun_ns) / NS_PER_US);
		sleep_until(clock_ns() + 2 * NS_PER_MS);
	}
	wait(NULL);
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[1] : "";

	if (!strcmp(mode, "count"))
		count(argv[2]);
	else if (!strcmp(mode, "stamp") && argc == 4)
		stamp(argv[2], atoll(argv[3]));
	else if (!strcmp(mode, "add") && argc == 4)
		add((size_t)atoll(argv[2]), (size_t)atoll(argv[3]));
	else if (!strcmp(mode, "answer"))
		answer((size_t)atoll(argv[2]));
	else
		return 2;
	return 0;
}
