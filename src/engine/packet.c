/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packet.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

/* Sizes and offsets: RFC 791 §3.1, RFC 8200 §3 and §4, RFC 9293 §3.1, RFC 768, RFC 4302 §2. */
enum {
	IP4_LEN = 20,
	IP6_LEN = 40,
	IP6_FRAGMENT_LEN = 8,
	TCP_LEN = 20,
	TCP_LOOKED_AT = 14, /* ports, sequence number, offset, flags: a cut packet must still hold them */
	UDP_LEN = 8,
};

/* An honest packet has only a few extension headers. */
#define EXTENSIONS_MAX 16

/* The rest of the packet: as captured, and as announced by the IP header. */
struct cursor {
	const uint8_t *begin; /* of the packet */
	const uint8_t *p;
	size_t rem;      /* bytes captured from p on */
	size_t promised; /* bytes announced from p on */
};

static uint16_t
read16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
read32(const uint8_t *p)
{
	return (uint32_t)read16(p) << 16 | read16(p + 2);
}

/* Are `len` bytes there? PACKET_BAD: the IP header announces fewer; PACKET_SHORT: the capture cut them off. */
static enum packet_status
want(const struct cursor *c, size_t len)
{
	if (c->promised < len)
		return PACKET_BAD;
	return c->rem < len ? PACKET_SHORT : PACKET_OK;
}

static void
skip(struct cursor *c, size_t len)
{
	c->p += len;
	c->rem -= len;
	c->promised -= len;
}

static enum packet_status
decode_tcp(struct packet *packet, const struct cursor *c)
{
	enum packet_status status = want(c, TCP_LOOKED_AT);
	size_t header;

	if (status)
		return status;
	header = (size_t)(c->p[12] >> 4) * 4;
	if (header < TCP_LEN || header > c->promised)
		return PACKET_BAD;
	packet->src_port = read16(c->p);
	packet->dst_port = read16(c->p + 2);
	packet->tcp_seq = read32(c->p + 4);
	packet->tcp_flags = c->p[13];
	packet->payload = packet->payload_len = 0;
	return PACKET_OK;
}

static enum packet_status
decode_udp(struct packet *packet, const struct cursor *c)
{
	enum packet_status status = want(c, UDP_LEN);
	size_t length;

	if (status)
		return status;
	length = read16(c->p + 4);
	/* 0 would be a jumbogram (RFC 2675 §4), which never reaches our rules */
	if (length < UDP_LEN || length > c->promised)
		return PACKET_BAD;
	packet->src_port = read16(c->p);
	packet->dst_port = read16(c->p + 2);
	packet->tcp_flags = 0;
	packet->tcp_seq = 0;
	packet->payload = (uint16_t)(c->p + UDP_LEN - c->begin);
	packet->payload_len = (uint16_t)((length < c->rem ? length : c->rem) - UDP_LEN);
	return PACKET_OK;
}

static enum packet_status
decode_transport(struct packet *packet, const struct cursor *c, uint8_t proto)
{
	packet->proto = proto;
	switch (proto) {
	case IPPROTO_TCP:
		return decode_tcp(packet, c);
	case IPPROTO_UDP:
		return decode_udp(packet, c);
	}
	return PACKET_OTHER;
}

static enum packet_status
decode_ip4(struct packet *packet, struct cursor *c)
{
	enum packet_status status = want(c, IP4_LEN);
	size_t header, total;
	uint8_t proto;

	if (status)
		return status;
	header = (size_t)(c->p[0] & 0x0f) * 4;
	total = read16(c->p + 2);
	if (header < IP4_LEN || total < header)
		return PACKET_BAD;
	c->promised = total;
	if (read16(c->p + 6) & 0x1fff)
		return PACKET_FRAGMENT;
	proto = c->p[9];
	packet->src = addr_from_bytes(AF_INET, c->p + 12);
	packet->dst = addr_from_bytes(AF_INET, c->p + 16);
	if ((status = want(c, header)))
		return status;
	skip(c, header);
	return decode_transport(packet, c, proto);
}

static bool
is_extension(uint8_t next)
{
	switch (next) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_AH:
	case IPPROTO_DSTOPTS:
		return true;
	}
	return false;
}

static size_t
extension_len(uint8_t type, const uint8_t *p)
{
	switch (type) {
	case IPPROTO_FRAGMENT:
		return IP6_FRAGMENT_LEN;
	case IPPROTO_AH:
		return ((size_t)p[1] + 2) * 4;
	}
	return ((size_t)p[1] + 1) * 8;
}

/* Skips extension headers; `next` becomes the protocol behind them. */
static enum packet_status
skip_extensions(struct cursor *c, uint8_t *next)
{
	for (int n = 0; is_extension(*next); n++) {
		enum packet_status status = want(c, 8);
		size_t len;

		if (status)
			return status;
		if (n == EXTENSIONS_MAX)
			return PACKET_BAD;
		if (*next == IPPROTO_FRAGMENT && read16(c->p + 2) & 0xfff8)
			return PACKET_FRAGMENT;
		len = extension_len(*next, c->p);
		if ((status = want(c, len)))
			return status;
		*next = c->p[0];
		skip(c, len);
	}
	return PACKET_OK;
}

static enum packet_status
decode_ip6(struct packet *packet, struct cursor *c)
{
	enum packet_status status = want(c, IP6_LEN);
	uint8_t next;

	if (status)
		return status;
	c->promised = IP6_LEN + (size_t)read16(c->p + 4);
	next = c->p[6];
	packet->src = addr_from_bytes(AF_INET6, c->p + 8);
	packet->dst = addr_from_bytes(AF_INET6, c->p + 24);
	skip(c, IP6_LEN);
	if ((status = skip_extensions(c, &next)))
		return status;
	return decode_transport(packet, c, next);
}

enum packet_status
packet_decode(struct packet *packet, const uint8_t *data, size_t len)
{
	struct cursor c = { .begin = data, .p = data, .rem = len, .promised = SIZE_MAX };
	struct packet decoded;
	enum packet_status status;

	if (!len)
		return PACKET_SHORT;
	switch (data[0] >> 4) {
	case 4:
		status = decode_ip4(&decoded, &c);
		break;
	case 6:
		status = decode_ip6(&decoded, &c);
		break;
	default:
		return PACKET_BAD;
	}
	if (status == PACKET_OK && !addr_is_host(&decoded.src)) /* forged */
		return PACKET_BAD;
	if (status == PACKET_OK)
		*packet = decoded;
	return status;
}
