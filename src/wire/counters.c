/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/counters.h"

#include <stddef.h>
#include <sys/mman.h>

void
counters_add(struct counters *sum, const struct counters *c)
{
	sum->packets += c->packets;
	sum->lost += c->lost;
	sum->overruns += c->overruns;
	sum->bad_messages += c->bad_messages;
	sum->cut += c->cut;
	sum->malformed += c->malformed;
	sum->fragments += c->fragments;
	sum->other += c->other;
	sum->evicted += c->evicted;
	sum->scans += c->scans;
	sum->auth_garbage += c->auth_garbage;
	sum->auth_repeated += c->auth_repeated;
	sum->auth_limited += c->auth_limited;
	sum->auth_opened += c->auth_opened;
	sum->suppressed += c->suppressed;
}

struct counters *
counters_map(void)
{
	void *page = mmap(NULL, sizeof(struct counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	return page;
}

int
counters_protect(struct counters *counters)
{
	return mprotect(counters, sizeof(*counters), PROT_READ);
}

void
counters_unmap(struct counters *counters)
{
	if (counters)
		munmap(counters, sizeof(*counters));
}
