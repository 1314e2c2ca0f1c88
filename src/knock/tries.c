/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tries.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define PAUSES (TRIES_MAX - 1)

/*
 * In ms, from one to the next. Where 30 % of the packets are lost, one knock of three and one SYN of two has an effect,
 * so four connections are needed in the first second. After that the kernel repeats their SYNs.
 */
static const int64_t pauses[PAUSES] = { 200, 200, 500, 3000, 5000 };

#define SYN_REPEATED 1000 /* ms: the kernel's first repetition; a later answer does not tell the round trip */

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

bool
tries_due(const struct tries *tries, int64_t now)
{
	if (!tries->n)
		return true;
	if (tries->n >= tries->quota && now < tries->at[tries->n % tries->quota].began + TRIES_WINDOW)
		return false;
	return now >= tries->last + pause_after(tries);
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
		tries->n++;
		return;
	}
	tries->error = err;
	drop(probe);
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
	if (err == ECONNREFUSED && age < SYN_REPEATED)
		tries->round_trip = age;
	drop(probe);
}

int
tries_collect(struct tries *tries, const struct pollfd slots[static TRIES_MAX], int64_t now)
{
	for (unsigned i = 0; i < TRIES_MAX; i++) {
		struct probe *probe = &tries->at[i];
		int fd = probe->fd, err;

		if (fd < 0 || !slots[i].revents)
			continue;
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
