/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tries.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define SHORT_LIFE 950 /* ms: the kernel repeats a SYN after a second; a later answer does not tell the round trip */
#define PAUSES     6

/* In ms, from one to the next; the last one stays. TRIES_MAX connections take up TRIES_WINDOW. */
static const int64_t pauses[PAUSES] = { 400, 480, 2070, 4000, 8000, 16000 };

void
tries_start(struct tries *tries, const struct place *place, const struct origin *origin, const struct hit *door,
	    unsigned quota)
{
	*tries =
	    (struct tries){ .place = place, .origin = origin, .door = door, .quota = quota, .step = TRIES_MAX / quota };
	for (unsigned i = 0; i < TRIES_MAX; i++)
		tries->at[i].fd = -1;
}

static bool
is_udp(const struct tries *tries)
{
	return tries->door->proto == IPPROTO_UDP;
}

bool
tries_live(const struct tries *tries)
{
	for (unsigned i = 0; i < tries->quota; i++) {
		if (tries->at[i].fd >= 0)
			return true;
	}
	return false;
}

/* How many of the first ones are short. The kernel does not repeat a datagram. */
static unsigned
n_short(const struct tries *tries)
{
	return is_udp(tries) ? 0 : tries->quota / 2;
}

/* With half the connections, each pause is as long as two. */
static int64_t
pause_after(const struct tries *tries)
{
	unsigned first = (tries->n - 1) * tries->step;
	int64_t pause = 0;

	for (unsigned i = first; i < first + tries->step; i++)
		pause += pauses[i < PAUSES ? i : PAUSES - 1];
	return pause;
}

int64_t
tries_next(const struct tries *tries)
{
	if (!tries->n)
		return 0;
	if (!is_udp(tries) && tries->n > n_short(tries) && tries_live(tries))
		return INT64_MAX;
	return tries->last + pause_after(tries);
}

static void
drop(struct probe *probe)
{
	if (probe->fd >= 0)
		close(probe->fd);
	probe->fd = -1;
}

/* 0, or the errno. */
static int
ask(const struct tries *tries, int fd)
{
	if (net_connect(fd, tries->place, tries->door->port))
		return errno == EINPROGRESS ? 0 : errno;
	return is_udp(tries) && send(fd, "", 1, 0) != 1 ? errno : 0;
}

/* A connection that this machine refuses to begin is not one for the server's firewall, and does not count. */
void
tries_begin(struct tries *tries, int64_t now)
{
	struct probe *probe = &tries->at[tries->n % tries->quota];
	int err;

	drop(probe);
	tries->all++;
	tries->last = now;
	probe->fd = net_socket(tries->origin, tries->place, is_udp(tries) ? SOCK_DGRAM : SOCK_STREAM);
	err = probe->fd < 0 ? errno : ask(tries, probe->fd);
	if (!err) {
		probe->began = now;
		probe->ends = now + (tries->n < n_short(tries) ? SHORT_LIFE : TRIES_WINDOW);
		tries->n++;
		return;
	}
	tries->error = err;
	drop(probe);
}

int64_t
tries_end_at(const struct tries *tries)
{
	int64_t first = INT64_MAX;

	for (unsigned i = 0; i < tries->quota; i++) {
		if (tries->at[i].fd >= 0 && tries->at[i].ends < first)
			first = tries->at[i].ends;
	}
	return first;
}

void
tries_poll(const struct tries *tries, struct pollfd slots[static TRIES_MAX])
{
	for (unsigned i = 0; i < TRIES_MAX; i++)
		slots[i] = (struct pollfd){ .fd = tries->at[i].fd, .events = is_udp(tries) ? POLLIN : POLLOUT };
}

/* Is the socket connected to itself? With no service, the kernel may choose the door's port as source port. */
static bool
is_echo(int fd)
{
	struct sockaddr_storage ours = { 0 }, theirs = { 0 };
	socklen_t len = sizeof(ours), theirs_len = sizeof(theirs);

	if (getsockname(fd, (struct sockaddr *)&ours, &len) || getpeername(fd, (struct sockaddr *)&theirs, &theirs_len))
		return true;
	return len == theirs_len && !memcmp(&ours, &theirs, len);
}

/* The errno of a finished try; 0: open. */
static int
outcome(const struct tries *tries, int fd)
{
	socklen_t len = sizeof(int);
	int err = 0;
	char byte;

	if (is_udp(tries))
		return recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0 ? 0 : errno;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return errno;
	return err == 0 && is_echo(fd) ? ECONNREFUSED : err;
}

static void
fail(struct tries *tries, struct probe *probe, int err, int64_t now)
{
	int64_t age = now - probe->began;

	tries->error = err;
	if (err == ECONNREFUSED && age < SHORT_LIFE)
		tries->round_trip = age;
	drop(probe);
}

int
tries_collect(struct tries *tries, const struct pollfd slots[static TRIES_MAX], int64_t now)
{
	for (unsigned i = 0; i < TRIES_MAX; i++) {
		struct probe *probe = &tries->at[i];
		int fd = probe->fd, err;

		if (fd < 0)
			continue;
		if (!slots[i].revents) {
			if (now >= probe->ends)
				drop(probe);
			continue;
		}
		err = outcome(tries, fd);
		if (!err) {
			probe->fd = -1;
			return fd;
		}
		fail(tries, probe, err, now);
	}
	return -1;
}

void
tries_end(struct tries *tries)
{
	for (unsigned i = 0; i < TRIES_MAX; i++)
		drop(&tries->at[i]);
}
