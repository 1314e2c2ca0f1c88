/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ready RELOADS COMMAND [ARGUMENT]...: starts a daemon that speaks systemd's notification protocol and reloads it
 * RELOADS times, half a second apart. At SIGTERM it sends the daemon SIGTERM, too. Prints "start PID MICROSECONDS",
 * then "reload MICROSECONDS" for each reload.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire.h"

static int
listen_for_notes(void)
{
	struct sockaddr_un self = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(self.sun_path, sizeof(self.sun_path), "/run/ready.%d", (int)getpid());
	/* writable for all, like systemd's: the daemon may not be root by then */
	if (fd < 0 || bind(fd, (const struct sockaddr *)&self, sizeof(self)) || chmod(self.sun_path, 0777) ||
	    setenv("NOTIFY_SOCKET", self.sun_path, true))
		die("notification socket");
	return fd;
}

/* Waits until a notification has the line READY=1. */
static void
wait_until_ready(int fd)
{
	char note[1024] = "";
	ssize_t len;

	while (strncmp(note, "READY=1", 7) && !strstr(note, "\nREADY=1")) {
		len = recv(fd, note, sizeof(note) - 1, 0);
		if (len < 0)
			die("no notification");
		note[len] = '\0';
	}
}

static double
since(int64_t start)
{
	return (double)(clock_ns() - start) / NS_PER_US;
}

int
main(int argc, char **argv)
{
	int reloads = argc > 2 ? atoi(argv[1]) : 0, fd, signal;
	int64_t start;
	sigset_t set;
	pid_t pid;

	if (argc < 3)
		return 2;
	fd = listen_for_notes();
	start = clock_ns();
	pid = fork();
	if (!pid) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	wait_until_ready(fd);
	printf("start %d %.0f\n", (int)pid, since(start));
	fflush(stdout);
	for (int i = 0; i < reloads; i++) {
		sleep_until(clock_ns() + NS_PER_S / 2);
		start = clock_ns();
		kill(pid, SIGHUP);
		wait_until_ready(fd);
		printf("reload %.0f\n", since(start));
		fflush(stdout);
	}
	sigwait(&set, &signal);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return 0;
}
