/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table inet knockd as plain data: sets, chains, and rules, each a list of terms. Derived from the configuration alone,
 * no I/O; ruleset_*.c write it as text and as netlink messages.
 *
 * The table has two halves. The base chain `prerouting` reports knocks (compose.c, signed_rules.c) and other packets of
 * knocking sources (knocker_rules.c), within limits (rate_rules.c), in a flood many at a time (flood_rules.c). The base
 * chains `guard` and `guard_input` keep the ports of `open` shut (guard_rules.c) and are missing without any.
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
#define RULES_CHAINS   28

/*
 * A base chain compares the destination port first, then the protocol of the few packets that match. Up to
 * RULES_COMPARED_MAX ports have a rule each; more are looked up in a set, for which the kernel takes a bitmap (key of
 * 16 bits, nft_set_bitmap.c). On Linux 6.18 an unrelated packet costs 5 ns for each comparison, 60 ns for that look-up,
 * and 110 ns for a look-up with the protocol. Filling a bitmap takes time quadratic in its size, 50 ms for 3000 ports:
 * above RULES_BITMAP_MAX ports the set is a hash table, 90 ns for a look-up.
 */
#define RULES_COMPARED_MAX 12
#define RULES_BITMAP_MAX   1024

/*
 * See ruleset.h. The guard of earlier versions is at -150. While the kernel replaces their table both guards are
 * hooked, and the rules of one begin when those of the other end: a packet must come to the new guard after the old
 * one.
 */
#define RULES_PRIORITY_KNOCKS (-350)
#define RULES_PRIORITY_GUARD  (-149)

/* A set's key. Elements of OPEN sets may pass the guard. */
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

/* The fields of a key; addresses have `len` bytes. */
struct key_shape {
	uint8_t len;
	bool source, destination, proto, port;
};

struct port_entry {
	struct addr target;     /* no family: the key has no address */
	struct knock_port port; /* 0: the key has no such field */
	uint64_t timeout_ms;    /* 0: the set's */
};

struct port_set {
	char name[RULES_NAME_MAX];
	enum port_key key;
	bool kept;             /* `flags timeout`; its elements come and go, and outlive a reload */
	bool hashed;           /* no bitmap: `flags timeout`, which bitmaps cannot do */
	uint32_t timeout;      /* seconds, of elements without a time of their own; 0: none */
	uint32_t size;         /* elements, of a set that packets fill; 0: another set */
	uint8_t mask, value;   /* TCP flags that its packets must have; mask 0: any */
	bool scanned;          /* a scan of TCP packets with these flags could open a door */
	struct port_entry *at; /* sorted, no duplicates */
	size_t n, room;
};

/* The ports that a base chain compares, and their numbers alone. They become sets in the kernel only if many. */
struct ports {
	struct port_set with_proto, numbers;
};

/* Which port and address of a packet a term compares, or looks up with a key. */
enum side {
	SIDE_TO,         /* daddr, th dport */
	SIDE_FROM,       /* saddr, th sport */
	SIDE_TRACKED_TO, /* protocol and port to which the flow began, as connection tracking has it; address as SIDE_TO
			  */
	SIDE_TRACKED_FROM, /* ... and from which it began */
};

enum term_kind {
	TERM_IPV4, /* meta nfproto ipv4 */
	TERM_IPV6,
	TERM_TCP, /* meta l4proto tcp */
	TERM_UDP,
	TERM_AH,     /* meta l4proto ah; tracked ports need this term, TERM_TCP or TERM_UDP in front: nft wants it so */
	TERM_PORT,   /* PORT of any protocol at SIDE */
	TERM_LONG,   /* UDP of a signed knock's length or longer */
	TERM_SIGNED, /* UDP to a port from PORT to LAST, and TERM_LONG */
	TERM_IFNAME, /* iifname NAME; a final '*' is a wildcard */
	TERM_NOT_LO, /* iifname != "lo" */
	TERM_VRF,    /* meta iifkind "vrf" */
	TERM_SET,    /* the packet's key at SIDE is in SET */
	TERM_UPDATE, /* adds the key to SET or restarts its timeout; no match if SET is full */
	TERM_TOO_FAST,  /* TERM_UPDATE; matches if more than `rate` packets a second had this key */
	TERM_OVER,      /* more than RATE packets a second come to this rule, after BURST packets */
	TERM_FLAGS,     /* TCP flags match SET's mask and value */
	TERM_UNDER_WAY, /* TCP, but not SYN without ACK */
	TERM_SYN,       /* TCP, SYN without ACK, fast for packets that do not match */
	TERM_SYN_ANY,   /* TCP, SYN with or without ACK, likewise */
	TERM_ASKED,     /* a local program has a socket for this packet: its connection, or a port that it listens on */
	TERM_TRACKED,   /* connection tracking's word about the packet is that of TRACK */
	TERM_FIB,       /* the routing tables' word about an address is that of FIB */
	TERM_COUNTER,
	TERM_LOG,   /* to the group, NAME is the prefix; up to THRESHOLD packets in a message */
	TERM_QUEUE, /* to the WAY's queue until its verdict; without a listener the packet leaves the base chain */
	TERM_RETURN,
	TERM_GOTO, /* chain NAME */
	TERM_JUMP,
	TERM_DROP,
	TERM_RESET,  /* reject with tcp reset */
	TERM_REJECT, /* reject: ICMP port unreachable */
};

enum track_test {
	TRACK_NEW,         /* the flow has had no answer, or tracking had not known it before */
	TRACK_NOT_NEW,     /* ... any other state: established, related, invalid, untracked */
	TRACK_ESTABLISHED, /* the flow has been answered */
	TRACK_ORIGINAL,    /* in the direction in which the flow began */
	TRACK_DNAT,        /* the flow's destination has been translated */
	TRACK_NOT_DNAT,
	TRACK_NOT_SNAT, /* ... its source has not */
};

/*
 * What the main and the local table say. "Here": of the interface on which the packet came. Types of addresses are
 * RTN_* of linux/rtnetlink.h; the kernel knows all of them for IPv6, for IPv4 local, broadcast, multicast and unicast.
 * An IPv6 address without a route is not unicast.
 */
enum fib_test {
	FIB_TO_LOCAL,       /* fib daddr type local */
	FIB_TO_LOCAL_HERE,  /* fib daddr . iif type local: sees into the interface's VRF */
	FIB_TO_ANYCAST,     /* fib daddr type anycast */
	FIB_TO_MULTICAST,   /* fib daddr type multicast */
	FIB_TO_NOT_UNICAST, /* fib daddr type != unicast: local, broadcast, multicast, ... */
	FIB_TO_NO_HOST, /* fib daddr oif missing: no route to another host, as for an address that is local anywhere */
	FIB_TO_NO_HOST_HERE,  /* fib daddr . iif oif missing: the same within the interface's VRF */
	FIB_FROM_LOCAL,       /* fib saddr type local */
	FIB_FROM_LOCAL_HERE,  /* fib saddr . iif type local */
	FIB_FROM_ANYCAST,     /* fib saddr type anycast */
	FIB_FROM_NOT_UNICAST, /* fib saddr type != unicast */
	FIB_FROM_ELSEWHERE,   /* fib saddr . iif oif missing: no route to the source leads back to the interface */
};

struct term {
	enum term_kind kind;
	const char *name;
	const struct port_set *set;
	enum side side;
	enum capture_way way;
	enum track_test track;
	enum fib_test fib;
	uint16_t port, last;
	uint16_t threshold;
	uint32_t rate, burst;
	bool known;          /* TERM_SET: behind another one with addresses of the same family */
	uint64_t timeout_ms; /* of TERM_UPDATE behind a TERM_SET of the same set; 0: the set's, and no such term */
};

#define RULES_SIGNED_LENGTH 192 /* of a UDP header and a signed knock: KNOCK1_LEN of signed/knock1.h and 8 */

struct rule {
	const char *chain;
	struct term terms[RULES_TERMS];
	size_t n;
};

enum chain_hook { CHAIN_NO_HOOK, CHAIN_PREROUTING, CHAIN_INPUT };

struct chain {
	const char *name;
	enum chain_hook hook; /* of a base chain */
	int priority;         /* there */
};

struct rules {
	enum conf_capture capture;
	uint16_t group;       /* NFLOG */
	uint16_t queue;       /* NFQUEUE: the first */
	uint32_t rate, burst; /* of one source: packets a second, packets at once; 0: no limit */
	bool has_signed;      /* some door is opened by signed knocks */
	bool udp_scanned;     /* a scan of UDP ports could open a door */
	struct ports knocked, guarded, held;
	struct port_set *sets; /* knock sets first */
	size_t n_sets, n_knock_sets, room;
	struct chain chains[RULES_CHAINS]; /* each before the chains that go to it */
	size_t n_chains;
	struct rule *rules; /* chain by chain */
	size_t n_rules;
};

void rules_free(struct rules *rules); /* NULL is legal */

/* NULL: no set of this name. */
const struct port_set *rules_set(const struct rules *rules, const char *name);

/* The same among the sets whose elements outlive a reload. */
const struct port_set *rules_kept_set(const struct rules *rules, const char *name);

/* The base chains' names, and every chain that any configuration makes; NULL ends the list. */
#define RULES_CHAIN_KNOCKS "prerouting"
#define RULES_CHAIN_GUARD  "guard"
#define RULES_CHAIN_INPUT  "guard_input"
extern const char *const rules_chain_names[];

struct key_shape rules_key_shape(enum port_key key);

/* The entry's key in the kernel's format; returns its length. */
uint32_t rules_entry_key(const struct port_entry *entry, uint8_t key[static NFTKEY_LEN_MAX]);

#define RULES_TCP_FLAGS 8
/* nft's name for one bit of the TCP flags, 0 (fin) to 7 (cwr). */
const char *rules_flag_name(unsigned bit);

#endif
