/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "freeports.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/localports.h"

#define FIRST 1024 /* below are services that may be installed later */

struct taken {
	bool port[65536];
	size_t n_free; /* from FIRST on */
};

/* ---- services -------------------------------------------------------------------------------------------- */

static int
ask(int fd, uint8_t family)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = { .nlmsg_len = sizeof(message),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { .sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1U << TCP_LISTEN },
	};

	return send(fd, &message, sizeof(message), 0) < 0 ? -1 : 0;
}

/* One datagram of the answer. 1: more follow, 0: it was the last one, -1: errno. */
static int
read_answer(int fd, struct taken *taken)
{
	union {
		struct nlmsghdr header;
		char bytes[32768];
	} buf;
	ssize_t n = recv(fd, &buf, sizeof(buf), 0);
	struct nlmsghdr *message = &buf.header;

	if (n < 0)
		return -1;
	for (; NLMSG_OK(message, (size_t)n); message = NLMSG_NEXT(message, n)) {
		const struct inet_diag_msg *socket = NLMSG_DATA(message);

		if (message->nlmsg_type == NLMSG_DONE)
			return 0;
		if (message->nlmsg_type == NLMSG_ERROR) {
			errno = -((const struct nlmsgerr *)NLMSG_DATA(message))->error;
			return -1;
		}
		taken->port[ntohs(socket->id.idiag_sport)] = true;
	}
	return 1;
}

static int
take_services(struct taken *taken)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), more = fd < 0 ? -1 : 0;

	for (size_t i = 0; i < sizeof(families) && more == 0; i++) {
		more = ask(fd, families[i]) ? -1 : 1;
		while (more > 0)
			more = read_answer(fd, taken);
	}
	if (fd >= 0)
		close(fd);
	return more;
}

/* ---- doors ----------------------------------------------------------------------------------------------- */

static void
take_seq(struct taken *taken, const struct seq *seq)
{
	for (size_t i = 0; i < seq->n; i++) {
		const struct knock_port *at = &seq->at[i];

		for (unsigned port = at->port; port <= (at->last ? at->last : at->port); port++)
			taken->port[port] = true;
	}
}

static void
take_doors(struct taken *taken, const struct conf *conf)
{
	for (size_t d = 0; d < conf->n_doors; d++) {
		const struct door *door = &conf->doors[d];

		take_seq(taken, &door->seq);
		take_seq(taken, &door->open);
		for (size_t i = 0; i < door->n_one_time; i++)
			take_seq(taken, &door->one_time[i]);
	}
}

/* ---- the sequence ---------------------------------------------------------------------------------------- */

/* An even choice below n. 0, or -1 with errno. */
static int
random_below(uint32_t n, uint32_t *number)
{
	uint32_t limit = UINT32_MAX - UINT32_MAX % n;

	do {
		if (getrandom(number, sizeof(*number), 0) != sizeof(*number))
			return -1;
	} while (*number >= limit);
	*number %= n;
	return 0;
}

static int
choose_port(struct taken *taken, struct knock_port *to)
{
	uint32_t nth;

	if (!taken->n_free) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	if (random_below((uint32_t)taken->n_free, &nth))
		return -1;
	for (unsigned port = FIRST; port <= UINT16_MAX; port++) {
		if (taken->port[port] || nth--)
			continue;
		*to = (struct knock_port){ .port = (uint16_t)port, .proto = IPPROTO_TCP };
		taken->port[port] = true;
		taken->n_free--;
		return 0;
	}
	errno = EADDRNOTAVAIL;
	return -1;
}

static bool
ascends(const struct seq *seq)
{
	for (size_t i = 1; i < seq->n; i++)
		if (seq->at[i].port < seq->at[i - 1].port)
			return false;
	return true;
}

static void
give_back(struct taken *taken, const struct seq *seq)
{
	for (size_t i = 0; i < seq->n; i++)
		taken->port[seq->at[i].port] = false;
	taken->n_free += seq->n;
}

static int
choose(struct seq *seq, struct taken *taken)
{
	const struct localports local = localports_read();

	for (unsigned port = local.first; port <= local.last; port++)
		taken->port[port] = true;
	for (unsigned port = FIRST; port <= UINT16_MAX; port++)
		taken->n_free += !taken->port[port];
	for (;;) {
		for (seq->n = 0; seq->n < FREEPORTS_N; seq->n++)
			if (choose_port(taken, &seq->at[seq->n]))
				return -1;
		if (!ascends(seq))
			return 0;
		give_back(taken, seq);
	}
}

int
freeports_choose(struct seq *seq, const struct conf *conf)
{
	struct taken *taken = calloc(1, sizeof(*taken));
	int failed = taken ? take_services(taken) : -1;

	if (!failed) {
		take_doors(taken, conf);
		failed = choose(seq, taken);
	}
	free(taken);
	return failed;
}
