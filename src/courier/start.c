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
	int tls[SHARE_TLS_FILES];
};

/* The new program's descriptors; from FD_TLS on those of files for TLS, without a gap. */
enum { FD_PARENT = STDERR_FILENO + 1, FD_ORDER, FD_SELF, FD_TLS, FDS_MAX = SHARE_TLS_FILES + 3 };

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
	order.conf.tls_files = NULL;
	memset(order.conf.tls_path, 0, sizeof(order.conf.tls_path));
	order.user = setup->user;
	for (int i = 0, next = FD_TLS; i < SHARE_TLS_FILES; i++)
		order.tls[i] = setup->tls[i] < 0 ? -1 : next++;
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
	int orders[2], fds[FDS_MAX], n = 3;

	log_init(&log);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, orders) || send_order(orders[0], setup))
		confine_refuse(&confine, "send its configuration");
	fds[0] = setup->fd;
	fds[1] = orders[1];
	fds[2] = self;
	for (int i = 0; i < SHARE_TLS_FILES; i++)
		if (setup->tls[i] >= 0)
			fds[n++] = setup->tls[i];
	confine_descriptors(&confine, fds, (size_t)n);
	if (!fcntl(FD_SELF, F_SETFD, FD_CLOEXEC))
		syscall(SYS_execveat, FD_SELF, "", arguments, environ, AT_EMPTY_PATH);
	confine_refuse(&confine, "execute the daemon's own file");
}

_Noreturn void
courier_main(void)
{
	struct order *order = malloc(sizeof(*order));
	struct courier_setup setup;

	if (!order || recv(FD_ORDER, order, sizeof(*order), MSG_DONTWAIT | MSG_TRUNC) != (ssize_t)sizeof(*order))
		_exit(1);
	setup = (struct courier_setup){ .conf = &order->conf, .user = order->user, .fd = FD_PARENT };
	memcpy(setup.tls, order->tls, sizeof(setup.tls));
	courier_run(&setup);
}
