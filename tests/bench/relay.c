/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay FROM TO ADDRESS TIMES PAUSE: the floor of an access that is shared: a message of the same length that goes from
 * host FROM by redis-server at ADDRESS to host TO, TIMES times, with PAUSE microseconds before each.
 * Prints microseconds for each.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"

#define REDIS_PORT  6379
#define MESSAGE_LEN 216 /* what keys.c publishes: an identifier and a sealed notice */

static int
connect_from(const char *host, const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(REDIS_PORT) };
	int fd = host_socket(host, AF_INET, SOCK_STREAM), one = 1;

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		die(address);
	return fd;
}

static void
ask(int fd, const char *words, size_t len)
{
	if (send(fd, words, len, MSG_NOSIGNAL) != (ssize_t)len)
		die("send");
}

static void
expect(int fd, size_t len)
{
	char answer[512];

	if (recv(fd, answer, len, MSG_WAITALL) != (ssize_t)len)
		die("the server's answer");
}

int
main(int argc, char **argv)
{
	static const char subscribe[] = "*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\ne\r\n";
	static const char subscribed[] = "*3\r\n$9\r\nsubscribe\r\n$1\r\ne\r\n:1\r\n";
	static const char received[] = "*3\r\n$7\r\nmessage\r\n$1\r\ne\r\n$216\r\n";
	char publish[MESSAGE_LEN + 64];
	int from, to, times, pause_us, len;

	if (argc != 6 || (times = atoi(argv[4])) <= 0 || (pause_us = atoi(argv[5])) < 0)
		return 2;
	from = connect_from(argv[1], argv[3]);
	to = connect_from(argv[2], argv[3]);
	ask(to, subscribe, strlen(subscribe));
	expect(to, strlen(subscribed));
	len = snprintf(publish, sizeof(publish), "*3\r\n$7\r\nPUBLISH\r\n$1\r\ne\r\n$%d\r\n%0*d\r\n", MESSAGE_LEN,
		       MESSAGE_LEN, 0);
	while (times--) {
		int64_t start;

		usleep((useconds_t)pause_us);
		start = clock_ns();
		ask(from, publish, (size_t)len);
		expect(to, strlen(received) + MESSAGE_LEN + strlen("\r\n"));
		printf("%.3f\n", (double)(clock_ns() - start) / NS_PER_US);
		expect(from, strlen(":1\r\n"));
	}
	return 0;
}
