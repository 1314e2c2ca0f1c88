/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The admin's shell commands: /bin/sh -c, a child process each; the daemon does not wait for them. At most `max` run at
 * a time and COMMAND_QUEUE wait for their turn; any more are dropped, with a line in the log.
 */
#ifndef KNOCKD_COMMAND_H
#define KNOCKD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/addr.h"
#include "lib/log.h"

#define COMMAND_LEN_MAX 4096 /* expanded text with its NUL, as in knockd 0.8 */
#define COMMAND_QUEUE   1024

/* Replaces every %IP% by the address. 0, or -1 if the result does not fit into COMMAND_LEN_MAX. */
int command_expand(char buf[static COMMAND_LEN_MAX], const char *text, const struct addr *ip);

struct command {
	const char *door;  /* its name, for the log and KNOCKD_DOOR */
	const char *text;  /* expanded */
	struct addr ip;    /* KNOCKD_IP and KNOCKD_FAMILY (4 or 6) */
	const char *user;  /* KNOCKD_USER, of a signed knock; NULL: none */
	uint16_t port;     /* KNOCKD_PORT, likewise; 0: none */
	int64_t seconds;   /* KNOCKD_SECONDS: until the stop command; negative: not known */
	const char *event; /* KNOCKD_EVENT: "open" or "close" */
	void *owner;       /* for command_news; NULL: no news */
};

enum command_state {
	COMMAND_STARTED,
	COMMAND_ENDED,   /* has run */
	COMMAND_DROPPED, /* could not be started, or too many were running and waiting */
};

/* Tells a command's owner its new state. The owner must not run a command from within. */
typedef void command_news(void *owner, enum command_state state);

struct commands;

/* `log` is borrowed. NULL with errno when memory is out. */
struct commands *commands_new(const struct log *log, unsigned max, command_news *news);
void commands_free(struct commands *commands); /* leaves running children alone; NULL is legal */

/*
 * Starts or queues the command, and logs "DOOR: running command: TEXT" when it starts. Copies everything but `event`
 * and `owner`; the owner must live until its command has ended.
 */
void commands_run(struct commands *commands, const struct command *command);

/* Starts all waiting commands regardless of the limit, before the daemon ends. Their owners get no news. */
void commands_start_all(struct commands *commands);

/* A child has ended. False: not one of these commands. Logs a status other than 0 and starts waiting commands. */
bool commands_reaped(struct commands *commands, pid_t pid, int status);

#endif
