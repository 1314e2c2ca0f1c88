/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A courier that an attacker has taken over: it never answers the first claim, and says yes to all others at once. To
 * be put beside a copy of the daemon as knockd-courier.
 */
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "wire/share.h"

enum { FD_PARENT = STDERR_FILENO + 1 };

static void
say(const struct share_message *message)
{
	share_send(FD_PARENT, message, 1);
}

static void
connect_to_nothing(void)
{
	struct share_message up = { .kind = SHARE_LINK, .link = SHARE_UP };

	strcpy(up.reason, "nothing");
	say(&(struct share_message){ .kind = SHARE_READY });
	say(&up);
	say(&(struct share_message){ .kind = SHARE_SYNC_BEGIN });
	say(&(struct share_message){ .kind = SHARE_SYNC_END });
}

int
main(void)
{
	struct share_message messages[SHARE_BATCH];
	struct pollfd parent = { .fd = FD_PARENT, .events = POLLIN };
	bool first = true;

	connect_to_nothing();
	while (poll(&parent, 1, -1) == 1) {
		int n = share_recv(FD_PARENT, messages, SHARE_BATCH);

		if (n <= 0)
			return 0;
		for (int i = 0; i < n; i++) {
			if (!messages[i].ticket)
				continue;
			if (!first || !(messages[i].flags & SHARE_STORE))
				say(&(struct share_message){
				    .kind = SHARE_ANSWER, .answer = SHARE_YES, .ticket = messages[i].ticket });
			else
				first = false;
		}
	}
	return 0;
}
