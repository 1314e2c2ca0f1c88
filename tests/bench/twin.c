/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * twin CLIENT SERVER CLIENT SERVER: sends the same traffic over two paths in turn, in slices so short that both see the
 * same machine. Prints a line for each pair of slices: the rate on the first path as percent of the rate on the second.
 *
 *	-n PAIRS  number of pairs [400]
 *	-t MSEC   length of a slice [3]: packets of the smallest size, as fast as they go
 *	-s BYTES  slices of so many bytes instead, over TCP connections to the servers
 *	-d        print how many nanoseconds more a packet costs on the first path instead
 *
 * The order of the paths changes from pair to pair. Packets are counted per processor time of the sender, since the
 * kernel does all its work for them in the sender's system call. Streams are timed by the clock; both ends share a
 * processor, because two processors differ in pace by more than the effect to be measured.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

#define BATCH  32
#define CLIENT 0x0a000002 /* 10.0.0.2 */
#define SERVER 0x0a000102 /* 10.0.1.2 */
#define PORT   5000
#define CHUNK  (256 << 10)
#define BUFFER (200 << 10)
#define FILLER 18 /* bytes that make an Ethernet frame of the smallest size, 64 with its check sequence */

struct twin {
	int pairs;
	int64_t slice_ns;
	size_t bytes; /* 0: packets */
	bool differences;
	const char *clients[2];
	int wires[2]; /* the clients', for packets */
};

static void
read_options(struct twin *t, int argc, char **argv)
{
	int option;

	*t = (struct twin){ .pairs = 400, .slice_ns = 3 * NS_PER_MS };
	while ((option = getopt(argc, argv, "n:t:s:d")) != -1) {
		switch (option) {
		case 'n':
			t->pairs = atoi(optarg);
			break;
		case 't':
			t->slice_ns = atoll(optarg) * NS_PER_MS;
			break;
		case 's':
			t->bytes = (size_t)atoll(optarg);
			break;
		case 'd':
			t->differences = true;
			break;
		default:
			exit(2);
		}
	}
	if (argc - optind != 4)
		exit(2);
}

/* ---- packets ------------------------------------------------------------------------------------ */

static int64_t
cpu_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return used.tv_sec * NS_PER_S + used.tv_nsec;
}

/* Returns packets per nanosecond. */
static double
send_packets(const struct twin *t, int turn)
{
	static const uint8_t filler[FILLER];
	struct frame frame;
	struct iovec iov = { frame.bytes, 0 };
	struct mmsghdr msgs[BATCH];
	int64_t start, used, sent = 0;

	frame_build(&frame, (struct port){ IPPROTO_UDP, PORT }, SERVER, filler, sizeof(filler));
	frame_vary(&frame, CLIENT, PORT);
	iov.iov_len = frame.len;
	for (size_t i = 0; i < BATCH; i++)
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov, .msg_iovlen = 1 };
	start = cpu_ns();
	do {
		int n = sendmmsg(t->wires[turn], msgs, BATCH, 0);

		if (n < 0 && errno != ENOBUFS && errno != EINTR)
			die("sendmmsg");
		sent += n > 0 ? n : 0;
		used = cpu_ns() - start;
	} while (used < t->slice_ns);
	return (double)sent / (double)used;
}

/* ---- streams ------------------------------------------------------------------------------------ */

/* Reads and drops the bytes; sends one byte when the slice is complete. */
static void
take(int fd, size_t bytes)
{
	ssize_t n;

	while (bytes && (n = recv(fd, NULL, CHUNK, MSG_TRUNC)) > 0)
		bytes -= (size_t)n < bytes ? (size_t)n : bytes;
	if (send(fd, "", 1, MSG_NOSIGNAL) != 1)
		perror("send");
	close(fd);
}

/* Fixed buffers: the kernel enlarges others at random times. */
static int
stream_socket(const char *host)
{
	int fd = host_socket(host, AF_INET, SOCK_STREAM), size = BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)))
		die("setsockopt");
	return fd;
}

static void
start_server(const char *name, size_t bytes)
{
	const struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int listener = stream_socket(name), on = 1, fd;

	if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(listener, (const struct sockaddr *)&any, sizeof(any)) || listen(listener, 1))
		die("listen");
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while ((fd = accept(listener, NULL, NULL)) >= 0)
			take(fd, bytes);
		_exit(1);
	}
	close(listener);
}

/* A new connection for each slice: two long ones may settle at different rates for all their life. */
static double
send_bytes(const struct twin *t, int turn)
{
	static const char zeros[CHUNK];
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr = { htonl(SERVER) } };
	int fd = stream_socket(t->clients[turn]);
	int64_t start = clock_ns();
	char done;

	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)))
		die("connect");
	for (size_t left = t->bytes; left;) {
		ssize_t n = send(fd, zeros, left < CHUNK ? left : CHUNK, MSG_NOSIGNAL);

		if (n < 0)
			die("send");
		left -= (size_t)n;
	}
	if (recv(fd, &done, 1, 0) != 1)
		die("recv");
	close(fd);
	return (double)t->bytes / (double)(clock_ns() - start);
}

/* ------------------------------------------------------------------------------------------------- */

int
main(int argc, char **argv)
{
	struct twin t;

	read_options(&t, argc, argv);
	for (int i = 0; i < 2; i++) {
		t.clients[i] = argv[optind + 2 * i];
		if (t.bytes)
			start_server(argv[optind + 2 * i + 1], t.bytes);
		else
			t.wires[i] = wire_open(t.clients[i]);
	}
	for (int i = 0; i < t.pairs; i++) {
		double (*slice)(const struct twin *, int) = t.bytes ? send_bytes : send_packets;
		double rates[2];

		for (int turn = 0; turn < 2; turn++)
			rates[(i + turn) % 2] = slice(&t, (i + turn) % 2);
		printf("%.3f\n", t.differences ? 1 / rates[0] - 1 / rates[1] : 100 * rates[0] / rates[1]);
	}
	return 0;
}
