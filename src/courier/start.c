/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parent's half of the courier. */
#include "courier/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "order.h"
#include "process/confine.h"

#define NAME "knockd-courier"

/* 0, or -1: too long, or /proc is not there. */
static int
name_beside(char path[static PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - sizeof(NAME));
	char *slash;

	if (len < 0)
		return -1;
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return -1;
	memcpy(slash + 1, NAME, sizeof(NAME));
	return 0;
}

int
courier_open(void)
{
	char path[PATH_MAX];
	int fd = name_beside(path) ? -1 : open(path, O_PATH | O_CLOEXEC);

	return fd >= 0 ? fd : open(COURIER_DIR "/" NAME, O_PATH | O_CLOEXEC);
}

/* Not by an initializer: GCC 12 with -ftrivial-auto-var-init=zero then clears four bytes of conf.hosts. */
static int
send_order(int fd, const struct courier_setup *setup)
{
	struct order order;
	ssize_t sent;

	memset(&order, 0, sizeof(order));
	order.check = !setup->conf;
	if (setup->conf)
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

/* A fork has a copy of the parent's memory: the group's key, the server's, and all sequences. exec leaves them behind.
 */
_Noreturn void
courier_exec(int program, const struct courier_setup *setup)
{
	static char name[] = "knockd: courier";
	char *arguments[] = { name, NULL };
	struct log log;
	const struct confine confine = { .role = "courier", .log = &log };
	int orders[2], fds[FDS_MAX], n = 3;

	log_init(&log);
	if (program < 0) {
		errno = ENOENT;
		confine_refuse(&confine, "find " COURIER_DIR "/" NAME);
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, orders) || send_order(orders[0], setup))
		confine_refuse(&confine, "send its configuration");
	fds[0] = setup->fd;
	fds[1] = orders[1];
	fds[2] = program;
	for (int i = 0; i < SHARE_TLS_FILES; i++)
		if (setup->tls[i] >= 0)
			fds[n++] = setup->tls[i];
	confine_descriptors(&confine, fds, (size_t)n);
	if (!fcntl(FD_PROGRAM, F_SETFD, FD_CLOEXEC))
		syscall(SYS_execveat, FD_PROGRAM, "", arguments, environ, AT_EMPTY_PATH);
	confine_refuse(&confine, "execute " NAME);
}

static int
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

int
courier_check_tls(int program, const int fds[static SHARE_TLS_FILES], char why[static SHARE_REASON])
{
	struct courier_setup setup = { .conf = NULL };
	int pipe_fds[2];
	ssize_t len;
	pid_t pid;

	snprintf(why, SHARE_REASON, "TLS: the files could not be checked");
	memcpy(setup.tls, fds, sizeof(setup.tls));
	if (pipe2(pipe_fds, O_CLOEXEC))
		return -1;
	setup.fd = pipe_fds[1];
	pid = fork();
	if (!pid)
		courier_exec(program, &setup);
	close(pipe_fds[1]);
	len = pid < 0 ? -1 : read(pipe_fds[0], why, SHARE_REASON);
	close(pipe_fds[0]);
	why[SHARE_REASON - 1] = '\0';
	return pid > 0 && !wait_for(pid) && !len ? 0 : -1;
}
