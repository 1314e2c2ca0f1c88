/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "process/cage.h"

_Noreturn void
confine_refuse(const struct confine *confine, const char *step)
{
	log_warn(confine->log, "%s: could not %s", confine->role, step);
	_exit(1);
}

static _Noreturn void
refuse_user(const struct confine *confine)
{
	char self[32] = "root"; /* the daemon's own user */
	int error = errno;

	if (confine->user->uid == geteuid())
		confine_refuse(confine, PRIV_STEP_USER);
	if (geteuid())
		snprintf(self, sizeof(self), "%lu", (unsigned long)geteuid());
	log_warnx(confine->log,
		  "%s: could not " PRIV_STEP_USER ": %s: without CAP_SETUID and CAP_SETGID, or in a user namespace "
		  "that lacks the user, it can only be the daemon's own: User = %s",
		  confine->role, strerror(error), self);
	_exit(1);
}

void
confine_signals(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGQUIT };
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void
confine_descriptors(const struct confine *confine, int *fds, size_t n)
{
	const int first = STDERR_FILENO + 1;

	/* above all of their new numbers first, or one would take another's place */
	for (size_t i = 0; i < n; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, first + (int)n);
		if (fds[i] < 0)
			confine_refuse(confine, "move its descriptors");
	}
	for (size_t i = 0; i < n; i++) {
		fds[i] = dup2(fds[i], first + (int)i);
		if (fds[i] < 0)
			confine_refuse(confine, "move its descriptors");
	}
	priv_close_from(first + (int)n);
}

static void
mute(const struct confine *confine)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		confine_refuse(confine, "open /dev/null");
	close(null);
}

static bool
change_root(const struct confine *confine)
{
	if (!confine->root)
		return !cage_root();
	if (chdir(confine->root))
		confine_refuse(confine, "enter the directory of the socket");
	return !chroot(".");
}

/*
 * The order: steps that need files, then privilege. A parent that has left root cannot give this process an empty root
 * directory: Landlock then forbids all files, and also those of a directory that is not empty. Without Landlock
 * cage_limits() or the filter still prevent any open, so this is only a warning.
 */
void
confine_process(const struct confine *confine)
{
	const char *step;
	bool rooted;

	mute(confine);
	rooted = change_root(confine);
	if (priv_drop(confine->user, &step)) {
		if (!strcmp(step, PRIV_STEP_USER))
			refuse_user(confine);
		confine_refuse(confine, step);
	}
	if ((!rooted || confine->root) && cage_files() && !cage_has_filter())
		log_warn(confine->log, "%s: warning: could not get an empty root directory", confine->role);
	if (cage_limits(confine->files))
		confine_refuse(confine, "limit its resources");
}
