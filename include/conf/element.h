/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The value of `grant` and `revoke`: an element of a set in the admin's nftables ruleset, in nft's syntax, e.g.
 * "inet filter ssh_ok { %IP% . tcp . 22 timeout 30m }". Text only: nftset compares it with the kernel's set.
 */
#ifndef KNOCKD_ELEMENT_H
#define KNOCKD_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define ELEMENT_PARTS       8   /* fields of a concatenated key */
#define ELEMENT_NAME_MAX    256 /* NFT_NAME_MAXLEN in <linux/netfilter/nf_tables.h> */
#define ELEMENT_TEXT_MAX    4096
#define ELEMENT_COMMENT_MAX 129 /* with its NUL: NFTNL_UDATA_COMMENT_MAXLEN in <libnftnl/udata.h> */

/* The longest timeout that the kernel takes: nf_msecs_to_jiffies64() in net/netfilter/nf_tables_api.c. */
#define ELEMENT_TIMEOUT_MAX_MSEC (UINT64_MAX / 1000000 - 1)

struct element {
	uint8_t family; /* NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_NETDEV, ... */
	char *table;
	char *set;
	char *parts[ELEMENT_PARTS]; /* the key's fields as written; "%IP%" is the client's address */
	size_t n_parts;
	char *data;          /* the value after ':' in a map's element, with single blanks; or NULL */
	uint64_t timeout_ms; /* 0: not given, the set's default applies */
	uint64_t idle_ms;    /* packets renew it, with this time, see struct door; 0: none does */
	uint64_t limit_ms;   /* it may last so long in all then; 0: for ever */
	int line;            /* of the file, for messages; 0: none */
};

/*
 * Reads one value. Without a family word the family is "ip", as in nft. Returns 0, or -1 with the reason in `err`,
 * one line. element_free() frees the strings.
 */
int element_parse(struct element *element, const char *text, char *err, size_t errlen);
void element_free(struct element *element);

/*
 * Writes the equivalent nft command line, quoted for a shell. `verb` is "add" or "delete", e.g.
 *   nft add element inet filter ssh_ok '{ 192.0.2.7 . tcp . 22 timeout 30m comment "openSSH" }'
 * `comment` may be NULL; delete leaves out timeout, comment and data. Cut at `len`; returns `buf`.
 */
const char *element_command(const struct element *element, const char *verb, const struct addr *ip, const char *comment,
			    char *buf, size_t len);

/* Writes the element without timeout: "inet filter ssh_ok { 192.0.2.7 . tcp . 22 }". Cut at `len`; returns `buf`. */
const char *element_for(const struct element *element, const struct addr *ip, char *buf, size_t len);

/* Writes the element as element_parse() reads it. Cut at `len`; returns `buf`. */
const char *element_text(const struct element *element, char *buf, size_t len);

/* A comment as nft can read it back: `"`, control characters and bytes that are not UTF-8 become '_'. It is cut between
 * two characters. Returns `buf`. */
const char *element_comment(const char *text, char buf[static ELEMENT_COMMENT_MAX]);

/* Reads a timeout in nft's units. 0, or -1 with the reason in `err`, which quotes `text`. */
int element_timeout(uint64_t *ms, const char *text, char *err, size_t errlen);

/* Cuts "a . b . c" into its fields, in place. Returns their number; 0: more than ELEMENT_PARTS. */
size_t element_split(char *text, char *parts[static ELEMENT_PARTS]);

/* Writes a field with its leading `%IP%` ("%IP%", "%IP%/24") replaced by the address. Returns `buf`. */
const char *element_expand(const char *part, const struct addr *ip, char *buf, size_t len);

/*
 * The smallest N of "%IP%/N" in the key; ELEMENT_WHOLE without such a prefix; -1 when anything but a prefix follows
 * a %IP%.
 */
#define ELEMENT_WHOLE 128
int element_prefix(const struct element *element);

/* Is a field of the key %PROTO% or %PORT%, which a signed knock's request replaces? */
bool element_wants_port(const struct element *element);

/* How long it lasts at the longest; 0: for ever, or the set decides. */
uint64_t element_lasts(const struct element *element);

/*
 * A copy, for element_free(), with %PROTO% and %PORT% replaced (unless `port` is 0), and another limit (unless that is
 * 0). 0, or -1 when memory is out.
 */
int element_copy(struct element *to, const struct element *from, uint8_t proto, uint16_t port, uint64_t limit_ms);

/* nft's name of a family ("inet", "ip", ...); NULL: unknown. */
const char *element_family_name(uint8_t family);

#endif
