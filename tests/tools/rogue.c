/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon with an engine that an attacker has taken over. Each line of the file that $ROGUE names is a word for the
 * next engine: its misdeed. After the last line engines are normal.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* The real engine has another name here. --wrap does not work between files that are optimized as one (LTO). */
#define engine_run real_engine_run
#include "engine/engine.c"
#undef engine_run

_Noreturn void engine_run(const struct engine_setup *setup);

int __real_kill(pid_t pid, int signal);
int __wrap_kill(pid_t pid, int signal);

/* The daemon's kill(): a pid that was reaped may belong to another process by now. */
int
__wrap_kill(pid_t pid, int signal)
{
	int failed = __real_kill(pid, signal);

	if (failed)
		fprintf(stderr, "a signal to nobody\n");
	return failed;
}

static struct event
event_of(enum event_kind kind, uint32_t door, uint32_t stage)
{
	static const uint8_t bytes[4] = { 192, 0, 2, 1 };
	struct event event;

	memset(&event, 0, sizeof(event));
	event.kind = kind;
	event.door = door;
	event.stage = stage;
	if (stage)
		event.source = addr_from_bytes(AF_INET, bytes);
	return event;
}

static void
say(int fd, struct event event)
{
	ipc_send(fd, &event, 1, true);
}

static void
send_bytes(int fd, size_t len)
{
	char bytes[(IPC_MESSAGE + 1) * sizeof(struct event)] = { 0 };

	send(fd, bytes, len, MSG_NOSIGNAL);
}

/* If the parent accepted it, the descriptor would be in the parent's table. */
static void
send_descriptor(int fd)
{
	struct event event = event_of(EVENT_STAGE, 0, 1);
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} passage = { .header = {
			  .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct iovec iov = { &event, sizeof(event) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = passage.room, .msg_controllen = sizeof(passage.room)
	};

	memcpy(CMSG_DATA(&passage.header), &fd, sizeof(fd));
	sendmsg(fd, &msg, MSG_NOSIGNAL);
}

static _Noreturn void
stay(void)
{
	for (;;)
		pause();
}

static _Noreturn void
flood(int fd, struct event event)
{
	for (;;)
		say(fd, event);
}

static void
set_source(struct event *event, uint32_t number)
{
	number = htonl(number);
	memcpy(event->source.bytes, &number, sizeof(number));
}

/*
 * Openings for 1.0.0.0 and the addresses behind it, in all doors: as fast as the parent takes them, or, patiently, so
 * many that it never has enough of them.
 */
static _Noreturn void
open_for_all(int fd, uint32_t n_doors, bool patiently)
{
	const uint32_t burst = 2 * EVENT_OPEN_BURST * n_doors, per_second = 2 * EVENT_OPEN_PER_SECOND * n_doors;
	struct event events[IPC_MESSAGE];

	for (uint32_t n = 0;; n += IPC_MESSAGE) {
		for (uint32_t i = 0; i < IPC_MESSAGE; i++) {
			events[i] = event_of(EVENT_OPEN, (n + i) % n_doors, 1);
			set_source(&events[i], (1U << 24) + (n + i) % (200U << 24));
		}
		ipc_send(fd, events, IPC_MESSAGE, true);
		if (patiently && n > burst - 2 * n_doors * IPC_MESSAGE)
			usleep(IPC_MESSAGE * 1000000 / per_second);
	}
}

/* Openings and scans of addresses that no host can have. */
static void
speak_for_nobody(int fd)
{
	static const char *const addresses[] = { "0.0.0.0",   "0.1.2.3",         "224.0.0.1", "239.255.255.255",
						 "240.0.0.1", "255.255.255.255", "::",        "ff02::1",
						 "ffff::",    "::ffff:192.0.2.1" };

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct event event = event_of(EVENT_OPEN, 0, 1);

		/* addr_parse() makes an IPv4 address of the last one */
		event.source = (struct addr){ .family = strchr(addresses[i], ':') ? AF_INET6 : AF_INET };
		inet_pton(event.source.family, addresses[i], event.source.bytes);
		say(fd, event);
		event.kind = EVENT_SCAN;
		say(fd, event);
	}
}

/* Sends more than the parent takes at a time; the parent is stopped until the sender is dead. */
static _Noreturn void
die_talking(int fd)
{
	pid_t parent = getppid(), self = getpid();

	__real_kill(parent, SIGSTOP);
	if (!fork()) {
		while (getppid() == self)
			usleep(1000);
		__real_kill(parent, SIGCONT);
		_exit(0);
	}
	for (int i = 0; i < IPC_BATCH; i++)
		say(fd, event_of(EVENT_STAGE, 0, 1));
	send_bytes(fd, sizeof(struct event));
	_exit(0);
}

/* The next event of this kind that a sane engine would send. */
static struct event
next_event(const struct engine_setup *setup, enum event_kind kind)
{
	static struct engine e;
	struct pollfd fds = { .fd = setup->capture_fd, .events = POLLIN };

	prepare(&e, setup);
	for (;;) {
		poll(&fds, 1, -1);
		e.n_out = 0;
		read_packets(&e);
		for (size_t i = 0; i < e.n_out; i++)
			if (e.out[i].kind == kind)
				return e.out[i];
	}
}

/* The code of the first sequence that somebody completes, and all other codes, from another address. */
static void
guess(const struct engine_setup *setup)
{
	struct event event = next_event(setup, EVENT_CODE);

	say(setup->ipc_fd, event);
	event.source.bytes[3] ^= 1;
	say(setup->ipc_fd, event);
	for (event.count = 0; event.count < 5000; event.count++)
		say(setup->ipc_fd, event);
	say(setup->ipc_fd, event_of((enum event_kind)77, 0, 0));
}

#ifdef HAVE_SODIUM
/* ---- signed knocks: the engine may read them all, and has the server's key ------------------------ */

/*
 * Repeats a knock, from another address too, alters it bit by bit, and forges others of the same user. None may open
 * anything. It ends with an invalid message, so that the test sees when all of it is done.
 */
static void
forge(const struct engine_setup *setup)
{
	struct event good = next_event(setup, EVENT_AUTH), event = good;
	int fd = setup->ipc_fd;

	for (int i = 0; i < 100; i++) /* the first one counts */
		say(fd, good);
	event.source.bytes[3] ^= 1;
	say(fd, event);
	for (size_t bit = 0; bit < 8 * sizeof(good.plain); bit++) {
		event = good;
		event.source = event_of(EVENT_OPEN, 0, 1).source;
		event.plain[bit / 8] ^= (uint8_t)(1 << bit % 8);
		say(fd, event);
	}
	event = good;
	event.source = event_of(EVENT_OPEN, 0, 1).source;
	for (int i = 0; i < 100; i++) {
		event.plain[8 + 13]++; /* the counter: a new knock, if only it were signed */
		say(fd, event);
	}
	say(fd, event_of((enum event_kind)77, 0, 0));
}

/* Another door than the statement names. */
static void
mislead(const struct engine_setup *setup)
{
	struct event event = next_event(setup, EVENT_AUTH);

	event.door = (event.door + 1) % (uint32_t)setup->conf->n_doors;
	say(setup->ipc_fd, event);
}
#endif

/* Misdeeds before the engine is ready, while the parent waits for it. */
static void
misbehave_early(const char *word, int fd)
{
	if (!strcmp(word, "not-ready"))
		say(fd, event_of(EVENT_OPEN, 0, 1));
	else if (!strcmp(word, "no-word"))
		send_bytes(fd, 0);
	else if (!strcmp(word, "gone"))
		_exit(3);
	else
		return;
	stay();
}

static void
misbehave(const char *word, const struct engine_setup *setup)
{
	struct event event = event_of(EVENT_OPEN, 0, 1);
	int fd = setup->ipc_fd;

	if (!strcmp(word, "short"))
		send_bytes(fd, sizeof(struct event) - 1);
	else if (!strcmp(word, "long"))
		send_bytes(fd, sizeof(struct event) + 1);
	else if (!strcmp(word, "crowd"))
		send_bytes(fd, (IPC_MESSAGE + 1) * sizeof(struct event));
	else if (!strcmp(word, "empty"))
		send_bytes(fd, 0);
	else if (!strcmp(word, "zeros"))
		send_bytes(fd, sizeof(struct event));
	else if (!strcmp(word, "door"))
		say(fd, event_of(EVENT_OPEN, (uint32_t)setup->conf->n_doors, 1));
	else if (!strcmp(word, "stage"))
		say(fd, event_of(EVENT_STAGE, 0, SEQ_MAX + 1));
	else if (!strcmp(word, "kind"))
		say(fd, event_of((enum event_kind)77, 0, 0));
	else if (!strcmp(word, "ready-again"))
		say(fd, event_of(EVENT_READY, 0, 0));
	else if (!strcmp(word, "nobody"))
		say(fd, event_of(EVENT_OPEN, 0, 0));
	else if (!strcmp(word, "family")) {
		event.source.family = 99;
		say(fd, event);
	} else if (!strcmp(word, "tail")) { /* bytes behind an IPv4 address: two equal addresses that differ as bytes */
		event.source.bytes[15] = 1;
		say(fd, event);
	} else if (!strcmp(word, "deaf"))
		close(fd);
	else if (!strcmp(word, "abort"))
		abort();
	else if (!strcmp(word, "last-words"))
		die_talking(fd);
	else if (!strcmp(word, "descriptor")) {
		for (int i = 0; i < 100; i++)
			send_descriptor(fd);
		close(fd);
	} else if (!strcmp(word, "flood"))
		flood(fd, event_of(EVENT_STAGE, 0, 1));
	else if (!strcmp(word, "guess"))
		guess(setup);
	else if (!strcmp(word, "martians"))
		speak_for_nobody(fd);
#ifdef HAVE_SODIUM
	else if (!strcmp(word, "forge"))
		forge(setup);
	else if (!strcmp(word, "mislead"))
		mislead(setup);
	else if (!strcmp(word, "signed-flood"))
		flood(fd, next_event(setup, EVENT_AUTH));
#endif
	else if (!strcmp(word, "open-signed"))
		say(fd, event);
	else if (!strcmp(word, "openings") || !strcmp(word, "patient"))
		open_for_all(fd, (uint32_t)setup->conf->n_doors, *word == 'p');
	stay();
}

/* Takes the first word out of the file. False: there is none. */
static int
take_word(char word[static 32])
{
	const char *path = getenv("ROGUE");
	FILE *file = path ? fopen(path, "r+") : NULL;
	char rest[4096];
	size_t len;

	*word = '\0';
	if (!file)
		return 0;
	if (fscanf(file, "%31s ", word) != 1)
		*word = '\0';
	len = fread(rest, 1, sizeof(rest), file);
	rewind(file);
	if (ftruncate(fileno(file), 0) || fwrite(rest, 1, len, file) != len)
		abort();
	fclose(file);
	return *word != '\0';
}

_Noreturn void
engine_run(const struct engine_setup *setup)
{
	const struct rlimit none = { 0, 0 };
	char word[32];

	if (!take_word(word))
		real_engine_run(setup);
	setrlimit(RLIMIT_CORE, &none);
	misbehave_early(word, setup->ipc_fd);
	say(setup->ipc_fd, event_of(EVENT_READY, 0, 0));
	misbehave(word, setup);
	_exit(0);
}
