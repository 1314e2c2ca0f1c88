/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/engine.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "gate.h"
#include "knock.h"
#include "lib/limiter.h"
#include "lib/moment.h"
#include "nflog.h"
#include "nfqueue.h"
#include "packet.h"
#include "process/cage.h"
#include "process/confine.h"
#include "process/title.h"
#include "reader.h"
#include "wire/event.h"
#include "wire/ipc.h"

/*
 * Packets in a millisecond above which waking the engine for each costs more than the packet: nap, then read a batch.
 * In the flood that this is, a knock may wait as long as the nap, which is 8 ms with the room that the kernel usually
 * gives, and shorter where it gives less, as in a container without root: a million packets a second must fit. One
 * takes some 2 KiB. The engine never naps while the kernel holds packets in a queue.
 */
#define FLOOD_PACKETS 10
#define NAP_NSEC_EACH 1000
#define PACKET_ROOM   2048

/* The engine reports suppressed events and lost packets at most this often. */
#define REPORT_MSEC 10000

enum { POLL_CAPTURE, POLL_IPC, POLL_SLOTS };

/* Packets that the kernel numbers together: the NFLOG group, or one queue. */
struct stream {
	uint32_t next; /* the next packet's number */
	bool has_next;
	bool unanswered; /* the kernel still holds the packets before `next` */
};

struct engine {
	const struct conf *conf;
	int ipc_fd;
	struct counters *counters;
	struct reader *reader;
	struct knock *knock;
	struct gate *gate;        /* NULL: no door is opened by signed knocks */
	struct limiter *limiters; /* by door; of what strangers drive */
	struct limiter *openings; /* by door */
	struct stream streams[CAPTURE_WAYS];
	uint64_t now;       /* ms, monotonic */
	uint64_t report_at; /* UINT64_MAX: nothing to report */
	uint64_t beat_msec; /* as in struct engine_setup */
	struct timespec nap;
	unsigned recent; /* packets read in this millisecond */
	bool drained;    /* the last read emptied the socket */
	uint64_t reported_lost, reported_overruns;
	struct event out[IPC_MESSAGE]; /* to send before the engine sleeps */
	size_t n_out;
	struct knock_hit hits[KNOCK_BATCH]; /* to feed before anything else */
	size_t n_hits;
};

/* ---- to the parent ----------------------------------------------------------------------------- */

static void
report_later(struct engine *e)
{
	if (e->report_at == UINT64_MAX)
		e->report_at = e->now + REPORT_MSEC;
}

static void
suppress(struct engine *e, struct limiter *limiter)
{
	limiter->suppressed++;
	e->counters->suppressed++;
	report_later(e);
}

/* Events that any stranger can cause; the log may lack some. */
static bool
may_be_left_out(const struct event *event)
{
	switch ((enum event_kind)event->kind) {
	case EVENT_STAGE:
	case EVENT_TIMEOUT:
	case EVENT_SCAN:
		return true;
	case EVENT_READY:
	case EVENT_OPEN:
	case EVENT_SUPPRESSED:
	case EVENT_DROPPED:
	case EVENT_LOST:
	case EVENT_AUTH:
	case EVENT_CODE:
	case EVENT_DEALT_WITH:
		break;
	}
	return false;
}

static void
leave_out(struct engine *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->n_out; i++) {
		if (may_be_left_out(&e->out[i]))
			suppress(e, &e->limiters[e->out[i].door]);
		else
			e->out[kept++] = e->out[i];
	}
	e->n_out = kept;
}

/* Socket full: drop the events that may be left out, block for the rest. Parent gone: end. */
static void
send_out(struct engine *e)
{
	if (e->n_out && ipc_send(e->ipc_fd, e->out, e->n_out, false)) {
		leave_out(e);
		if (e->n_out && ipc_send(e->ipc_fd, e->out, e->n_out, true))
			_exit(0);
	}
	e->n_out = 0;
}

static void
put_out(struct engine *e, const struct event *event)
{
	if (e->n_out == IPC_MESSAGE)
		send_out(e);
	e->out[e->n_out++] = *event;
}

/* An opening that uses up a one-time sequence always passes, or the parent would go on with another than the matcher.
 */
static bool
may_pass(struct engine *e, const struct event *event)
{
	if (event->kind != EVENT_OPEN && event->kind != EVENT_CODE)
		return limiter_pass(&e->limiters[event->door], EVENT_BURST, EVENT_PER_SECOND, e->now);
	return e->conf->doors[event->door].one_time_path ||
	       limiter_pass(&e->openings[event->door], EVENT_OPEN_BURST, EVENT_OPEN_PER_SECOND, e->now);
}

/* knock_emit. */
static void
pass_on(void *arg, const struct event *event)
{
	struct engine *e = arg;

	e->counters->scans += event->kind == EVENT_SCAN;
	if (event->kind == EVENT_OPEN || event->kind == EVENT_CODE)
		e->recent = 0;
	if (may_pass(e, event)) {
		put_out(e, event);
	} else {
		e->counters->suppressed++;
		report_later(e);
	}
}

static void
report_limited(struct engine *e, struct limiter *limiters, enum event_kind kind)
{
	for (uint32_t door = 0; door < e->conf->n_doors; door++) {
		struct limiter *limiter = &limiters[door];

		if (limiter->suppressed) {
			put_out(e, &(struct event){ .kind = kind, .door = door, .count = limiter->suppressed });
			limiter->suppressed = 0;
		}
	}
}

static void
report_lost(struct engine *e)
{
	const struct counters *c = e->counters;
	uint64_t lost = c->lost - e->reported_lost;

	if (!lost && c->overruns == e->reported_overruns)
		return;
	put_out(e, &(struct event){ .kind = EVENT_LOST, .count = lost > UINT32_MAX ? UINT32_MAX : (uint32_t)lost });
	e->reported_lost = c->lost;
	e->reported_overruns = c->overruns;
}

static void
report(struct engine *e)
{
	if (e->now < e->report_at)
		return;
	e->report_at = UINT64_MAX;
	report_limited(e, e->limiters, EVENT_SUPPRESSED);
	report_limited(e, e->openings, EVENT_DROPPED);
	report_lost(e);
}

/* ---- from the kernel --------------------------------------------------------------------------- */

static void
count_gap(struct engine *e, struct stream *stream, uint32_t seq)
{
	uint32_t gap = seq - stream->next;

	if (stream->has_next && gap) {
		e->counters->lost += gap;
		report_later(e);
	}
	stream->has_next = true;
	stream->unanswered = e->conf->capture == CONF_CAPTURE_NFQUEUE;
	stream->next = seq + 1;
}

static void
count_refused(struct counters *c, enum packet_status status)
{
	switch (status) {
	case PACKET_SHORT:
		c->cut++;
		break;
	case PACKET_BAD:
		c->malformed++;
		break;
	case PACKET_FRAGMENT:
		c->fragments++;
		break;
	case PACKET_OTHER:
		c->other++;
		break;
	case PACKET_OK:
	case PACKET_STATUSES:
		break;
	}
}

static void
feed(struct engine *e)
{
	knock_feed(e->knock, e->hits, e->n_hits, e->now);
	e->n_hits = 0;
}

/* After the hits before it. */
static void
take_signed(struct engine *e, const struct knock_hit *hit, const uint8_t *data)
{
	const struct packet *packet = &hit->packet;
	struct event event = { .kind = EVENT_AUTH };

	if (!gate_open(e->gate, packet, data + packet->payload, e->now, e->counters, &event))
		return;
	feed(e);
	e->recent = 0;
	if (event.door < e->conf->n_doors)
		event.stage = knock_signed(e->knock, (uint16_t)event.door, hit, e->now);
	put_out(e, &event);
}

/* reader_take. A refused packet leaves its place in `hits` to the next one. */
static void
take_packet(void *arg, const struct reader_packet *raw)
{
	struct engine *e = arg;
	struct knock_hit *hit = &e->hits[e->n_hits];
	enum packet_status status;

	if (!raw) {
		e->counters->bad_messages++;
		return;
	}
	e->counters->packets++;
	e->recent++;
	if (raw->has_seq)
		count_gap(e, &e->streams[raw->stream], raw->seq);
	hit->local = raw->way != CAPTURE_TARGET;
	status = packet_decode(&hit->packet, raw->data, raw->len);
	if (status != PACKET_OK)
		count_refused(e->counters, status);
	else if (hit->packet.src.family != AF_INET && e->conf->only_ipv4)
		return;
	else if (gate_wants(e->gate, &hit->packet))
		take_signed(e, hit, raw->data);
	else
		e->n_hits++;
	if (e->n_hits == KNOCK_BATCH)
		feed(e);
}

/* Sent after the events of these packets, so that the parent acts on those before it releases the packets. */
static void
answer(struct engine *e)
{
	for (uint32_t i = 0; i < CAPTURE_WAYS; i++) {
		struct stream *stream = &e->streams[i];

		if (stream->unanswered)
			put_out(e, &(struct event){ .kind = EVENT_DEALT_WITH, .stage = i, .count = stream->next - 1 });
		stream->unanswered = false;
	}
}

/* False: the socket is unusable. */
static bool
read_packets(struct engine *e)
{
	int n = reader_read(e->reader, take_packet, e);

	e->drained = n < READER_BATCH;
	if (n > 0) {
		feed(e);
		answer(e);
	}
	if (n >= 0 || errno == EAGAIN || errno == EINTR)
		return true;
	if (errno != ENOBUFS)
		return false;
	e->counters->overruns++;
	report_later(e);
	return true;
}

/* ---- the loop ---------------------------------------------------------------------------------- */

static int
poll_timeout(const struct engine *e)
{
	uint64_t next = knock_next(e->knock);

	if (e->report_at < next)
		next = e->report_at;
	if (e->beat_msec && e->now + e->beat_msec < next)
		next = e->now + e->beat_msec;
	if (next == UINT64_MAX)
		return -1;
	if (next <= e->now)
		return 0;
	return next - e->now > 60000 ? 60000 : (int)(next - e->now);
}

static void
look_at_clock(struct engine *e)
{
	uint64_t now = moment_steady_usec() / 1000;

	if (now != e->now)
		e->recent = 0;
	e->now = now;
}

static bool
is_flooded(const struct engine *e)
{
	return e->recent > FLOOD_PACKETS && e->drained && e->conf->capture == CONF_CAPTURE_NFLOG;
}

/* False: the parent is gone. */
static bool
wait_for_packets(struct engine *e, struct pollfd fds[static POLL_SLOTS])
{
	fds[POLL_CAPTURE].revents = fds[POLL_IPC].revents = 0;
	if (is_flooded(e)) {
		ppoll(&fds[POLL_IPC], 1, &e->nap, NULL);
		fds[POLL_CAPTURE].revents = POLLIN;
	} else {
		poll(fds, POLL_SLOTS, poll_timeout(e));
	}
	look_at_clock(e);
	return !fds[POLL_IPC].revents;
}

/* Returns 0, or errno: packets cannot be read. */
static int
loop(struct engine *e, const struct engine_setup *setup)
{
	struct pollfd fds[POLL_SLOTS] = {
		[POLL_CAPTURE] = { .fd = setup->capture_fd, .events = POLLIN },
		[POLL_IPC] = { .fd = setup->ipc_fd, .events = POLLIN }, /* only end of file */
	};

	send_out(e);
	for (;;) {
		e->counters->beats++;
		if (!wait_for_packets(e, fds))
			return 0;
		if (fds[POLL_CAPTURE].revents && !read_packets(e))
			return errno;
		knock_expire(e->knock, e->now);
		e->counters->attempts = knock_attempts(e->knock);
		e->counters->evicted = knock_evicted(e->knock);
		report(e);
		send_out(e);
	}
}

/* ---- start ------------------------------------------------------------------------------------- */

static struct reader *
new_reader(const struct engine_setup *setup)
{
	switch (setup->conf->capture) {
	case CONF_CAPTURE_NFLOG:
		break;
	case CONF_CAPTURE_NFQUEUE:
		return reader_new(setup->capture_fd, nfqueue_decode, setup->conf->queue_num);
	}
	return reader_new(setup->capture_fd, nflog_decode, setup->conf->nflog_group);
}

static struct timespec
choose_nap(int fd)
{
	int room = 0;
	socklen_t len = sizeof(room);

	getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, &len);
	return (struct timespec){ .tv_nsec = (long)room / PACKET_ROOM * NAP_NSEC_EACH };
}

static void
prepare(struct engine *e, const struct engine_setup *setup)
{
	uint8_t secret[16];
	size_t n_doors = setup->conf->n_doors ? setup->conf->n_doors : 1;

	*e = (struct engine){ .conf = setup->conf,
			      .ipc_fd = setup->ipc_fd,
			      .counters = setup->counters,
			      .beat_msec = setup->beat_msec,
			      .now = moment_steady_usec() / 1000,
			      .nap = choose_nap(setup->capture_fd),
			      .report_at = UINT64_MAX };
	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		goto fail;
	e->reader = new_reader(setup);
	e->knock = knock_new(setup->conf, secret, pass_on, e);
	if (gate_is_needed(setup->conf) && !(e->gate = gate_new(setup->conf, secret, e->now)))
		goto fail;
	e->limiters = calloc(n_doors, sizeof(*e->limiters));
	e->openings = calloc(n_doors, sizeof(*e->openings));
	if (!e->reader || !e->knock || !e->limiters || !e->openings)
		goto fail;
	for (size_t i = 0; i < setup->conf->n_doors; i++) {
		limiter_init(&e->limiters[i], EVENT_BURST, e->now);
		limiter_init(&e->openings[i], EVENT_OPEN_BURST, e->now);
	}
	return;
fail:
	log_warn(setup->log, "engine: could not start");
	_exit(1);
}

/* The filter comes last, and standard error closes behind it, so that every message before is printed. */
static void
shut(const struct confine *confine, const struct engine_setup *setup)
{
	confine_process(confine);
	if (cage_filter(setup->capture_fd, setup->ipc_fd))
		confine_refuse(confine, "load its filter of system calls (seccomp)");
#ifndef SANITIZERS
	close(STDERR_FILENO);
#endif
}

_Noreturn void
engine_run(const struct engine_setup *given)
{
	struct engine_setup setup = *given;
	int fds[] = { setup.capture_fd, setup.ipc_fd };
	struct log log;
	struct engine e;
	const struct confine confine = { .role = "engine", .user = &setup.user, .log = &log, .files = POLL_SLOTS };

	log_init(&log);
	setup.log = &log;
	title_set("engine");
	confine_signals();
	confine_descriptors(&confine, fds, 2);
	setup.capture_fd = fds[0];
	setup.ipc_fd = fds[1];
	prepare(&e, &setup);
	shut(&confine, &setup);
	put_out(&e, &(struct event){ .kind = EVENT_READY });
	_exit(loop(&e, &setup));
}
