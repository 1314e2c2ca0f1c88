/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inject NETNS:IF:MAC...: reads a script on standard input and puts every packet of it on all the
 * interfaces named, at the same moment. NETNS is a path (/proc/PID/ns/net), IF an interface in it
 * that a raw socket may write to (the far end of a veth pair), MAC the Ethernet address to send to.
 *
 *   +PAUSE SRC > DST tcp DPORT FLAGS [sport=N] [seq=N] [len=N] [ah]
 *   +PAUSE SRC > DST udp DPORT [sport=N] [len=N] [ah]
 *   @MS                      wait until the wall clock stands at MS milliseconds of a second
 *
 * PAUSE is in milliseconds since the packet before, with a fraction if wanted. FLAGS are letters of
 * FSRPAUEC, or "-" for none. Addresses are forged freely, of either family; `ah` puts an IPv6 packet behind an
 * authentication header (RFC 4302). For each packet sent
 * one line is printed, "N WALL_BEFORE WALL_AFTER MONOTONIC", nanoseconds, so that the reader knows
 * which second each receiver must have seen; no packet is sent across the edge of a second.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define OUTPUTS_MAX 4
#define FRAME_MAX   1514
#define PAYLOAD_MAX 1000
#define AH_LEN      24 /* with a check value of 96 bits */
#define NS_PER_S    1000000000LL
#define NS_PER_MS   1000000LL
#define EDGE_NS     (4 * NS_PER_MS) /* before the end of a second: no packet is sent then */

struct output {
	int fd;
	struct sockaddr_ll to;
	uint8_t mac[ETH_ALEN];
};

struct item {
	double pause_ms;
	int family;
	uint8_t src[16], dst[16];
	uint8_t proto, flags;
	uint16_t sport, dport;
	uint32_t seq;
	size_t payload;
	bool ah;
};

static void
die(const char *what, const char *text)
{
	fprintf(stderr, "inject: %s: %s\n", what, text);
	exit(1);
}

static int64_t
clock_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void
sleep_until(int64_t monotonic_ns)
{
	struct timespec at = { .tv_sec = monotonic_ns / NS_PER_S, .tv_nsec = monotonic_ns % NS_PER_S };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		continue;
}

/* Sleeps until the wall clock's fraction of a second is `ns`. */
static void
sleep_to_fraction(int64_t ns)
{
	int64_t left = ns - clock_ns(CLOCK_REALTIME) % NS_PER_S;

	if (left < 0)
		left += NS_PER_S;
	sleep_until(clock_ns(CLOCK_MONOTONIC) + left);
}

static void
parse_mac(uint8_t mac[static ETH_ALEN], const char *text)
{
	unsigned byte[ETH_ALEN];

	if (sscanf(text, "%x:%x:%x:%x:%x:%x", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4], &byte[5]) != ETH_ALEN)
		die("not an Ethernet address", text);
	for (int i = 0; i < ETH_ALEN; i++)
		mac[i] = (uint8_t)byte[i];
}

/* A packet socket stays in the namespace it was made in. */
static void
open_output(struct output *out, char *spec)
{
	char *ifname = strchr(spec, ':');
	char *mac = ifname ? strchr(ifname + 1, ':') : NULL;

	if (!mac)
		die("want NETNS:IF:MAC", spec);
	*ifname++ = *mac++ = '\0';
	int ns = open(spec, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWNET))
		die(spec, strerror(errno));
	close(ns);
	out->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (out->fd < 0)
		die("packet socket", strerror(errno));
	out->to = (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(ifname),
		.sll_halen = ETH_ALEN,
	};
	if (!out->to.sll_ifindex)
		die(ifname, strerror(errno));
	parse_mac(out->mac, mac);
	memcpy(out->to.sll_addr, out->mac, ETH_ALEN);
}

static uint8_t
parse_flags(const char *text)
{
	static const char letters[] = "FSRPAUEC";
	uint8_t flags = 0;

	if (strcmp(text, "-") == 0)
		return 0;
	for (; *text; text++) {
		const char *at = strchr(letters, *text);
		if (!at)
			die("unknown TCP flag", text);
		flags |= (uint8_t)(1U << (at - letters));
	}
	return flags;
}

static void
parse_address(struct item *item, uint8_t to[static 16], const char *text)
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	if (item->family && item->family != family)
		die("both families in one packet", text);
	item->family = family;
	if (inet_pton(family, text, to) != 1)
		die("not an address", text);
}

static uint32_t
parse_number(const char *text, uint32_t max)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (end == text || *end || number > max)
		die("not a number in range", text);
	return (uint32_t)number;
}

static void
parse_option(struct item *item, char *word)
{
	if (strncmp(word, "sport=", 6) == 0)
		item->sport = (uint16_t)parse_number(word + 6, UINT16_MAX);
	else if (strncmp(word, "seq=", 4) == 0)
		item->seq = parse_number(word + 4, UINT32_MAX);
	else if (strncmp(word, "len=", 4) == 0)
		item->payload = parse_number(word + 4, PAYLOAD_MAX);
	else if (strcmp(word, "ah") == 0)
		item->ah = true;
	else
		die("unknown option", word);
}

static char *
word(char **rest)
{
	char *next;

	do
		next = strsep(rest, " \t\n");
	while (next && *next == '\0');
	if (!next)
		die("the line ends", "too early");
	return next;
}

static struct item
parse_packet(char *line)
{
	struct item item = { .sport = 40000, .seq = 1 };
	char *rest = line + 1, *option;

	item.pause_ms = strtod(word(&rest), NULL);
	parse_address(&item, item.src, word(&rest));
	if (strcmp(word(&rest), ">") != 0)
		die("want SRC > DST", line);
	parse_address(&item, item.dst, word(&rest));
	const char *proto = word(&rest);
	if (strcmp(proto, "tcp") != 0 && strcmp(proto, "udp") != 0)
		die("unknown protocol", proto);
	item.proto = *proto == 't' ? IPPROTO_TCP : IPPROTO_UDP;
	item.dport = (uint16_t)parse_number(word(&rest), UINT16_MAX);
	if (item.proto == IPPROTO_TCP)
		item.flags = parse_flags(word(&rest));
	while ((option = strsep(&rest, " \t\n")))
		if (*option)
			parse_option(&item, option);
	return item;
}

static void
put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void
put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static uint32_t
sum(const uint8_t *at, size_t len, uint32_t start)
{
	for (size_t i = 0; i < len; i++)
		start += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	return start;
}

static uint32_t
fold(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return ~total & 0xffff;
}

/* The transport header and its payload (zero bytes), with a correct checksum. Returns its length. */
static size_t
build_transport(const struct item *item, uint8_t *at)
{
	size_t alen = item->family == AF_INET ? 4 : 16;
	size_t header = item->proto == IPPROTO_TCP ? 20 : 8;
	size_t len = header + item->payload;
	uint32_t total;

	memset(at, 0, len);
	put16(at, item->sport);
	put16(at + 2, item->dport);
	if (item->proto == IPPROTO_TCP) {
		put32(at + 4, item->seq);
		at[12] = 5 << 4;
		at[13] = item->flags;
		put16(at + 14, 64240);
	} else {
		put16(at + 4, (uint32_t)len);
	}
	total = sum(item->src, alen, item->proto + (uint32_t)len);
	total = fold(sum(at, len, sum(item->dst, alen, total)));
	put16(at + (item->proto == IPPROTO_TCP ? 16 : 6), total ? total : 0xffff);
	return len;
}

/* Security parameters index and sequence number are 1, the check value is zero. */
static size_t
build_ah(const struct item *item, uint8_t *at)
{
	if (!item->ah)
		return 0;
	memset(at, 0, AH_LEN);
	at[0] = item->proto;
	at[1] = AH_LEN / 4 - 2;
	at[7] = at[11] = 1;
	return AH_LEN;
}

static size_t
build_ip(const struct item *item, uint8_t *at)
{
	size_t len;

	if (item->family == AF_INET) {
		len = 20 + build_transport(item, at + 20);
		memset(at, 0, 20);
		at[0] = 0x45;
		put16(at + 2, (uint32_t)len);
		put16(at + 6, 0x4000); /* don't fragment */
		at[8] = 64;
		at[9] = item->proto;
		memcpy(at + 12, item->src, 4);
		memcpy(at + 16, item->dst, 4);
		put16(at + 10, fold(sum(at, 20, 0)));
		return len;
	}
	len = build_ah(item, at + 40);
	len += build_transport(item, at + 40 + len);
	memset(at, 0, 40);
	at[0] = 0x60;
	put16(at + 4, (uint32_t)len);
	at[6] = item->ah ? IPPROTO_AH : item->proto;
	at[7] = 64;
	memcpy(at + 8, item->src, 16);
	memcpy(at + 24, item->dst, 16);
	return 40 + len;
}

static void
send_item(const struct item *item, const struct output *outputs, int n, int number)
{
	static const uint8_t from[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x02 };
	uint8_t frame[FRAME_MAX];
	size_t len = ETH_HLEN + build_ip(item, frame + ETH_HLEN);

	memcpy(frame + ETH_ALEN, from, ETH_ALEN);
	put16(frame + 12, item->family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	if (clock_ns(CLOCK_REALTIME) % NS_PER_S > NS_PER_S - EDGE_NS)
		sleep_to_fraction(0);
	int64_t before = clock_ns(CLOCK_REALTIME), monotonic = clock_ns(CLOCK_MONOTONIC);
	for (int i = 0; i < n; i++) {
		memcpy(frame, outputs[i].mac, ETH_ALEN);
		ssize_t sent = sendto(outputs[i].fd, frame, len, 0, (const struct sockaddr *)&outputs[i].to,
				      sizeof(outputs[i].to));
		if (sent != (ssize_t)len)
			die("send", strerror(errno));
	}
	printf("%d %" PRId64 " %" PRId64 " %" PRId64 "\n", number, before, clock_ns(CLOCK_REALTIME), monotonic);
}

int
main(int argc, char **argv)
{
	struct output outputs[OUTPUTS_MAX];
	char line[512];
	int n = argc - 1, number = 0;

	if (n < 1 || n > OUTPUTS_MAX)
		die("usage", "inject NETNS:IF:MAC... <SCRIPT (at most 4)");
	for (int i = 0; i < n; i++)
		open_output(&outputs[i], argv[i + 1]);

	int64_t last = clock_ns(CLOCK_MONOTONIC);
	while (fgets(line, sizeof(line), stdin)) {
		if (*line == '@') {
			sleep_to_fraction((int64_t)(strtod(line + 1, NULL) * NS_PER_MS));
			last = clock_ns(CLOCK_MONOTONIC);
		} else if (*line == '+') {
			struct item item = parse_packet(line);
			last += (int64_t)(item.pause_ms * NS_PER_MS);
			if (last > clock_ns(CLOCK_MONOTONIC))
				sleep_until(last);
			else
				last = clock_ns(CLOCK_MONOTONIC); /* when late, do not catch up by a burst */
			send_item(&item, outputs, n, number++);
		}
	}
	return 0;
}
