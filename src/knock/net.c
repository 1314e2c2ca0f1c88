/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/addr.h"
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
has_place(const struct places *places, const struct addrinfo *ai)
{
	for (size_t i = 0; i < places->n; i++) {
		const struct place *at = &places->at[i];

		if (at->len == ai->ai_addrlen && !memcmp(&at->addr, ai->ai_addr, at->len))
			return true;
	}
	return false;
}

/* The resolver's next address of this family that is not yet there, or NULL. */
static const struct addrinfo *
next_of(const struct places *places, const struct addrinfo *list, int family)
{
	while (list && (list->ai_family != family || has_place(places, list)))
		list = list->ai_next;
	return list;
}

static void
set_places(struct places *places, const struct addrinfo *list)
{
	const struct addrinfo *ai = list, *other;

	*places = (struct places){ .n = 0 };
	while (ai && places->n < PLACES_MAX) {
		set_place(&places->at[places->n++], ai);
		other = next_of(places, list, ai->ai_family == AF_INET ? AF_INET6 : AF_INET);
		ai = other ? other : next_of(places, list, ai->ai_family);
	}
}

#ifdef AI_IDN
static bool
is_ascii(const char *text)
{
	while (*text && (unsigned char)*text < 128)
		text++;
	return !*text;
}

/*
 * The locale that the name is written in: the user's; UTF-8 if that is "C", as in a job of cron. It applies to the
 * resolver only: in some, strcasecmp(3) does not know "TIMEOUT".
 */
static locale_t
name_locale(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);

	if (locale && !strcmp(nl_langinfo_l(CODESET, locale), "ANSI_X3.4-1968")) {
		freelocale(locale);
		locale = (locale_t)0;
	}
	return locale ? locale : newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* A name in letters of its language is asked for as IDNA has it, and, for the hosts file, as it is. */
static int
ask(const char *host, const struct addrinfo *hints, struct addrinfo **list)
{
	struct addrinfo idn = *hints;
	locale_t locale, before;
	int rc;

	if (is_ascii(host))
		return getaddrinfo(host, NULL, hints, list);
	idn.ai_flags |= AI_IDN;
	locale = name_locale();
	before = uselocale(locale);
	rc = getaddrinfo(host, NULL, &idn, list);
	uselocale(before);
	if (locale)
		freelocale(locale);
	return rc && getaddrinfo(host, NULL, hints, list) ? rc : 0;
}
#else
static int
ask(const char *host, const struct addrinfo *hints, struct addrinfo **list)
{
	return getaddrinfo(host, NULL, hints, list);
}
#endif

/* The IPv4 address of ::ffff:192.0.2.1; any other text as it is. */
static const char *
plain(const char *host, char buf[static ADDR_STRLEN])
{
	struct addr addr;

	return addr_parse(&addr, host) ? host : addr_format(&addr, buf);
}

int
net_resolve(struct places *places, const char *host, enum net_family family)
{
	static const int families[] = { AF_UNSPEC, AF_INET, AF_INET6, AF_UNSPEC };
	struct addrinfo hints = { .ai_family = families[family], .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	char buf[ADDR_STRLEN];
	int rc = ask(plain(host, buf), &hints, &list);

	if (rc)
		return rc;
	set_places(places, list);
	freeaddrinfo(list);
	places->first = 1;
	if (family == NET_BOTH && places->n > 1 && places->at[0].addr.ss_family != places->at[1].addr.ss_family)
		places->first = 2;
	return 0;
}

int
net_address(struct place *place, const char *text)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	char buf[ADDR_STRLEN];

	if (getaddrinfo(plain(text, buf), NULL, &hints, &list))
		return -1;
	set_place(place, list);
	freeaddrinfo(list);
	return 0;
}

static const struct in6_addr *
in6(const struct sockaddr_storage *addr)
{
	return &((const struct sockaddr_in6 *)addr)->sin6_addr;
}

bool
net_lacks_link(const struct place *place, const struct origin *origin)
{
	const struct sockaddr_in6 *to = (const struct sockaddr_in6 *)&place->addr;

	return place->addr.ss_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&to->sin6_addr) && !to->sin6_scope_id &&
	       !*origin->interface;
}

/* Needs no privilege since Linux 5.7, for a socket not yet bound to an interface. */
static int
bind_interface(int fd, const char *name)
{
#ifdef SO_BINDTODEVICE
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name) + 1);
#else
	(void)fd, (void)name;
	errno = ENOTSUP;
	return -1;
#endif
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

/* Not all systems have SOCK_NONBLOCK and SOCK_CLOEXEC. */
static int
set_flags(int fd)
{
	return fcntl(fd, F_SETFL, O_NONBLOCK) || fcntl(fd, F_SETFD, FD_CLOEXEC) ? -1 : 0;
}

int
net_socket(const struct origin *origin, const struct place *place, int type)
{
	int fd = socket(place->addr.ss_family, type, 0);
	int saved;

	if (fd < 0)
		return -1;
	if (set_flags(fd) || bind_origin(fd, origin)) {
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

/* The address from which the kernel would send to the place, on this interface. False: it would not send. */
static bool
would_send(const struct place *place, const char *interface, struct sockaddr_storage *from)
{
	struct origin origin = { .source.len = 0 };
	socklen_t len = sizeof(*from);
	int fd;
	bool would;

	text_copy(origin.interface, sizeof(origin.interface), interface);
	fd = net_socket(&origin, place, SOCK_DGRAM);
	would = fd >= 0 && !net_connect(fd, place, 1) && !getsockname(fd, (struct sockaddr *)from, &len);
	if (fd >= 0)
		close(fd);
	return would;
}

/* The kernel sends to an address of this machine from that address, and to a whole network that is local by lo. */
static bool
is_elsewhere(const struct place *place)
{
	struct sockaddr_storage from = { 0 }, by_lo = { 0 };

	return would_send(place, "", &from) && memcmp(in6(&from), in6(&place->addr), sizeof(struct in6_addr)) != 0 &&
	       !would_send(place, "lo", &by_lo);
}

bool
net_strands(const struct place *place, const struct origin *origin)
{
	return origin->source.len && place->addr.ss_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(in6(&origin->source.addr)) && is_elsewhere(place);
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
	if (source && net_address(&origin->source, source)) {
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
