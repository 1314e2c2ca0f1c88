/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the benchmark's tools: a clock, forged packets on the client's wire, and the kernel's events about new
 * elements. A tool that cannot go on prints the reason and exits with status 1.
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

/* Sleeps first, then spins, so that it returns at the given microsecond. */
void spin_until(int64_t ns);
void pin_to(int cpu); /* with one processor only, no effect */

/* ---- packets ------------------------------------------------------------------------------------ */

struct port {
	uint8_t proto; /* IPPROTO_TCP (a SYN) or IPPROTO_UDP */
	uint16_t number;
};

/* "tcp:7000,udp:8000", at most PORTS_MAX. Returns their number. */
size_t ports_parse(struct port *ports, const char *text);

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t len;
};

/* From the client's Ethernet address to the server's. `payload` (may be NULL) is for UDP. */
void frame_build(struct frame *frame, struct port port, uint32_t destination, const void *payload, size_t len);

/* Sets the source, and source port and sequence number from `number`, so that each packet is a new one. */
void frame_vary(struct frame *frame, uint32_t source, uint32_t number);

/* A socket in network namespace /run/netns/NAME; the caller stays in its own. */
int host_socket(const char *name, int family, int type);

/* A packet socket on its eth0. */
int wire_open(const char *name);
void wire_send(int fd, const struct frame *frame);

/* ---- elements ----------------------------------------------------------------------------------- */

/* A socket to nftables in the caller's namespace; with `events` it receives each address that enters set ok. */
int watch_open(bool events);

/* Reads the waiting events and calls `seen` for each; does not wait. True when there was one. */
typedef void watch_seen(void *arg, uint32_t address);
bool watch_read(int fd, watch_seen *seen, void *arg);

/* Is the address in set ok now? For additions that cause no event: those of the packet path's dynamic sets. */
bool watch_ask(int fd, uint32_t address);

#endif
