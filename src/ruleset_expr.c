/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ruleset_expr.h"

#include <arpa/inet.h>
#include <libnftnl/expr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "capture.h"

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
put_equal(struct nftnl_rule *rule, const void *data, uint32_t len)
{
	struct nftnl_expr *expr = add_expr(rule, "cmp");

	if (!expr)
		return -1;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
	nftnl_expr_set(expr, NFTNL_EXPR_CMP_DATA, data, len);
	return 0;
}

static int
put_meta_equal(struct nftnl_rule *rule, uint32_t key, uint8_t value)
{
	return put_meta(rule, key, NFT_REG_1) || put_equal(rule, &value, sizeof(value)) ? -1 : 0;
}

/* A name is compared with its NUL and all that follows, the text before a '*' only as far as it goes. */
static int
put_ifname(struct nftnl_rule *rule, const char *name)
{
	char padded[IFNAMSIZ] = "";
	size_t len = strnlen(name, IFNAMSIZ - 1);

	memcpy(padded, name, len);
	if (put_meta(rule, NFT_META_IIFNAME, NFT_REG_1))
		return -1;
	return put_equal(rule, padded, len && name[len - 1] == '*' ? (uint32_t)len - 1 : IFNAMSIZ);
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

/*
 * The destination address into the first registers; `after` is the next free one, by the number
 * that nft uses for it.
 */
static int
put_daddr(struct nftnl_rule *rule, enum port_key key, uint32_t *after)
{
	switch (key) {
	case PORT_KEY_LOCAL:
	case PORT_KEYS:
		*after = NFT_REG_1;
		return 0;
	case PORT_KEY_IP: /* struct iphdr */
		*after = NFT_REG32_01;
		return put_meta_equal(rule, NFT_META_NFPROTO, NFPROTO_IPV4) ||
			       put_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 16, 4, NFT_REG_1)
			   ? -1
			   : 0;
	case PORT_KEY_IP6: /* struct ipv6hdr */
		*after = NFT_REG_2;
		return put_meta_equal(rule, NFT_META_NFPROTO, NFPROTO_IPV6) ||
			       put_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 24, 16, NFT_REG_1)
			   ? -1
			   : 0;
	}
	return -1;
}

static uint32_t
next_register(uint32_t reg)
{
	if (reg == NFT_REG_1)
		return NFT_REG32_01;
	return reg == NFT_REG_2 ? NFT_REG32_05 : reg + 1;
}

/* [ip daddr .] meta l4proto . th dport @set */
static int
put_set_term(struct nftnl_rule *rule, const struct rules *rules, const struct port_set *set)
{
	uint32_t reg;

	return put_daddr(rule, set->key, &reg) || put_meta(rule, NFT_META_L4PROTO, reg) ||
		       put_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, next_register(reg)) ||
		       put_lookup(rule, rules, set)
		   ? -1
		   : 0;
}

/* Byte 13 of the TCP header, RFC 9293. */
static int
put_flags(struct nftnl_rule *rule, const struct port_set *set)
{
	struct nftnl_expr *expr;
	uint8_t zero = 0;

	if (put_meta_equal(rule, NFT_META_L4PROTO, IPPROTO_TCP) ||
	    put_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1, NFT_REG_1))
		return -1;
	expr = add_expr(rule, "bitwise");
	if (!expr)
		return -1;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, sizeof(set->mask));
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_MASK, &set->mask, sizeof(set->mask));
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_XOR, &zero, sizeof(zero));
	return put_equal(rule, &set->value, sizeof(set->value));
}

static int
put_local(struct nftnl_rule *rule)
{
	struct nftnl_expr *expr = add_expr(rule, "fib");
	uint32_t local = RTN_LOCAL;

	if (!expr)
		return -1;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
	return put_equal(rule, &local, sizeof(local));
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
put_log(struct nftnl_rule *rule, const struct rules *rules, const char *prefix)
{
	struct nftnl_expr *expr = add_expr(rule, "log");

	if (!expr)
		return -1;
	nftnl_expr_set_u16(expr, NFTNL_EXPR_LOG_GROUP, rules->group);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOG_SNAPLEN, CAPTURE_SNAPLEN);
	nftnl_expr_set_u16(expr, NFTNL_EXPR_LOG_QTHRESHOLD, 1);
	return nftnl_expr_set_str(expr, NFTNL_EXPR_LOG_PREFIX, prefix);
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

int
rule_put_term(struct nftnl_rule *rule, const struct rules *rules, const struct term *term)
{
	switch (term->kind) {
	case TERM_IPV4:
		return put_meta_equal(rule, NFT_META_NFPROTO, NFPROTO_IPV4);
	case TERM_IFNAME:
		return put_ifname(rule, term->name);
	case TERM_SET:
		return put_set_term(rule, rules, term->set);
	case TERM_FLAGS:
		return put_flags(rule, term->set);
	case TERM_LOCAL:
		return put_local(rule);
	case TERM_COUNTER:
		return put_counter(rule);
	case TERM_LOG:
		return put_log(rule, rules, term->name);
	case TERM_RETURN:
		return put_verdict(rule, NFT_RETURN, NULL);
	case TERM_GOTO:
		return put_verdict(rule, NFT_GOTO, term->name);
	}
	return -1;
}
