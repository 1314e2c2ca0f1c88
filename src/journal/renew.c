/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "renew.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/writeall.h"

#define NEW_NAME  "journal.new"
#define FILE_MODE 0640

#define COMPACT_MIN   65536 /* a smaller file is never too big */
#define COMPACT_RATIO 4
#define PORTION       8192  /* bytes formatted under the lock at a time */
#define PORTION_NSEC  50000 /* pause between two portions */
#define STEP_MSEC     1000  /* a larger change between the clocks is a step */

static int64_t
clocks_apart(void)
{
	struct moment now = moment_now();

	return now.wall_ms - now.boot_ms;
}

static bool
has_stepped(const struct journal *j)
{
	return j->live.n > j->live.waste && llabs(clocks_apart() - j->clocks_apart) > STEP_MSEC;
}

bool
renew_is_due(const struct journal *j)
{
	return j->error || j->stale || (j->size > COMPACT_MIN && j->size / COMPACT_RATIO > j->live.bytes) ||
	       has_stepped(j);
}

/*
 * Formats some of the accesses with ids above `id`, which is advanced, and below `limit`; none if none is
 * left. 0, or -1 with errno.
 */
static int
format_portion(struct journal *j, struct record_buf *portion, uint64_t *id, uint64_t limit)
{
	int result = 0;

	portion->len = 0;
	pthread_mutex_lock(&j->lock);
	for (size_t i = live_seek(&j->live, *id + 1); !result && i < j->live.n && portion->len < PORTION; i++) {
		const struct live *live = &j->live.at[i];
		struct record record;

		if (live->id >= limit)
			break;
		*id = live->id;
		if (!live->rest)
			continue;
		record = live_record(live, RECORD_ADD);
		result = record_write(portion, &record);
	}
	pthread_mutex_unlock(&j->lock);
	return result;
}

/* A mutex is not fair: without a pause this thread would lock it again before the main thread wakes up. */
static void
make_way(const struct journal *j)
{
	const struct timespec pause = { .tv_nsec = PORTION_NSEC };

	if (j->fd >= 0) /* else in journal_prepare(), without a second thread */
		nanosleep(&pause, NULL);
}

static int
write_live(struct journal *j, int fd, uint64_t limit)
{
	struct record header = { .verb = RECORD_JOURNAL, .id = RECORD_VERSION, .rest = j->boot };
	struct record_buf portion = { 0 };
	uint64_t id = 0;
	int result;

	result = record_write(&portion, &header);
	while (!result && portion.len) {
		result = writeall(fd, portion.text, portion.len);
		make_way(j);
		if (!result)
			result = format_portion(j, &portion, &id, limit);
	}
	free(portion.text);
	return result;
}

/* Appends the collected lines, until few enough are left to append them under the lock. */
static int
drain(struct journal *j, int fd)
{
	struct record_buf taken;
	int result;

	do {
		pthread_mutex_lock(&j->lock);
		taken = j->since;
		j->since = (struct record_buf){ 0 };
		pthread_mutex_unlock(&j->lock);
		result = writeall(fd, taken.text, taken.len);
		free(taken.text);
	} while (!result && taken.len > PORTION);
	return result;
}

/* Detects a full disk before writing: each retry would fill it up again. */
static int
reserve_room(int fd, size_t bytes)
{
	if (!bytes || !fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes))
		return 0;
	return errno == ENOSPC || errno == EDQUOT ? -1 : 0; /* else not supported */
}

/* Returns the new file's descriptor, or -1 with errno. */
static int
write_new(struct journal *j, size_t bytes, uint64_t limit)
{
	int fd, error;

	unlinkat(j->dir_fd, NEW_NAME, 0);
	fd = openat(j->dir_fd, NEW_NAME, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return -1;
	if (!reserve_room(fd, bytes) && !write_live(j, fd, limit) && !fsync(fd) && !drain(j, fd))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* By a link, so that the journal exists at any time. */
static int
keep_bad(struct journal *j)
{
	unlinkat(j->dir_fd, STATE_BAD, 0);
	if (linkat(j->dir_fd, STATE_FILE, j->dir_fd, STATE_BAD, 0) && errno != ENOENT)
		return -1;
	j->bad = false;
	return 0;
}

/* The collected lines are not synced yet, like any that was just appended. */
static int
install(struct journal *j, int fd)
{
	struct stat st;

	if (j->since_lost) {
		errno = ENOMEM;
		return -1;
	}
	if (writeall(fd, j->since.text, j->since.len) || fstat(fd, &st) || (j->bad && keep_bad(j)) ||
	    renameat(j->dir_fd, NEW_NAME, j->dir_fd, STATE_FILE))
		return -1;
	j->fd = fd;
	j->size = (size_t)st.st_size;
	j->dirty = true;
	j->stale = false;
	j->error = 0;
	return 0;
}

static void
begin(struct journal *j)
{
	j->rewriting = true;
	j->since_lost = false;
	free(j->since.text);
	j->since = (struct record_buf){ 0 };
}

void
renew_file(struct journal *j)
{
	int64_t apart = clocks_apart();
	uint64_t limit = j->live.next_id;
	size_t bytes = j->live.bytes;
	int old = j->fd, fd, error = 0;

	begin(j);
	pthread_mutex_unlock(&j->lock);
	fd = write_new(j, bytes, limit);
	if (fd < 0)
		error = errno;
	pthread_mutex_lock(&j->lock);
	if (!error && install(j, fd)) {
		error = errno;
		old = fd;
	}
	if (!error)
		j->clocks_apart = apart;
	j->rewriting = false;
	pthread_mutex_unlock(&j->lock);
	if (error)
		unlinkat(j->dir_fd, NEW_NAME, 0);
	else if (fsync(j->dir_fd))
		error = errno;
	if (old >= 0 && old != j->fd)
		close(old);
	pthread_mutex_lock(&j->lock);
	if (error)
		j->error = error;
}
