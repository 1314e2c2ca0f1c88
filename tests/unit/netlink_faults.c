/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink fails in every way, at each place, once, a few times and always: each operation succeeds in the end, or fails
 * with the reason and has changed nothing.
 */
#include "test.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confs.h"
#include "netlink/nfnl.h"
#include "netlink/nftset.h"
#include "netns.h"
#include "table/ruleset.h"

#define FOR_EVER 1000000
#define OK_SET   "inet t s { %IP% timeout 1h }"

enum place {
	SEND_BATCH,  /* sendto(2) fails */
	WHOLE_BATCH, /* the kernel refuses the transaction as a whole */
	MESSAGE,     /* ... its first message */
	ANSWER_LOST, /* the kernel does it, and the socket overruns */
	SEND_QUESTION,
	QUESTION, /* the kernel answers with an error */
	DUMP,     /* the ruleset changed during the dump */
};

static const char *const places[] = { "send a batch",    "the batch",  "a message", "the answer",
				      "send a question", "a question", "a dump" };

static struct ruleset ruleset;

/* ---- the faults -------------------------------------------------------------------------------- */

static struct {
	enum place place;
	int error, times;
	struct nlmsghdr answer; /* the kernel's real answer; nlmsg_len 0: none */
	bool overrun;
} fault;

ssize_t __real_mnl_socket_sendto(const struct mnl_socket *nl, const void *data, size_t len);
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *data, size_t len);

static bool
is_due(enum place place)
{
	return fault.place == place && fault.times && fault.times--;
}

/* The message does not reach the kernel. */
static ssize_t
swallow(const struct mnl_socket *nl, const struct nlmsghdr *nlh, uint32_t seq, size_t len)
{
	fault.answer = (struct nlmsghdr){ .nlmsg_len = NLMSG_LENGTH(sizeof(struct nlmsgerr)),
					  .nlmsg_type = NLMSG_ERROR,
					  .nlmsg_seq = nlh->nlmsg_seq + seq,
					  .nlmsg_pid = mnl_socket_get_portid(nl) };
	return (ssize_t)len;
}

ssize_t
__wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *data, size_t len)
{
	const struct nlmsghdr *nlh = data;
	bool batch = nlh->nlmsg_type == NFNL_MSG_BATCH_BEGIN;

	if (is_due(batch ? SEND_BATCH : SEND_QUESTION)) {
		errno = fault.error;
		return -1;
	}
	if (batch && is_due(WHOLE_BATCH))
		return swallow(nl, nlh, 0, len);
	if (batch && is_due(MESSAGE))
		return swallow(nl, nlh, 1, len);
	if (!batch && is_due(QUESTION))
		return swallow(nl, nlh, 0, len);
	fault.overrun = batch && is_due(ANSWER_LOST);
	return __real_mnl_socket_sendto(nl, data, len);
}

static ssize_t
say_error(struct msghdr *msg)
{
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
	} answer = { .nlh = fault.answer, .err = { .error = -fault.error } };
	struct sockaddr_nl *from = msg->msg_name;

	fault.answer.nlmsg_len = 0;
	memcpy(msg->msg_iov->iov_base, &answer, sizeof(answer));
	memset(from, 0, sizeof(*from));
	msg->msg_flags = 0;
	return sizeof(answer);
}

/* In place of libc's. No --wrap: on 32-bit systems libc's has another name. */
ssize_t
recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct nlmsghdr *nlh = msg->msg_iov->iov_base;
	ssize_t len;

	if (fault.answer.nlmsg_len)
		return say_error(msg);
	len = syscall(SYS_recvmsg, fd, msg, flags);
	if (len >= (ssize_t)sizeof(*nlh) && fault.overrun) {
		fault.overrun = false;
		errno = ENOBUFS;
		return -1;
	}
	if (len >= (ssize_t)sizeof(*nlh) && nlh->nlmsg_flags & NLM_F_MULTI && is_due(DUMP))
		nlh->nlmsg_flags |= NLM_F_DUMP_INTR;
	return len;
}

static void
break_at(enum place place, int error, int times)
{
	memset(&fault, 0, sizeof(fault));
	fault.place = place;
	fault.error = error;
	fault.times = times;
}

/* While the ruleset is unchanged nftset asks nothing, so another program changes it here. */
static void
change_ruleset(void)
{
	nft("add table ip elsewhere \\; delete table ip elsewhere");
}

/* ---- operations -------------------------------------------------------------------------------- */

static struct nftset *nftset;
static struct conf *conf;

/* Returns the operation's result; `*error` is its errno, or that of netlink. */
static enum nftset_result
apply(bool add, const char *ip, int *error)
{
	struct element element;
	struct nftset_op op = { .add = add, .element = &element };
	char err[128];

	assert_int_equal(element_parse(&element, OK_SET, err, sizeof(err)), 0);
	assert_int_equal(addr_parse(&op.ip, ip), 0);
	if (nftset_apply(nftset, &op, 1) < 0)
		assert_int_equal(op.error, errno);
	*error = op.error;
	element_free(&element);
	return op.result;
}

static bool
is_there(const char *ip)
{
	char *out = output_of("nft list set inet t s");
	bool there = strstr(out, ip);

	free(out);
	return there;
}

/* Errors that pass, and their places. */
static const struct {
	enum place place;
	int error;
} passing[] = {
	{ SEND_BATCH, ENOBUFS }, { SEND_BATCH, ENOMEM },   { SEND_BATCH, EINTR },      { SEND_BATCH, EAGAIN },
	{ WHOLE_BATCH, EBUSY },  { WHOLE_BATCH, EINTR },   { WHOLE_BATCH, ERESTART },  { WHOLE_BATCH, ENOMEM },
	{ MESSAGE, ERESTART }, /* the kernel had to load a module for it, and another program was faster */
	{ MESSAGE, ENOMEM },     { ANSWER_LOST, ENOBUFS }, { SEND_QUESTION, ENOBUFS }, { SEND_QUESTION, ENOMEM },
	{ QUESTION, EBUSY },     { QUESTION, EINTR },      { QUESTION, ENOMEM },       { QUESTION, ENOBUFS },
};
#define N_PASSING (sizeof(passing) / sizeof(passing[0]))

static void
an_error_that_passes_has_no_effect(void **state)
{
	int error;

	(void)state;
	for (size_t i = 0; i < N_PASSING; i++) {
		for (int times = 1; times <= 3; times += 2) {
			enum nftset_result added, deleted;

			change_ruleset();
			break_at(passing[i].place, passing[i].error, times);
			added = apply(true, "192.0.2.1", &error);
			if (added != NFTSET_OK || fault.times || !is_there("192.0.2.1"))
				fail_msg("%s: %s: %s", places[passing[i].place], strerror(passing[i].error),
					 strerror(error));
			change_ruleset();
			break_at(passing[i].place, passing[i].error, times);
			deleted = apply(false, "192.0.2.1", &error);
			/* the first deletion succeeded but its answer was lost: the second finds nothing */
			if ((deleted != NFTSET_OK && (deleted != NFTSET_ABSENT || passing[i].place != ANSWER_LOST)) ||
			    fault.times || is_there("192.0.2.1"))
				fail_msg("%s: %s: %s", places[passing[i].place], strerror(passing[i].error),
					 strerror(error));
		}
	}
}

/* EBUSY of one element, and not of a whole table: the kernel makes the set's hash table larger. */
static void
a_set_that_grows_is_waited_for(void **state)
{
	int error;

	(void)state;
	change_ruleset();
	break_at(MESSAGE, EBUSY, 3);
	assert_int_equal(apply(true, "192.0.2.3", &error), NFTSET_OK);
	assert_true(is_there("192.0.2.3"));
	break_at(MESSAGE, EBUSY, 3);
	assert_int_equal(apply(false, "192.0.2.3", &error), NFTSET_OK);
	break_at(MESSAGE, EBUSY, FOR_EVER);
	assert_int_equal(apply(true, "192.0.2.4", &error), NFTSET_ERROR);
	assert_int_equal(error, EBUSY);
	break_at(MESSAGE, 0, 0);
}

static void
an_error_that_stays_ends_with_the_reason(void **state)
{
	int error;

	(void)state;
	/* nftset learns from answers what an old kernel cannot do; it must know before the faults begin */
	assert_int_equal(apply(true, "192.0.2.2", &error), NFTSET_OK);
	assert_int_equal(apply(false, "192.0.2.2", &error), NFTSET_OK);
	for (size_t i = 0; i < N_PASSING; i++) {
		if (passing[i].error == EINTR && passing[i].place == SEND_BATCH)
			continue; /* EINTR never lasts */
		change_ruleset();
		break_at(passing[i].place, passing[i].error, FOR_EVER);
		assert_int_equal(apply(true, "192.0.2.2", &error), NFTSET_ERROR);
		break_at(passing[i].place, 0, 0);
		if (error != passing[i].error && passing[i].error != ERESTART)
			fail_msg("%s: %s, but it says %s", places[passing[i].place], strerror(passing[i].error),
				 strerror(error));
		if (passing[i].place != ANSWER_LOST && is_there("192.0.2.2"))
			fail_msg("%s: %s, but it is there", places[passing[i].place], strerror(passing[i].error));
		assert_int_equal(apply(false, "192.0.2.2", &error),
				 passing[i].place == ANSWER_LOST ? NFTSET_OK : NFTSET_ABSENT);
	}
}

/* The error of one set does not affect another. */
static void
an_error_that_stays_is_reported_at_once(void **state)
{
	int error;

	(void)state;
	break_at(SEND_BATCH, EPROTO, FOR_EVER);
	assert_int_equal(apply(true, "192.0.2.3", &error), NFTSET_ERROR);
	assert_int_equal(error, EPROTO);
	assert_int_equal(FOR_EVER - fault.times, 1);
	break_at(WHOLE_BATCH, EPERM, FOR_EVER);
	assert_int_equal(apply(true, "192.0.2.3", &error), NFTSET_PERMISSION);
	break_at(SEND_BATCH, 0, 0);
	assert_int_equal(apply(true, "192.0.2.3", &error), NFTSET_OK);
}

/* ---- table inet knockd ------------------------------------------------------------------------- */

static void
the_table_is_installed_in_spite_of_errors(void **state)
{
	char err[400];

	(void)state;
	for (size_t i = 0; i < N_PASSING; i++) {
		nft("flush ruleset");
		break_at(passing[i].place, passing[i].error, 3);
		if (ruleset_install(&ruleset, conf, err, sizeof(err)) || fault.times)
			fail_msg("%s: %s: %s", places[passing[i].place], strerror(passing[i].error), err);
		assert_true(ruleset_intact(&ruleset, conf));
		break_at(passing[i].place, passing[i].error, 3);
		assert_int_equal(ruleset_remove(&ruleset), 0);
		break_at(DUMP, 0, 0);
		assert_false(ruleset_intact(&ruleset, conf));
	}
}

/* ruleset_elements: one of set open4 */
static void
give(void *arg, const char *set, nftset_visit *visit, void *visit_arg)
{
	static const uint8_t key[] = { 192, 0, 2, 1, 6, 0, 0, 0, 0, 22, 0, 0 };
	static const struct nftset_found found = { .timeout_ms = 3600000, .left_ms = 3600000 };

	(void)arg;
	if (!strcmp(set, "open4"))
		visit(visit_arg, key, sizeof(key), &found);
}

/* EMSGSIZE: more elements than the socket takes at once. */
static void
the_table_does_not_wait_for_elements(void **state)
{
	static const struct {
		enum place place;
		int error, times;
		bool bare;
	} cases[] = {
		{ SEND_BATCH, EMSGSIZE, 1, true },  { WHOLE_BATCH, ERESTART, 2, false },
		{ WHOLE_BATCH, ERESTART, 3, true }, { WHOLE_BATCH, ERESTART, 20, true },
		{ MESSAGE, EINVAL, 1, true },
	};
	char err[400];

	(void)state;
	ruleset.elements = give;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		nft("flush ruleset");
		break_at(cases[i].place, cases[i].error, cases[i].times);
		assert_int_equal(ruleset_install(&ruleset, conf, err, sizeof(err)), 0);
		assert_int_equal(fault.times, 0);
		assert_int_equal(ruleset.bare, cases[i].bare);
		if (cases[i].bare)
			assert_non_null(strstr(err, strerror(cases[i].error)));
		assert_true(ruleset_intact(&ruleset, conf));
		assert_int_equal(system("nft list set inet knockd open4 | grep -q 192.0.2.1") != 0, cases[i].bare);
	}
	nft("flush ruleset");
	break_at(SEND_BATCH, EMSGSIZE, 2);
	assert_int_equal(ruleset_install(&ruleset, conf, err, sizeof(err)), -1);
	assert_string_equal(err, strerror(EMSGSIZE));
	ruleset.elements = NULL;
}

static void
a_ruleset_that_changes_while_it_is_read_is_read_again(void **state)
{
	char err[400];

	(void)state;
	nft("flush ruleset");
	break_at(DUMP, 0, 5);
	assert_int_equal(ruleset_install(&ruleset, conf, err, sizeof(err)), 0);
	assert_true(ruleset_intact(&ruleset, conf));
	break_at(DUMP, 0, 5);
	assert_true(ruleset_intact(&ruleset, conf));
	assert_int_equal(fault.times, 0);
}

static void
a_table_that_cannot_be_installed_is_an_error(void **state)
{
	static const int errors[] = { ENOMEM, ENOBUFS, EBUSY, EINTR };
	char err[400];

	(void)state;
	nft("flush ruleset");
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		break_at(WHOLE_BATCH, errors[i], FOR_EVER);
		assert_int_equal(ruleset_install(&ruleset, conf, err, sizeof(err)), -1);
		assert_string_equal(err, strerror(errors[i]));
	}
	break_at(MESSAGE, ENOMEM, FOR_EVER);
	assert_int_equal(ruleset_install(&ruleset, conf, err, sizeof(err)), -1);
	assert_string_equal(err, strerror(ENOMEM));
	break_at(MESSAGE, EINVAL, 1);
	assert_int_equal(ruleset_install(&ruleset, conf, err, sizeof(err)), -1);
	assert_string_equal(err, "the kernel refused table knockd: Invalid argument");
}

/* ---- start and end ----------------------------------------------------------------------------- */

static int
set_up(void **state)
{
	(void)state;
	break_at(DUMP, 0, 0);
	nft("flush ruleset");
	nft("add table inet t");
	nft("add set inet t s '{ type ipv4_addr; flags timeout; }'");
	nftset = nftset_new(ruleset.nfnl);
	return nftset ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	nftset_free(nftset);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const char *reason = netns_enter();
	const struct CMUnitTest tests[] = {
		TEST(an_error_that_passes_has_no_effect),
		TEST(a_set_that_grows_is_waited_for),
		TEST(an_error_that_stays_ends_with_the_reason),
		TEST(an_error_that_stays_is_reported_at_once),
		TEST(the_table_is_installed_in_spite_of_errors),
		TEST(the_table_does_not_wait_for_elements),
		TEST(a_ruleset_that_changes_while_it_is_read_is_read_again),
		TEST(a_table_that_cannot_be_installed_is_an_error),
	};
	int failed;

	if (reason) {
		printf("1..0 # SKIP %s\n", reason);
		return 0;
	}
	ruleset.nfnl = nfnl_open();
	assert_non_null(ruleset.nfnl);
	conf = confs_new();
	confs_door(conf, "7000,8000:udp", SYN, SYN, NULL);
	confs_open(conf, "22", "");
	failed = cmocka_run_group_tests_name("netlink_faults", tests, NULL, NULL);
	confs_free(conf);
	nfnl_close(ruleset.nfnl);
	return failed;
}
