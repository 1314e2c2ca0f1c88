/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "child.h"

#include "config.h" /* pipe2, SANITIZERS */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/engine.h"
#include "lib/text.h"

/* Time limits to get ready, and between two batches while finishing; both normally take milliseconds. */
#define START_MSEC  5000
#define FINISH_MSEC 1000

/* Batches taken from a finishing engine at most: more than its socket holds. */
#define FINISH_BATCHES 1000

struct counters
child_counters(const struct child *child)
{
	struct counters sum = child->before;

	if (child->counters) {
		counters_add(&sum, child->counters);
		sum.attempts = child->counters->attempts;
	}
	return sum;
}

void
child_forget(struct child *child)
{
	if (child->ipc_fd >= 0)
		close(child->ipc_fd);
	if (child->counters)
		counters_add(&child->before, child->counters);
	counters_unmap(child->counters);
	*child = (struct child){ .ipc_fd = -1, .before = child->before, .beat_msec = child->beat_msec };
}

int
child_kill(struct child *child)
{
	int status = 0;

	if (child->pid) {
		kill(child->pid, SIGKILL);
		while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	child_forget(child);
	return status;
}

static bool
is_readable(int fd, int msec)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, msec) > 0;
}

static bool
becomes_ready(const struct child *child)
{
	struct event events[IPC_MESSAGE];

	/* one message only: the loop takes the events that follow */
	return ipc_recv(child->ipc_fd, events, IPC_MESSAGE) == 1 && events[0].kind == EVENT_READY;
}

/* Logs the engine's lines. It is not confined yet, so they are its own; any control character is replaced all the same.
 */
static void
pass_on(const struct log *log, int fd)
{
	char text[1024], clean[sizeof(text)], *rest = text, *line;
	ssize_t len = read(fd, text, sizeof(text) - 1);

	text[len > 0 ? len : 0] = '\0';
	while ((line = strsep(&rest, "\n")))
		if (*line)
			log_warnx(log, "%s", text_utf8(line, true, clean, sizeof(clean)));
}

static void
log_failure(const struct log *log, int status, bool silent)
{
	if (silent)
		log_warnx(log, "the engine did not start within %d seconds", START_MSEC / 1000);
	else if (!WIFSIGNALED(status))
		log_warnx(log, "the engine did not start");
	else
		log_warnx(log, "the engine did not start: it was ended by signal %d (%s)%s", WTERMSIG(status),
			  strsignal(WTERMSIG(status)),
			  WTERMSIG(status) == SIGSYS
			      ? ": a seccomp filter, of a container or a service manager, forbids "
				"a system call that it needs"
			      : "");
}

/* Reads what the engine writes to standard error until it is ready. 0, or -1 after lines in the log. */
static int
await(struct child *child, int said, const struct log *log)
{
	bool silent = !is_readable(child->ipc_fd, START_MSEC), ready = !silent && becomes_ready(child);
	int status = ready ? 0 : child_kill(child);

	pass_on(log, said);
	if (!ready)
		log_failure(log, status, silent);
	return ready ? 0 : -1;
}

/* What connects parent and engine; [0] is the parent's end. */
struct ends {
	int ipc[2];
	int said[2]; /* a pipe: the engine's standard error, until it is confined */
};

static int
open_ends(struct ends *ends)
{
	int error;

	if (pipe2(ends->said, O_CLOEXEC | O_NONBLOCK))
		return -1;
	if (!ipc_pair(ends->ipc))
		return 0;
	error = errno;
	close(ends->said[0]);
	close(ends->said[1]);
	errno = error;
	return -1;
}

/* In the child. Sanitizers write to standard error for as long as it runs. */
static _Noreturn void
run(const struct engine_setup *setup, int said)
{
#ifdef SANITIZERS
	(void)said;
#else
	dup2(said, STDERR_FILENO);
#endif
	engine_run(setup);
}

/* In the parent. 0, or -1 after lines in the log. */
static int
follow(struct child *child, int said, const struct log *log)
{
	if (child->pid < 0) {
		log_warn(log, "could not start the engine");
		child->pid = 0;
		child_forget(child);
		return -1;
	}
	if (counters_protect(child->counters)) {
		log_warn(log, "could not start the engine");
		child_kill(child);
		return -1;
	}
	return await(child, said, log);
}

int
child_start(struct child *child, const struct conf *conf, const struct priv_user *user, int capture_fd,
	    const struct log *log)
{
	struct counters *counters = counters_map();
	struct ends ends;
	int failed;

	*child = (struct child){ .ipc_fd = -1, .before = child->before, .beat_msec = child->beat_msec };
	if (!counters || open_ends(&ends)) {
		log_warn(log, "could not prepare the engine");
		counters_unmap(counters);
		return -1;
	}
	child->counters = counters;
	child->ipc_fd = ends.ipc[0];
	child->pid = fork();
	if (!child->pid)
		run(&(struct engine_setup){ .conf = conf,
					    .log = log,
					    .user = *user,
					    .capture_fd = capture_fd,
					    .ipc_fd = ends.ipc[1],
					    .counters = counters,
					    .beat_msec = child->beat_msec },
		    ends.said[1]);
	close(ends.ipc[1]);
	close(ends.said[1]);
	failed = follow(child, ends.said[0], log);
	close(ends.said[0]);
	return failed;
}

bool
child_stop(struct child *child, child_events *take, void *arg)
{
	struct event events[IPC_BATCH];
	int n = -1;

	if (!child->pid)
		return true;
	ipc_finish(child->ipc_fd);
	for (int i = 0; i < FINISH_BATCHES; i++) {
		if (!is_readable(child->ipc_fd, FINISH_MSEC))
			break;
		n = ipc_recv(child->ipc_fd, events, IPC_BATCH);
		if (n <= 0)
			break;
		take(arg, events, (size_t)n);
	}
	child_kill(child);
	return !n;
}
