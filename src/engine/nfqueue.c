/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nfqueue.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <string.h>

struct nfqueue_attrs {
	const struct nlattr *payload, *header;
	const char *end; /* of the message */
};

static int
collect(const struct nlattr *attr, void *data)
{
	struct nfqueue_attrs *found = data;

	/* libmnl counts the padding after a message as part of it, but the last message may have none */
	if ((const char *)attr + attr->nla_len > found->end)
		return MNL_CB_ERROR;
	switch (mnl_attr_get_type(attr)) {
	case NFQA_PAYLOAD:
		found->payload = attr;
		break;
	case NFQA_PACKET_HDR:
		if (mnl_attr_get_payload_len(attr) < sizeof(struct nfqnl_msg_packet_hdr))
			return MNL_CB_ERROR;
		found->header = attr;
		break;
	}
	return MNL_CB_OK;
}

static bool
is_packet(const struct nlmsghdr *nlh)
{
	return nlh->nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET) &&
	       mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct nfgenmsg);
}

/* The way of the packet's queue; CAPTURE_WAYS: not a queue of ours. */
static enum capture_way
way_of(const struct nlmsghdr *nlh, uint16_t first)
{
	const struct nfgenmsg *message = mnl_nlmsg_get_payload(nlh);
	unsigned offset = ntohs(message->res_id) - (unsigned)first;

	return offset < CAPTURE_WAYS ? (enum capture_way)offset : CAPTURE_WAYS;
}

/* A message without payload is a packet, too: it needs a verdict. */
static struct reader_packet
packet_of(const struct nfqueue_attrs *found, enum capture_way way)
{
	struct nfqnl_msg_packet_hdr header;

	memcpy(&header, mnl_attr_get_payload(found->header), sizeof(header));
	return (struct reader_packet){
		.data = mnl_attr_get_payload(found->payload ? found->payload : found->header),
		.len = found->payload ? mnl_attr_get_payload_len(found->payload) : 0,
		.way = way,
		.stream = way,
		.has_seq = true,
		.seq = ntohl(header.packet_id),
	};
}

/*
 * NLMSG_ERROR: the kernel answers a verdict on packets that an earlier verdict has released, though the parent asks for
 * no answer. The engine reads it, as it reads the socket.
 */
enum reader_message
nfqueue_decode(const struct nlmsghdr *nlh, uint16_t first, struct reader_packet *packet)
{
	struct nfqueue_attrs found = { .end = (const char *)nlh + nlh->nlmsg_len };
	enum capture_way way;

	if (nlh->nlmsg_type == NLMSG_ERROR)
		return READER_NOTICE;
	if (!is_packet(nlh) || (way = way_of(nlh, first)) == CAPTURE_WAYS ||
	    mnl_attr_parse(nlh, sizeof(struct nfgenmsg), collect, &found) < 0 || !found.header)
		return READER_BAD;
	*packet = packet_of(&found, way);
	return READER_PACKET;
}
