/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A netlink datagram of NFQUEUE, of any bytes. */
#include "fuzz.h"

#include "engine/nfqueue.h"
#include "engine/packet.h"

#define FIRST 0x1e61 /* 7777, the default */

struct datagram {
	const uint8_t *data;
	size_t size, messages;
};

/* reader_take: the packet lies within the datagram. */
static void
take(void *arg, const struct reader_packet *packet)
{
	struct datagram *datagram = arg;
	struct packet decoded;

	datagram->messages++;
	if (!packet)
		return;
	HOLDS(packet->data >= datagram->data && packet->data <= datagram->data + datagram->size);
	HOLDS(packet->len <= datagram->size - (size_t)(packet->data - datagram->data));
	HOLDS(packet->has_seq && packet->way < CAPTURE_WAYS && packet->stream == packet->way);
	packet_decode(&decoded, packet->data, packet->len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct datagram datagram = { .data = data, .size = size };

	reader_datagram(data, size, nfqueue_decode, FIRST, take, &datagram);
	/* a message has at least a header of 16 bytes; a shorter rest counts as one */
	HOLDS(datagram.messages <= size / 16 + 1);
	return 0;
}
