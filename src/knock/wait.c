/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wait.h"

#include "config.h" /* HAVE_GETRANDOM */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#ifdef HAVE_GETRANDOM
#include <sys/random.h>
#endif
#include <time.h>
#include <unistd.h>

#include "lib/moment.h"
#include "lib/seq.h"
#include "lib/text.h"

#define FIRST_TRY    50   /* ms after a knock: the daemon runs a command that opens */
#define FIRST_PAUSE  250  /* ms between the first two knocks: a round trip of 200, and FIRST_TRY */
#define SECOND_PAUSE 80   /* ms: a line that has not answered by then is a bad one ... */
#define PAUSE_GROWTH 8    /* ... growing by 1/PAUSE_GROWTH each time: seven knocks in the first second, 24 in ten */
#define AFTER_TRIP   100  /* ms between two knocks, more than a measured round trip */
#define NEXT_PLACE   250  /* ms: RFC 8305's Connection Attempt Delay */
#define LAST_CHANCE  1000 /* ms: for a door that is open already, when this machine lets no knock out */
#define NEVER        INT64_MAX

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

static uint32_t
random_number(void)
{
#ifdef HAVE_GETRANDOM
	uint32_t n;

	if (getrandom(&n, sizeof(n), GRND_NONBLOCK) == sizeof(n))
		return n;
#endif
	return (uint32_t)moment_steady_usec() * 2654435761U;
}

/* From 0 to `ms`. */
static int64_t
random_ms(int64_t ms)
{
	return (int64_t)((uint64_t)ms * random_number() >> 32);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- one address -------------------------------------------------------------------------------- */

/* The limits that the server sets to connections are per source address, and so per family. */
static unsigned
quota_for(const struct waiting *w, const struct place *place)
{
	unsigned same = 0;

	for (size_t i = 0; i < w->places->n; i++)
		same += w->places->at[i].addr.ss_family == place->addr.ss_family;
	return same > 1 ? TRIES_MAX / 2 : TRIES_MAX;
}

static struct path *
begin_path(struct waiting *w, int64_t now)
{
	struct path *p = &w->paths[w->n];

	*p = (struct path){
		.place = &w->places->at[w->n], .pause = FIRST_PAUSE, .began = now, .hit_at = now, .try_at = NEVER
	};
	round_start(&p->round, w->knocking, 0);
	tries_start(&p->tries, p->place, w->knocking->origin, &w->door, quota_for(w, p->place));
	w->n++;
	return p;
}

/* An errno that does not change by itself: firewall, prohibiting route, no route for this kind of address, no IPv6. */
static bool
is_refusal(int err)
{
	return err == EPERM || err == EACCES || err == EINVAL || err == EAFNOSUPPORT;
}

/* A try needs a knock before it. One without is left to the kernel, which repeats the SYN of the last one. */
static int64_t
try_time(const struct path *p)
{
	int64_t next = tries_next(&p->tries);

	return p->try_at > next ? p->try_at : next;
}

/* The knock is complete. */
static void
end_knock(struct waiting *w, struct path *p, int64_t now)
{
	int64_t duration = now - p->began, pause = p->pause;

	w->knocks++;
	if (p->round.nth == 0 && is_refusal(p->round.failed))
		p->refusal = p->round.failed;
	if (p->tries.round_trip && pause < p->tries.round_trip + AFTER_TRIP)
		pause = p->tries.round_trip + AFTER_TRIP;
	p->began = p->hit_at = now + pause + random_ms(pause * 2 / 5 + 3 * duration);
	p->pause = p->round.nth == 0 ? SECOND_PAUSE : p->pause + p->pause / PAUSE_GROWTH;
	round_start(&p->round, w->knocking, p->round.nth + 1);
	p->try_at = earlier(p->try_at, now + FIRST_TRY);
}

static void
serve_path(struct waiting *w, struct path *p, int64_t now)
{
	if (now >= try_time(p)) {
		tries_begin(&p->tries, now);
		p->try_at = NEVER;
	}
	if (now < p->hit_at)
		return;
	if (round_hit(&p->round, w->knocking, p->place))
		end_knock(w, p, now + w->knocking->delay);
	else
		p->hit_at = now + w->knocking->delay;
}

/* ---- all of them -------------------------------------------------------------------------------- */

/* When the race goes on to the next address. */
static int64_t
next_place_at(const struct waiting *w)
{
	const struct path *last = &w->paths[w->n - 1];

	if (w->n == w->places->n || !last->tries.all)
		return NEVER;
	return tries_live(&last->tries) ? last->tries.at[0].began + NEXT_PLACE : 0;
}

/* Begins the next address with a knock. */
static void
race(struct waiting *w, int64_t now)
{
	if (now >= next_place_at(w))
		begin_path(w, now);
}

/* Was every knock refused? Then says so. */
bool
wait_refused(const struct waiting *w)
{
	for (size_t i = 0; i < w->n; i++) {
		if (!w->paths[i].refusal)
			return false;
	}
	fprintf(stderr, "knock: %s: cannot send the knock: %s\n", w->paths[0].place->text,
		strerror(w->paths[0].refusal));
	return true;
}

/* If no knock gets out of this machine, says so at once, and waits only for a door that is open already. */
static void
check_refusals(struct waiting *w, int64_t now)
{
	if (w->refused || w->n < w->places->n || !wait_refused(w))
		return;
	w->refused = true;
	w->end_at = earlier(w->end_at, now + LAST_CHANCE);
}

/* Sleeps until something is due, or a try has an event. */
static void
rest(const struct waiting *w, struct pollfd *slots, int64_t now)
{
	int64_t until = earlier(w->end_at, next_place_at(w));

	for (size_t i = 0; i < w->n; i++) {
		until = earlier(until, earlier(w->paths[i].hit_at, try_time(&w->paths[i])));
		until = earlier(until, tries_end_at(&w->paths[i].tries));
		tries_poll(&w->paths[i].tries, slots + i * TRIES_MAX);
	}
	poll(slots, w->n * TRIES_MAX, until > now ? (int)(until - now) : 0);
}

static int
collect(struct waiting *w, const struct pollfd *slots)
{
	int fd = -1;

	for (size_t i = 0; i < w->n && fd < 0; i++) {
		fd = tries_collect(&w->paths[i].tries, slots + i * TRIES_MAX, now_ms());
		w->open = w->paths[i].place;
	}
	return fd;
}

static int
run(struct waiting *w)
{
	struct pollfd slots[PLACES_MAX * TRIES_MAX];
	int64_t now;
	int fd = -1;

	while (fd < 0 && (now = now_ms()) < w->end_at) {
		race(w, now);
		for (size_t i = 0; i < w->n; i++)
			serve_path(w, &w->paths[i], now);
		check_refusals(w, now);
		rest(w, slots, now);
		fd = collect(w, slots);
	}
	return fd;
}

/* ---- the wait ----------------------------------------------------------------------------------- */

size_t
wait_knock(struct waiting *w)
{
	size_t sent = 0;

	while (w->n < w->places->first) {
		struct path *p = begin_path(w, now_ms());
		bool done = false;

		while (!done) {
			done = round_hit(&p->round, w->knocking, p->place);
			sleep_ms(w->knocking->delay);
		}
		sent += p->round.sent;
		end_knock(w, p, now_ms());
	}
	return sent;
}

int
wait_open(struct waiting *w)
{
	int fd;

	if (!w->end_at)
		w->end_at = now_ms() + w->timeout;
	fd = run(w);
	for (size_t i = 0; i < w->n; i++)
		tries_end(&w->paths[i].tries);
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

bool
wait_over(const struct waiting *w)
{
	return now_ms() >= w->end_at;
}

/* "A", "A and B", "A, B and C": all addresses that were knocked at. */
static void
write_places(const struct waiting *w, struct pen *pen)
{
	for (size_t i = 0; i < w->n; i++) {
		const char *before = i == 0 ? "" : i + 1 < w->n ? ", " : " and ";

		text_write(pen, before, w->paths[i].place->text, NULL);
	}
}

static const char *
reason(const struct waiting *w, int error)
{
	if (w->closed)
		return "connection closed without a byte";
	return error ? strerror(error) : "no answer";
}

const char *
wait_explain(const struct waiting *w, char *buf, size_t len)
{
	struct pen pen = text_pen(buf, len);
	unsigned tries = 0;
	int error = 0;

	for (size_t i = 0; i < w->n; i++) {
		tries += w->paths[i].tries.all;
		error = error ? error : w->paths[i].tries.error;
	}
	write_places(w, &pen);
	text_print(&pen, ": port %s/%s did not open within %g s: knocked %u times, tried %u times (%s)", w->door.word,
		   seq_proto_name(w->door.proto), (double)w->timeout / 1000, w->knocks, tries, reason(w, error));
	return buf;
}
