/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The admin's shell commands: /bin/sh -c, one clean child each, never waited for. At most `max` run at a
 * time; COMMAND_QUEUE more wait for their turn; what comes on top of that is dropped and logged.
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

/*
 * Replaces every %IP% by the address. 0, or -1 when the result does not fit into COMMAND_LEN_MAX.
 */
int command_expand(char buf[static COMMAND_LEN_MAX], const char *text, const struct addr *ip);

struct command {
	const char *door;  /* its name, for the log and KNOCKD_DOOR */
	const char *text;  /* expanded */
	struct addr ip;    /* KNOCKD_IP and KNOCKD_FAMILY (4 or 6) */
	const char *event; /* KNOCKD_EVENT: "open" or "close" */
	void *owner;       /* for command_news; NULL: nobody wants to know */
};

enum command_state {
	COMMAND_STARTED,
	COMMAND_ENDED,   /* has run, or could not be started */
	COMMAND_DROPPED, /* too many were running and waiting */
};

/* Tells a command's owner how it is getting on. It may not run another command from within. */
typedef void command_news(void *owner, enum command_state state);

struct commands;

/* `log` is borrowed. NULL with errno when memory is out. */
struct commands *commands_new(const struct log *log, unsigned max, command_news *news);
void commands_free(struct commands *commands); /* leaves running children alone; NULL is legal */

/*
 * Starts the command, or queues it, and logs "DOOR: running command: TEXT" when it starts. Copies what it
 * needs; an owner must live until its command has ended.
 */
void commands_run(struct commands *commands, const struct command *command);

/* Starts whatever waits, the limit notwithstanding: for the end, when nobody will be there to start it later. */
void commands_start_all(struct commands *commands);

/*
 * A child has ended. False when it was none of ours. Logs a status other than 0 and starts what waits.
 */
bool commands_reaped(struct commands *commands, pid_t pid, int status);

#endif
