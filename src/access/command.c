/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* A copy of a command, running or waiting. */
struct job {
	pid_t pid;
	char *door;
	char *text;
	char *user; /* NULL: none */
	uint16_t port;
	int64_t seconds;
	struct addr ip;
	const char *event;
	void *owner;
};

struct commands {
	const struct log *log;
	command_news *news;
	struct job *running; /* [max], pid 0: free */
	unsigned max, n_running;
	struct job *queue; /* ring of COMMAND_QUEUE */
	unsigned head, n_queued;
	unsigned dropped; /* since the last line with their number */
};

int
command_expand(char buf[static COMMAND_LEN_MAX], const char *text, const struct addr *ip)
{
	char address[ADDR_STRLEN];
	size_t used = 0, len;

	addr_format(ip, address);
	while (*text) {
		bool here = !strncmp(text, "%IP%", 4);

		len = here ? strlen(address) : 1;
		if (used + len >= COMMAND_LEN_MAX)
			return -1;
		memcpy(buf + used, here ? address : text, len);
		used += len;
		text += here ? 4 : 1;
	}
	buf[used] = '\0';
	return 0;
}

/* ---- children ---------------------------------------------------------------------------------- */

#define N_VARIABLES 7

/* Commands do not inherit these: a daemon that a command starts would report to our service manager. */
static bool
is_inherited(const char *variable)
{
	static const char *const ours[] = { "NOTIFY_SOCKET=", "WATCHDOG_PID=", "WATCHDOG_USEC=" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!strncmp(variable, ours[i], strlen(ours[i])))
			return false;
	return true;
}

/* The parent's environment and the KNOCKD_* variables, which are stored in `text`. */
static char **
make_environment(const struct job *job, char text[static N_VARIABLES][256])
{
	static const char *const names[N_VARIABLES] = { "KNOCKD_IP",   "KNOCKD_DOOR", "KNOCKD_FAMILY", "KNOCKD_EVENT",
							"KNOCKD_USER", "KNOCKD_PORT", "KNOCKD_SECONDS" };
	char address[ADDR_STRLEN], port[16] = "", seconds[32] = "";
	const char *values[N_VARIABLES] = { addr_format(&job->ip, address),
					    job->door,
					    job->ip.family == AF_INET6 ? "6" : "4",
					    job->event,
					    job->user ? job->user : "",
					    port,
					    seconds };
	size_t n = 0;
	char **env;

	if (job->port)
		snprintf(port, sizeof(port), "%u", job->port);
	if (job->seconds >= 0)
		snprintf(seconds, sizeof(seconds), "%lld", (long long)job->seconds);
	while (environ[n])
		n++;
	env = calloc(n + N_VARIABLES + 1, sizeof(*env));
	if (!env)
		return NULL;
	n = 0;
	for (char **variable = environ; *variable; variable++)
		if (is_inherited(*variable))
			env[n++] = *variable;
	for (size_t i = 0; i < N_VARIABLES; i++) {
		snprintf(text[i], sizeof(text[i]), "%s=%s", names[i], values[i]);
		env[n + i] = text[i];
	}
	return env;
}

static int
set_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) ||
	       posix_spawnattr_setsigmask(attr, &none) || posix_spawnattr_setsigdefault(attr, &all);
}

/*
 * All other descriptors are close-on-exec, so the child inherits only the standard streams. posix_spawn() copies no
 * page tables: starting a command costs the same with 100,000 grants in memory.
 */
static pid_t
spawn(const struct job *job)
{
	char *const argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, job->text, NULL };
	char variables[N_VARIABLES][256];
	char **env = make_environment(job, variables);
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	pid_t pid = -1;
	int error = ENOMEM;

	if (!env)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	if (!set_attributes(&attr) && !posix_spawn_file_actions_addchdir_np(&actions, "/") &&
	    !posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0))
		error = posix_spawn(&pid, "/bin/sh", &actions, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	free(env);
	errno = error;
	return error ? -1 : pid;
}

/* ---- jobs -------------------------------------------------------------------------------------- */

static void
clear_job(struct job *job)
{
	free(job->door);
	free(job->text);
	free(job->user);
	*job = (struct job){ 0 };
}

static int
copy_job(struct job *job, const struct command *command)
{
	*job = (struct job){ .door = strdup(command->door),
			     .text = strdup(command->text),
			     .user = command->user ? strdup(command->user) : NULL,
			     .port = command->port,
			     .seconds = command->seconds,
			     .ip = command->ip,
			     .event = command->event,
			     .owner = command->owner };
	if (job->door && job->text && (job->user || !command->user))
		return 0;
	clear_job(job);
	return -1;
}

static struct job *
find_running(struct commands *c, pid_t pid)
{
	for (unsigned i = 0; i < c->max; i++)
		if (c->running[i].pid == pid)
			return &c->running[i];
	return NULL;
}

/* knockd 0.8's line, then one with the reason. */
static void
log_fork_failed(const struct commands *c, const char *door)
{
	log_notice(c->log, "error: command fork failed!");
	log_warn(c->log, "%s: /bin/sh", door);
}

static void
tell(const struct commands *c, void *owner, enum command_state state)
{
	if (owner)
		c->news(owner, state);
}

/* Frees the job and tells its owner how it ended. */
static void
finish(struct commands *c, struct job *job, enum command_state how)
{
	void *owner = job->owner;

	clear_job(job);
	tell(c, owner, how);
}

/* Takes over the job. */
static void
start(struct commands *c, struct job *job)
{
	struct job *slot = find_running(c, 0);

	log_notice(c->log, "%s: running command: %s", job->door, job->text);
	job->pid = spawn(job);
	if (job->pid < 0) {
		log_fork_failed(c, job->door);
		finish(c, job, COMMAND_DROPPED);
		return;
	}
	*slot = *job;
	c->n_running++;
	tell(c, slot->owner, COMMAND_STARTED);
}

static void
enqueue(struct commands *c, struct job *job)
{
	if (c->n_queued < COMMAND_QUEUE) {
		c->queue[(c->head + c->n_queued++) % COMMAND_QUEUE] = *job;
		return;
	}
	/* one line at the first drop; start_waiting() logs the number */
	if (!c->dropped++)
		log_warnx(c->log, "%s: command dropped: %u are running and %u waiting", job->door, c->max,
			  COMMAND_QUEUE);
	finish(c, job, COMMAND_DROPPED);
}

void
commands_run(struct commands *c, const struct command *command)
{
	struct job job;

	if (copy_job(&job, command)) {
		log_fork_failed(c, command->door);
		tell(c, command->owner, COMMAND_DROPPED);
	} else if (c->n_running < c->max) {
		start(c, &job);
	} else {
		enqueue(c, &job);
	}
}

static void
start_waiting(struct commands *c)
{
	while (c->n_queued && c->n_running < c->max) {
		struct job job = c->queue[c->head];

		c->head = (c->head + 1) % COMMAND_QUEUE;
		c->n_queued--;
		start(c, &job);
	}
	if (c->dropped && c->n_queued < COMMAND_QUEUE / 2) {
		log_warnx(c->log, "%u commands were dropped", c->dropped);
		c->dropped = 0;
	}
}

void
commands_start_all(struct commands *c)
{
	for (; c->n_queued; c->n_queued--) {
		struct job *job = &c->queue[c->head];

		log_notice(c->log, "%s: running command: %s", job->door, job->text);
		if (spawn(job) < 0)
			log_fork_failed(c, job->door);
		clear_job(job);
		c->head = (c->head + 1) % COMMAND_QUEUE;
	}
}

bool
commands_reaped(struct commands *c, pid_t pid, int status)
{
	struct job *job = find_running(c, pid);

	if (!job)
		return false;
	/* 0.8 logs 0 for a shell killed by a signal; we log the status that a shell reports */
	if (status)
		log_notice(c->log, "%s: command returned non-zero status code (%d)", job->door,
			   WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	c->n_running--;
	finish(c, job, COMMAND_ENDED);
	start_waiting(c);
	return true;
}

struct commands *
commands_new(const struct log *log, unsigned max, command_news *news)
{
	struct commands *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->log = log;
	c->news = news;
	c->max = max;
	c->running = calloc(max, sizeof(*c->running));
	c->queue = calloc(COMMAND_QUEUE, sizeof(*c->queue));
	if (!c->running || !c->queue) {
		commands_free(c);
		errno = ENOMEM;
		return NULL;
	}
	return c;
}

void
commands_free(struct commands *c)
{
	if (!c)
		return;
	if (c->n_queued)
		log_warnx(c->log, "%u waiting commands did not run", c->n_queued);
	for (unsigned i = 0; c->running && i < c->max; i++)
		clear_job(&c->running[i]);
	for (unsigned i = 0; c->queue && i < c->n_queued; i++)
		clear_job(&c->queue[(c->head + i) % COMMAND_QUEUE]);
	free(c->running);
	free(c->queue);
	free(c);
}
