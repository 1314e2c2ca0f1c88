/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink/nftkey.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <linux/netfilter.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/element.h"
#include "lib/text.h"

#define FIELD_BITS  6
#define FIELD_MASK  0x3fu
#define FIELD_ALIGN 4

/* One field, and the bytes of both ends of its range. */
struct field {
	const char *text;
	uint8_t *from, *to;
	uint32_t len;
	bool interval;
	char *err;
	size_t errlen;
};

/* Encoders get text with %IP% already replaced. They return -1, without a message, when it does not fit. */
struct datatype {
	enum nftkey_datatype id;
	const char *name;
	uint32_t len;
	int (*encode)(const struct field *field, const char *text, uint8_t *bytes);
	bool host_order;
};

static int
encode_number(const char *text, uint64_t max, int base, uint64_t *n)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return -1;
	*n = strtoull(text, &end, base);
	return *end || *n > max ? -1 : 0;
}

static int
encode_nfproto(const struct field *field, const char *text, uint8_t *bytes)
{
	(void)field;
	if (!strcmp(text, "ipv4"))
		*bytes = NFPROTO_IPV4;
	else if (!strcmp(text, "ipv6"))
		*bytes = NFPROTO_IPV6;
	else
		return -1;
	return 0;
}

static int
encode_addr(const struct field *field, const char *text, uint8_t *bytes)
{
	struct addr addr;

	if (addr_parse(&addr, text) || addr_len(&addr) != field->len)
		return -1;
	memcpy(bytes, addr.bytes, field->len);
	return 0;
}

static int
encode_ether(const struct field *field, const char *text, uint8_t *bytes)
{
	unsigned octet[6];
	int used = 0;

	(void)field;
	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &octet[0], &octet[1], &octet[2], &octet[3], &octet[4], &octet[5],
		   &used) != 6 ||
	    text[used])
		return -1;
	for (size_t i = 0; i < 6; i++)
		bytes[i] = (uint8_t)octet[i];
	return 0;
}

/* The usual protocols are built in: a small container has no /etc/protocols. */
static int
find_proto(const char *name)
{
	static const struct {
		const char *name;
		int proto;
	} usual[] = {
		{ "tcp", IPPROTO_TCP },       { "udp", IPPROTO_UDP },   { "icmp", IPPROTO_ICMP },
		{ "icmpv6", IPPROTO_ICMPV6 }, { "sctp", IPPROTO_SCTP }, { "dccp", IPPROTO_DCCP },
		{ "gre", IPPROTO_GRE },       { "esp", IPPROTO_ESP },   { "ah", IPPROTO_AH },
	};
	const struct protoent *entry;

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (!strcmp(usual[i].name, name))
			return usual[i].proto;
	}
	entry = getprotobyname(name);
	return entry ? entry->p_proto : -1;
}

static int
encode_proto(const struct field *field, const char *text, uint8_t *bytes)
{
	uint64_t n;
	int proto;

	(void)field;
	if (encode_number(text, UINT8_MAX, 10, &n)) {
		proto = find_proto(text);
		if (proto < 0 || proto > UINT8_MAX)
			return -1;
		n = (uint64_t)proto;
	}
	*bytes = (uint8_t)n;
	return 0;
}

static int
encode_port(const struct field *field, const char *text, uint8_t *bytes)
{
	const struct servent *entry;
	uint64_t n;

	(void)field;
	if (encode_number(text, UINT16_MAX, 10, &n)) {
		entry = getservbyname(text, NULL);
		if (!entry)
			return -1;
		n = ntohs((uint16_t)entry->s_port);
	}
	bytes[0] = (uint8_t)(n >> 8);
	bytes[1] = (uint8_t)n;
	return 0;
}

static int
encode_mark(const struct field *field, const char *text, uint8_t *bytes)
{
	uint32_t mark;
	uint64_t n;

	if (encode_number(text, UINT32_MAX, 0, &n))
		return -1;
	/* nft stores interval sets in network order, so that ranges sort */
	mark = field->interval ? htonl((uint32_t)n) : (uint32_t)n;
	memcpy(bytes, &mark, sizeof(mark));
	return 0;
}

static int
encode_ifname(const struct field *field, const char *text, uint8_t *bytes)
{
	(void)field;
	if (!*text || strlen(text) >= IFNAMSIZ || strpbrk(text, "*/"))
		return -1;
	memset(bytes, 0, IFNAMSIZ);
	memcpy(bytes, text, strlen(text)); /* NOLINT(bugprone-not-null-terminated-result): the zeroes are there */
	return 0;
}

static const struct datatype datatypes[] = {
	{ NFTKEY_NFPROTO, "nf_proto", 1, encode_nfproto, false },
	{ NFTKEY_IPV4, "ipv4_addr", 4, encode_addr, false },
	{ NFTKEY_IPV6, "ipv6_addr", 16, encode_addr, false },
	{ NFTKEY_ETHER, "ether_addr", 6, encode_ether, false },
	{ NFTKEY_PROTO, "inet_proto", 1, encode_proto, false },
	{ NFTKEY_PORT, "inet_service", 2, encode_port, false },
	{ NFTKEY_MARK, "mark", 4, encode_mark, true },
	{ NFTKEY_IFNAME, "ifname", IFNAMSIZ, encode_ifname, false },
};

static const struct datatype *
find(uint32_t id)
{
	for (size_t i = 0; i < sizeof(datatypes) / sizeof(datatypes[0]); i++) {
		if (datatypes[i].id == id)
			return &datatypes[i];
	}
	return NULL;
}

/* First field first. Verdicts and other types come out as numbers that find() does not know. */
static size_t
unpack(uint32_t type, uint32_t ids[static NFTKEY_FIELDS + 1])
{
	uint32_t reversed[NFTKEY_FIELDS + 1];
	size_t n = 0;

	for (; type; type >>= FIELD_BITS)
		reversed[n++] = type & FIELD_MASK;
	for (size_t i = 0; i < n; i++)
		ids[i] = reversed[n - 1 - i];
	return n;
}

const char *
nftkey_type_text(uint32_t type, char *buf, size_t len)
{
	uint32_t ids[NFTKEY_FIELDS + 1];
	struct pen pen = text_pen(buf, len);
	size_t n = unpack(type, ids);

	for (size_t i = 0; i < n; i++) {
		const struct datatype *datatype = find(ids[i]);

		text_write(&pen, i ? " . " : "", datatype ? datatype->name : "type ", NULL);
		if (!datatype)
			text_write_number(&pen, ids[i]);
	}
	return buf;
}

/* --- one field ----------------------------------------------------------------------------------- */

static bool
is_addr(const struct datatype *datatype)
{
	return datatype->id == NFTKEY_IPV4 || datatype->id == NFTKEY_IPV6;
}

static int
misfit(const struct field *field, const struct datatype *datatype)
{
	snprintf(field->err, field->errlen, "\"%.60s\" is not a valid %s", field->text, datatype->name);
	return -1;
}

/* Admins often write "%IP%" for a key of the other family, so this has messages of its own. */
static int
check_family(const struct field *field, const struct datatype *datatype, const struct addr *ip)
{
	if (!is_addr(datatype)) {
		snprintf(field->err, field->errlen, "the key needs %s here, not %%IP%%", datatype->name);
		return -1;
	}
	if (addr_len(ip) == datatype->len)
		return 0;
	if (ip->family == AF_INET6)
		snprintf(field->err, field->errlen,
			 "the key needs ipv4_addr, the client is IPv6: use grant_6 with another set");
	else
		snprintf(field->err, field->errlen,
			 "the key needs ipv6_addr, the client is IPv4: use it only in grant_6 or revoke_6");
	return -1;
}

static void
apply_prefix(const struct field *field, unsigned bits)
{
	for (unsigned i = bits; i < field->len * 8; i++) {
		uint8_t bit = (uint8_t)(0x80 >> (i & 7));

		field->from[i / 8] &= (uint8_t)~bit;
		field->to[i / 8] |= bit;
	}
}

static int
encode_prefix(const struct field *field, const struct datatype *datatype, char *text, char *slash)
{
	uint64_t bits;

	*slash = '\0';
	if (encode_number(slash + 1, field->len * 8, 10, &bits) || datatype->encode(field, text, field->from))
		return misfit(field, datatype);
	memcpy(field->to, field->from, field->len);
	if (bits == field->len * 8)
		return 0;
	if (!field->interval) {
		snprintf(field->err, field->errlen, "\"%.60s\" is a prefix and the set has no flags interval",
			 field->text);
		return -1;
	}
	apply_prefix(field, (unsigned)bits);
	return 0;
}

static int
encode_range(const struct field *field, const struct datatype *datatype, char *text, char *dash)
{
	*dash = '\0';
	if (datatype->encode(field, text, field->from) || datatype->encode(field, dash + 1, field->to) ||
	    memcmp(field->from, field->to, field->len) > 0)
		return misfit(field, datatype);
	if (!field->interval) {
		snprintf(field->err, field->errlen, "\"%.60s\" is a range and the set has no flags interval",
			 field->text);
		return -1;
	}
	return 0;
}

static int
encode_field(const struct field *field, const struct datatype *datatype, const struct addr *ip)
{
	char text[ELEMENT_TEXT_MAX], *mark;

	if (!strncmp(field->text, "%IP%", 4) && check_family(field, datatype, ip))
		return -1;
	if (!strcmp(field->text, "%IP%")) {
		memcpy(field->from, ip->bytes, field->len);
		memcpy(field->to, ip->bytes, field->len);
		return 0;
	}
	element_expand(field->text, ip, text, sizeof(text));
	mark = strchr(text, '/');
	if (mark && is_addr(datatype))
		return encode_prefix(field, datatype, text, mark);
	if (!datatype->encode(field, text, field->from)) {
		memcpy(field->to, field->from, field->len);
		return 0;
	}
	mark = strchr(text, '-');
	return mark ? encode_range(field, datatype, text, mark) : misfit(field, datatype);
}

/* --- the whole key ------------------------------------------------------------------------------- */

static uint32_t
padded(uint32_t len)
{
	return (len + FIELD_ALIGN - 1) & ~(uint32_t)(FIELD_ALIGN - 1);
}

/* The set's key length must match its types, or the fields would be misplaced. */
static int
check_type(const struct nftkey_type *type, const uint32_t *ids, size_t n, char *err, size_t errlen)
{
	char text[NFTKEY_TYPE_LEN];
	uint32_t len = 0;
	bool known = n > 0 && n <= NFTKEY_FIELDS;

	for (size_t i = 0; i < n && known; i++) {
		const struct datatype *datatype = find(ids[i]);

		known = datatype != NULL;
		if (known)
			len += n > 1 ? padded(datatype->len) : datatype->len;
	}
	if (known && len == type->len && len <= NFTKEY_LEN_MAX)
		return 0;
	snprintf(err, errlen, "its type (%s) is not supported", nftkey_type_text(type->type, text, sizeof(text)));
	return -1;
}

static int
check_count(const struct nftkey_type *type, size_t wanted, size_t given, char *err, size_t errlen)
{
	char text[NFTKEY_TYPE_LEN];

	if (wanted == given)
		return 0;
	snprintf(err, errlen, "%zu part%s given, %s needed", given, given == 1 ? "" : "s",
		 nftkey_type_text(type->type, text, sizeof(text)));
	return -1;
}

int
nftkey_encode(struct nftkey *key, const struct nftkey_type *type, char *const *parts, size_t n, const struct addr *ip,
	      char *err, size_t errlen)
{
	uint32_t ids[NFTKEY_FIELDS + 1], at = 0;
	size_t wanted = unpack(type->type, ids);

	memset(key, 0, sizeof(*key));
	if (check_type(type, ids, wanted, err, errlen) || check_count(type, wanted, n, err, errlen))
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct datatype *datatype = find(ids[i]);
		struct field field = { .text = parts[i],
				       .from = key->from + at,
				       .to = key->to + at,
				       .len = datatype->len,
				       .interval = type->interval,
				       .err = err,
				       .errlen = errlen };

		if (encode_field(&field, datatype, ip))
			return -1;
		at += padded(datatype->len);
	}
	key->len = type->len;
	return 0;
}

bool
nftkey_is_other_family(uint32_t type, char *const *parts, size_t n, const struct addr *ip)
{
	uint32_t ids[NFTKEY_FIELDS + 1], other = ip->family == AF_INET6 ? NFTKEY_IPV4 : NFTKEY_IPV6;
	size_t wanted = unpack(type, ids);

	for (size_t i = 0; i < n && n == wanted; i++)
		if (ids[i] == other && !strncmp(parts[i], "%IP%", 4))
			return true;
	return false;
}

bool
nftkey_after(const struct nftkey *key, uint8_t after[static NFTKEY_LEN_MAX])
{
	memcpy(after, key->to, NFTKEY_LEN_MAX);
	for (uint32_t i = key->len; i-- > 0;) {
		if (++after[i])
			return true;
	}
	return false;
}

bool
nftkey_covers(const struct nftkey_type *type, const uint8_t *from, const uint8_t *to, const struct nftkey *key)
{
	uint32_t ids[NFTKEY_FIELDS + 1], at = 0;
	size_t n = unpack(type->type, ids);

	for (size_t i = 0; i < n; i++) {
		const struct datatype *datatype = find(ids[i]);

		if (!datatype || memcmp(from + at, key->from + at, datatype->len) > 0 ||
		    memcmp(key->to + at, to + at, datatype->len) > 0)
			return false;
		at += padded(datatype->len);
	}
	return true;
}

/* --- guessing a type from an element's text ------------------------------------------------------ */

static bool
is_range_of_numbers(const char *part)
{
	size_t first = strspn(part, "0123456789");

	return first && part[first] == '-' && part[first + 1] &&
	       part[first + 1 + strspn(part + first + 1, "0123456789")] == '\0';
}

static bool
guess_addr(const char *part, struct addr *addr)
{
	char copy[ELEMENT_TEXT_MAX];

	snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(part, "/-"), part);
	return !addr_parse(addr, copy);
}

static enum nftkey_datatype
guess_word(const char *part)
{
	uint8_t bytes[NFTKEY_LEN_MAX];
	struct field field = { .len = 0 };

	if (!encode_ether(&field, part, bytes))
		return NFTKEY_ETHER;
	if (!strncasecmp(part, "0x", 2) && !encode_mark(&field, part, bytes))
		return NFTKEY_MARK;
	if (isdigit((unsigned char)*part) && !encode_port(&field, part, bytes))
		return NFTKEY_PORT;
	if (!encode_proto(&field, part, bytes))
		return NFTKEY_PROTO;
	if (!encode_nfproto(&field, part, bytes))
		return NFTKEY_NFPROTO;
	return encode_port(&field, part, bytes) ? NFTKEY_IFNAME : NFTKEY_PORT;
}

enum nftkey_datatype
nftkey_guess(const char *part, const struct addr *ip, bool *interval)
{
	struct addr addr;

	if (!strncmp(part, "%IP%", 4)) {
		*interval |= part[4] == '/';
		return ip->family == AF_INET6 ? NFTKEY_IPV6 : NFTKEY_IPV4;
	}
	if (guess_addr(part, &addr)) {
		*interval |= strpbrk(part, "/-") != NULL;
		return addr.family == AF_INET6 ? NFTKEY_IPV6 : NFTKEY_IPV4;
	}
	if (is_range_of_numbers(part)) {
		*interval = true;
		return NFTKEY_PORT;
	}
	return guess_word(part);
}
