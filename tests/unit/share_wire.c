/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages between parent and courier. */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/share.h"

#define STORE .flags = SHARE_STORE, .hlc = 1
#define BOTH(...)                                                                            \
	(bool[2])                                                                            \
	{                                                                                    \
		share_valid(&(struct share_message){ __VA_ARGS__ }, SHARE_FROM_PARENT),      \
		    share_valid(&(struct share_message){ __VA_ARGS__ }, SHARE_FROM_COURIER), \
	}

static void
only_parent(const bool valid[2])
{
	assert_true(valid[0]);
	assert_false(valid[1]);
}

static void
only_courier(const bool valid[2])
{
	assert_false(valid[0]);
	assert_true(valid[1]);
}

static void
neither(const bool valid[2])
{
	assert_false(valid[0]);
	assert_false(valid[1]);
}

static void
puts_are_valid(void **state)
{
	(void)state;
	only_parent(BOTH(.kind = SHARE_PUT));
	only_parent(BOTH(.kind = SHARE_PUT, .ticket = 7));
	only_parent(BOTH(.kind = SHARE_PUT, STORE));
	only_parent(BOTH(.kind = SHARE_PUT, STORE, .left_ms = SHARE_LEFT_MAX, .id = { 1 }, .sealed = { 1 }));
	only_parent(BOTH(.kind = SHARE_PUT, .flags = SHARE_COUNTER, .counter = 1, .user = { 1 }));
	only_parent(BOTH(.kind = SHARE_PUT, .flags = SHARE_ONCE, .once = { 1 }));
	neither(BOTH(.kind = SHARE_PUT, STORE, .left_ms = SHARE_LEFT_MAX + 1));
	only_parent(BOTH(.kind = SHARE_PUT, .flags = SHARE_STORE | SHARE_RENEW, .hlc = 1, .left_ms = 1));
	neither(BOTH(.kind = SHARE_PUT, .flags = SHARE_STORE));
	neither(BOTH(.kind = SHARE_PUT, .flags = SHARE_RENEW));
	neither(BOTH(.kind = SHARE_PUT, .hlc = 1));
	neither(BOTH(.kind = SHARE_PUT, .left_ms = 1));
	neither(BOTH(.kind = SHARE_PUT, .flags = SHARE_FLAGS + 1));
	neither(BOTH(.kind = SHARE_PUT, .flags = SHARE_COUNTER));
	neither(BOTH(.kind = SHARE_PUT, .counter = 1));
	neither(BOTH(.kind = SHARE_PUT, .user = { 1 }));
	neither(BOTH(.kind = SHARE_PUT, .once = { 1 }));
	neither(BOTH(.kind = SHARE_PUT, .answer = SHARE_YES));
	neither(BOTH(.kind = SHARE_PUT, .link = SHARE_UP));
	neither(BOTH(.kind = SHARE_PUT, .missed = 1));
	neither(BOTH(.kind = SHARE_PUT, .reason = "x"));
}

static void
records_and_marks_are_valid(void **state)
{
	(void)state;
	only_parent(BOTH(.kind = SHARE_RESYNC));
	neither(BOTH(.kind = SHARE_RESYNC, .ticket = 1));
	for (uint32_t kind = SHARE_READY; kind <= SHARE_SYNC_END; kind++) {
		if (kind == SHARE_LINK || kind == SHARE_ANSWER)
			continue;
		only_courier(BOTH(.kind = kind));
		neither(BOTH(.kind = kind, .ticket = 1));
		neither(BOTH(.kind = kind, STORE));
	}
	only_courier(BOTH(.kind = SHARE_RECORD, .id = { 1 }, .sealed = { 1 }));
	only_courier(BOTH(.kind = SHARE_RECORD, .left_ms = SHARE_LEFT_MAX));
	neither(BOTH(.kind = SHARE_RECORD, .left_ms = SHARE_LEFT_MAX + 1));
	neither(BOTH(.kind = SHARE_RECORD, .flags = SHARE_ONCE));
	neither(BOTH(.kind = SHARE_SYNC_BEGIN, .left_ms = 1));
	neither(BOTH(.kind = SHARE_READY, .id = { 1 }));
	neither(BOTH(.kind = SHARE_SYNC_END, .sealed = { 1 }));
	neither(BOTH(.kind = 0));
	neither(BOTH(.kind = SHARE_SYNC_END + 1));
}

static void
answers_are_valid(void **state)
{
	(void)state;
	for (uint32_t answer = SHARE_YES; answer <= SHARE_UNKNOWN; answer++)
		only_courier(BOTH(.kind = SHARE_ANSWER, .answer = answer, .ticket = 1));
	neither(BOTH(.kind = SHARE_ANSWER, .answer = SHARE_YES));
	neither(BOTH(.kind = SHARE_ANSWER, .ticket = 1));
	neither(BOTH(.kind = SHARE_ANSWER, .answer = SHARE_UNKNOWN + 1, .ticket = 1));
	neither(BOTH(.kind = SHARE_ANSWER, .answer = SHARE_YES, .ticket = 1, .link = SHARE_UP));
}

/* The reason goes into the log. */
static void
links_are_valid(void **state)
{
	struct share_message full = { .kind = SHARE_LINK, .link = SHARE_DOWN };

	(void)state;
	only_courier(BOTH(.kind = SHARE_LINK, .link = SHARE_UP, .reason = "10.0.0.5:6379"));
	only_courier(BOTH(.kind = SHARE_LINK, .link = SHARE_DOWN, .missed = 3));
	neither(BOTH(.kind = SHARE_LINK));
	neither(BOTH(.kind = SHARE_LINK, .link = SHARE_UP + 1));
	neither(BOTH(.kind = SHARE_LINK, .link = SHARE_UP, .reason = "a\nb"));
	neither(BOTH(.kind = SHARE_LINK, .link = SHARE_UP, .reason = "\xc3\xa4"));
	neither(BOTH(.kind = SHARE_LINK, .link = SHARE_UP, .reason = "a\0b"));
	neither(BOTH(.kind = SHARE_LINK, .link = SHARE_UP, .id = { 1 }));
	memset(full.reason, 'x', sizeof(full.reason));
	assert_false(share_valid(&full, SHARE_FROM_COURIER));
	full.reason[sizeof(full.reason) - 1] = '\0';
	assert_true(share_valid(&full, SHARE_FROM_COURIER));
}

static void
packets_arrive_in_order(void **state)
{
	struct share_message out[SHARE_BATCH] = { { .kind = SHARE_RECORD } }, in[2 * SHARE_BATCH];
	int fds[2];

	(void)state;
	assert_int_equal(share_pair(fds), 0);
	for (uint64_t i = 0; i < SHARE_BATCH; i++)
		out[i] = (struct share_message){ .kind = SHARE_RECORD, .ticket = i };
	assert_int_equal(share_send(fds[1], out, 3), 0);
	assert_int_equal(share_send(fds[1], out, SHARE_BATCH), 0);
	assert_int_equal(share_recv(fds[0], in, 2 * SHARE_BATCH), 3 + SHARE_BATCH);
	assert_int_equal(in[2].ticket, 2);
	assert_int_equal(in[3].ticket, 0);
	assert_int_equal(in[2 + SHARE_BATCH].ticket, SHARE_BATCH - 1);
	assert_int_equal(share_recv(fds[0], in, SHARE_BATCH), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(share_send(fds[0], out, 1), 0);
	assert_int_equal(share_recv(fds[1], in, SHARE_BATCH), 1);
	close(fds[1]);
	assert_int_equal(share_recv(fds[0], in, SHARE_BATCH), 0);
	assert_int_equal(share_send(fds[0], out, 1), -1);
	assert_int_equal(errno, EPIPE);
	close(fds[0]);
}

/* Nobody waits for the other process. */
static void
a_full_socket_is_an_error(void **state)
{
	struct share_message out[SHARE_BATCH] = { { .kind = SHARE_RESYNC } };
	int fds[2], n = 0;

	(void)state;
	assert_int_equal(share_pair(fds), 0);
	while (!share_send(fds[0], out, SHARE_BATCH))
		n++;
	assert_int_equal(errno, EAGAIN);
	assert_true(n >= 4);
	close(fds[0]);
	close(fds[1]);
}

static void
a_cut_packet_is_an_error(void **state)
{
	struct share_message in[SHARE_BATCH], out[SHARE_BATCH + 1] = { { .kind = SHARE_RESYNC } };
	int fds[2];

	(void)state;
	assert_int_equal(share_pair(fds), 0);
	assert_int_equal(send(fds[1], out, sizeof(*out) - 1, 0), sizeof(*out) - 1);
	assert_int_equal(share_recv(fds[0], in, SHARE_BATCH), -1);
	assert_int_equal(errno, EPROTO);
	assert_int_equal(send(fds[1], out, sizeof(out), 0), sizeof(out));
	assert_int_equal(share_recv(fds[0], in, SHARE_BATCH), -1);
	assert_int_equal(errno, EPROTO);
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_are_valid),           cmocka_unit_test(records_and_marks_are_valid),
		cmocka_unit_test(answers_are_valid),        cmocka_unit_test(links_are_valid),
		cmocka_unit_test(packets_arrive_in_order),  cmocka_unit_test(a_full_socket_is_an_error),
		cmocka_unit_test(a_cut_packet_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
