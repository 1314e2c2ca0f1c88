/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where servers and sentinels are: socket addresses, which are found before the courier is confined. */
#ifndef KNOCKD_COURIER_PLACE_H
#define KNOCKD_COURIER_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "conf/share_conf.h"

#define PLACE_TEXT 128 /* "[ADDRESS]:PORT" or "unix:PATH" */
#define PLACES     16  /* names may have several addresses */

struct place {
	struct sockaddr_storage addr;
	socklen_t len;
	char text[PLACE_TEXT];
	char host[SHARE_HOST_LEN]; /* by name, or the address */
};

/*
 * Finds the addresses of all hosts, and PLACES of them at most. Blocks as long as name servers do. Returns how many
 * there are; 0: none, and `why` has the reason.
 */
size_t place_resolve(struct place places[static PLACES], const struct share_conf *conf, char *why, size_t len);

/* From an address as text. 0, or -1: it is none. */
int place_parse(struct place *place, const char *address, uint16_t port);

/* Is it the same host? The ports do not count. */
bool place_same_host(const struct place *a, const struct place *b);

/* The number of the place with this host, by name or address, and port; `n`: none. */
size_t place_find(const struct place *places, size_t n, const char *host, uint16_t port);

/* Is it the same address and port? */
bool place_same(const struct place *a, const struct place *b);

/* For a socket with this name in the working directory, which messages call `path`. */
void place_unix(struct place *place, const char *name, const char *path);

#endif
