/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "expr.h"

#include <arpa/inet.h>
#include <libnftnl/expr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <string.h>

#include "wire/capture.h"

/* A type of user data that nft does not use: it numbers its own from 0, see libnftnl/udata.h. */
#define UDATA_MARK 0x6b

/* A new expression at the end of the rule; NULL: no memory. */
static struct nftnl_expr *
add_expr(struct nftnl_rule *rule, const char *name)
{
	struct nftnl_expr *expr = nftnl_expr_alloc(name);

	if (expr)
		nftnl_rule_add_expr(rule, expr);
	return expr;
}

static int
put_meta(struct nftnl_rule *rule, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *expr = add_expr(rule, "meta");

	if (!expr)
		return -1;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_DREG, reg);
	return 0;
}

static int
put_payload(struct nftnl_rule *rule, uint32_t base, uint32_t offset, uint32_t len, uint32_t reg)
{
	struct nftnl_expr *expr = add_expr(rule, "payload");

	if (!expr)
		return -1;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, len);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, reg);
	return 0;
}

static int
put_compare(struct nftnl_rule *rule, uint32_t op, const void *data, uint32_t len)
{
	struct nftnl_expr *expr = add_expr(rule, "cmp");

	if (!expr)
		return -1;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(expr, NFTNL_EXPR_CMP_DATA, data, len);
	return 0;
}

static int
put_equal(struct nftnl_rule *rule, const void *data, uint32_t len)
{
	return put_compare(rule, NFT_CMP_EQ, data, len);
}

static int
put_meta_equal(struct nftnl_rule *rule, uint32_t key, uint8_t value)
{
	return put_meta(rule, key, NFT_REG_1) || put_equal(rule, &value, sizeof(value)) ? -1 : 0;
}

/* nft's number of the n-th 32-bit register: that of a 128-bit register if one begins there. */
static uint32_t
register_at(uint32_t n)
{
	return n % 4 ? NFT_REG32_00 + n : NFT_REG_1 + n / 4;
}

static int
put_tracked(struct nftnl_rule *rule, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *expr = add_expr(rule, "ct");

	if (!expr)
		return -1;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_DREG, reg);
	if (key == NFT_CT_PROTOCOL || key == NFT_CT_PROTO_SRC || key == NFT_CT_PROTO_DST)
		nftnl_expr_set_u8(expr, NFTNL_EXPR_CT_DIR, IP_CT_DIR_ORIGINAL);
	return 0;
}

static int
put_proto(struct nftnl_rule *rule, enum side side, uint32_t reg)
{
	switch (side) {
	case SIDE_TO:
	case SIDE_FROM:
		break;
	case SIDE_TRACKED_TO:
	case SIDE_TRACKED_FROM:
		return put_tracked(rule, NFT_CT_PROTOCOL, reg);
	}
	return put_meta(rule, NFT_META_L4PROTO, reg);
}

static int
put_port_of(struct nftnl_rule *rule, enum side side, uint32_t reg)
{
	switch (side) {
	case SIDE_TO:
		break;
	case SIDE_FROM:
		return put_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, reg);
	case SIDE_TRACKED_TO:
		return put_tracked(rule, NFT_CT_PROTO_DST, reg);
	case SIDE_TRACKED_FROM:
		return put_tracked(rule, NFT_CT_PROTO_SRC, reg);
	}
	return put_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, reg);
}

static int
put_port(struct nftnl_rule *rule, enum side side, uint16_t port)
{
	uint16_t number = htons(port);

	return put_port_of(rule, side, NFT_REG_1) || put_equal(rule, &number, sizeof(number)) ? -1 : 0;
}

static int
put_long(struct nftnl_rule *rule)
{
	uint16_t length = htons(RULES_SIGNED_LENGTH);

	return put_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 4, sizeof(length), NFT_REG_1) ||
		       put_compare(rule, NFT_CMP_GTE, &length, sizeof(length))
		   ? -1
		   : 0;
}

/* The same expressions as nft's for "udp dport 62000-62999 udp length >= 192". */
static int
put_signed(struct nftnl_rule *rule, uint16_t first, uint16_t last)
{
	uint16_t low = htons(first), high = htons(last);

	if (put_meta_equal(rule, NFT_META_L4PROTO, IPPROTO_UDP) || put_port_of(rule, SIDE_TO, NFT_REG_1))
		return -1;
	if (first == last ? put_equal(rule, &low, sizeof(low))
			  : put_compare(rule, NFT_CMP_GTE, &low, sizeof(low)) ||
				put_compare(rule, NFT_CMP_LTE, &high, sizeof(high)))
		return -1;
	return put_long(rule);
}

/* A name is compared with its padding of NULs; a name that ends in '*' only up to the '*'. */
static int
put_name(struct nftnl_rule *rule, uint32_t key, uint32_t op, const char *name)
{
	char padded[IFNAMSIZ] = "";
	size_t len = strnlen(name, IFNAMSIZ - 1);

	memcpy(padded, name, len);
	if (put_meta(rule, key, NFT_REG_1))
		return -1;
	return put_compare(rule, op, padded, len && name[len - 1] == '*' ? (uint32_t)len - 1 : IFNAMSIZ);
}

static int
put_lookup(struct nftnl_rule *rule, const struct rules *rules, const struct port_set *set)
{
	struct nftnl_expr *expr = add_expr(rule, "lookup");

	if (!expr)
		return -1;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SET_ID, RULESET_SET_ID(rules, set));
	return nftnl_expr_set_str(expr, NFTNL_EXPR_LOOKUP_SET, set->name);
}

/* Loads addresses into the first registers; `after` is the next free one. Offsets: struct iphdr, struct ipv6hdr. */
static int
put_addresses(struct nftnl_rule *rule, struct key_shape shape, enum side side, bool known, uint32_t *after)
{
	bool v4 = shape.len == 4;
	uint32_t source = v4 ? 12 : 8, other = side == SIDE_FROM ? source : source + shape.len;

	*after = 0;
	if (!shape.len)
		return 0;
	if (!known && put_meta_equal(rule, NFT_META_NFPROTO, v4 ? NFPROTO_IPV4 : NFPROTO_IPV6))
		return -1;
	if (shape.source) {
		if (put_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, source, shape.len, register_at(*after)))
			return -1;
		*after += shape.len / 4;
	}
	if (shape.destination) {
		if (put_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, other, shape.len, register_at(*after)))
			return -1;
		*after += shape.len / 4;
	}
	return 0;
}

/*
 * [ip saddr .] [ip daddr .] [meta l4proto .] [th dport], or the same of another side. `known`: an earlier term of the
 * rule has looked at the family.
 */
static int
put_key(struct nftnl_rule *rule, struct key_shape shape, enum side side, bool known)
{
	uint32_t after;

	if (put_addresses(rule, shape, side, known, &after))
		return -1;
	if (shape.proto && put_proto(rule, side, register_at(after++)))
		return -1;
	return shape.port ? put_port_of(rule, side, register_at(after)) : 0;
}

/* Packets over the limit match. */
static struct nftnl_expr *
new_limit(uint32_t rate, uint32_t burst)
{
	struct nftnl_expr *limit = nftnl_expr_alloc("limit");

	if (!limit)
		return NULL;
	nftnl_expr_set_u64(limit, NFTNL_EXPR_LIMIT_RATE, rate);
	nftnl_expr_set_u64(limit, NFTNL_EXPR_LIMIT_UNIT, 1);
	nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_BURST, burst);
	nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	return limit;
}

static int
put_over(struct nftnl_rule *rule, const struct term *term)
{
	struct nftnl_expr *limit = new_limit(term->rate, term->burst);

	if (!limit)
		return -1;
	nftnl_rule_add_expr(rule, limit);
	return 0;
}

/* The element gets the set's timeout. */
static int
put_update(struct nftnl_rule *rule, const struct rules *rules, const struct term *term)
{
	const struct port_set *set = term->set;
	bool limited = term->kind == TERM_TOO_FAST;
	struct nftnl_expr *expr = add_expr(rule, "dynset"), *limit = NULL;

	if (!expr || (limited && !(limit = new_limit(rules->rate, rules->burst))))
		return -1;
	/* without NFT_DYNSET_F_EXPR, which Linux before 5.11 refuses and no kernel needs for a single expression */
	if (limit)
		nftnl_expr_set(expr, NFTNL_EXPR_DYNSET_EXPR, limit, 0);
	if (term->timeout_ms)
		nftnl_expr_set_u64(expr, NFTNL_EXPR_DYNSET_TIMEOUT, term->timeout_ms);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_DYNSET_SET_ID, RULESET_SET_ID(rules, set));
	return nftnl_expr_set_str(expr, NFTNL_EXPR_DYNSET_SET_NAME, set->name);
}

static int
put_mask(struct nftnl_rule *rule, const void *mask, uint32_t len)
{
	static const uint32_t zero;
	struct nftnl_expr *expr = add_expr(rule, "bitwise");

	if (!expr)
		return -1;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_MASK, mask, len);
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_XOR, &zero, len);
	return 0;
}

/* Byte 13 of the TCP header, RFC 9293. */
static int
put_flags(struct nftnl_rule *rule, uint8_t mask, uint32_t op, uint8_t value)
{
	return put_meta_equal(rule, NFT_META_L4PROTO, IPPROTO_TCP) ||
		       put_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1, NFT_REG_1) ||
		       put_mask(rule, &mask, sizeof(mask)) || put_compare(rule, op, &value, sizeof(value))
		   ? -1
		   : 0;
}

/*
 * Compares bytes 12 to 15 of the TCP header, which hold the flags, before the protocol: the kernel loads, masks and
 * compares four bytes in line (nft_payload_fast, nft_bitwise_fast), and nearly every packet fails this comparison.
 */
static int
put_syn(struct nftnl_rule *rule, uint8_t looked_at)
{
	const uint8_t mask[] = { 0, looked_at, 0, 0 };
	static const uint8_t value[] = { 0, TH_SYN, 0, 0 };

	return put_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 12, sizeof(mask), NFT_REG_1) ||
		       put_mask(rule, mask, sizeof(mask)) || put_equal(rule, value, sizeof(value)) ||
		       put_meta_equal(rule, NFT_META_L4PROTO, IPPROTO_TCP)
		   ? -1
		   : 0;
}

/* The socket's own property does not matter, but the kernel has no expression for the socket alone. */
static int
put_asked(struct nftnl_rule *rule)
{
	static const uint8_t no;
	struct nftnl_expr *expr = add_expr(rule, "socket");

	if (!expr)
		return -1;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_SOCKET_KEY, NFT_SOCKET_TRANSPARENT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_SOCKET_DREG, NFT_REG_1);
	return put_equal(rule, &no, sizeof(no));
}

/* A comparison of some bits, or (no bits) of the value. */
static int
put_track(struct nftnl_rule *rule, enum track_test test)
{
	static const struct {
		uint32_t key, bits, op, value;
	} tests[] = {
		[TRACK_NEW] = { NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_NEW), NFT_CMP_NEQ, 0 },
		[TRACK_NOT_NEW] = { NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_NEW), NFT_CMP_EQ, 0 },
		[TRACK_ESTABLISHED] = { NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_ESTABLISHED), NFT_CMP_NEQ, 0 },
		[TRACK_ORIGINAL] = { NFT_CT_DIRECTION, 0, NFT_CMP_EQ, IP_CT_DIR_ORIGINAL },
		[TRACK_DNAT] = { NFT_CT_STATUS, IPS_DST_NAT, NFT_CMP_NEQ, 0 },
		[TRACK_NOT_DNAT] = { NFT_CT_STATUS, IPS_DST_NAT, NFT_CMP_EQ, 0 },
		[TRACK_NOT_SNAT] = { NFT_CT_STATUS, IPS_SRC_NAT, NFT_CMP_EQ, 0 },
	};
	uint32_t bits = tests[test].bits, value = tests[test].value;
	uint8_t direction = (uint8_t)value;

	if (put_tracked(rule, tests[test].key, NFT_REG_1))
		return -1;
	if (!bits)
		return put_compare(rule, tests[test].op, &direction, sizeof(direction));
	return put_mask(rule, &bits, sizeof(bits)) || put_compare(rule, tests[test].op, &value, sizeof(value)) ? -1 : 0;
}

#define TO   NFTA_FIB_F_DADDR
#define FROM NFTA_FIB_F_SADDR
#define HERE NFTA_FIB_F_IIF

/* The answer is a type of addresses or, about a route, whether there is one. */
static int
put_fib(struct nftnl_rule *rule, enum fib_test test)
{
	static const struct {
		uint32_t flags, op, answer;
		bool route;
	} tests[] = {
		[FIB_TO_LOCAL] = { TO, NFT_CMP_EQ, RTN_LOCAL, false },
		[FIB_TO_LOCAL_HERE] = { TO | HERE, NFT_CMP_EQ, RTN_LOCAL, false },
		[FIB_TO_ANYCAST] = { TO, NFT_CMP_EQ, RTN_ANYCAST, false },
		[FIB_TO_MULTICAST] = { TO, NFT_CMP_EQ, RTN_MULTICAST, false },
		[FIB_TO_NOT_UNICAST] = { TO, NFT_CMP_NEQ, RTN_UNICAST, false },
		[FIB_TO_NO_HOST] = { TO, NFT_CMP_EQ, 0, true },
		[FIB_TO_NO_HOST_HERE] = { TO | HERE, NFT_CMP_EQ, 0, true },
		[FIB_FROM_LOCAL] = { FROM, NFT_CMP_EQ, RTN_LOCAL, false },
		[FIB_FROM_LOCAL_HERE] = { FROM | HERE, NFT_CMP_EQ, RTN_LOCAL, false },
		[FIB_FROM_ANYCAST] = { FROM, NFT_CMP_EQ, RTN_ANYCAST, false },
		[FIB_FROM_NOT_UNICAST] = { FROM, NFT_CMP_NEQ, RTN_UNICAST, false },
		[FIB_FROM_ELSEWHERE] = { FROM | HERE, NFT_CMP_EQ, 0, true },
	};
	struct nftnl_expr *expr = add_expr(rule, "fib");

	if (!expr)
		return -1;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_FLAGS,
			   tests[test].flags | (tests[test].route ? NFTA_FIB_F_PRESENT : 0));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_RESULT,
			   tests[test].route ? NFT_FIB_RESULT_OIF : NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
	return put_compare(rule, tests[test].op, &tests[test].answer, sizeof(tests[test].answer));
}

static int
put_counter(struct nftnl_rule *rule)
{
	struct nftnl_expr *expr = add_expr(rule, "counter");

	if (!expr)
		return -1;
	nftnl_expr_set_u64(expr, NFTNL_EXPR_CTR_PACKETS, 0);
	nftnl_expr_set_u64(expr, NFTNL_EXPR_CTR_BYTES, 0);
	return 0;
}

static int
put_log(struct nftnl_rule *rule, const struct rules *rules, const struct term *term)
{
	struct nftnl_expr *expr = add_expr(rule, "log");

	if (!expr)
		return -1;
	nftnl_expr_set_u16(expr, NFTNL_EXPR_LOG_GROUP, rules->group);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOG_SNAPLEN, CAPTURE_SNAPLEN);
	nftnl_expr_set_u16(expr, NFTNL_EXPR_LOG_QTHRESHOLD, term->threshold);
	return nftnl_expr_set_str(expr, NFTNL_EXPR_LOG_PREFIX, term->name);
}

static int
put_queue(struct nftnl_rule *rule, uint16_t queue)
{
	struct nftnl_expr *expr = add_expr(rule, "queue");

	if (!expr)
		return -1;
	nftnl_expr_set_u16(expr, NFTNL_EXPR_QUEUE_NUM, queue);
	nftnl_expr_set_u16(expr, NFTNL_EXPR_QUEUE_TOTAL, 1);
	nftnl_expr_set_u16(expr, NFTNL_EXPR_QUEUE_FLAGS, NFT_QUEUE_FLAG_BYPASS);
	return 0;
}

static int
put_verdict(struct nftnl_rule *rule, int verdict, const char *chain)
{
	struct nftnl_expr *expr = add_expr(rule, "immediate");

	if (!expr)
		return -1;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	return chain ? nftnl_expr_set_str(expr, NFTNL_EXPR_IMM_CHAIN, chain) : 0;
}

/* The kernel ignores the code of type NFT_REJECT_TCP_RST. */
static int
put_reject(struct nftnl_rule *rule, uint32_t type, uint8_t code)
{
	struct nftnl_expr *expr = add_expr(rule, "reject");

	if (!expr)
		return -1;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_REJECT_TYPE, type);
	nftnl_expr_set_u8(expr, NFTNL_EXPR_REJECT_CODE, code);
	return 0;
}

int
expr_put_term(struct nftnl_rule *rule, const struct rules *rules, const struct term *term)
{
	switch (term->kind) {
	case TERM_IPV4:
		return put_meta_equal(rule, NFT_META_NFPROTO, NFPROTO_IPV4);
	case TERM_IPV6:
		return put_meta_equal(rule, NFT_META_NFPROTO, NFPROTO_IPV6);
	case TERM_TCP:
		return put_meta_equal(rule, NFT_META_L4PROTO, IPPROTO_TCP);
	case TERM_UDP:
		return put_meta_equal(rule, NFT_META_L4PROTO, IPPROTO_UDP);
	case TERM_AH:
		return put_meta_equal(rule, NFT_META_L4PROTO, IPPROTO_AH);
	case TERM_PORT:
		return put_port(rule, term->side, term->port);
	case TERM_LONG:
		return put_meta_equal(rule, NFT_META_L4PROTO, IPPROTO_UDP) || put_long(rule) ? -1 : 0;
	case TERM_SIGNED:
		return put_signed(rule, term->port, term->last);
	case TERM_IFNAME:
		return put_name(rule, NFT_META_IIFNAME, NFT_CMP_EQ, term->name);
	case TERM_NOT_LO:
		return put_name(rule, NFT_META_IIFNAME, NFT_CMP_NEQ, "lo");
	case TERM_VRF:
		return put_name(rule, NFT_META_IIFKIND, NFT_CMP_EQ, "vrf");
	case TERM_SET:
		return put_key(rule, rules_key_shape(term->set->key), term->side, term->known) ||
			       put_lookup(rule, rules, term->set)
			   ? -1
			   : 0;
	case TERM_UPDATE:
	case TERM_TOO_FAST:
		return put_key(rule, rules_key_shape(term->set->key), term->side, term->timeout_ms) ||
			       put_update(rule, rules, term)
			   ? -1
			   : 0;
	case TERM_OVER:
		return put_over(rule, term);
	case TERM_FLAGS:
		return put_flags(rule, term->set->mask, NFT_CMP_EQ, term->set->value);
	case TERM_UNDER_WAY:
		return put_flags(rule, TH_SYN | TH_ACK, NFT_CMP_NEQ, TH_SYN);
	case TERM_SYN:
		return put_syn(rule, TH_SYN | TH_ACK);
	case TERM_SYN_ANY:
		return put_syn(rule, TH_SYN);
	case TERM_ASKED:
		return put_asked(rule);
	case TERM_TRACKED:
		return put_track(rule, term->track);
	case TERM_FIB:
		return put_fib(rule, term->fib);
	case TERM_COUNTER:
		return put_counter(rule);
	case TERM_LOG:
		return put_log(rule, rules, term);
	case TERM_QUEUE:
		return put_queue(rule, (uint16_t)(rules->queue + term->way));
	case TERM_RETURN:
		return put_verdict(rule, NFT_RETURN, NULL);
	case TERM_GOTO:
		return put_verdict(rule, NFT_GOTO, term->name);
	case TERM_JUMP:
		return put_verdict(rule, NFT_JUMP, term->name);
	case TERM_DROP:
		return put_verdict(rule, NF_DROP, NULL);
	case TERM_RESET:
		return put_reject(rule, NFT_REJECT_TCP_RST, 0);
	case TERM_REJECT:
		return put_reject(rule, NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_PORT_UNREACH);
	}
	return -1;
}

int
expr_mark(struct nftnl_rule *rule)
{
	static const struct {
		uint8_t type, len, value;
	} mark = { UDATA_MARK, 1, 1 };

	return nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, &mark, sizeof(mark));
}

bool
expr_is_marked(const struct nftnl_rule *rule)
{
	uint32_t len = 0;
	const uint8_t *data = nftnl_rule_get_data(rule, NFTNL_RULE_USERDATA, &len);

	return data && len && data[0] == UDATA_MARK;
}
