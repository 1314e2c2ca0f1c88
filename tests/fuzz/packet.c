/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet from the IP header on: any bytes. */
#include "fuzz.h"

#include <netinet/in.h>
#include <string.h>

#include "engine/packet.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet packet, untouched;
	enum packet_status status;

	memset(&packet, 0xa5, sizeof(packet));
	memset(&untouched, 0xa5, sizeof(untouched));
	status = packet_decode(&packet, data, size);
	HOLDS(status < PACKET_STATUSES);
	if (status != PACKET_OK) {
		HOLDS(!memcmp(&packet, &untouched, sizeof(packet)));
		return 0;
	}
	HOLDS(packet.proto == IPPROTO_TCP || packet.proto == IPPROTO_UDP);
	HOLDS(packet.proto == IPPROTO_TCP || !packet.tcp_flags);
	HOLDS(packet.src.family == AF_INET || packet.src.family == AF_INET6);
	HOLDS(packet.src.family == packet.dst.family);
	HOLDS(size >= (packet.src.family == AF_INET ? 28 : 48));
	return 0;
}
