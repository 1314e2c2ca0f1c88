/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nflog.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <string.h>

#define HEADERS_LEN (NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg)))

/*
 * False: the attribute has a wrong length. An admin's own rules may have any prefix or none: their packets count as
 * sent to this host.
 */
static bool
take_attr(struct reader_packet *packet, unsigned type, const uint8_t *data, size_t len)
{
	uint32_t seq;

	switch (type) {
	case NFULA_PAYLOAD:
		packet->data = data;
		packet->len = len;
		break;
	case NFULA_PREFIX:
		if (len == sizeof(CAPTURE_PREFIX_TARGET) && !memcmp(data, CAPTURE_PREFIX_TARGET, len))
			packet->way = CAPTURE_TARGET;
		break;
	case NFULA_SEQ:
		if (len != sizeof(seq))
			return false;
		memcpy(&seq, data, sizeof(seq));
		packet->seq = ntohl(seq);
		packet->has_seq = true;
		break;
	}
	return true;
}

/*
 * Without libmnl, whose calls for each of the ten attributes cost more than the signed knock's tag: this is the path of
 * each packet of a flood. The padding behind the last attribute may be missing.
 */
enum reader_message
nflog_decode(const struct nlmsghdr *nlh, uint16_t group, struct reader_packet *packet)
{
	const uint8_t *at = (const uint8_t *)nlh + HEADERS_LEN, *end = (const uint8_t *)nlh + nlh->nlmsg_len;

	(void)group;
	if (nlh->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) || nlh->nlmsg_len < HEADERS_LEN)
		return READER_BAD;
	*packet = (struct reader_packet){ .way = CAPTURE_LOCAL };
	while (end - at >= NLA_HDRLEN) {
		const struct nlattr *attr = (const struct nlattr *)at;
		size_t len = attr->nla_len, step = NLA_ALIGN(len);

		if (len < NLA_HDRLEN || len > (size_t)(end - at) ||
		    !take_attr(packet, attr->nla_type & NLA_TYPE_MASK, at + NLA_HDRLEN, len - NLA_HDRLEN))
			return READER_BAD;
		if (step > (size_t)(end - at))
			break;
		at += step;
	}
	return packet->data ? READER_PACKET : READER_BAD;
}
