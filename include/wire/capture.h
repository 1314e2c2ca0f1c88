/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Constants that the kernel's rules, the parent and the engine share.
 */
#ifndef KNOCKD_CAPTURE_H
#define KNOCKD_CAPTURE_H

/* Bytes of a packet that reach the engine: IP header, extension headers and TCP, and little payload. */
#define CAPTURE_SNAPLEN 256

/* Most packets in a message in a flood (table/flood_rules.c): more than a message has room for. */
#define CAPTURE_GATHERED 64

/* The log rule's prefix gives the packet's destination: this machine, or a door's Target elsewhere. */
#define CAPTURE_PREFIX_LOCAL  "knockd local"
#define CAPTURE_PREFIX_TARGET "knockd target"

/* Why the engine gets a packet. With NFQUEUE each has a queue of its own, from `Queue_Num` on in this order. */
enum capture_way {
	CAPTURE_LOCAL,   /* a knock at this machine */
	CAPTURE_TARGET,  /* a knock at a door's Target */
	CAPTURE_WAITING, /* other packets of a knocker, held until the knocks before them are handled */
	CAPTURE_WAYS
};

#endif
