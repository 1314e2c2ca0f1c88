/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules in the kernel, the parent and the engine that reads their packets must agree on.
 */
#ifndef KNOCKD_CAPTURE_H
#define KNOCKD_CAPTURE_H

/* Bytes of a packet that reach the engine: IP header, extension headers and TCP, but next to no payload. */
#define CAPTURE_SNAPLEN 256

/* The log rule's prefix says where the packet was going: to this machine, or to a door's Target elsewhere. */
#define CAPTURE_PREFIX_LOCAL  "knockd local"
#define CAPTURE_PREFIX_TARGET "knockd target"

/* Why a packet is shown. With NFQUEUE its queue says so: `Queue_Num` and those that follow, in this order. */
enum capture_way {
	CAPTURE_LOCAL,   /* a knock at this machine */
	CAPTURE_TARGET,  /* a knock at a door's Target */
	CAPTURE_WAITING, /* no knock: it waits until those before it are dealt with */
	CAPTURE_WAYS
};

#endif
