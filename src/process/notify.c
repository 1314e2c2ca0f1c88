/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process/notify.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/moment.h"

#define STATUS_MAX 1024

/* Ignores errors: at worst the service manager runs into its timeout. */
static void
notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	socklen_t len;
	int fd;

	if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, strlen(path));
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (*path == '@')
		to.sun_path[0] = '\0'; /* Linux's abstract namespace, see unix(7) */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to, len);
	close(fd);
}

bool
notify_expected(void)
{
	return getenv("NOTIFY_SOCKET") != NULL;
}

int
notify_config_status(void)
{
	return notify_expected() ? EX_CONFIG : EXIT_FAILURE;
}

void
notify_status(const char *text)
{
	char state[STATUS_MAX];

	snprintf(state, sizeof(state), "STATUS=%s", text);
	notify(state);
}

/* sd_watchdog_enabled(3): the variables are for this process only if they name it, or nobody. */
uint64_t
notify_watchdog_msec(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!notify_expected() || !usec || (pid && strtoull(pid, NULL, 10) != (unsigned long long)getpid()))
		return 0;
	return strtoull(usec, NULL, 10) / 1000;
}

void
notify_alive(void)
{
	notify("WATCHDOG=1");
}

void
notify_ready(void)
{
	notify("READY=1\nSTATUS=");
}

void
notify_reloading(void)
{
	char text[80];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)moment_steady_usec());
	notify(text);
}

void
notify_stopping(void)
{
	notify("STOPPING=1");
}
