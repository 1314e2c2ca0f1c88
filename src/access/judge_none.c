/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge.h in a build without libsodium, in which no configuration has signed knocks. */
#include "access/judge.h"

#include <errno.h>
#include <unistd.h>

struct judge *
judge_new(const struct log *log, struct codes *codes)
{
	(void)log, (void)codes;
	errno = ENOSYS;
	return NULL;
}

void
judge_free(struct judge *judge)
{
	(void)judge;
}

void
judge_share(struct judge *judge, struct sharing *sharing)
{
	(void)judge, (void)sharing;
}

bool
judge_heard(struct judge *judge, const struct sharing_count *count)
{
	(void)judge, (void)count;
	return false;
}

bool
judge_heard_reset(struct judge *judge, const struct sharing_count *count, const char *gateway)
{
	(void)judge, (void)count, (void)gateway;
	return false;
}

void
judge_recall(const struct judge *judge)
{
	(void)judge;
}

bool
judge_take_up(struct judge *judge, const struct journal_entry *entry)
{
	(void)judge, (void)entry;
	return false;
}

void
judge_keep_in(struct judge *judge, struct journal *journal)
{
	(void)judge, (void)journal;
}

int
judge_read_users(struct judge *judge, int fd, uid_t owner, const struct conf *conf)
{
	(void)judge, (void)owner, (void)conf;
	if (fd >= 0)
		close(fd);
	return -1;
}

enum judge_word
judge_decide(struct judge *judge, const struct conf *conf, const struct event *event, struct judge_verdict *verdict)
{
	(void)judge, (void)conf, (void)event, (void)verdict;
	return JUDGE_REFUSED;
}

size_t
judge_each(const struct judge *judge, size_t from, judge_visit *visit, void *arg)
{
	(void)judge, (void)from, (void)visit, (void)arg;
	return 0;
}

size_t
judge_reset(struct judge *judge, const struct conf *conf, const char *user)
{
	(void)judge, (void)conf, (void)user;
	return 0;
}
