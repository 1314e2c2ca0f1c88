/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process/lookup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process/cage.h"
#include "process/title.h"

#define NAME_LEN 256 /* RFC 1035 §3.1: 255 octets */

/* Names in the cache; one with the same place as another replaces it. */
#define CACHE_LEN 1024

/* Descriptors of the helper: its files and sockets, and those of the resolver's modules. */
#define HELPER_FILES 64

struct named {
	struct addr addr;
	char name[NAME_LEN]; /* "": none, or not known yet */
};

struct lookup {
	const struct log *log;
	int fd; /* closing it ends the helper */
	struct named cache[CACHE_LEN];
};

/* ---- the helper -------------------------------------------------------------------------------- */

/* Programs take a name whose last label is a number ("192.0.2.7", "0xc0000207", "192.519.") for an address. */
static bool
is_address(const char *name)
{
	size_t len = strlen(name), first;

	if (len && name[len - 1] == '.')
		len--;
	for (first = len; first && name[first - 1] != '.';)
		first--;
	if (len - first > 2 && name[first] == '0' && (name[first + 1] | 0x20) == 'x')
		return strspn(name + first + 2, "0123456789abcdefABCDEF") == len - first - 2;
	return len > first && strspn(name + first, "0123456789") == len - first;
}

/* An attacker's name server must not forge log lines or other addresses, or send escape sequences to a terminal. */
static bool
is_harmless(const char *name)
{
	return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == strlen(name) &&
	       !is_address(name);
}

static void
resolve(struct named *answer)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	bool six = answer->addr.family == AF_INET6;
	const struct sockaddr *sa = six ? (const struct sockaddr *)&in6 : (const struct sockaddr *)&in;

	memcpy(&in.sin_addr, answer->addr.bytes, sizeof(in.sin_addr));
	memcpy(&in6.sin6_addr, answer->addr.bytes, sizeof(in6.sin6_addr));
	if (getnameinfo(sa, six ? sizeof(in6) : sizeof(in), answer->name, sizeof(answer->name), NULL, 0, NI_NAMEREQD) ||
	    !is_harmless(answer->name))
		answer->name[0] = '\0';
}

static _Noreturn void
help(int fd, const struct priv_user *user)
{
	struct named answer;
	const char *step;
	sigset_t none;

	title_set("lookup");
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fd = priv_keep_only(fd);
	if (fd < 0 || priv_drop(user, &step) || cage_limits(HELPER_FILES))
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of the uid clears it, see prctl(2) */
	memset(&answer, 0, sizeof(answer));
	while (recv(fd, &answer.addr, sizeof(answer.addr), 0) == sizeof(answer.addr)) {
		resolve(&answer);
		if (send(fd, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(0);
}

/* ---- the daemon's side ------------------------------------------------------------------------- */

struct lookup *
lookup_start(const struct priv_user *user, const struct log *log)
{
	struct lookup *l = calloc(1, sizeof(*l));
	int fds[2];
	pid_t pid;

	if (!l || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
		free(l);
		return NULL;
	}
	l->log = log;
	l->fd = fds[0];
	pid = fork();
	if (!pid)
		help(fds[1], user);
	close(fds[1]);
	if (pid < 0) {
		close(l->fd);
		free(l);
		return NULL;
	}
	return l;
}

void
lookup_stop(struct lookup *l)
{
	if (!l)
		return;
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

int
lookup_fd(const struct lookup *l)
{
	return l ? l->fd : -1;
}

static struct named *
place_of(struct lookup *l, const struct addr *addr)
{
	uint32_t hash = addr->family;

	for (size_t i = 0; i < sizeof(addr->bytes); i++)
		hash = hash * 31 + addr->bytes[i];
	return &l->cache[hash % CACHE_LEN];
}

void
lookup_read(struct lookup *l)
{
	struct named answer, *place;
	ssize_t len;

	while ((len = recv(l->fd, &answer, sizeof(answer), MSG_DONTWAIT)) == sizeof(answer)) {
		place = place_of(l, &answer.addr);
		answer.name[sizeof(answer.name) - 1] = '\0';
		if (addr_equal(&place->addr, &answer.addr) && is_harmless(answer.name))
			*place = answer;
	}
	if (len < 0 && errno == EAGAIN)
		return;
	log_warnx(l->log, "the helper for host names has ended: addresses are logged without names");
	close(l->fd);
	l->fd = -1;
}

static const char *
name_of(struct lookup *l, const struct addr *addr)
{
	struct named *place;

	if (!l)
		return NULL;
	place = place_of(l, addr);
	if (!addr_equal(&place->addr, addr)) {
		*place = (struct named){ .addr = *addr };
		/* full socket, as in a flood of addresses: forget this one, so that its next line asks again */
		if (l->fd >= 0 && send(l->fd, addr, sizeof(*addr), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			place->addr.family = 0;
	}
	return *place->name ? place->name : NULL;
}

const char *
lookup_known(struct lookup *l, const struct addr *addr)
{
	const struct named *place = l ? place_of(l, addr) : NULL;

	return place && addr_equal(&place->addr, addr) && *place->name ? place->name : NULL;
}

const char *
lookup_who(struct lookup *l, const struct addr *addr, char buf[static LOOKUP_WHO_LEN])
{
	const char *name = name_of(l, addr);
	size_t len = strlen(addr_format(addr, buf));

	if (name)
		snprintf(buf + len, LOOKUP_WHO_LEN - len, " (%s)", name);
	return buf;
}
