/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For LD_PRELOAD: shifts the wall clock, and makes netlink fail. The file that $MEDDLE names says how: seven numbers of
 * 12 characters each, which may be changed at any time (`meddle` in lib.sh):
 *
 *   milliseconds that CLOCK_REALTIME is ahead; then errno and how many times, on netlink, for sendto(2),
 *   for recvmsg(2) that does not wait (an answer), and for recvmsg(2) that does (an event).
 *
 * The file is mapped, so a process under seccomp can read it. Netlink fails only in the process that was started, not
 * in its children. Programs that it executes are left alone: the host's may have another C library than this one.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define WIDTH  12
#define FIELDS 7

#ifdef SYS_clock_gettime64 /* 32-bit systems */
#define CLOCK_CALL SYS_clock_gettime64
#else
#define CLOCK_CALL SYS_clock_gettime
#endif

enum field { CLOCK, SEND, ANSWER = SEND + 2, EVENT = ANSWER + 2 };

static char *text; /* NULL: no faults */
static bool is_child;

static void
mark_child(void)
{
	is_child = true;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("MEDDLE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, WIDTH * FIELDS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	pthread_atfork(NULL, NULL, mark_child);
	unsetenv("LD_PRELOAD");
	if (map != MAP_FAILED)
		text = map;
}

static long
get(int field)
{
	char copy[WIDTH + 1] = "";

	if (text)
		memcpy(copy, text + (size_t)field * WIDTH, WIDTH);
	return strtol(copy, NULL, 10);
}

/* Is this call to fail? Counts it. */
static bool
fails(int fd, enum field field)
{
	int domain = 0;
	socklen_t len = sizeof(domain);
	char copy[32];
	long times = get((int)field + 1);

	if (is_child || times <= 0 || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) || domain != AF_NETLINK)
		return false;
	snprintf(copy, sizeof(copy), "%*ld", WIDTH, times - 1);
	memcpy(text + ((size_t)field + 1) * WIDTH, copy, WIDTH);
	errno = (int)get((int)field);
	return true;
}

ssize_t
sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to, socklen_t tolen)
{
	return fails(fd, SEND) ? -1 : syscall(SYS_sendto, fd, data, len, flags, to, tolen);
}

ssize_t
recvmsg(int fd, struct msghdr *msg, int flags)
{
	return fails(fd, flags & MSG_DONTWAIT ? ANSWER : EVENT) ? -1 : syscall(SYS_recvmsg, fd, msg, flags);
}

#if defined(__TIMESIZE) && __TIMESIZE == 32

/* The function above is __recvmsg64, which the daemon calls; libmnl may have been built without 64-bit times. */
ssize_t recvmsg32(int fd, struct msghdr *msg, int flags) __asm__("recvmsg");

ssize_t
recvmsg32(int fd, struct msghdr *msg, int flags)
{
	return recvmsg(fd, msg, flags);
}

#endif

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	int result = (int)syscall(CLOCK_CALL, clock, ts);
	long ahead = clock == CLOCK_REALTIME ? get(CLOCK) : 0;
	long nsec = ts->tv_nsec + ahead % 1000 * 1000000;

	ts->tv_sec += ahead / 1000 + (nsec >= 1000000000) - (nsec < 0);
	ts->tv_nsec = (nsec + 1000000000) % 1000000000;
	return result;
}

time_t
time(time_t *to)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (to)
		*to = ts.tv_sec;
	return ts.tv_sec;
}
