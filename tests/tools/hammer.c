/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hammer ADDRESS PORT: begins connections as fast as it can, until SIGTERM or SIGINT. Then prints
 * "in 7 longest 2500 tries 123456": the connections that were let in; the longest time in microseconds during which
 * they were, without a pause of PAUSE_USEC; and those that were begun.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE    64
#define PAUSE_USEC 20000

struct count {
	unsigned long tries, in;
	int64_t first, last, longest; /* microseconds: of the time under way, and the longest so far */
};

static volatile sig_atomic_t ended;

static void
end(int signal)
{
	(void)signal;
	ended = 1;
}

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static socklen_t
parse(struct sockaddr_storage *to, const char *text, const char *port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)atoi(port));
		return sizeof(*v4);
	}
	errno = EINVAL;
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
		die(text);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)atoi(port));
	return sizeof(*v6);
}

/* -1: none. An error at once is a refusal. */
static int
try_one(const struct sockaddr_storage *to, socklen_t len)
{
	const struct linger reset = { .l_onoff = 1 };
	int fd = socket(to->ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)); /* no TIME_WAIT: ports do not run out */
	connect(fd, (const struct sockaddr *)to, len);
	return fd;
}

static bool
is_connected(int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	return !getpeername(fd, (struct sockaddr *)&peer, &len);
}

static void
note(struct count *count)
{
	int64_t t = now();

	if (!count->in || t - count->last > PAUSE_USEC)
		count->first = t;
	count->last = t;
	count->in++;
	if (count->last - count->first > count->longest)
		count->longest = count->last - count->first;
}

int
main(int argc, char **argv)
{
	struct sockaddr_storage to;
	struct count count = { .tries = 0 };
	int fds[AT_ONCE];
	socklen_t len;

	if (argc != 3) {
		fprintf(stderr, "usage: hammer ADDRESS PORT\n");
		return 2;
	}
	len = parse(&to, argv[1], argv[2]);
	signal(SIGTERM, end);
	signal(SIGINT, end);
	memset(fds, -1, sizeof(fds));
	for (size_t i = 0; !ended; i = (i + 1) % AT_ONCE) {
		if (fds[i] >= 0 && is_connected(fds[i]))
			note(&count);
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = try_one(&to, len);
		count.tries++;
	}
	printf("in %lu longest %lld tries %lu\n", count.in, (long long)count.longest, count.tries);
	return 0;
}
