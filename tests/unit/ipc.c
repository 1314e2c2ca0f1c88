/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/ipc.h"

static int fds[2];
static uint32_t sent, taken; /* `count` numbers the events */

static int
set_up(void **state)
{
	(void)state;
	sent = taken = 0;
	return ipc_pair(fds);
}

static int
tear_down(void **state)
{
	(void)state;
	close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	return 0;
}

static void
send_message(size_t n)
{
	struct event events[IPC_MESSAGE] = { { .kind = EVENT_OPEN } };

	for (size_t i = 0; i < n; i++)
		events[i].count = sent++;
	assert_int_equal(ipc_send(fds[1], events, n, false), 0);
}

/* Checks that events arrive in order and that none is missing. Returns their number. */
static int
take(size_t max)
{
	struct event events[2 * IPC_BATCH];
	int n = ipc_recv(fds[0], events, max);

	assert_true(n <= (int)max);
	for (int i = 0; i < n; i++)
		assert_int_equal(events[i].count, taken++);
	return n;
}

static void
closed(void)
{
	close(fds[1]);
	fds[1] = -1;
}

static void
nothing_is_not_waited_for(void **state)
{
	(void)state;
	assert_int_equal(take(IPC_BATCH), -1);
	assert_int_equal(errno, EAGAIN);
}

static void
messages_of_any_size_come_together(void **state)
{
	(void)state;
	send_message(1);
	assert_int_equal(take(IPC_BATCH), 1);
	send_message(1);
	send_message(IPC_MESSAGE);
	send_message(3);
	assert_int_equal(take(IPC_BATCH), 4 + IPC_MESSAGE);
	for (size_t i = 0; i < 7; i++)
		send_message(2);
	assert_int_equal(take(IPC_BATCH), 14);
	assert_int_equal(take(IPC_BATCH), -1);
}

/* Reads whole messages, and stops before one of full size could fail to fit. */
static void
no_more_than_there_is_room_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * IPC_BATCH; i++)
		send_message(1);
	assert_int_equal(take(IPC_MESSAGE), 1);
	assert_int_equal(take(IPC_BATCH), IPC_BATCH - IPC_MESSAGE + 1);
	for (size_t i = 0; i < 6; i++)
		send_message(IPC_MESSAGE);
	while (taken < sent)
		assert_true(take(IPC_BATCH) > 0);
	for (size_t i = 0; i < 6; i++)
		send_message(IPC_MESSAGE);
	assert_int_equal(take(IPC_BATCH), IPC_BATCH);
	assert_int_equal(take(IPC_BATCH), 2 * IPC_MESSAGE);
	assert_int_equal(take(IPC_BATCH), -1);
}

static void
what_came_before_the_end_counts(void **state)
{
	(void)state;
	send_message(5);
	send_message(1);
	closed();
	assert_int_equal(take(IPC_BATCH), 6);
	assert_int_equal(take(IPC_BATCH), 0);
	assert_int_equal(take(IPC_BATCH), 0);
}

static void
so_does_what_fills_the_room_before_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++)
		send_message(IPC_MESSAGE);
	closed();
	assert_int_equal(take(IPC_BATCH), IPC_BATCH);
	assert_int_equal(take(IPC_BATCH), 0);
}

static void
nonsense_spoils_what_came_with_it(void **state)
{
	static const char zeroes[(IPC_MESSAGE + 1) * sizeof(struct event)];
	static const size_t lengths[] = { 1, sizeof(struct event) - 1, sizeof(struct event) + 1, sizeof(zeroes) - 1,
					  sizeof(zeroes) };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		send_message(1);
		assert_int_equal(send(fds[1], zeroes, lengths[i], 0), lengths[i]);
		assert_int_equal(take(IPC_BATCH), -1);
		assert_int_equal(errno, EPROTO);
	}
}

static void
the_parent_says_when_to_finish(void **state)
{
	struct event event;

	(void)state;
	send_message(1);
	ipc_finish(fds[0]);
	assert_int_equal(recv(fds[1], &event, sizeof(event), 0), 0);
	send_message(1);
	assert_int_equal(take(IPC_BATCH), 2);
}

static void
without_a_parent_it_is_an_error(void **state)
{
	struct event event = { .kind = EVENT_OPEN };
	int fd = fds[0];

	(void)state;
	fds[0] = dup(fds[1]);
	close(fd);
	assert_int_equal(ipc_send(fds[1], &event, 1, true), -1);
	assert_int_equal(errno, EPIPE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_not_waited_for),
		TEST(messages_of_any_size_come_together),
		TEST(no_more_than_there_is_room_for),
		TEST(what_came_before_the_end_counts),
		TEST(so_does_what_fills_the_room_before_it),
		TEST(nonsense_spoils_what_came_with_it),
		TEST(the_parent_says_when_to_finish),
		TEST(without_a_parent_it_is_an_error),
	};

	return cmocka_run_group_tests_name("ipc", tests, NULL, NULL);
}
