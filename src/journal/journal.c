/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each call writes its line with write(2) before it returns (journal_release() the held lines), so that the line
 * survives the death of the process. The thread does the work that waits for the disk: fdatasync(2) and rewriting.
 *
 * All accesses that have not ended are also kept in memory, because a line that was not written cannot be
 * read again. So every failure, and a file that has grown too big, has the same remedy: renew_file(). Until that
 * succeeds the old file stays as it is (stale), at worst with a torn last line.
 */
#include "journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/writeall.h"
#include "load.h"
#include "renew.h"
#include "state.h"
#include "statedir.h"

#define HELD_MAX   8192  /* most bytes that are held, approximately */
#define STEP_CHECK 10000 /* how often to check for a step of the clock, ms */

/* ---- warnings ---------------------------------------------------------------------------------- */

/* Is a warning due? At most once a minute, also for a failure that comes and goes. */
static bool
has_news(const struct journal *j)
{
	if (!j->error)
		return j->told;
	return moment_now().boot_ms - j->told_ms >= JOURNAL_WARN_MSEC;
}

static void
warn_of(const struct journal *j, const char *what, const char *reason)
{
	char text[512];

	snprintf(text, sizeof(text), "journal: %s: %s%s", j->path, what, reason);
	j->warn(j->arg, text);
}

static void
enter(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
}

/* Unlocks before it warns, as the caller's callback may be slow. */
static void
leave(struct journal *j)
{
	bool news = has_news(j), stale = j->stale;
	int error = j->error;

	if (news) {
		j->told = error != 0;
		if (error)
			j->told_ms = moment_now().boot_ms;
	}
	pthread_mutex_unlock(&j->lock);
	if (news && error)
		warn_of(j, stale ? "not writable; new accesses will not survive a restart: " : "", strerror(error));
	else if (news)
		warn_of(j, "written again, and complete", "");
}

int
journal_fd(const struct journal *journal)
{
	return journal ? journal->event_fd : -1;
}

void
journal_report(struct journal *journal)
{
	uint64_t count;

	if (!journal || read(journal->event_fd, &count, sizeof(count)) < 0)
		return;
	enter(journal);
	leave(journal);
}

/* ---- appending --------------------------------------------------------------------------------- */

/* The file lacks accesses from `id` on: it must be rewritten. */
static void
fail(struct journal *j, int error, uint64_t id)
{
	if (!j->stale || id < j->lacks)
		j->lacks = id;
	j->stale = true;
	j->error = error;
	pthread_cond_signal(&j->wake);
}

static void
collect(struct journal *j)
{
	char *text = realloc(j->since.text, j->since.len + j->lines.len);

	if (!text) {
		j->since_lost = true;
		return;
	}
	memcpy(text + j->since.len, j->lines.text, j->lines.len);
	j->since.text = text;
	j->since.len += j->lines.len;
}

static void
put(struct journal *j)
{
	if (writeall(j->fd, j->lines.text, j->lines.len)) {
		fail(j, errno, j->lines_from);
		return;
	}
	j->size += j->lines.len;
	if (!j->dirty)
		pthread_cond_signal(&j->wake);
	j->dirty = true;
}

static void
put_lines(struct journal *j)
{
	if (!j->lines.len)
		return;
	if (j->rewriting)
		collect(j);
	if (!j->stale)
		put(j);
	j->lines.len = 0;
}

static void
append(struct journal *j, enum record_verb verb, const struct live *live)
{
	struct record record = live_record(live, verb);

	if (!j->lines.len)
		j->lines_from = verb == RECORD_ADD ? live->id : j->live.next_id;
	if (record_write(&j->lines, &record)) {
		j->since_lost = true;
		fail(j, errno, j->lines_from);
	}
	if (!j->holding || j->lines.len >= HELD_MAX)
		put_lines(j);
}

uint64_t
journal_add(struct journal *journal, struct journal_entry *entry)
{
	struct live *live = NULL;
	int error = 0;
	char *rest;

	entry->id = 0;
	if (!journal)
		return 0;
	rest = record_pack(entry);
	enter(journal);
	if (rest)
		live = live_add(&journal->live, record_bounded(entry->end.boot_ms), rest);
	if (!live)
		error = errno;
	if (live) {
		entry->id = live->id;
		append(journal, RECORD_ADD, live);
	}
	leave(journal);
	if (live)
		return entry->id;
	free(rest);
	warn_of(journal, "a new access will not survive a restart: ", strerror(error));
	return 0;
}

void
journal_move(struct journal *journal, uint64_t id, struct moment end)
{
	struct live *live;

	if (!journal)
		return;
	enter(journal);
	live = live_find(&journal->live, id);
	if (live) {
		live->end_ms = record_bounded(end.boot_ms);
		append(journal, RECORD_MOVE, live);
	}
	leave(journal);
}

void
journal_end(struct journal *journal, uint64_t id)
{
	struct live *live;

	if (!journal)
		return;
	enter(journal);
	live = live_find(&journal->live, id);
	if (live) {
		append(journal, RECORD_END, live);
		live_end(&journal->live, live);
	}
	leave(journal);
}

bool
journal_keeps(struct journal *journal, uint64_t id)
{
	bool keeps;

	if (!journal || !id)
		return false;
	pthread_mutex_lock(&journal->lock);
	put_lines(journal);
	keeps = !journal->stale || id < journal->lacks;
	pthread_mutex_unlock(&journal->lock);
	return keeps;
}

bool
journal_is_complete(const struct journal *journal)
{
	return journal && journal->complete;
}

int
journal_sync(struct journal *journal)
{
	int fd = -1, failed = -1;

	if (!journal) {
		errno = ENOENT;
		return -1;
	}
	pthread_mutex_lock(&journal->lock);
	put_lines(journal);
	errno = journal->error ? journal->error : EIO;
	if (!journal->stale)
		fd = fcntl(journal->fd, F_DUPFD_CLOEXEC, 0); /* a rewrite may close it meanwhile */
	pthread_mutex_unlock(&journal->lock);
	if (fd >= 0) {
		failed = fdatasync(fd);
		close(fd);
	}
	return failed;
}

void
journal_hold(struct journal *journal)
{
	if (journal)
		journal->holding = true;
}

void
journal_release(struct journal *journal)
{
	if (!journal)
		return;
	journal->holding = false;
	enter(journal);
	put_lines(journal);
	leave(journal);
}

/* ---- the thread -------------------------------------------------------------------------------- */

static struct timespec
deadline_in(int64_t ms)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_nsec += ms % 1000 * 1000000;
	ts.tv_sec += ms / 1000 + ts.tv_nsec / 1000000000;
	ts.tv_nsec %= 1000000000;
	return ts;
}

/* Pauses between two syncs; only closing ends the pause early. */
static void
breathe(struct journal *j)
{
	struct timespec deadline = deadline_in(JOURNAL_SYNC_MSEC);

	while (!j->closing)
		if (pthread_cond_timedwait(&j->wake, &j->lock, &deadline) == ETIMEDOUT)
			return;
}

static void
wait_for_work(struct journal *j)
{
	while (!j->closing && !j->dirty && !renew_is_due(j)) {
		struct timespec deadline = deadline_in(STEP_CHECK);

		pthread_cond_timedwait(&j->wake, &j->lock, &deadline);
	}
}

/* After a failure fdatasync(2) has lost the data and does not report it again: rewrite everything. */
static void
sync_file(struct journal *j)
{
	int fd = j->fd, error;

	j->dirty = false;
	pthread_mutex_unlock(&j->lock);
	error = fdatasync(fd) ? errno : 0;
	pthread_mutex_lock(&j->lock);
	if (error)
		fail(j, error, 0);
}

/* Held lines go to the old file; the new one gets their accesses from the live table. */
static void
put_and_rewrite(struct journal *j)
{
	put_lines(j);
	renew_file(j);
}

static void *
keep(void *arg)
{
	struct journal *j = arg;
	bool closing;

	pthread_mutex_lock(&j->lock);
	do {
		breathe(j);
		wait_for_work(j);
		closing = j->closing;
		if (renew_is_due(j))
			put_and_rewrite(j);
		else if (j->dirty)
			sync_file(j);
		if (has_news(j))
			eventfd_write(j->event_fd, 1);
	} while (!closing);
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

/* ---- opening and closing ----------------------------------------------------------------------- */

/* A crash leaves a torn last line; a file without any good line may be another program's, and is kept. */
static void
explain(struct journal *j, const struct journal_damage *damage)
{
	char text[64] = "incomplete last line dropped";

	if (damage->version)
		snprintf(text, sizeof(text), "unknown version %" PRIu64, damage->version);
	else if (damage->damaged)
		snprintf(text, sizeof(text), "%zu damaged lines dropped", damage->damaged + damage->torn);
	else if (!damage->torn)
		return;
	j->bad = damage->version || damage->damaged || !damage->good;
	warn_of(j, text, j->bad ? "; the old file is kept as " STATE_BAD : "");
}

static int
load(struct journal *j)
{
	struct journal_damage damage;

	if (load_journal(j->dir_fd, STATE_FILE, j->owner, j->boot, &j->live, &damage)) {
		if (damage.distrust)
			snprintf(j->distrust, sizeof(j->distrust), STATE_FILE ": %s", damage.distrust);
		return -1;
	}
	explain(j, &damage);
	j->complete = damage.good && !damage.damaged && !damage.version;
	j->lacks = j->live.next_id;
	return 0;
}

static int
hand_over(struct journal *j, journal_found *found, void *arg)
{
	struct moment now = moment_now();
	uint64_t id = 0;

	for (size_t i; (i = live_seek(&j->live, id + 1)) < j->live.n;) {
		struct live *live = &j->live.at[i];
		struct journal_entry entry = { .id = live->id };
		char *rest = live->rest ? strdup(live->rest) : NULL;

		id = live->id;
		if (live->rest && !rest)
			return -1;
		entry.end = moment_after(now, live->end_ms - now.boot_ms);
		if (rest && !record_unpack(&entry, rest) && !found(arg, &entry)) {
			live_end(&j->live, live);
			j->bad = true;
			j->complete = false;
		}
		free(rest);
	}
	return 0;
}

static struct journal *
new_journal(const char *dir, uid_t owner, journal_warn *warn, void *arg)
{
	struct journal *j = calloc(1, sizeof(*j));
	pthread_condattr_t attr;

	if (!j)
		return NULL;
	*j = (struct journal){ .owner = owner,
			       .dir_fd = -1,
			       .event_fd = -1,
			       .fd = -1,
			       .warn = warn,
			       .arg = arg,
			       .stale = true,
			       .told_ms = -JOURNAL_WARN_MSEC };
	live_init(&j->live);
	pthread_mutex_init(&j->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&j->wake, &attr);
	pthread_condattr_destroy(&attr);
	moment_boot(j->boot);
	if (asprintf(&j->path, "%s/" STATE_FILE, dir) < 0)
		j->path = NULL;
	return j;
}

static void
free_journal(struct journal *j)
{
	int fds[] = { j->fd, j->event_fd, j->dir_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	pthread_cond_destroy(&j->wake);
	pthread_mutex_destroy(&j->lock);
	live_free(&j->live);
	free(j->lines.text);
	free(j->since.text);
	free(j->path);
	free(j);
}

static int
start_thread(struct journal *j)
{
	sigset_t all, old;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&j->thread, NULL, keep, j);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	j->started = !error;
	errno = error;
	return error ? -1 : 0;
}

static int
open_all(struct journal *j, const char *dir)
{
	j->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (!j->path || j->event_fd < 0)
		return -1;
	j->dir_fd = statedir_open(dir, j->owner, j->distrust, sizeof(j->distrust));
	return j->dir_fd < 0 || load(j) ? -1 : 0;
}

static int
begin_work(struct journal *j, journal_found *found)
{
	if (hand_over(j, found, j->arg))
		return -1;
	pthread_mutex_lock(&j->lock);
	renew_file(j);
	pthread_mutex_unlock(&j->lock);
	return 0;
}

struct journal *
journal_prepare(const char *dir, uid_t owner, journal_found *found, journal_warn *warn, void *arg)
{
	struct journal *j = new_journal(dir, owner, warn, arg);
	char text[1024];
	int error;

	if (j && !open_all(j, dir) && !begin_work(j, found)) {
		enter(j);
		leave(j);
		return j;
	}
	error = errno;
	if (j && *j->distrust)
		snprintf(text, sizeof(text), "journal: %s: %s", dir, j->distrust);
	else
		snprintf(text, sizeof(text), "journal: %s: %s", dir,
			 error == EBUSY ? "in use by another knockd" : strerror(error));
	warn(arg, text);
	if (j)
		free_journal(j);
	errno = error;
	return NULL;
}

int
journal_start(struct journal *journal)
{
	if (!journal || !start_thread(journal))
		return 0;
	warn_of(journal, "could not start its thread: ", strerror(errno));
	return -1;
}

static void
end_thread(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
	j->closing = true;
	pthread_cond_signal(&j->wake);
	pthread_mutex_unlock(&j->lock);
	pthread_join(j->thread, NULL);
}

void
journal_close(struct journal *journal)
{
	if (!journal)
		return;
	journal_release(journal);
	if (journal->started)
		end_thread(journal);
	enter(journal);
	leave(journal);
	free_journal(journal);
}
