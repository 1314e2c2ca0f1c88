/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attempts are in one array of fixed size, linked by index (0 is "none"): a link takes 4 bytes, and unused memory is
 * never touched. Each attempt is in up to three lists, oldest first:
 *   - the chain of its source; the index finds the first by a keyed hash of the address;
 *   - its deadline class: attempts of doors with the same timeout, thus in the order in which they are due;
 *   - while at stage 1, the fresh attempts: the oldest is evicted when the table is full.
 *
 * With many attempts the matcher mostly waits for memory. So the fields that every hit reads are in a struct of their
 * own, which does not cross a cache line.
 */
#include "knock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "doorports.h"
#include "index.h"
#include "lib/siphash.h"

#define CACHE_LINE 64 /* another size only costs time */

/* Of `marks`: the first four digits of a code, below 10,000. */
#define CODE_BITS 14

struct attempt {
	struct addr source; /* 17 bytes */
	uint8_t stage;      /* 1..SEQ_MAX-1: hits so far */
	uint16_t door;
	uint32_t chain; /* next of the same source, or in the free list */
	uint64_t marks; /* of the accepted hits: see mark_of(); and the digits of a code */
};

/* The lists of an attempt that are linked in both directions. */
enum queue { BY_DEADLINE, FRESH, QUEUES };

struct neighbours {
	uint32_t older, newer;
};

struct linked {
	struct neighbours in[QUEUES];
	uint32_t start;  /* ms, lower half of the clock: see due() */
	uint32_t strays; /* bits of the other ports that the source tried: see stray_bit() */
};

_Static_assert(CONF_ATTEMPTS_MAX <= INDEX_MAX, "the index numbers every attempt");
_Static_assert(CACHE_LINE % sizeof(struct attempt) == 0, "an attempt does not cross a cache line");
_Static_assert(sizeof(struct attempt) + sizeof(struct linked) <= 56, "the manual says 64 bytes, with 8 of the index");

/* Attempts keep the lower half of their start time, so they must end well before it wraps, in 49 days. */
#define TIMEOUT_MAX (30 * 24 * 3600)

struct list {
	uint32_t oldest, newest;
};

/* Attempts of doors with the same timeout. */
struct class
{
	uint32_t timeout; /* seconds, at most TIMEOUT_MAX */
	struct list list;
};

/* A door's variable state. */
struct door_state {
	const struct seq *seq; /* the current sequence; of length 0 when the one-time sequences are used up */
	size_t next_one_time;  /* in door.one_time */
	size_t class;
	bool tcp, udp;       /* protocols of its sequences */
	uint64_t cold_until; /* ms: the cool-down ends */
	uint64_t taken;      /* number of the last hit that an attempt took or ignored */
};

struct knock {
	const struct conf *conf;
	uint8_t secret[16];
	knock_emit *emit;
	void *arg;
	uint64_t now;
	struct attempt *attempts;   /* [1..max] */
	struct linked *links;       /* of the same number */
	uint32_t max, used, unused; /* `unused`: head of the free list; `used`: high-water mark */
	uint32_t live;
	struct index index; /* sources */
	struct list fresh;
	struct class *classes;
	size_t n_classes;
	struct door_state *states; /* by door */
	uint64_t hits;             /* number of the current hit */
	uint64_t hash;             /* of the current hit's source */
	uint16_t *spent;           /* doors whose one-time sequence this hit completed */
	size_t n_spent;
	struct doorports ports;
	uint64_t evicted;
};

/* ---- lists ------------------------------------------------------------------------------------- */

static void
append(struct knock *k, struct list *list, enum queue queue, uint32_t i)
{
	k->links[i].in[queue] = (struct neighbours){ .older = list->newest };
	if (list->newest)
		k->links[list->newest].in[queue].newer = i;
	else
		list->oldest = i;
	list->newest = i;
}

static void
take_out(struct knock *k, struct list *list, enum queue queue, uint32_t i)
{
	const struct neighbours *l = &k->links[i].in[queue];

	if (l->older)
		k->links[l->older].in[queue].newer = l->newer;
	else
		list->oldest = l->newer;
	if (l->newer)
		k->links[l->newer].in[queue].older = l->older;
	else
		list->newest = l->older;
}

/* ---- sources ----------------------------------------------------------------------------------- */

static uint64_t
hash_of(const struct knock *k, const struct addr *source)
{
	return siphash(k->secret, source, sizeof(*source));
}

/* The oldest attempt of a source; 0: none. */
static uint32_t
first_attempt(const struct knock *k, const struct addr *source, uint64_t hash)
{
	unsigned distance = 0;
	uint32_t i;

	do
		i = index_next(&k->index, hash, &distance);
	while (i && !addr_equal(&k->attempts[i].source, source));
	return i;
}

/* Appends, so that a source's attempts are fed, and logged, in the order in which they began. */
static bool
chain_append(struct knock *k, uint32_t i, uint64_t hash)
{
	struct attempt *a = &k->attempts[i];
	uint32_t last = first_attempt(k, &a->source, hash);

	a->chain = 0;
	if (!last)
		return index_insert(&k->index, hash, i);
	while (k->attempts[last].chain)
		last = k->attempts[last].chain;
	k->attempts[last].chain = i;
	return true;
}

static void
chain_remove(struct knock *k, uint32_t i, uint64_t hash)
{
	const struct attempt *a = &k->attempts[i];
	uint32_t before;

	if (a->chain ? index_replace(&k->index, hash, i, a->chain) : index_remove(&k->index, hash, i))
		return;
	before = first_attempt(k, &a->source, hash);
	while (k->attempts[before].chain != i)
		before = k->attempts[before].chain;
	k->attempts[before].chain = a->chain;
}

/* ---- attempts ---------------------------------------------------------------------------------- */

static void
emit(struct knock *k, enum event_kind kind, uint16_t door, uint8_t stage, const struct addr *source)
{
	struct event event = { .kind = kind, .door = door, .stage = stage, .source = *source };

	k->emit(k->arg, &event);
}

static void
give_place(struct knock *k, uint32_t i)
{
	k->attempts[i].chain = k->unused;
	k->unused = i;
}

static void
drop_hashed(struct knock *k, uint32_t i, uint64_t hash)
{
	const struct attempt *a = &k->attempts[i];

	chain_remove(k, i, hash);
	take_out(k, &k->classes[k->states[a->door].class].list, BY_DEADLINE, i);
	if (a->stage == 1)
		take_out(k, &k->fresh, FRESH, i);
	give_place(k, i);
	k->live--;
}

static void
drop(struct knock *k, uint32_t i)
{
	drop_hashed(k, i, hash_of(k, &k->attempts[i].source));
}

/* A place for a new attempt; a full table evicts the oldest attempt at stage 1. 0: none. */
static uint32_t
take_place(struct knock *k)
{
	uint32_t i;

	if (!k->unused && k->used == k->max) {
		if (!k->fresh.oldest)
			return 0;
		drop(k, k->fresh.oldest);
		k->evicted++;
	}
	if (!k->unused)
		return ++k->used;
	i = k->unused;
	k->unused = k->attempts[i].chain;
	return i;
}

/*
 * How many bits of `marks` each hit before the last one gets: 32 for three ports, two for 32. If a mark of few bits
 * fits another packet, that packet is ignored: with six ports one time in 4,096, and only if its port was hit before.
 * The upper CODE_BITS are the digits of a code.
 */
static unsigned
mark_bits(const struct seq *seq)
{
	if (seq_code(seq))
		return (64 - CODE_BITS) / (unsigned)(seq->n - 1);
	return seq->n > 3 ? 64 / (unsigned)(seq->n - 1) : 32;
}

/* A hash of source port and TCP sequence number: a retransmission has the same. */
static uint64_t
mark_of(const struct packet *packet, unsigned bits)
{
	uint64_t both = (uint64_t)packet->src_port << 32 | packet->tcp_seq;

	return both * UINT64_C(0x9e3779b97f4a7c15) >> (64 - bits);
}

static void
remember(struct attempt *a, const struct seq *seq, const struct packet *packet)
{
	unsigned bits = mark_bits(seq);

	a->marks |= mark_of(packet, bits) << (a->stage - 1U) * bits;
}

/* The code so far, and the two digits that this hit adds to it; a hit of another step adds none. */
static uint64_t
code_with(const struct attempt *a, const struct seq *seq, const struct packet *packet)
{
	const struct knock_port *code = seq_code(seq);
	uint64_t digits = a->marks >> (64 - CODE_BITS);

	if (!code || &seq->at[a->stage] < code)
		return 0;
	return digits * SEQ_CODE_PORTS + (packet->dst_port - code->port);
}

/* A client's hits at the old sequence do not count for the next one. */
static void
drop_attempts(struct knock *k, uint16_t door)
{
	uint32_t i = k->classes[k->states[door].class].list.oldest, newer;

	for (; i; i = newer) {
		newer = k->links[i].in[BY_DEADLINE].newer;
		if (k->attempts[i].door == door)
			drop(k, i);
	}
}

static void
next_sequence(struct knock *k, uint16_t number)
{
	static const struct seq used_up = { .n = 0 };
	const struct door *door = &k->conf->doors[number];
	struct door_state *state = &k->states[number];

	drop_attempts(k, number);
	state->seq = state->next_one_time < door->n_one_time ? &door->one_time[state->next_one_time++] : &used_up;
	doorports_change(&k->ports, number, state->seq);
}

/* `code` counts if the sequence has one. */
static void
succeed(struct knock *k, uint16_t number, uint8_t stage, const struct addr *source, uint32_t code)
{
	const struct door *door = &k->conf->doors[number];

	emit(k, EVENT_STAGE, number, stage, source);
	if (seq_code(k->states[number].seq)) {
		struct event event = {
			.kind = EVENT_CODE, .door = number, .stage = stage, .count = code, .source = *source
		};

		k->emit(k->arg, &event);
		return;
	}
	emit(k, EVENT_OPEN, number, stage, source);
	if (door->cooldown > 0)
		k->states[number].cold_until = k->now + (uint64_t)door->cooldown * 1000;
	if (door->one_time_path)
		k->spent[k->n_spent++] = number;
}

static void
begin(struct knock *k, uint16_t door, const struct packet *packet)
{
	uint32_t i;

	if (k->states[door].seq->n == 1) {
		succeed(k, door, 1, &packet->src, 0);
		return;
	}
	i = take_place(k);
	if (!i)
		return;
	k->attempts[i] = (struct attempt){ .source = packet->src, .stage = 1, .door = door };
	k->links[i] = (struct linked){ .start = (uint32_t)k->now };
	remember(&k->attempts[i], k->states[door].seq, packet);
	if (!chain_append(k, i, k->hash)) {
		give_place(k, i);
		return;
	}
	append(k, &k->classes[k->states[door].class].list, BY_DEADLINE, i);
	append(k, &k->fresh, FRESH, i);
	k->live++;
	emit(k, EVENT_STAGE, door, 1, &packet->src);
}

static void
advance(struct knock *k, uint32_t i, const struct packet *packet)
{
	struct attempt *a = &k->attempts[i];
	const struct seq *seq = k->states[a->door].seq;
	uint64_t code = code_with(a, seq, packet);

	if (a->stage + 1U == seq->n) {
		uint16_t door = a->door;

		drop_hashed(k, i, k->hash);
		succeed(k, door, (uint8_t)seq->n, &packet->src, (uint32_t)code);
		return;
	}
	if (a->stage == 1)
		take_out(k, &k->fresh, FRESH, i);
	a->stage++;
	remember(a, seq, packet);
	if (code)
		a->marks = (a->marks & (UINT64_MAX >> CODE_BITS)) | code << (64 - CODE_BITS);
	emit(k, EVENT_STAGE, a->door, a->stage, &packet->src);
}

/* ---- matching ---------------------------------------------------------------------------------- */

static bool
is_at(const struct knock_port *kp, const struct packet *packet)
{
	return packet->dst_port >= kp->port && packet->dst_port <= seq_last(kp) && kp->proto == packet->proto;
}

static bool
flags_fit(const struct door *door, const struct packet *packet)
{
	return packet->proto != IPPROTO_TCP || (packet->tcp_flags & door->flags_mask) == door->flags_value;
}

static bool
takes(const struct door *door, const struct packet *packet, bool local)
{
	return door->target.family ? addr_equal(&door->target, &packet->dst) : local;
}

/* A retransmission of any hit of this attempt: a client that keeps its sockets has the kernel repeat them all. */
static bool
is_repeat(const struct attempt *a, const struct seq *seq, const struct packet *packet)
{
	unsigned bits = mark_bits(seq);
	uint64_t mark = mark_of(packet, bits);

	if (packet->proto != IPPROTO_TCP)
		return false;
	for (uint8_t i = 0; i < a->stage; i++) {
		if (is_at(&seq->at[i], packet) && (a->marks >> i * bits & ((UINT64_C(1) << bits) - 1)) == mark)
			return true;
	}
	return false;
}

static bool
was_matched(const struct attempt *a, const struct seq *seq, const struct packet *packet)
{
	for (uint8_t i = 0; i < a->stage; i++)
		if (is_at(&seq->at[i], packet))
			return true;
	return false;
}

enum verdict { ADVANCES, IGNORED, ENDS };

static enum verdict
judge(const struct attempt *a, const struct door *door, const struct seq *seq, const struct packet *packet)
{
	if (!flags_fit(door, packet) || is_repeat(a, seq, packet))
		return IGNORED;
	if (is_at(&seq->at[a->stage], packet))
		return ADVANCES;
	return door->allow_duplicates && was_matched(a, seq, packet) ? IGNORED : ENDS;
}

/*
 * Feeds the hit to every attempt of its source. A hit that advances an attempt, or that it ignores, begins no other at
 * that door. A hit that ends the attempt may begin a new one.
 */
static void
feed_attempts(struct knock *k, const struct packet *packet, bool local)
{
	uint32_t i = first_attempt(k, &packet->src, k->hash), next;

	for (; i; i = next) {
		struct attempt *a = &k->attempts[i];
		const struct door *door = &k->conf->doors[a->door];
		enum verdict verdict;

		next = a->chain;
		if (!takes(door, packet, local))
			continue;
		verdict =
		    k->now < k->states[a->door].cold_until ? IGNORED : judge(a, door, k->states[a->door].seq, packet);
		if (verdict == ENDS) {
			drop_hashed(k, i, k->hash);
			continue;
		}
		k->states[a->door].taken = k->hits;
		if (verdict == ADVANCES)
			advance(k, i, packet);
	}
}

/* ---- scans -------------------------------------------------------------------------------------- */

/*
 * The bit of 32 for this port. Neighbouring ports have different bits, so a scan in order is counted exactly. Other
 * ports may share a bit and count as one; an attacker does not know which, since the secret decides.
 */
static uint32_t
stray_bit(const struct knock *k, uint16_t port)
{
	uint16_t block = port / 32;

	return UINT32_C(1) << (siphash(k->secret, &block, sizeof(block)) + port) % 32;
}

static bool
opens_connection(const struct packet *packet)
{
	return packet->proto == IPPROTO_TCP && (packet->tcp_flags & (TH_SYN | TH_ACK)) == TH_SYN;
}

/* Could a scan of such packets open the door? A connection to another port counts in any case. */
static bool
is_stray(const struct knock *k, uint16_t number, const struct packet *packet)
{
	const struct door_state *state = &k->states[number];

	if (packet->proto == IPPROTO_UDP)
		return state->udp;
	return opens_connection(packet) || (state->tcp && flags_fit(&k->conf->doors[number], packet));
}

/* A client may use other ports while it knocks; an attempt that tries many of them is a scan. */
static void
count_stray(struct knock *k, const struct packet *packet, bool local)
{
	uint32_t bit = stray_bit(k, packet->dst_port), i = first_attempt(k, &packet->src, k->hash), next;

	for (; i; i = next) {
		const struct attempt a = k->attempts[i]; /* a copy: drop_hashed() may free it */
		uint32_t *strays = &k->links[i].strays;

		next = a.chain;
		if (!takes(&k->conf->doors[a.door], packet, local) || !is_stray(k, a.door, packet))
			continue;
		*strays |= bit;
		if ((unsigned)__builtin_popcount(*strays) < k->conf->scan_guard)
			continue;
		drop_hashed(k, i, k->hash);
		emit(k, EVENT_SCAN, a.door, a.stage, &a.source);
	}
}

/* ---- hits --------------------------------------------------------------------------------------- */

static void
begin_attempts(struct knock *k, const struct packet *packet, bool local)
{
	const struct doorports *ports = &k->ports;
	uint32_t key = doorports_key(packet->proto, packet->dst_port);

	for (size_t i = doorports_find(ports, key); i < ports->n_firsts && ports->firsts[i].key == key; i++) {
		uint16_t number = ports->firsts[i].door;
		const struct door *door = &k->conf->doors[number];
		const struct door_state *state = &k->states[number];

		if (state->taken != k->hits && k->now >= state->cold_until && takes(door, packet, local) &&
		    flags_fit(door, packet))
			begin(k, number, packet);
	}
}

static void
feed(struct knock *k, const struct packet *packet, bool local)
{
	if (!doorports_have(&k->ports, packet->proto, packet->dst_port)) {
		if (k->conf->scan_guard)
			count_stray(k, packet, local);
		return;
	}
	k->hits++;
	feed_attempts(k, packet, local);
	begin_attempts(k, packet, local);
	/* last: this changes the attempts and doors that the functions above walk over */
	while (k->n_spent)
		next_sequence(k, k->spent[--k->n_spent]);
}

/*
 * Prefetches the memory of all hits before the first is fed. Feeding looks everything up again, since an earlier hit
 * may have changed it.
 */
static void
announce(const struct knock *k, const struct knock_hit *hits, size_t n, uint64_t hashes[static KNOCK_BATCH])
{
	for (size_t i = 0; i < n; i++) {
		hashes[i] = hash_of(k, &hits[i].packet.src);
		index_announce(&k->index, hashes[i]);
	}
	for (size_t i = 0; i < n; i++) {
		unsigned distance = 0;
		uint32_t number = index_next(&k->index, hashes[i], &distance);

		__builtin_prefetch(&k->attempts[number], 1);
		__builtin_prefetch(&k->links[number], 1);
	}
}

static void
feed_batch(struct knock *k, const struct knock_hit *hits, size_t n, uint64_t now)
{
	uint64_t hashes[KNOCK_BATCH];

	announce(k, hits, n, hashes);
	for (size_t i = 0; i < n; i++) {
		knock_expire(k, now);
		k->hash = hashes[i];
		feed(k, &hits[i].packet, hits[i].local);
	}
}

void
knock_feed(struct knock *k, const struct knock_hit *hits, size_t n, uint64_t now)
{
	for (size_t batch; n; hits += batch, n -= batch) {
		batch = n < KNOCK_BATCH ? n : KNOCK_BATCH;
		feed_batch(k, hits, batch, now);
	}
}

uint8_t
knock_signed(struct knock *k, uint16_t number, const struct knock_hit *hit, uint64_t now)
{
	const struct seq *seq = k->states[number].seq;
	uint32_t i;

	knock_expire(k, now);
	if (!takes(&k->conf->doors[number], &hit->packet, hit->local))
		return 0;
	if (seq->n == 1)
		return 1;
	k->hash = hash_of(k, &hit->packet.src);
	i = first_attempt(k, &hit->packet.src, k->hash);
	while (i && k->attempts[i].door != number)
		i = k->attempts[i].chain;
	if (!i || k->attempts[i].stage + 1U != seq->n)
		return 0;
	drop_hashed(k, i, k->hash);
	return (uint8_t)seq->n;
}

/* ---- time -------------------------------------------------------------------------------------- */

static uint64_t
due(const struct knock *k, const struct class *class)
{
	uint32_t age;

	if (!class->list.oldest)
		return UINT64_MAX;
	age = (uint32_t)k->now - k->links[class->list.oldest].start;
	return k->now - age + (uint64_t) class->timeout * 1000;
}

void
knock_expire(struct knock *k, uint64_t now)
{
	if (now > k->now)
		k->now = now;
	for (size_t c = 0; c < k->n_classes; c++) {
		while (due(k, &k->classes[c]) <= k->now) {
			uint32_t i = k->classes[c].list.oldest;
			struct attempt ended = k->attempts[i];

			drop(k, i);
			emit(k, EVENT_TIMEOUT, ended.door, ended.stage, &ended.source);
		}
	}
}

uint64_t
knock_next(const struct knock *k)
{
	uint64_t next = UINT64_MAX;

	for (size_t c = 0; c < k->n_classes; c++)
		if (due(k, &k->classes[c]) < next)
			next = due(k, &k->classes[c]);
	return next;
}

uint32_t
knock_attempts(const struct knock *k)
{
	return k->live;
}

uint64_t
knock_evicted(const struct knock *k)
{
	return k->evicted;
}

/* ---- set-up ------------------------------------------------------------------------------------ */

static size_t
class_for(struct knock *k, int64_t seconds)
{
	uint32_t timeout = seconds < 0 ? 0 : seconds > TIMEOUT_MAX ? TIMEOUT_MAX : (uint32_t)seconds;
	size_t c = 0;

	while (c < k->n_classes && k->classes[c].timeout != timeout)
		c++;
	if (c == k->n_classes)
		k->classes[k->n_classes++].timeout = timeout;
	return c;
}

static void
set_up_doors(struct knock *k)
{
	for (size_t d = 0; d < k->conf->n_doors; d++) {
		const struct door *door = &k->conf->doors[d];

		k->states[d] = (struct door_state){ .seq = &door->seq,
						    .next_one_time = door->next_one_time,
						    .tcp = door_has_proto(door, IPPROTO_TCP),
						    .udp = door_has_proto(door, IPPROTO_UDP),
						    .class = class_for(k, door->seq_timeout) };
	}
}

/*
 * Not zeroed, as only written entries are read: the kernel gives pages as attempts come. 0, or -1 when memory is out.
 */
static int
make_table(struct knock *k)
{
	size_t size = ((size_t)k->max + 1) * sizeof(*k->attempts);

	k->attempts = aligned_alloc(CACHE_LINE, (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
	k->links = reallocarray(NULL, (size_t)k->max + 1, sizeof(*k->links));
	return k->attempts && k->links ? index_init(&k->index, k->max) : -1;
}

struct knock *
knock_new(const struct conf *conf, const uint8_t secret[static 16], knock_emit *emit_event, void *arg)
{
	size_t n_doors = conf->n_doors ? conf->n_doors : 1;
	struct knock *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	*k = (struct knock){ .conf = conf, .emit = emit_event, .arg = arg, .max = conf->max_attempts };
	memcpy(k->secret, secret, sizeof(k->secret));
	k->states = calloc(n_doors, sizeof(*k->states));
	k->classes = calloc(n_doors, sizeof(*k->classes));
	k->spent = calloc(n_doors, sizeof(*k->spent));
	if (make_table(k) || doorports_init(&k->ports, conf) || !k->states || !k->classes || !k->spent) {
		knock_free(k);
		errno = ENOMEM;
		return NULL;
	}
	set_up_doors(k);
	return k;
}

void
knock_free(struct knock *k)
{
	if (!k)
		return;
	free(k->attempts);
	free(k->links);
	index_free(&k->index);
	free(k->states);
	free(k->classes);
	doorports_free(&k->ports);
	free(k->spent);
	free(k);
}
