/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The courier as a program of its own. A fork has a copy of the parent's memory: the group's key, the server's, and all
 * sequences. exec leaves them behind.
 */
#include "courier/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/log.h"
#include "process/confine.h"

/* What the new program needs of the old one's memory; the pointers in it are NULL. */
struct order {
	struct share_conf conf;
	struct priv_user user;
};

/* The new program's descriptors. */
enum { FD_PARENT = STDERR_FILENO + 1, FD_ORDER, FD_SELF };

int
courier_self(void)
{
	return open("/proc/self/exe", O_PATH | O_CLOEXEC);
}

/* Not by an initializer: GCC 12 with -ftrivial-auto-var-init=zero then clears four bytes of conf.hosts. */
static int
send_order(int fd, const struct courier_setup *setup)
{
	struct order order;
	ssize_t sent;

	memset(&order, 0, sizeof(order));
	memcpy(&order.conf, setup->conf, sizeof(order.conf));
	order.conf.key_path = order.conf.login_path = NULL;
	order.conf.keys = NULL;
	order.user = setup->user;
	sent = send(fd, &order, sizeof(order), MSG_NOSIGNAL);
	explicit_bzero(&order, sizeof(order));
	return sent == sizeof(order) ? 0 : -1;
}

_Noreturn void
courier_exec(int self, const struct courier_setup *setup)
{
	static char name[] = COURIER_NAME;
	char *arguments[] = { name, NULL };
	struct log log;
	const struct confine confine = { .role = "courier", .log = &log };
	int orders[2], fds[3];

	log_init(&log);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, orders) || send_order(orders[0], setup))
		confine_refuse(&confine, "send its configuration");
	fds[0] = setup->fd;
	fds[1] = orders[1];
	fds[2] = self;
	confine_descriptors(&confine, fds, 3);
	if (!fcntl(FD_SELF, F_SETFD, FD_CLOEXEC))
		syscall(SYS_execveat, FD_SELF, "", arguments, environ, AT_EMPTY_PATH);
	confine_refuse(&confine, "execute the daemon's own file");
}

_Noreturn void
courier_main(void)
{
	struct order *order = malloc(sizeof(*order));

	if (!order || recv(FD_ORDER, order, sizeof(*order), MSG_DONTWAIT | MSG_TRUNC) != (ssize_t)sizeof(*order))
		_exit(1);
	courier_run(&(struct courier_setup){ .conf = &order->conf, .user = order->user, .fd = FD_PARENT });
}
