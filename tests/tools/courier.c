/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A parent for the courier: courier [-u USER] [-l USER:PASSWORD] [-w MSEC] [-r REPLICAS] [-C CA] [-c CERT] [-k KEY]
 * URL NAME
 *
 * Forks the courier as the daemon does, sends it what standard input says, and prints what it answers. Identifiers and
 * seals are numbers, which fill the bytes. Input, a line each:
 *
 *   put NAME=VALUE...     NAME: ticket, id, seal, hlc, renew (any value), left (ms), user, counter, once
 *   burst N [FROM [MSEC]] so many PUTs from this identifier on, stored for so long, as fast as the socket takes them,
 *                         with tickets; then "burst yes=N older=N repeat=N unknown=N usec=N"
 *   flood N PER_SECOND    so many PUTs at this pace, without tickets
 *   resync                then "sync begin" and "sync end records=N usec=N", as after each "up"; N: of how many names
 *   each on|off           a line "record id=N seal=N left=MS" for each record (on)
 *   sum                   "sum records=N different=N lag=USEC": since the last sum, and the longest time since a record
 *                         of a flood was sent by a process of this machine
 *   deaf MSEC             takes no message for so long
 *   bad                   a message that is not valid
 *   quit                  closes the socket
 *
 * Ends with the courier: "status N" or "signal N". What that writes to standard error has "said " before it.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "courier/courier.h"
#include "lib/moment.h"
#include "lib/text.h"
#include "process/priv.h"
#include "wire/share.h"

#define FLOOD_ID (UINT64_C(1) << 40) /* identifiers of floods: above those of a test */

struct driver {
	int fd, in;
	pid_t pid;
	bool each;
	uint64_t records, lag_usec, sync_records, sync_at;
	bool in_sync;
	uint8_t *seen; /* a bit for each identifier since the last sum, and in this resync */
	uint8_t *seen_in_sync;
	uint64_t different;
	uint64_t answers[SHARE_UNKNOWN + 1], awaited, burst_at;
	uint64_t flood_left, flood_next, flood_gap, flood_id;
};

#define SEEN 4000000

static _Noreturn void
die(const char *what)
{
	perror(what);
	exit(2);
}

/* ---- numbers as bytes -------------------------------------------------------------------------- */

static void
fill(uint8_t *bytes, size_t n, uint64_t value)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(value >> 8 * (7 - i % 8));
}

/* The number, or UINT64_MAX if the bytes are not its. */
static uint64_t
number(const uint8_t *bytes, size_t n)
{
	uint8_t same[SHARE_SEALED];
	uint64_t value = 0;

	for (size_t i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	fill(same, n, value);
	return memcmp(same, bytes, n) ? UINT64_MAX : value;
}

/* ---- from the courier -------------------------------------------------------------------------- */

/* Is it the first record with this identifier? */
static bool
is_new(uint8_t *seen, uint64_t id)
{
	uint64_t index = id >= FLOOD_ID ? id - FLOOD_ID : id;
	uint8_t bit = (uint8_t)(1 << index % 8);
	bool new = index < SEEN && !(seen[index / 8] & bit);

	if (new)
		seen[index / 8] |= bit;
	return new;
}

static void
take_record(struct driver *d, const struct share_message *m)
{
	uint64_t id = number(m->id, SHARE_ID), seal = number(m->sealed, SHARE_SEALED), now = moment_steady_usec();

	d->records++;
	d->different += is_new(d->seen, id);
	d->sync_records += d->in_sync && is_new(d->seen_in_sync, id);
	if (id >= FLOOD_ID && id != UINT64_MAX && !d->in_sync && now > seal && now - seal > d->lag_usec)
		d->lag_usec = now - seal;
	if (d->each)
		printf("record id=%lld seal=%lld left=%llu\n", (long long)id, (long long)seal,
		       (unsigned long long)m->left_ms);
}

static void
take_answer(struct driver *d, const struct share_message *m)
{
	static const char *const names[] = { "", "yes", "older", "repeat", "unknown" };

	d->answers[m->answer]++;
	if (!d->awaited) {
		printf("answer %llu %s\n", (unsigned long long)m->ticket, names[m->answer]);
		return;
	}
	if (--d->awaited)
		return;
	printf("burst yes=%llu older=%llu repeat=%llu unknown=%llu usec=%llu\n",
	       (unsigned long long)d->answers[SHARE_YES], (unsigned long long)d->answers[SHARE_OLDER],
	       (unsigned long long)d->answers[SHARE_REPEAT], (unsigned long long)d->answers[SHARE_UNKNOWN],
	       (unsigned long long)(moment_steady_usec() - d->burst_at));
}

static void
take(struct driver *d, const struct share_message *m)
{
	if (!share_valid(m, SHARE_FROM_COURIER)) {
		printf("invalid kind=%u\n", m->kind);
		return;
	}
	switch ((enum share_kind)m->kind) {
	case SHARE_READY:
		puts("ready");
		break;
	case SHARE_LINK:
		if (m->missed)
			printf("missed %llu\n", (unsigned long long)m->missed);
		printf("%s %s\n", m->link == SHARE_UP ? "up" : "down", m->reason);
		break;
	case SHARE_RECORD:
		take_record(d, m);
		break;
	case SHARE_ANSWER:
		take_answer(d, m);
		break;
	case SHARE_SYNC_BEGIN:
		d->in_sync = true;
		d->sync_records = 0;
		memset(d->seen_in_sync, 0, SEEN / 8);
		d->sync_at = moment_steady_usec();
		puts("sync begin");
		break;
	case SHARE_SYNC_END:
		d->in_sync = false;
		printf("sync end records=%llu usec=%llu\n", (unsigned long long)d->sync_records,
		       (unsigned long long)(moment_steady_usec() - d->sync_at));
		break;
	case SHARE_PUT:
	case SHARE_RESYNC:
		break;
	}
}

/* False: the courier has ended. */
static bool
receive(struct driver *d)
{
	static struct share_message messages[64 * SHARE_BATCH];
	int n = share_recv(d->fd, messages, 64 * SHARE_BATCH);

	if (n < 0 && errno == EAGAIN)
		return true;
	for (int i = 0; i < n; i++)
		take(d, &messages[i]);
	return n > 0;
}

/* ---- to the courier ---------------------------------------------------------------------------- */

/* Waits for room, and takes messages meanwhile, as both sockets may be full. */
static void
send_all(struct driver *d, const struct share_message *messages, size_t n)
{
	while (share_send(d->fd, messages, n)) {
		struct pollfd pfd = { .fd = d->fd, .events = POLLIN | POLLOUT };

		if (errno != EAGAIN)
			die("share_send");
		poll(&pfd, 1, 1000);
		if (pfd.revents & POLLIN && !receive(d))
			exit(0);
	}
}

static struct share_message
make_put(uint64_t id, uint64_t seal, uint64_t hlc, uint64_t left, uint64_t ticket)
{
	struct share_message put = { .kind = SHARE_PUT, .ticket = ticket };

	fill(put.id, SHARE_ID, id);
	fill(put.sealed, SHARE_SEALED, seal);
	if (hlc) {
		put.flags = SHARE_STORE;
		put.hlc = hlc;
		put.left_ms = left;
	}
	return put;
}

static void
do_put(struct driver *d, char *words)
{
	struct share_message put = make_put(0, 0, 0, 0, 0);
	char *word;

	while ((word = strsep(&words, " "))) {
		char *value = strchr(word, '=');
		uint64_t n = value ? strtoull(value + 1, NULL, 10) : 0;

		if (!strncmp(word, "ticket=", 7))
			put.ticket = n;
		else if (!strncmp(word, "id=", 3))
			fill(put.id, SHARE_ID, n);
		else if (!strncmp(word, "seal=", 5))
			fill(put.sealed, SHARE_SEALED, n);
		else if (!strncmp(word, "left=", 5))
			put.left_ms = n;
		else if (!strncmp(word, "hlc=", 4))
			put.hlc = n, put.flags |= SHARE_STORE;
		else if (!strncmp(word, "renew=", 6))
			put.flags |= SHARE_RENEW;
		else if (!strncmp(word, "user=", 5))
			fill(put.user, SHARE_ID, n);
		else if (!strncmp(word, "counter=", 8))
			put.counter = n, put.flags |= SHARE_COUNTER;
		else if (!strncmp(word, "once=", 5))
			fill(put.once, SHARE_ID, n), put.flags |= SHARE_ONCE;
		else
			printf("unknown word %s\n", word);
	}
	send_all(d, &put, 1);
}

static void
do_burst(struct driver *d, char *words)
{
	struct share_message batch[SHARE_BATCH];
	unsigned long long n = 0, from = 1, left = 600000;
	size_t k = 0;

	if (sscanf(words, "%llu %llu %llu", &n, &from, &left) < 1)
		return;
	memset(d->answers, 0, sizeof(d->answers));
	d->awaited = n;
	d->burst_at = moment_steady_usec();
	for (unsigned long long i = 0; i < n; i++) {
		batch[k++] = make_put(from + i, from + i, d->burst_at, left, i + 1);
		if (k == SHARE_BATCH || i + 1 == n) {
			send_all(d, batch, k);
			k = 0;
		}
	}
}

/* What is due of a flood. Each record's seal is the time when it is sent. */
static void
flood(struct driver *d)
{
	struct share_message batch[SHARE_BATCH];
	uint64_t now = moment_steady_usec();
	size_t k = 0;

	while (d->flood_left && d->flood_next <= now && k < SHARE_BATCH) {
		batch[k++] = make_put(d->flood_id++, now, now, 600000, 0);
		d->flood_next += d->flood_gap;
		d->flood_left--;
	}
	if (k)
		send_all(d, batch, k);
	if (k && !d->flood_left)
		puts("flood done");
}

static void
do_line(struct driver *d, char *line)
{
	char *rest = line, *word = strsep(&rest, " ");

	rest = rest ? rest : line + strlen(line);
	if (!strcmp(word, "put")) {
		do_put(d, rest);
	} else if (!strcmp(word, "burst")) {
		do_burst(d, rest);
	} else if (!strcmp(word, "flood")) {
		unsigned long long n = 0, per_second = 1, from = 0;

		sscanf(rest, "%llu %llu %llu", &n, &per_second, &from);
		d->flood_left = n;
		d->flood_gap = 1000000 / per_second;
		d->flood_next = moment_steady_usec();
		d->flood_id = FLOOD_ID + from;
	} else if (!strcmp(word, "resync")) {
		send_all(d, &(struct share_message){ .kind = SHARE_RESYNC }, 1);
	} else if (!strcmp(word, "each")) {
		d->each = !strcmp(rest, "on");
	} else if (!strcmp(word, "sum")) {
		printf("sum records=%llu different=%llu lag=%llu\n", (unsigned long long)d->records,
		       (unsigned long long)d->different, (unsigned long long)d->lag_usec);
		d->records = d->different = d->lag_usec = 0;
		memset(d->seen, 0, SEEN / 8);
	} else if (!strcmp(word, "deaf")) {
		usleep((useconds_t)atoi(rest) * 1000);
		puts("not deaf");
	} else if (!strcmp(word, "bad")) {
		send_all(d, &(struct share_message){ .kind = SHARE_PUT, .flags = 0x80 }, 1);
	} else if (!strcmp(word, "quit")) {
		close(d->fd);
		d->fd = -1;
	} else {
		printf("unknown command %s\n", word);
	}
}

/* ---- start ------------------------------------------------------------------------------------- */

static void
start(struct driver *d, struct courier_setup *setup, const char *user)
{
	int fds[2], said[2];
	char text[1024], *rest = text, *line;
	ssize_t len;

	if (priv_lookup(&setup->user, user) || share_pair(fds) || pipe(said))
		die("cannot start");
	d->pid = fork();
	if (!d->pid) {
#ifndef SANITIZERS /* else it stays open */
		dup2(said[1], STDERR_FILENO);
#endif
		setup->fd = fds[1];
		courier_run(setup);
	}
	d->fd = fds[0];
	close(fds[1]);
	close(said[1]);
	printf("pid %d\n", (int)d->pid);
	len = read(said[0], text, sizeof(text) - 1);
	text[len > 0 ? len : 0] = '\0';
	while ((line = strsep(&rest, "\n")))
		if (*line)
			printf("said %s\n", line);
}

/* A read may end in the middle of a line. */
static void
read_lines(struct driver *d)
{
	static char buf[65536];
	static size_t n;
	ssize_t len = read(d->in, buf + n, sizeof(buf) - n);
	char *line = buf, *end;

	if (len <= 0) {
		d->in = -1;
		return;
	}
	n += (size_t)len;
	while ((end = memchr(line, '\n', n - (size_t)(line - buf)))) {
		*end = '\0';
		do_line(d, line);
		line = end + 1;
	}
	n -= (size_t)(line - buf);
	memmove(buf, line, n);
}

static void
loop(struct driver *d)
{
	while (d->fd >= 0) {
		struct pollfd fds[] = { { .fd = d->fd, .events = POLLIN }, { .fd = d->in, .events = POLLIN } };
		struct timespec gap = { .tv_nsec = 100000 };

		ppoll(fds, 2, d->flood_left ? &gap : NULL, NULL);
		if (fds[0].revents && !receive(d))
			break;
		flood(d);
		if (fds[1].revents)
			read_lines(d);
	}
}

static int
open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(path);
	return fd;
}

int
main(int argc, char **argv)
{
	static struct driver d = { .in = STDIN_FILENO, .each = true };
	static struct share_conf conf = { .wait_ms = SHARE_WAIT_MS_DEFAULT };
	struct courier_setup setup = { .conf = &conf, .tls = { -1, -1, -1 } };
	const char *user = "65534:65534";
	char err[256], *colon;
	int option, status = 0;

	while ((option = getopt(argc, argv, "u:l:w:r:C:c:k:")) != -1) {
		switch (option) {
		case 'u':
			user = optarg;
			break;
		case 'l':
			colon = strchr(optarg, ':');
			if (!colon)
				die("-l");
			*colon = '\0';
			text_copy(conf.login.user, sizeof(conf.login.user), optarg);
			text_copy(conf.login.password, sizeof(conf.login.password), colon + 1);
			break;
		case 'w':
			conf.wait_ms = (uint32_t)atoi(optarg);
			break;
		case 'r':
			conf.replicas = (uint32_t)atoi(optarg);
			break;
		case 'C':
			setup.tls[SHARE_CA] = open_file(optarg);
			break;
		case 'c':
			setup.tls[SHARE_CERT] = open_file(optarg);
			break;
		case 'k':
			setup.tls[SHARE_CERT_KEY] = open_file(optarg);
			break;
		default:
			return 2;
		}
	}
	if (argc - optind != 2)
		return 2;
	d.seen = calloc(1, SEEN / 8);
	d.seen_in_sync = calloc(1, SEEN / 8);
	if (!d.seen || !d.seen_in_sync || share_conf_parse(&conf, argv[optind], err, sizeof(err)) ||
	    text_copy(conf.name, sizeof(conf.name), argv[optind + 1]))
		die(argv[optind]);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	start(&d, &setup, user);
	loop(&d);
	waitpid(d.pid, &status, 0);
	if (WIFEXITED(status))
		printf("status %d\n", WEXITSTATUS(status));
	else
		printf("signal %d\n", WTERMSIG(status));
	return 0;
}
