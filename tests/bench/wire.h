/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tools of the benchmark have in common: a clock, forged packets put on the client's wire, and
 * the kernel's word that an element is there. A tool that cannot go on says why and exits with status 1.
 */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)

#define SERVER_ADDRESS 0x0a000001 /* 10.0.0.1; addresses are in host order throughout */
#define FRAME_MAX      1514
#define PORTS_MAX      8

_Noreturn void die(const char *what);
int64_t clock_ns(void); /* CLOCK_MONOTONIC */
void sleep_until(int64_t ns);

/* Sleeps while there is time for it, then spins: for moments that must be met to the microsecond. */
void spin_until(int64_t ns);
void pin_to(int cpu); /* where there is only one, everything is on that */

/* ---- packets ------------------------------------------------------------------------------------ */

struct port {
	uint8_t proto; /* IPPROTO_TCP (a SYN) or IPPROTO_UDP */
	uint16_t number;
};

/* "tcp:7000,udp:8000", at most PORTS_MAX. Returns how many. */
size_t ports_parse(struct port *ports, const char *text);

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t len;
};

/* From the client's Ethernet address to the server's. `payload` (may be NULL) is for UDP. */
void frame_build(struct frame *frame, struct port port, uint32_t destination, const void *payload, size_t len);

/* Another source, and a number that makes it a packet of its own: source port and sequence number. */
void frame_vary(struct frame *frame, uint32_t source, uint32_t number);

/* A socket in network namespace /run/netns/NAME; the caller stays in its own. */
int host_socket(const char *name, int family, int type);

/* A packet socket on its eth0. */
int wire_open(const char *name);
void wire_send(int fd, const struct frame *frame);

/* ---- elements ----------------------------------------------------------------------------------- */

/* A socket to nftables in the caller's namespace; with `events` it hears which addresses become elements of set ok. */
int watch_open(bool events);

/* Takes what is there and calls `seen` for each; does not wait. True when there was something. */
typedef void watch_seen(void *arg, uint32_t address);
bool watch_read(int fd, watch_seen *seen, void *arg);

/* Asks whether the address is in set ok now, for who causes no event: the packet path's dynamic sets. */
bool watch_ask(int fd, uint32_t address);

#endif
