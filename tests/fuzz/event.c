/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An attacker who has taken over the engine sends the parent messages of any length and content. */
#include "fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "access/logtext.h"
#include "wire/ipc.h"

#define DOORS 3

/* The parent's texts for a valid event. */
static void
use(const struct event *event)
{
	char who[ADDR_STRLEN], text[256] = "", cut[2] = "";

	if (!event_valid(event, DOORS))
		return;
	addr_format(&event->source, who);
	if (event->kind == EVENT_AUTH) { /* the judge logs it, see signed.c */
		HOLDS(event->door <= DOORS && addr_len(&event->source));
		return;
	}
	logtext_event(event, who, "door", text, sizeof(text));
	HOLDS(!*text == (event->kind == EVENT_READY || event->kind == EVENT_DEALT_WITH)); /* nothing to say */
	HOLDS(strlen(text) < sizeof(text) - 1);
	HOLDS(strlen(logtext_event(event, who, "door", cut, sizeof(cut))) < sizeof(cut));
	HOLDS(event->door < DOORS);
	if (event->kind == EVENT_OPEN || event->kind == EVENT_STAGE || event->kind == EVENT_TIMEOUT ||
	    event->kind == EVENT_SCAN)
		HOLDS(addr_len(&event->source));
	else
		HOLDS(!event->source.family);
}

/* Each message: two bytes for its length, then so many bytes. Returns the largest number of events in them. */
static size_t
send_all(int fd, const uint8_t *data, size_t size)
{
	size_t sent = 0, events = 0;

	for (size_t len; size > 2 && sent < IPC_BATCH; data += len, size -= len, sent++) {
		len = (size_t)data[0] << 8 | data[1];
		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		HOLDS(send(fd, data, len, MSG_DONTWAIT) == (ssize_t)len);
		events += len / sizeof(struct event);
	}
	return events;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event events[IPC_BATCH];
	int fds[2], n;
	size_t sent;

	HOLDS(!ipc_pair(fds));
	sent = send_all(fds[1], data, size);
	n = ipc_recv(fds[0], events, IPC_BATCH);
	HOLDS(n <= (int)sent && n <= IPC_BATCH);
	for (int i = 0; i < n; i++)
		use(&events[i]);
	close(fds[0]);
	close(fds[1]);
	return 0;
}
