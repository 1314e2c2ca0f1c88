/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wait.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/moment.h"
#include "lib/seq.h"

#define TRIES_MAX    8   /* connections under way at once */
#define FIRST_TRY    20  /* ms after a knock: the daemon needs a moment to open */
#define FIRST_PAUSE  100 /* ms between two knocks ... */
#define PAUSE_GROWTH 64  /* ... which grow by 1/PAUSE_GROWTH each time */

/*
 * The hits before a repeated knock. After a lost packet knockd 0.8 holds an unfinished attempt: of this door, or of one
 * whose sequence begins with our last port, such as the closing door of its sample. Our first hit then only ends that
 * attempt and begins none, and our last hit begins the next wrong one: a lost packet would lock the client out until
 * the attempt expires. So some repetitions end the attempt first. The second port, three times, ends an attempt at any
 * stage and, as a rule, begins none at another door. The first port, once, helps where that rule fails. The plain knock
 * helps when no attempt is left, where an extra first hit does harm. Daemons that let the hit that ends an attempt
 * begin a new one open to all three.
 */
enum lead { LEAD_NONE, LEAD_SECOND, LEAD_FIRST };

static const enum lead leads[] = { LEAD_NONE, LEAD_SECOND, LEAD_FIRST, LEAD_SECOND };

#define LEADS (sizeof(leads) / sizeof(*leads))

/* The times of the next hit and the next connection, and the connections under way. */
struct tries {
	struct waiting *waiting;
	struct pollfd tries[TRIES_MAX]; /* fd -1: free */
	size_t hit;                     /* the next one of this knock; 0: between two knocks */
	enum lead lead;
	int64_t pause;
	int64_t hit_at, try_at, end_at;
};

static int64_t
now_ms(void)
{
	return (int64_t)(moment_steady_usec() / 1000);
}

static void
sleep_ms(int64_t ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (ms > 0 && nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* True: it was sent. */
static bool
hit_one(const struct knocking *k, const struct place *place, size_t nth)
{
	if (k->verbose)
		hit_show(k->verbose, k->hits, nth, place);
	if (hit_send(&k->hits->at[nth], place, k->origin) == 0)
		return true;
	if (k->verbose)
		fprintf(stderr, "knock: %s: %s\n", place->text, strerror(errno));
	return false;
}

size_t
wait_knock(const struct knocking *k)
{
	size_t sent = 0;

	for (size_t i = 0; i < k->places->n * k->hits->n; i++) {
		sent += hit_one(k, &k->places->at[i / k->hits->n], i % k->hits->n);
		sleep_ms(k->delay);
	}
	return sent;
}

/* No lead if the sequence is too short or too uniform for it. */
static enum lead
choose_lead(const struct waiting *waiting)
{
	const struct hits *hits = waiting->knocking->hits;
	enum lead lead = leads[waiting->knocks % LEADS];

	if (hits->n < 2)
		return LEAD_NONE;
	if (lead == LEAD_SECOND &&
	    (hits->n < 3 || (hits->at[0].port == hits->at[1].port && hits->at[0].proto == hits->at[1].proto)))
		return LEAD_NONE;
	return lead;
}

static size_t
lead_length(enum lead lead)
{
	switch (lead) {
	case LEAD_NONE:
		return 0;
	case LEAD_FIRST:
		return 1;
	case LEAD_SECOND:
		return 3;
	}
	return 0;
}

/* Schedules the next knock, and a try before it. */
static void
knock_done(struct tries *s, int64_t now)
{
	s->waiting->knocks++;
	s->hit = 0;
	s->lead = choose_lead(s->waiting);
	s->hit_at = now + s->pause;
	s->pause += s->pause / PAUSE_GROWTH;
	s->try_at = now + FIRST_TRY;
}

/* Sends one hit of a repeated knock: for each place the lead, then the sequence. */
static void
send_next(struct tries *s, int64_t now)
{
	const struct knocking *k = s->waiting->knocking;
	size_t lead = lead_length(s->lead), length = lead + k->hits->n, i = s->hit % length;
	size_t led = s->lead == LEAD_SECOND;

	hit_one(k, &k->places->at[s->hit / length], i < lead ? led : i - lead);
	s->hit++;
	s->hit_at = now + k->delay;
	if (s->hit == k->places->n * length)
		knock_done(s, now);
}

static void
drop(struct pollfd *try)
{
	if (try->fd >= 0)
		close(try->fd);
	try->fd = -1;
}

/* Is the socket connected to itself? With no service, the kernel may choose the door's port as source port. */
static bool
is_echo(int fd)
{
	struct sockaddr_storage ours = { 0 }, theirs = { 0 };
	socklen_t len = sizeof(ours), theirs_len = sizeof(theirs);

	if (getsockname(fd, (struct sockaddr *)&ours, &len) || getpeername(fd, (struct sockaddr *)&theirs, &theirs_len))
		return true;
	return len == theirs_len && !memcmp(&ours, &theirs, len);
}

/* The errno of a finished try; 0: open. */
static int
outcome(const struct tries *s, int fd)
{
	socklen_t len = sizeof(int);
	int err = 0;
	char byte;

	if (s->waiting->door.proto == IPPROTO_UDP)
		return recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0 ? 0 : errno;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return errno;
	return err == 0 && is_echo(fd) ? ECONNREFUSED : err;
}

static int
begin(struct tries *s, const struct place *place)
{
	const struct hit *door = &s->waiting->door;
	bool udp = door->proto == IPPROTO_UDP;
	int fd = net_socket(s->waiting->knocking->origin, place, udp ? SOCK_DGRAM : SOCK_STREAM);

	if (fd < 0)
		return -1;
	if (net_connect(fd, place, door->port) ? errno != EINPROGRESS : udp && send(fd, "", 1, 0) != 1) {
		s->waiting->last_error = errno;
		close(fd);
		return -1;
	}
	return fd;
}

/* Starts a try for each place, in place of the oldest ones. */
static void
try_all(struct tries *s, int64_t now)
{
	const struct places *places = s->waiting->knocking->places;

	for (size_t i = 0; i < places->n; i++) {
		struct pollfd *try = &s->tries[s->waiting->tries++ % TRIES_MAX];

		drop(try);
		try->fd = begin(s, &places->at[i]);
		try->events = s->waiting->door.proto == IPPROTO_UDP ? POLLIN : POLLOUT;
	}
	s->try_at = now + s->pause / 2;
}

/* Sleeps until a hit, a try or the end is due, or a try has an event. */
static void
rest(struct tries *s, int64_t now)
{
	int64_t until = s->hit_at < s->end_at ? s->hit_at : s->end_at;

	if (s->hit == 0 && s->try_at < until)
		until = s->try_at;
	poll(s->tries, TRIES_MAX, until > now ? (int)(until - now) : 0);
}

/* Removes and returns the first open try, or returns -1. */
static int
collect(struct tries *s)
{
	for (size_t i = 0; i < TRIES_MAX; i++) {
		struct pollfd *try = &s->tries[i];
		int err, fd = try->fd;

		if (fd < 0 || !try->revents)
			continue;
		err = outcome(s, fd);
		if (!err) {
			try->fd = -1;
			return fd;
		}
		s->waiting->last_error = err;
		drop(try);
	}
	return -1;
}

static int
run(struct tries *s)
{
	int64_t now;
	int fd = -1;

	while (fd < 0 && (now = now_ms()) < s->end_at) {
		if (now >= s->hit_at)
			send_next(s, now);
		else if (s->hit == 0 && now >= s->try_at)
			try_all(s, now);
		rest(s, now);
		fd = collect(s);
	}
	return fd;
}

int
wait_open(struct waiting *waiting)
{
	struct tries s = { .waiting = waiting, .pause = FIRST_PAUSE };
	int64_t now = now_ms();
	int fd;

	for (size_t i = 0; i < TRIES_MAX; i++)
		s.tries[i].fd = -1;
	waiting->knocks = waiting->tries = 0;
	waiting->last_error = 0;
	s.end_at = now + waiting->timeout;
	knock_done(&s, now);
	fd = run(&s);
	for (size_t i = 0; i < TRIES_MAX; i++)
		drop(&s.tries[i]);
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

const char *
wait_explain(const struct waiting *w, char *buf, size_t len)
{
	const struct places *at = w->knocking->places;
	const char *answer = w->last_error ? strerror(w->last_error) : "no answer";

	snprintf(buf, len, "%s%s%s: port %s/%s did not open within %g s: knocked %u times, tried %u times (%s)",
		 at->at[0].text, at->n > 1 ? " and " : "", at->n > 1 ? at->at[1].text : "", w->door.word,
		 seq_proto_name(w->door.proto), (double)w->timeout / 1000, w->knocks, w->tries, answer);
	return buf;
}
