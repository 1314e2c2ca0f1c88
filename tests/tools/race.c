/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * race [-n ROUNDS] [-w MSEC] SOURCE ADDRESS PORT KNOCK...: each round knocks from an address of its own, SOURCE and
 * those that follow, and connects to PORT at once. Prints "first 998 late 2 never 0", the number of connections that
 * succeeded with the first SYN, with a later one, or not within MSEC (10000). Exit status 0: all with the first.
 *
 * race -l PORT: accepts connections there, says hello and closes them, fast, since a full queue would lose a SYN.
 *
 * KNOCK is PORT or PORT:udp. The program stays on one processor, so that its packets arrive in order, as on a wire.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

enum outcome { FIRST, LATE, NEVER, OUTCOMES };

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

static union address
parse(const char *text)
{
	union address a;

	memset(&a, 0, sizeof(a));
	if (inet_pton(AF_INET, text, &a.v4.sin_addr) == 1)
		a.any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &a.v6.sin6_addr) == 1)
		a.any.sa_family = AF_INET6;
	else
		die(text);
	return a;
}

static socklen_t
length(const union address *a)
{
	return a->any.sa_family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
}

/* The last two bytes of the address count up. */
static union address
source_of(union address a, unsigned round)
{
	unsigned char *last =
	    a.any.sa_family == AF_INET ? (unsigned char *)&a.v4.sin_addr + 2 : &a.v6.sin6_addr.s6_addr[14];
	unsigned n = (unsigned)last[0] << 8 | last[1];

	n += round;
	last[0] = (unsigned char)(n >> 8);
	last[1] = (unsigned char)n;
	return a;
}

/* A socket of `source` that has begun to connect to the port, or has sent a datagram there. */
static int
send_to(const union address *source, union address to, int port, int type)
{
	int fd = socket(to.any.sa_family, type | SOCK_NONBLOCK, 0), on = 1;
	bool v4 = to.any.sa_family == AF_INET;

	to.v4.sin_port = htons((in_port_t)port); /* sin6_port is at the same place */
	/* the network is routed to lo; no interface has its addresses */
	if (fd < 0 ||
	    setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_FREEBIND : IPV6_FREEBIND, &on, sizeof(on)) ||
	    bind(fd, &source->any, length(source)))
		die("race: bind");
	if (connect(fd, &to.any, length(&to)) && errno != EINPROGRESS)
		die("race: connect");
	if (type == SOCK_DGRAM && send(fd, "", 1, 0) < 0)
		die("race: send");
	return fd;
}

static enum outcome
judge(int fd, int msec)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (poll(&pfd, 1, msec) != 1 || pfd.revents & (POLLERR | POLLHUP))
		return NEVER;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		die("race: TCP_INFO");
	return info.tcpi_total_retrans ? LATE : FIRST;
}

static enum outcome
play(const union address *source, const union address *to, int port, char **knocks, int n_knocks, int msec)
{
	int fds[32], fd;
	enum outcome outcome;

	for (int i = 0; i < n_knocks; i++)
		fds[i] = send_to(source, *to, atoi(knocks[i]), strstr(knocks[i], ":udp") ? SOCK_DGRAM : SOCK_STREAM);
	fd = send_to(source, *to, port, SOCK_STREAM);
	outcome = judge(fd, msec);
	close(fd);
	for (int i = 0; i < n_knocks; i++)
		close(fds[i]);
	return outcome;
}

static void
stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("race: sched_setaffinity");
}

static _Noreturn void
serve(int port)
{
	union address any = { .v6 = { .sin6_family = AF_INET6, .sin6_port = htons((in_port_t)port) } };
	int fd = socket(AF_INET6, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) || bind(fd, &any.any, sizeof(any.v6)) ||
	    listen(fd, 4096))
		die("race: listen");
	for (;;) {
		int connection = accept(fd, NULL, NULL);

		/* the client may have closed already */
		if (send(connection, "hello\n", 6, MSG_NOSIGNAL) < 0)
			errno = 0;
		close(connection);
	}
}

int
main(int argc, char **argv)
{
	unsigned rounds = 1, count[OUTCOMES] = { 0 };
	union address source, to;
	int option, msec = 10000;

	while ((option = getopt(argc, argv, "l:n:w:")) != -1) {
		if (option == 'l')
			serve(atoi(optarg));
		else if (option == 'n')
			rounds = (unsigned)atoi(optarg);
		else if (option == 'w')
			msec = atoi(optarg);
	}
	if (argc - optind < 4 || argc - optind > 3 + 32) {
		fprintf(stderr, "usage: race [-n ROUNDS] [-w MSEC] SOURCE ADDRESS PORT KNOCK...\n");
		return 2;
	}
	source = parse(argv[optind]);
	to = parse(argv[optind + 1]);
	stay_here();
	for (unsigned i = 0; i < rounds; i++) {
		union address own = source_of(source, i);

		count[play(&own, &to, atoi(argv[optind + 2]), argv + optind + 3, argc - optind - 3, msec)]++;
	}
	printf("first %u late %u never %u\n", count[FIRST], count[LATE], count[NEVER]);
	return count[FIRST] != rounds;
}
