/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decodes one packet as the kernel hands it over: from the IP header on, possibly cut. No allocation; an attacker may
 * have chosen every byte.
 */
#ifndef KNOCKD_PACKET_H
#define KNOCKD_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

struct packet {
	struct addr src, dst;
	uint8_t proto;               /* IPPROTO_TCP or IPPROTO_UDP */
	uint8_t tcp_flags;           /* byte 13 of the TCP header (RFC 9293 §3.1), 0 for UDP */
	uint16_t src_port, dst_port; /* host order */
	uint32_t tcp_seq;
	uint16_t payload, payload_len; /* UDP: offset and length of what was captured of the content; else 0 */
};

enum packet_status {
	PACKET_OK,
	PACKET_SHORT,    /* ends before the header that it announces */
	PACKET_BAD,      /* headers contradict themselves or the standard, or the source is no host's address */
	PACKET_FRAGMENT, /* not the first fragment: no ports in it */
	PACKET_OTHER,    /* well-formed, but neither TCP nor UDP */
	PACKET_STATUSES
};

/* Fills `packet` only when it returns PACKET_OK. */
enum packet_status packet_decode(struct packet *packet, const uint8_t *data, size_t len);

#endif
