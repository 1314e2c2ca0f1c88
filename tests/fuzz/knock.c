/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The matcher with a fixed set of doors; each six bytes of the input are a packet and the time before it. An opening
 * must be deserved: its source has hit every port of the sequence, in order and in time.
 */
#include "fuzz.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "access/logtext.h"
#include "conf/conf.h"
#include "conf/parser.h"
#include "engine/knock.h"

#define ATTEMPTS 16  /* few, so that the table gets full */
#define PACKETS  700 /* the fuzzer's longest input has fewer */
#define STEP     6

static const char *const lines[] = {
	"[options]",
	"scan_guard = 3",
	"totp_secrets = /nowhere",
	"[fixed]",
	"sequence = 1,2:udp,3",
	"seq_timeout = 5",
	"tcpflags = syn,!ack",
	"[repeats]",
	"sequence = 1,1,2",
	"seq_timeout = 2",
	"[lenient]",
	"sequence = 3,2,1,4",
	"AllowDuplicates = yes",
	"seq_timeout = 5",
	"[cool]",
	"sequence = 4",
	"seq_cooldown = 3",
	"[target]",
	"sequence = 5,6",
	"target = 192.0.2.9",
	"seq_timeout = 0x",
	"[code]",
	"sequence = 2,100:totp",
	"AllowDuplicates = yes",
	"[code_udp]",
	"sequence = 6,1,100:totp:udp",
	"seq_timeout = 5",
	"[once]",
	"one_time_sequences = /nowhere",
	"seq_timeout = 9",
};

static const struct seq once[] = { { { { .port = 1, .proto = IPPROTO_TCP }, { .port = 4, .proto = IPPROTO_TCP } }, 2 },
				   { { { .port = 4, .proto = IPPROTO_TCP }, { .port = 5, .proto = IPPROTO_UDP } }, 2 },
				   { { { .port = 7, .proto = IPPROTO_TCP } }, 1 } };

struct history {
	struct conf *conf;
	struct packet packets[PACKETS];
	uint64_t times[PACKETS], now;
	size_t n;
};

/* conf_report */
static void
report(void *arg, enum conf_severity severity, const char *text)
{
	(void)arg, (void)text;
	HOLDS(severity != CONF_ERROR);
}

static struct conf *
make_conf(void)
{
	struct parser *parser = parser_begin("fuzz.conf", report, NULL);
	struct conf *conf;
	struct door *door;
	char line[80];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(line, sizeof(line), "%s", lines[i]);
		parser_line(parser, line);
	}
	conf = parser_end(parser);
	conf->max_attempts = ATTEMPTS;
	door = &conf->doors[conf->n_doors - 1];
	door->one_time = malloc(sizeof(once));
	memcpy(door->one_time, once, sizeof(once));
	door->n_one_time = sizeof(once) / sizeof(once[0]);
	HOLDS(door_next_sequence(door));
	return conf;
}

/* Goes backwards from the packet that opened, to the source's latest hit on each earlier port. */
static bool
is_deserved(const struct history *h, const struct door *door, const struct addr *source)
{
	size_t at = h->n, port = door->seq.n;

	while (port && at) {
		const struct packet *packet = &h->packets[--at];
		const struct knock_port *wanted = &door->seq.at[port - 1];

		if (!addr_equal(&packet->src, source) || packet->dst_port < wanted->port ||
		    packet->dst_port > seq_last(wanted) || packet->proto != wanted->proto)
			continue;
		if (packet->proto == IPPROTO_TCP && (packet->tcp_flags & door->flags_mask) != door->flags_value)
			continue;
		port--;
	}
	return !port && (door->seq.n == 1 || h->now - h->times[at] < (uint64_t)door->seq_timeout * 1000);
}

static bool
is_stray(const struct door *door, const struct packet *packet)
{
	if (packet->proto == IPPROTO_UDP)
		return door_has_proto(door, IPPROTO_UDP);
	return (packet->tcp_flags & (TH_SYN | TH_ACK)) == TH_SYN ||
	       (packet->tcp_flags & door->flags_mask) == door->flags_value;
}

/* The bit of a port of no door, 0 if it is one of a door: those are below 8, and the digits of codes from 100 on. */
static uint64_t
stray_bit(uint16_t port)
{
	if ((port > 0 && port < 8) || (port >= 100 && port < 200))
		return 0;
	return UINT64_C(1) << (port < 100 ? port : port - 200 + 16);
}

/* Has the source hit Scan_Guard different ports of no door, the last one now? */
static bool
has_scanned(const struct history *h, const struct door *door, const struct addr *source)
{
	uint64_t ports = 0;

	for (size_t i = 0; i < h->n; i++) {
		const struct packet *packet = &h->packets[i];

		if (addr_equal(&packet->src, source) && is_stray(door, packet))
			ports |= stray_bit(packet->dst_port);
	}
	return addr_equal(&h->packets[h->n - 1].src, source) &&
	       (unsigned)__builtin_popcountll(ports) >= h->conf->scan_guard;
}

/* knock_emit */
static void
hear(void *arg, const struct event *event)
{
	struct history *h = arg;
	struct door *door;

	HOLDS(event_valid(event, h->conf->n_doors));
	door = &h->conf->doors[event->door];
	HOLDS(event->stage <= door->seq.n);
	HOLDS(event->kind != EVENT_SCAN || has_scanned(h, door, &event->source));
	HOLDS(event->kind != EVENT_OPEN || !seq_code(&door->seq));
	if (event->kind == EVENT_CODE) {
		HOLDS(seq_code(&door->seq) && event->stage == door->seq.n);
		HOLDS(event->count % 100 == h->packets[h->n - 1].dst_port - 100U);
	} else if (event->kind != EVENT_OPEN) {
		return;
	}
	HOLDS(is_deserved(h, door, &event->source));
	if (door->one_time_path)
		door_next_sequence(door); /* as the parent does */
}

/* The six bytes: time, source, port, protocol and destination, flags, retransmission. */
static const struct packet *
add_packet(struct history *h, const uint8_t *data)
{
	struct packet *packet = &h->packets[h->n];
	uint8_t source[16] = { data[1] & 31 }, target[4] = { 192, 0, 2, data[3] & 4 ? 9 : 1 };

	h->now += (uint64_t)data[0] * 25;
	h->times[h->n++] = h->now;
	*packet = (struct packet){ .src = addr_from_bytes(data[1] & 128 ? AF_INET6 : AF_INET, source),
				   .dst = addr_from_bytes(AF_INET, target),
				   .proto = data[3] & 1 ? IPPROTO_UDP : IPPROTO_TCP,
				   .tcp_flags = data[3] & 1 ? 0 : data[4],
				   .dst_port = data[2] & 128 ? 100 + (data[2] & 127) : data[2] & 15,
				   .src_port = data[5] & 15,
				   .tcp_seq = data[5] >> 4 };
	return packet;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t secret[16] = "not very secret";
	struct history *h = calloc(1, sizeof(*h));
	struct conf *mine = make_conf(); /* for the matcher; the history keeps doors of its own */
	struct knock *knock;

	HOLDS(h);
	h->conf = make_conf();
	knock = knock_new(mine, secret, hear, h);
	HOLDS(knock);
	for (; size >= STEP && h->n < PACKETS; data += STEP, size -= STEP) {
		const struct packet *packet = add_packet(h, data);

		knock_feed(knock, &(struct knock_hit){ *packet, !(data[3] & 4) }, 1, h->now);
		HOLDS(knock_attempts(knock) <= ATTEMPTS);
		HOLDS((knock_next(knock) == UINT64_MAX) == !knock_attempts(knock));
		HOLDS(knock_next(knock) >= h->now);
	}
	knock_expire(knock, h->now + 3600000);
	HOLDS(!knock_attempts(knock));
	knock_free(knock);
	conf_free(mine);
	conf_free(h->conf);
	free(h);
	return 0;
}
