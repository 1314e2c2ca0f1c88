/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process/detach.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static _Noreturn void
wait_for_child(int fd)
{
	char ready;

	_exit(read(fd, &ready, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

int
detach_begin(void)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid > 0) {
		close(fds[1]);
		wait_for_child(fds[0]);
	}
	close(fds[0]);
	setsid();
	return fds[1];
}

void
detach_finish(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	}
	if (chdir("/") || write(fd, "", 1) != 1)
		_exit(EXIT_FAILURE);
	close(fd);
}
