/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/timers.h"

#include <stdlib.h>

void
timers_free(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){ 0 };
}

static void
place(struct timers *timers, struct timer *timer, size_t slot)
{
	timers->heap[slot] = timer;
	timer->slot = slot;
}

static void
rise(struct timers *timers, struct timer *timer)
{
	size_t slot = timer->slot;

	for (; slot > 1 && timers->heap[slot / 2]->at > timer->at; slot /= 2)
		place(timers, timers->heap[slot / 2], slot);
	place(timers, timer, slot);
}

static void
sink(struct timers *timers, struct timer *timer)
{
	size_t slot = timer->slot, child;

	while ((child = slot * 2) <= timers->n) {
		if (child < timers->n && timers->heap[child + 1]->at < timers->heap[child]->at)
			child++;
		if (timers->heap[child]->at >= timer->at)
			break;
		place(timers, timers->heap[child], slot);
		slot = child;
	}
	place(timers, timer, slot);
}

static int
grow(struct timers *timers)
{
	size_t size = timers->size ? timers->size * 2 : 16;
	struct timer **heap = reallocarray(timers->heap, size + 1, sizeof(*heap));

	if (!heap)
		return -1;
	timers->heap = heap;
	timers->size = size;
	return 0;
}

int
timers_arm(struct timers *timers, struct timer *timer, uint64_t at)
{
	if (!timer->slot) {
		if (timers->n == timers->size && grow(timers))
			return -1;
		place(timers, timer, ++timers->n);
	}
	timer->at = at;
	rise(timers, timer);
	sink(timers, timer);
	return 0;
}

void
timers_disarm(struct timers *timers, struct timer *timer)
{
	struct timer *last;
	size_t slot = timer->slot;

	if (!slot)
		return;
	timer->slot = 0;
	last = timers->heap[timers->n--];
	if (last == timer)
		return;
	place(timers, last, slot);
	rise(timers, last);
	sink(timers, last);
}

uint64_t
timers_next(const struct timers *timers)
{
	return timers->n ? timers->heap[1]->at : UINT64_MAX;
}

struct timer *
timers_due(struct timers *timers, uint64_t now)
{
	struct timer *timer = timers->n ? timers->heap[1] : NULL;

	if (!timer || timer->at > now)
		return NULL;
	timers_disarm(timers, timer);
	return timer;
}
