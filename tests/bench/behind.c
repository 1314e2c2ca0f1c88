/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * behind: knocks by UDP from host client and then connects to port 22 of the server at once, each time from another
 * address of 10.64.0.0/16. Prints a line for each: microseconds that the connection took, or "late" when its first SYN
 * was dropped. Runs on the server.
 *
 *	-p PORTS   the sequence, all UDP [udp:7000,udp:8000,udp:9000]
 *	-c KNOCKS  their number [200]
 *	-g USEC    between the last hit and the SYN [1000]
 *	-l FILE    payloads, a line for each knock
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"

#define FIRST_SOURCE  (10U << 24 | 64U << 16 | 1)
#define BACKLOG       4096
#define PATIENCE_MSEC 150 /* the kernel repeats a SYN after a second */

static struct sockaddr_in
at(uint32_t address, uint16_t port)
{
	return (
	    struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address) };
}

/* Nobody accepts the connections; they wait in the queue until they are reset. */
static void
listen_here(void)
{
	struct sockaddr_in self = at(INADDR_ANY, 22);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&self, sizeof(self)) || listen(fd, BACKLOG))
		die("port 22");
}

static void
move_to_client(void)
{
	int fd = open("/run/netns/client", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die("host client");
	close(fd);
}

static int
socket_from(int type, uint32_t source)
{
	struct sockaddr_in self = at(source, 0);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&self, sizeof(self)))
		die("socket");
	return fd;
}

static void
knock(uint32_t source, const struct port *ports, size_t n, const char *payload)
{
	int fd = socket_from(SOCK_DGRAM, source);

	for (size_t i = 0; i < n; i++) {
		struct sockaddr_in to = at(SERVER_ADDRESS, ports[i].number);

		if (i)
			spin_until(clock_ns() + NS_PER_MS);
		if (sendto(fd, payload, strlen(payload), 0, (const struct sockaddr *)&to, sizeof(to)) < 0)
			die("sendto");
	}
	close(fd);
}

static bool
connected(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	struct tcp_info info;
	socklen_t len = sizeof(info);

	return poll(&pfd, 1, PATIENCE_MSEC) > 0 && pfd.revents == POLLOUT &&
	       !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) && !info.tcpi_total_retrans;
}

static void
connect_from(uint32_t source)
{
	const struct linger reset = { .l_onoff = 1 };
	struct sockaddr_in to = at(SERVER_ADDRESS, 22);
	int fd = socket_from(SOCK_STREAM, source);
	int64_t start = clock_ns();

	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS)
		die("connect");
	if (connected(fd))
		printf("%.1f\n", (double)(clock_ns() - start) / NS_PER_US);
	else
		puts("late");
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
}

int
main(int argc, char **argv)
{
	struct port ports[PORTS_MAX];
	size_t n = ports_parse(ports, "udp:7000,udp:8000,udp:9000"), room = 0;
	int64_t knocks = 200, gap_ns = NS_PER_MS;
	FILE *payloads = NULL;
	char *payload = NULL;
	int option;

	while ((option = getopt(argc, argv, "p:c:g:l:")) != -1) {
		switch (option) {
		case 'p':
			n = ports_parse(ports, optarg);
			break;
		case 'c':
			knocks = atoll(optarg);
			break;
		case 'g':
			gap_ns = atoll(optarg) * NS_PER_US;
			break;
		case 'l':
			payloads = fopen(optarg, "re");
			break;
		default:
			return 2;
		}
	}
	listen_here();
	move_to_client();
	for (int64_t i = 0; i < knocks; i++) {
		uint32_t source = FIRST_SOURCE + (uint32_t)i;
		int64_t sent;

		if (payloads && getline(&payload, &room, payloads) <= 0)
			break;
		if (payload)
			payload[strcspn(payload, "\n")] = '\0';
		knock(source, ports, n, payload ? payload : "");
		sent = clock_ns();
		if (gap_ns)
			spin_until(sent + gap_ns);
		connect_from(source);
	}
	return 0;
}
