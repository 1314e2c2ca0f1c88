/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For LD_PRELOAD: shifts the wall clock, and makes netlink fail. The file that $MEDDLE names says how, by seven numbers
 * (numbers.h, `meddle` in lib.sh):
 *
 *   milliseconds that CLOCK_REALTIME is ahead; then errno and how many times, on netlink, for sendto(2),
 *   for recvmsg(2) that does not wait (an answer), and for recvmsg(2) that does (an event).
 *
 * Netlink fails only in the process that was started, not in its children. Programs that it executes are left alone:
 * the host's may have another C library than this one.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "numbers.h"

#define FIELDS 7

#ifdef SYS_clock_gettime64 /* 32-bit systems */
#define CLOCK_CALL SYS_clock_gettime64
#else
#define CLOCK_CALL SYS_clock_gettime
#endif

enum field { CLOCK, SEND, ANSWER = SEND + 2, EVENT = ANSWER + 2 };

__attribute__((constructor)) static void
begin(void)
{
	numbers_open("MEDDLE", FIELDS);
}

/* Is this call to fail? Counts it. */
static bool
fails(int fd, enum field field)
{
	int domain = 0;
	socklen_t len = sizeof(domain);
	long times = numbers_get((int)field + 1);

	if (numbers_of_child || times <= 0 || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) ||
	    domain != AF_NETLINK)
		return false;
	numbers_put((int)field + 1, times - 1);
	errno = (int)numbers_get((int)field);
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
	long ahead = clock == CLOCK_REALTIME ? numbers_get(CLOCK) : 0;
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
