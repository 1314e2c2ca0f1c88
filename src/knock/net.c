/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/text.h"

static void
set_place(struct place *place, const struct addrinfo *ai)
{
	memcpy(&place->addr, ai->ai_addr, ai->ai_addrlen);
	place->len = ai->ai_addrlen;
	if (getnameinfo(ai->ai_addr, ai->ai_addrlen, place->text, sizeof(place->text), NULL, 0, NI_NUMERICHOST))
		text_copy(place->text, sizeof(place->text), "?");
}

static bool
has_family(const struct places *places, int family)
{
	for (size_t i = 0; i < places->n; i++) {
		if (places->at[i].addr.ss_family == family)
			return true;
	}
	return false;
}

int
net_resolve(struct places *places, const char *host, enum net_family family)
{
	static const int families[] = { AF_UNSPEC, AF_INET, AF_INET6, AF_UNSPEC };
	struct addrinfo hints = { .ai_family = families[family], .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	size_t wanted = family == NET_BOTH ? 2 : 1;
	int rc;

	places->n = 0;
	rc = getaddrinfo(host, NULL, &hints, &list);
	if (rc)
		return rc;
	for (const struct addrinfo *ai = list; ai && places->n < wanted; ai = ai->ai_next) {
		if (!has_family(places, ai->ai_family))
			set_place(&places->at[places->n++], ai);
	}
	freeaddrinfo(list);
	return 0;
}

/* Needs no privilege since Linux 5.7, for a socket not yet bound to an interface. */
static int
bind_interface(int fd, const char *name)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name) + 1);
}

static int
bind_origin(int fd, const struct origin *origin)
{
	if (*origin->interface && bind_interface(fd, origin->interface))
		return -1;
	if (!origin->source.len)
		return 0;
	return bind(fd, (const struct sockaddr *)&origin->source.addr, origin->source.len);
}

int
net_socket(const struct origin *origin, const struct place *place, int type)
{
	int fd = socket(place->addr.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int saved;

	if (fd < 0)
		return -1;
	if (bind_origin(fd, origin)) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

int
net_connect(int fd, const struct place *place, uint16_t port)
{
	struct sockaddr_storage to = place->addr;

	if (to.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&to)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)&to)->sin_port = htons(port);
	return connect(fd, (struct sockaddr *)&to, place->len);
}

static int
set_source(struct origin *origin, const char *text)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;

	if (getaddrinfo(text, NULL, &hints, &list))
		return -1;
	set_place(&origin->source, list);
	freeaddrinfo(list);
	return 0;
}

/* Binds a test socket. Without a source address: of IPv4, or of IPv6 where there is no IPv4. */
static int
try_out(const struct origin *origin)
{
	struct place place = origin->source;
	int fd;

	if (!place.len)
		place.addr.ss_family = AF_INET;
	fd = net_socket(origin, &place, SOCK_DGRAM);
	if (fd < 0 && errno == EAFNOSUPPORT && !place.len) {
		place.addr.ss_family = AF_INET6;
		fd = net_socket(origin, &place, SOCK_DGRAM);
	}
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

int
net_origin(struct origin *origin, const char *source, const char *interface, char *err, size_t errlen)
{
	*origin = (struct origin){ .source.len = 0 };
	if (source && set_source(origin, source)) {
		snprintf(err, errlen, "error: source \"%s\" is not an IPv4 or IPv6 address", source);
		return -1;
	}
	if (interface &&
	    (text_copy(origin->interface, sizeof(origin->interface), interface) || !if_nametoindex(interface))) {
		snprintf(err, errlen, "error: there is no interface \"%s\"", interface);
		return -1;
	}
	if ((source || interface) && try_out(origin)) {
		snprintf(err, errlen, "error: cannot send from %s%s%s: %s%s", source ? source : "",
			 source && interface ? " on " : "", interface ? interface : "", strerror(errno),
			 errno == EPERM ? " (needs Linux 5.7 or later, or CAP_NET_RAW)" : "");
		return -1;
	}
	return 0;
}
