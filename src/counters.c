/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counters.h"

#include <stddef.h>
#include <sys/mman.h>

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
