/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flood: forged packets from host client, as fast as they go or RATE a second. Prints
 * "PACKETS NANOSECONDS CPU_NANOSECONDS".
 *
 *	-p PORTS    tcp:7000,udp:53: one packet to each of them in turn [tcp:7000]
 *	-d ADDRESS  their destination [10.0.0.1]
 *	-s ADDRESS  the first source [100.0.0.0]
 *	-n SOURCES  number of sources, used in turn [16777216]
 *	-c PACKETS  number of packets [no limit]
 *	-t MSEC     duration [no limit]
 *	-r RATE     packets per second [no limit]
 *	-l FILE     the payload, for UDP
 *
 * The kernel handles a packet in the sender's system call, up to the wake-up of a process. So the sender's processor
 * time is the cost of that.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

#define BATCH 32

struct flood {
	struct port ports[PORTS_MAX];
	size_t n_ports;
	uint32_t destination, first, sources;
	int64_t packets, msec, rate;
	char payload[1400];
	size_t payload_len;
};

static uint32_t
address(const char *text)
{
	struct in_addr in;

	errno = EINVAL;
	if (inet_pton(AF_INET, text, &in) != 1)
		die(text);
	return ntohl(in.s_addr);
}

static void
read_payload(struct flood *f, const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file)
		die(path);
	f->payload_len = fread(f->payload, 1, sizeof(f->payload), file);
	fclose(file);
}

static void
read_options(struct flood *f, int argc, char **argv)
{
	int option;

	*f = (struct flood){ .destination = SERVER_ADDRESS,
			     .first = 100U << 24,
			     .sources = 1 << 24,
			     .packets = INT64_MAX,
			     .msec = INT64_MAX };
	f->n_ports = ports_parse(f->ports, "tcp:7000");
	while ((option = getopt(argc, argv, "p:d:s:n:c:t:r:l:")) != -1) {
		switch (option) {
		case 'p':
			f->n_ports = ports_parse(f->ports, optarg);
			break;
		case 'd':
			f->destination = address(optarg);
			break;
		case 's':
			f->first = address(optarg);
			break;
		case 'n':
			f->sources = (uint32_t)atoll(optarg);
			break;
		case 'c':
			f->packets = atoll(optarg);
			break;
		case 't':
			f->msec = atoll(optarg);
			break;
		case 'r':
			f->rate = atoll(optarg);
			break;
		case 'l':
			read_payload(f, optarg);
			break;
		default:
			exit(2);
		}
	}
}

struct batch {
	struct frame frames[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr msgs[BATCH];
};

static void
prepare(struct batch *b, const struct flood *f)
{
	for (size_t i = 0; i < BATCH; i++) {
		frame_build(&b->frames[i], f->ports[i % f->n_ports], f->destination, f->payload, f->payload_len);
		b->iov[i] = (struct iovec){ b->frames[i].bytes, b->frames[i].len };
		b->msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &b->iov[i], .msg_iovlen = 1 };
	}
}

static void
send_batch(int fd, struct batch *b, unsigned n)
{
	unsigned done = 0;

	while (done < n) {
		int sent = sendmmsg(fd, b->msgs + done, n - done, 0);

		if (sent > 0)
			done += (unsigned)sent;
		else if (errno != ENOBUFS && errno != EINTR)
			die("sendmmsg");
	}
}

/* Batches are a whole number of rounds over the ports, so that each frame keeps its port. */
int
main(int argc, char **argv)
{
	static struct batch batch;
	struct flood f;
	int64_t sent = 0, start, end;
	struct timespec cpu;
	unsigned size, n;
	int fd;

	read_options(&f, argc, argv);
	size = (unsigned)(BATCH / f.n_ports * f.n_ports);
	prepare(&batch, &f);
	fd = wire_open("client");
	start = clock_ns();
	end = f.msec == INT64_MAX ? INT64_MAX : start + f.msec * NS_PER_MS;
	while (sent < f.packets && clock_ns() < end) {
		n = f.packets - sent < size ? (unsigned)(f.packets - sent) : size;
		for (unsigned i = 0; i < n; i++)
			frame_vary(&batch.frames[i], f.first + (uint32_t)((sent + i) / (int64_t)f.n_ports % f.sources),
				   (uint32_t)(sent + i));
		send_batch(fd, &batch, n);
		sent += n;
		if (f.rate)
			spin_until(start + sent * NS_PER_S / f.rate);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	printf("%" PRId64 " %" PRId64 " %" PRId64 "\n", sent, clock_ns() - start, cpu.tv_sec * NS_PER_S + cpu.tv_nsec);
	return 0;
}
