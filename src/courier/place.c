/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "place.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

/* The address and port as text. */
static void
name_place(struct place *place)
{
	char host[NI_MAXHOST] = "?", port[NI_MAXSERV] = "?";
	bool six = place->addr.ss_family == AF_INET6;

	getnameinfo((const struct sockaddr *)&place->addr, place->len, host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(place->text, sizeof(place->text), "%s%.80s%s:%.8s", six ? "[" : "", host, six ? "]" : "", port);
}

/* Adds the addresses of one host to the `n` that there are. Returns the new number, or a code of getaddrinfo(3) below
 * 0. */
static int
add_host(struct place *places, size_t n, const char *name, uint16_t port, int flags)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags };
	struct addrinfo *list, *at;
	char service[8];
	int error;

	snprintf(service, sizeof(service), "%u", port);
	error = getaddrinfo(name, service, &hints, &list);
	if (error)
		return error < 0 ? error : EAI_FAIL;
	for (at = list; at && n < PLACES; at = at->ai_next) {
		struct place *place = &places[n];

		if (at->ai_addrlen > sizeof(place->addr))
			continue;
		memset(place, 0, sizeof(*place));
		memcpy(&place->addr, at->ai_addr, at->ai_addrlen);
		place->len = at->ai_addrlen;
		name_place(place);
		snprintf(place->host, sizeof(place->host), "%s", name);
		n++;
	}
	freeaddrinfo(list);
	return (int)n;
}

size_t
place_resolve(struct place places[static PLACES], const struct share_conf *conf, char *why, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < conf->n_hosts; i++) {
		int sum = add_host(places, n, conf->hosts[i].name, conf->hosts[i].port, AI_NUMERICSERV);

		if (sum >= 0)
			n = (size_t)sum;
		else /* by number: a password that stands there by mistake looks like a name */
			snprintf(why, len, "cannot find the address of host %zu of Share: %s", i + 1,
				 gai_strerror(sum));
	}
	return n;
}

/* Without getaddrinfo(3), which may read files. */
int
place_parse(struct place *place, const char *address, uint16_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&place->addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&place->addr;

	memset(place, 0, sizeof(*place));
	snprintf(place->host, sizeof(place->host), "%s", address);
	if (inet_pton(AF_INET, address, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		place->len = sizeof(*in);
		snprintf(place->text, sizeof(place->text), "%s:%u", address, port);
		return 0;
	}
	if (inet_pton(AF_INET6, address, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		place->len = sizeof(*in6);
		snprintf(place->text, sizeof(place->text), "[%s]:%u", address, port);
		return 0;
	}
	return -1;
}

bool
place_same(const struct place *a, const struct place *b)
{
	return a->len == b->len && !memcmp(&a->addr, &b->addr, a->len);
}

static uint16_t
port_of(const struct place *place)
{
	if (place->addr.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&place->addr)->sin6_port);
	return ntohs(((const struct sockaddr_in *)&place->addr)->sin_port);
}

size_t
place_find(const struct place *places, size_t n, const char *host, uint16_t port)
{
	struct place wanted;
	bool by_address = !place_parse(&wanted, host, port);
	size_t i = 0;

	while (i < n && !(by_address ? place_same(&places[i], &wanted)
				     : !strcasecmp(places[i].host, host) && port_of(&places[i]) == port))
		i++;
	return i;
}

bool
place_same_host(const struct place *a, const struct place *b)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&a->addr,
				 *other = (const struct sockaddr_in *)&b->addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&a->addr;
	const struct sockaddr_in6 *other6 = (const struct sockaddr_in6 *)&b->addr;

	if (a->addr.ss_family != b->addr.ss_family)
		return false;
	if (a->addr.ss_family == AF_INET)
		return in->sin_addr.s_addr == other->sin_addr.s_addr;
	return a->addr.ss_family == AF_INET6 && IN6_ARE_ADDR_EQUAL(&in6->sin6_addr, &other6->sin6_addr);
}

void
place_unix(struct place *place, const char *name, const char *path)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&place->addr;

	memset(place, 0, sizeof(*place));
	un->sun_family = AF_UNIX;
	snprintf(un->sun_path, sizeof(un->sun_path), "%s", name);
	place->len = sizeof(*un);
	snprintf(place->text, sizeof(place->text), "unix:%s", path);
}
