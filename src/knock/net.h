/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Destinations and origin of packets. Names are resolved once. Every socket of the client is opened here, so that
 * --source and --interface apply to all.
 */
#ifndef KNOCK_NET_H
#define KNOCK_NET_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define PLACE_TEXT_MAX 64 /* a scoped IPv6 address */
#define PLACES_MAX     16

enum net_family { NET_ANY, NET_IPV4, NET_IPV6, NET_BOTH };

struct place {
	struct sockaddr_storage addr; /* its port is 0 */
	socklen_t len;                /* 0: no address */
	char text[PLACE_TEXT_MAX];
};

/* The families alternate, as RFC 8305 has it. */
struct places {
	struct place at[PLACES_MAX];
	size_t n;
	size_t first; /* at so many of them, the client knocks in any case: 1; with NET_BOTH one of each family */
};

struct origin {
	struct place source; /* len 0: the kernel chooses */
	char interface[IF_NAMESIZE];
};

/* Asks the resolver once. Returns 0, or getaddrinfo's code for gai_strerror(). */
int net_resolve(struct places *places, const char *host, enum net_family family);

/* Reads a numeric address, with its zone if it has one. 0, or -1: it is none. */
int net_address(struct place *place, const char *text);

/* Is this a link-local address that names no link? The kernel then sends nothing, unless --interface names it. */
bool net_lacks_link(const struct place *place, const struct origin *origin);

/*
 * Is the source ::1, and the place on another machine? Linux sends such packets, and every host drops them (RFC 4291,
 * 2.5.3), so nothing would ever be answered. From 127.0.0.1 it sends none.
 */
bool net_strands(const struct place *place, const struct origin *origin);

/*
 * Takes --source and --interface (either may be NULL) and tests them with a socket, so that a typo is an error before
 * the first packet. 0, or -1 with the message in `err`.
 */
int net_origin(struct origin *origin, const char *source, const char *interface, char *err, size_t errlen);

/* A non-blocking socket for `place`, bound to the origin. -1 with errno. */
int net_socket(const struct origin *origin, const struct place *place, int type);

/* connect(2) to a port of `place`. 0, or -1 with errno (EINPROGRESS for TCP). */
int net_connect(int fd, const struct place *place, uint16_t port);

#endif
