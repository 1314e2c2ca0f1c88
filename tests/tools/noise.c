/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * noise INTERFACE MAC knock FROM TO PORT...        UDP hits, in that order, some milliseconds apart
 * noise INTERFACE MAC random SEED SECONDS RATE PORT...
 *
 * Sends frames to MAC with forged sources. `random` sends RATE valid and broken packets a second, IPv4 to 10.0.0.1 and
 * IPv6 to fd00::1: any protocol, length, flag, option and fragment, about half of them to one of the ports.
 * Sources are in 11.0.0.0/8 and fd00:bad::/32.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX 1400

struct wire {
	int fd;
	struct sockaddr_ll to;
};

struct packet {
	uint8_t bytes[PACKET_MAX];
	size_t len;
	bool ip6;
};

struct ports {
	uint16_t at[64];
	size_t n;
};

static _Noreturn void
fail(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- the wire ---------------------------------------------------------------------------------- */

static struct wire
open_wire(const char *interface, const char *mac)
{
	struct wire wire = {
		.fd = socket(AF_PACKET, SOCK_DGRAM, 0),
		.to = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface), .sll_halen = 6 }
	};
	uint8_t *b = wire.to.sll_addr;

	if (wire.fd < 0 || !wire.to.sll_ifindex)
		fail(interface);
	if (sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6)
		fail(mac);
	return wire;
}

/* A full queue is no error: lost noise does not matter. */
static void
put_on(struct wire *wire, const struct packet *packet)
{
	wire->to.sll_protocol = htons(packet->ip6 ? ETH_P_IPV6 : ETH_P_IP);
	(void)!sendto(wire->fd, packet->bytes, packet->len, 0, (const struct sockaddr *)&wire->to, sizeof(wire->to));
}

static void
pause_for(long nsec)
{
	nanosleep(&(struct timespec){ .tv_sec = nsec / 1000000000, .tv_nsec = nsec % 1000000000 }, NULL);
}

/* ---- packets ----------------------------------------------------------------------------------- */

static void
put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* The Internet checksum, RFC 1071. */
static void
sum_header(uint8_t *header, size_t len)
{
	uint32_t sum = 0;

	put16(header + 10, 0);
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)(header[i] << 8 | header[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(header + 10, ~sum & 0xffff);
}

static size_t
begin4(struct packet *p, size_t options, unsigned proto, const uint8_t from[4], const uint8_t to[4])
{
	uint8_t *h = p->bytes;
	size_t len = 20 + options;

	h[0] = (uint8_t)(0x40 | len / 4);
	h[8] = 64;
	h[9] = (uint8_t)proto;
	memcpy(h + 12, from, 4);
	memcpy(h + 16, to, 4);
	return len;
}

static size_t
begin6(struct packet *p, unsigned proto, const uint8_t from[16], const uint8_t to[16])
{
	uint8_t *h = p->bytes;

	p->ip6 = true;
	h[0] = 0x60;
	h[6] = (uint8_t)proto;
	h[7] = 64;
	memcpy(h + 8, from, 16);
	memcpy(h + 24, to, 16);
	return 40;
}

static void
finish(struct packet *p, size_t header)
{
	if (p->ip6) {
		put16(p->bytes + 4, (unsigned)(p->len - 40));
	} else {
		put16(p->bytes + 2, (unsigned)p->len);
		sum_header(p->bytes, header);
	}
}

/* ---- a knock ----------------------------------------------------------------------------------- */

static int
knock(struct wire *wire, char **words)
{
	uint8_t from[16], to[16];
	bool ip6 = strchr(words[0], ':');

	if (inet_pton(ip6 ? AF_INET6 : AF_INET, words[0], from) != 1 ||
	    inet_pton(ip6 ? AF_INET6 : AF_INET, words[1], to) != 1)
		fail(words[0]);
	for (words += 2; *words; words++) {
		struct packet p = { .len = 0 };
		size_t at = ip6 ? begin6(&p, IPPROTO_UDP, from, to) : begin4(&p, 0, IPPROTO_UDP, from, to);

		put16(p.bytes + at, 40000);
		put16(p.bytes + at + 2, (unsigned)atoi(*words));
		put16(p.bytes + at + 4, 8);
		p.len = at + 8;
		finish(&p, at);
		put_on(wire, &p);
		pause_for(3000000);
	}
	return 0;
}

/* ---- noise ------------------------------------------------------------------------------------- */

static uint64_t state;

/* splitmix64, so that a seed means the same everywhere */
static uint64_t
any(void)
{
	uint64_t x = state += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static unsigned
below(unsigned limit)
{
	return (unsigned)(any() % limit);
}

static bool
one_in(unsigned n)
{
	return !below(n);
}

static void
fill(uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)any();
}

static unsigned
any_port(const struct ports *ports)
{
	return ports->n && !one_in(2) ? ports->at[below((unsigned)ports->n)] : below(65536);
}

static size_t
begin_any(struct packet *p, unsigned proto)
{
	static const uint8_t server4[4] = { 10, 0, 0, 1 }, server6[16] = { 0xfd, [15] = 1 };
	uint8_t from[16];
	size_t at;

	fill(from, sizeof(from));
	if (one_in(2)) {
		memcpy(from, (const uint8_t[]){ 0xfd, 0, 0x0b, 0xad }, 4);
		at = begin6(p, proto, from, server6);
		if (one_in(8)) { /* a fragment's header, valid or not */
			p->bytes[6] = 44;
			fill(p->bytes + at, 8);
			p->bytes[at] = (uint8_t)proto;
			at += 8;
		}
		return at;
	}
	from[0] = 11;
	at = begin4(p, one_in(4) ? 4 * below(11) : 0, proto, from, server4);
	fill(p->bytes + 20, at - 20);
	if (one_in(8))
		put16(p->bytes + 6, (unsigned)any());
	return at;
}

static void
make_any(struct packet *p, const struct ports *ports)
{
	static const uint8_t protos[] = {
		IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_SCTP
	};
	unsigned proto = one_in(16) ? below(256) : protos[below(sizeof(protos))];
	size_t header, at;

	memset(p, 0, sizeof(*p));
	header = at = begin_any(p, proto);
	fill(p->bytes + at, 60);
	put16(p->bytes + at + 2, any_port(ports));
	if (proto == IPPROTO_TCP && !one_in(4)) { /* a correct SYN; else flags and offset are random */
		p->bytes[at + 12] = 5 << 4;
		p->bytes[at + 13] = 2;
	}
	p->len = at + 20 + below(one_in(4) ? 1000 : 8);
	finish(p, p->ip6 ? 40 : header);
	if (one_in(8)) /* less than the headers say */
		p->len = 1 + below((unsigned)p->len);
	if (one_in(16))
		p->bytes[below((unsigned)p->len)] ^= (uint8_t)(1 << below(8));
}

static int
make_noise(struct wire *wire, char **words)
{
	time_t end = time(NULL) + atoi(words[1]);
	int rate = atoi(words[2]);
	struct ports ports = { .n = 0 };
	unsigned long sent = 0;

	state = strtoull(words[0], NULL, 10);
	for (words += 3; *words && ports.n < sizeof(ports.at) / sizeof(*ports.at); words++)
		ports.at[ports.n++] = (uint16_t)atoi(*words);
	while (time(NULL) < end) {
		for (int i = 0; i < rate / 100; i++, sent++) {
			struct packet packet;

			make_any(&packet, &ports);
			put_on(wire, &packet);
		}
		pause_for(10000000);
	}
	printf("%lu packets\n", sent);
	return 0;
}

int
main(int argc, char **argv)
{
	struct wire wire;

	if (argc < 7)
		return 2;
	wire = open_wire(argv[1], argv[2]);
	return strcmp(argv[3], "knock") ? make_noise(&wire, argv + 4) : knock(&wire, argv + 4);
}
