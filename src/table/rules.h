/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What table inet knockd is made of, as plain data: sets, chains, and rules that are a row of terms.
 * Derived from the configuration, no I/O; ruleset writes it as text and as netlink messages.
 *
 * There are two halves, each with a base chain; either may be missing. `prerouting` reports the knocks (compose.c) and
 * other packets of sources that are knocking (knocker_rules.c), within limits (rate_rules.c). `guard` keeps the ports
 * of `open` shut (guard_rules.c, which gives the reasons for its place).
 */
#ifndef KNOCKD_RULES_H
#define KNOCKD_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "lib/addr.h"
#include "netlink/nftkey.h"
#include "wire/capture.h"

#define RULES_NAME_MAX 80 /* "local_" and eight flags, each with "_not_" before it */
#define RULES_TERMS    6
#define RULES_CHAINS   14

/*
 * What a base chain asks first is the destination port's number, and of the few packets that have one the protocol.
 * So many numbers are compared one by one, each by a rule of its own, and more are looked up in a set, for which the
 * kernel takes a bitmap (key of 16 bits, nft_set_bitmap.c): on Linux 6.18 a comparison takes an unrelated packet 5 ns,
 * that look-up 60 ns, and one that asks for the protocol as well 110 ns. To fill a bitmap takes the kernel time with
 * the square of what is in it, 50 ms for 3000 ports, so even more are in a hash table: a look-up takes 90 ns there.
 */
#define RULES_COMPARED_MAX 12
#define RULES_BITMAP_MAX   1024

/* Of the prerouting hook, see ruleset.h. */
#define RULES_PRIORITY_KNOCKS (-350)
#define RULES_PRIORITY_GUARD  (-150)

/* A set's key; those of OPEN say who may pass the guard, those behind them are addresses alone. */
enum port_key {
	PORT_KEY_LOCAL, /* proto . port: any address of this machine */
	PORT_KEY_IP,    /* ip daddr . proto . port: doors with a Target */
	PORT_KEY_IP6,
	PORT_KEY_OPEN4, /* ip saddr . proto . port */
	PORT_KEY_OPEN6,
	PORT_KEY_OPEN4_TARGET, /* ip saddr . ip daddr . proto . port */
	PORT_KEY_OPEN6_TARGET,
	PORT_KEY_SOURCE4, /* ip saddr */
	PORT_KEY_SOURCE6,
	PORT_KEY_TARGET4, /* ip daddr */
	PORT_KEY_TARGET6,
	PORT_KEY_NUMBER, /* port */
	PORT_KEYS
};

/* What of a packet a key has: addresses of `len` bytes, or none, and then proto and port, or one of them, or none. */
struct key_shape {
	uint8_t len;
	bool source, destination, proto, port;
};

struct port_entry {
	struct addr target;     /* of no family with a key without addresses */
	struct knock_port port; /* 0 what the key does not have */
};

struct port_set {
	char name[RULES_NAME_MAX];
	enum port_key key;
	bool kept;              /* who may pass: `flags timeout`, its elements come from knocks and outlive a reload */
	bool hashed;            /* the kernel shall take no bitmap: `flags timeout`, which those cannot do */
	uint32_t timeout, size; /* seconds, elements; of a set that packets fill; 0: none such */
	uint8_t mask, value;    /* TCP flags that its packets must have; mask 0: any */
	struct port_entry *at;  /* sorted, each once */
	size_t n, room;
};

/* What a base chain asks for: ports, and their numbers alone. In the kernel only if they are many. */
struct ports {
	struct port_set with_proto, numbers;
};

enum term_kind {
	TERM_IPV4, /* meta nfproto ipv4 */
	TERM_TCP,  /* meta l4proto tcp */
	TERM_UDP,
	TERM_PORT,      /* to the number PORT, of whatever protocol */
	TERM_IFNAME,    /* iifname NAME; a final '*' is any rest */
	TERM_SET,       /* the packet's key is in SET */
	TERM_UPDATE,    /* now it is, until its timeout begun anew; if SET is full the rule ends here */
	TERM_TOO_FAST,  /* the same, and more than `rate` of its packets a second have come here */
	TERM_FLAGS,     /* ... and its TCP flags are as SET's mask and value say */
	TERM_UNDER_WAY, /* TCP, but no packet that opens a connection: anything but SYN without ACK */
	TERM_SYN, /* TCP, and a packet that opens a connection, asked in the way that is soonest over if it is not */
	TERM_ESTABLISHED, /* ct state established,related */
	TERM_LOCAL,       /* fib daddr type local */
	TERM_NOT_UNICAST, /* fib daddr type != unicast: whatever is not on its way to another machine */
	TERM_COUNTER,
	TERM_LOG,   /* to the group, NAME is the prefix */
	TERM_QUEUE, /* until there is a verdict: to the WAY's queue; if nobody has that, the chain ends here */
	TERM_RETURN,
	TERM_GOTO, /* chain NAME */
	TERM_DROP,
	TERM_RESET,  /* reject with tcp reset */
	TERM_REJECT, /* reject: ICMP port unreachable */
};

struct term {
	enum term_kind kind;
	const char *name;
	const struct port_set *set;
	enum capture_way way;
	uint16_t port;
};

struct rule {
	const char *chain;
	struct term terms[RULES_TERMS];
	size_t n;
};

struct chain {
	const char *name;
	bool base; /* at the prerouting hook, with this priority */
	int priority;
};

struct rules {
	enum conf_capture capture;
	uint16_t group;       /* NFLOG */
	uint16_t queue;       /* NFQUEUE: the first */
	uint32_t rate, burst; /* packets a second of one source, and at once; 0: any number */
	struct ports knocked, guarded, held;
	struct port_set *sets; /* of the knocks, then the rest */
	size_t n_sets, n_knock_sets, room;
	struct chain chains[RULES_CHAINS]; /* each before those that go to it */
	size_t n_chains;
	struct rule *rules; /* chain by chain */
	size_t n_rules;
};

void rules_free(struct rules *rules); /* NULL is legal */

/* A set by its name; NULL: there is none. */
const struct port_set *rules_set(const struct rules *rules, const char *name);

/* The set with elements to keep, of this configuration; NULL: `name` is none. */
const struct port_set *rules_kept_set(const struct rules *rules, const char *name);

/* The base chains' names, and every chain that any configuration makes; NULL ends the list. */
#define RULES_CHAIN_KNOCKS "prerouting"
#define RULES_CHAIN_GUARD  "guard"
extern const char *const rules_chain_names[];

struct key_shape rules_key_shape(enum port_key key);

/* An entry as the kernel has it; returns its length. */
uint32_t rules_entry_key(const struct port_entry *entry, uint8_t key[static NFTKEY_LEN_MAX]);

#define RULES_TCP_FLAGS 8
/* nft's name for one bit of the TCP flags, 0 (fin) to 7 (cwr). */
const char *rules_flag_name(unsigned bit);

#endif
