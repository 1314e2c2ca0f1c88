/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The check of files for TLS. */
#include "courier/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tls.h"

static _Noreturn void
check(const int fds[static SHARE_TLS_FILES], int to)
{
	char why[SHARE_REASON] = "";

	if (tls_new(fds, why))
		_exit(0);
	if (write(to, why, sizeof(why)) < 0)
		_exit(2);
	_exit(1);
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

/* In a process of its own, as OpenSSL would leave copies of the secret key in the caller's memory. */
int
courier_check_tls(const int fds[static SHARE_TLS_FILES], char why[static SHARE_REASON])
{
	int pipe_fds[2];
	ssize_t len;
	pid_t pid;

	snprintf(why, SHARE_REASON, "TLS: the files could not be checked");
	if (pipe2(pipe_fds, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid)
		check(fds, pipe_fds[1]);
	close(pipe_fds[1]);
	len = pid < 0 ? -1 : read(pipe_fds[0], why, SHARE_REASON);
	close(pipe_fds[0]);
	why[SHARE_REASON - 1] = '\0';
	return pid > 0 && !wait_for(pid) && !len ? 0 : -1;
}
