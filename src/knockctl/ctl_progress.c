/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_progress.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/moment.h"
#include "lib/text.h"

#define TEXT_MAX 60
#define CLEAR    "\r\033[K"

/* The child: each packet is what is being done now. */
static void
tick(int fd)
{
	char what[TEXT_MAX + 1] = "working", clean[2 * sizeof(what)];
	uint64_t begin = moment_boot_msec();
	bool shown = false;

	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		ssize_t n = poll(&poll_fd, 1, 1000) > 0 ? recv(fd, what, sizeof(what) - 1, 0) : -1;
		unsigned long long seconds = (moment_boot_msec() - begin) / 1000;

		if (!n)
			break;
		if (n > 0)
			what[n] = '\0';
		if (!seconds)
			continue;
		dprintf(STDERR_FILENO, CLEAR "%s ... %llu s", text_utf8(what, true, clean, sizeof(clean)), seconds);
		shown = true;
	}
	if (shown)
		dprintf(STDERR_FILENO, CLEAR);
	_exit(0);
}

void
ctl_progress_begin(struct ctl_progress *progress)
{
	int fds[2];

	*progress = (struct ctl_progress){ .fd = -1 };
	if (!isatty(STDERR_FILENO) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return;
	progress->pid = fork();
	if (!progress->pid) {
		close(fds[0]);
		tick(fds[1]);
	}
	close(fds[1]);
	if (progress->pid < 0)
		close(fds[0]);
	else
		progress->fd = fds[0];
}

void
ctl_progress_say(const struct ctl_progress *progress, const char *what)
{
	size_t len = strlen(what);

	if (progress->fd >= 0)
		send(progress->fd, what, len < TEXT_MAX ? len : TEXT_MAX, MSG_NOSIGNAL);
}

void
ctl_progress_end(struct ctl_progress *progress)
{
	if (progress->fd < 0)
		return;
	close(progress->fd);
	progress->fd = -1;
	waitpid(progress->pid, NULL, 0);
}
