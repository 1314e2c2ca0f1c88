/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/engine.h"

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
	*child = (struct child){ .ipc_fd = -1, .before = child->before };
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
	return is_readable(child->ipc_fd, START_MSEC) && ipc_recv(child->ipc_fd, events, IPC_MESSAGE) == 1 &&
	       events[0].kind == EVENT_READY;
}

int
child_start(struct child *child, const struct conf *conf, const struct priv_user *user, int capture_fd,
	    const struct log *log)
{
	struct counters *counters = counters_map();
	int fds[2];

	*child = (struct child){ .ipc_fd = -1, .before = child->before };
	if (!counters || ipc_pair(fds)) {
		log_warn(log, "could not prepare the engine");
		counters_unmap(counters);
		return -1;
	}
	child->counters = counters;
	child->ipc_fd = fds[0];
	child->pid = fork();
	if (!child->pid)
		engine_run(&(struct engine_setup){ .conf = conf,
						   .log = log,
						   .user = *user,
						   .capture_fd = capture_fd,
						   .ipc_fd = fds[1],
						   .counters = counters });
	close(fds[1]);
	if (child->pid < 0) {
		log_warn(log, "could not start the engine");
		child->pid = 0;
		child_forget(child);
		return -1;
	}
	if (counters_protect(counters) || !becomes_ready(child)) {
		log_warnx(log, "the engine did not start");
		child_kill(child);
		return -1;
	}
	return 0;
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
