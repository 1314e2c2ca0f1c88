/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/net.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process/cage.h"
#include "wire/ipc.h"

#define FILES 2

/* The engine reads from `in` and sends to `out`. */
struct sockets {
	int in, out, other;
};

static struct sockets
make_sockets(void)
{
	int in[2], out[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, in), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, out), 0);
	return (struct sockets){ .in = in[0], .out = out[0], .other = out[1] };
}

typedef void deed(const struct sockets *s);

static void
limit(void)
{
	if (cage_limits(FILES))
		_exit(2);
}

static void
shut(const struct sockets *s)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || cage_filter(s->in, s->out))
		_exit(2);
}

/* Does the deed in a process of its own, with the limits and, if `filtered`, the filter; its status as of waitpid(). */
static int
status_of(deed *does, bool filtered)
{
	struct sockets s = make_sockets();
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		limit();
		if (filtered)
			shut(&s);
		does(&s);
		syscall(SYS_exit_group, 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(s.in);
	close(s.out);
	close(s.other);
	return status;
}

/* ---- allowed: the engine's work ---------------------------------------------------------------- */

static void
work(const struct sockets *s)
{
	struct pollfd fds[FILES] = { { .fd = s->in, .events = POLLIN }, { .fd = s->out, .events = POLLIN } };
	struct mmsghdr msgs[1] = { 0 };
	struct event event = { 0 };
	struct timespec ts;

	close(STDERR_FILENO);
	if (poll(fds, FILES, 1) != 0 || clock_gettime(CLOCK_MONOTONIC, &ts))
		_exit(3);
#ifdef SYS_clock_gettime /* if the vDSO cannot answer */
	if (syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts))
		_exit(3);
#endif
	if (syscall(SYS_recvmmsg, s->in, msgs, 1, MSG_DONTWAIT, NULL) != -1 || errno != EAGAIN)
		_exit(4);
	if (ipc_send(s->out, &event, 1, true) || ipc_send(s->out, &event, 1, false))
		_exit(5);
	_exit(7);
}

static void
an_engine_can_work(void **state)
{
	int status = status_of(work, true);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

/* ---- forbidden --------------------------------------------------------------------------------- */

static void
open_file(const struct sockets *s)
{
	(void)s;
	open("/etc/passwd", O_RDONLY);
}

static void
make_socket(const struct sockets *s)
{
	(void)s;
	socket(AF_INET, SOCK_DGRAM, 0);
}

static void
execute(const struct sockets *s)
{
	(void)s;
	execl("/bin/true", "true", (char *)NULL);
}

static void
fork_itself(const struct sockets *s)
{
	(void)s;
	fork();
}

static void
kill_parent(const struct sockets *s)
{
	(void)s;
	kill(getppid(), 0);
}

static void
trace_parent(const struct sockets *s)
{
	(void)s;
	ptrace(PTRACE_ATTACH, 1, NULL, NULL);
}

static void
write_text(const struct sockets *s)
{
	if (write(s->out, "x", 1) < 0)
		_exit(3);
}

static void
send_elsewhere(const struct sockets *s)
{
	ipc_send(s->other, &(struct event){ 0 }, 1, false);
}

static void
receive_elsewhere(const struct sockets *s)
{
	struct mmsghdr msgs[1] = { 0 };

	syscall(SYS_recvmmsg, s->other, msgs, 1, MSG_DONTWAIT, NULL);
}

#ifdef SYS_socketcall

/* libc may send and receive this way: the filter cannot see the descriptor. */
static void
send_by_socketcall(const struct sockets *s)
{
	syscall(SYS_socketcall, SYS_SEND, (long[]){ s->other, (long)"x", 1, MSG_NOSIGNAL });
}

static void
receive_by_socketcall(const struct sockets *s)
{
	struct mmsghdr msgs[1] = { 0 };

	syscall(SYS_socketcall, SYS_RECVMMSG, (long[]){ s->other, (long)msgs, 1, MSG_DONTWAIT, 0 });
}

#endif

static void
pass_descriptor(const struct sockets *s)
{
	struct msghdr msg = { 0 };

	sendmsg(s->out, &msg, MSG_NOSIGNAL);
}

static void
close_other(const struct sockets *s)
{
	close(s->in);
}

static void
map_memory(const struct sockets *s)
{
	(void)s;
	syscall(SYS_brk, 0);
}

static void
any_other_call_kills_it(void **state)
{
	static deed *const deeds[] = {
		open_file,          make_socket,           execute,     fork_itself,
		kill_parent,        trace_parent,          write_text,  send_elsewhere,
		receive_elsewhere,  pass_descriptor,       close_other, map_memory,
#ifdef SYS_socketcall
		send_by_socketcall, receive_by_socketcall,
#endif
	};

	(void)state;
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		int status = status_of(deeds[i], true);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("deed %zu ended with status %#x", i, (unsigned)status);
	}
}

#ifdef __x86_64__

/* i386's waitpid(2), whose number is that of poll(2) on x86_64. */
static void
call_i386(const struct sockets *s)
{
	long result;

	(void)s;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(SYS_poll), "b"(-1), "c"(0), "d"(0) : "memory");
}

#endif

static void
another_architectures_call_kills_it(void **state)
{
	(void)state;
#ifdef __x86_64__
	/* by SIGSYS; by SIGSEGV if the kernel has no i386 */
	assert_true(WIFSIGNALED(status_of(call_i386, true)));
#else
	SKIP("only x86_64 has another architecture's calls");
#endif
}

/* ---- limits, for a build or a kernel without filters ------------------------------------------- */

static void
try_files(const struct sockets *s)
{
	struct pollfd fds[FILES + 1] = { { .fd = s->in, .events = POLLIN } };

	if (open("/dev/null", O_RDONLY) >= 0 || errno != EMFILE)
		_exit(1);
	if (dup(s->in) >= 0 || socket(AF_UNIX, SOCK_DGRAM, 0) >= 0)
		_exit(2);
	if (poll(fds, FILES, 0) < 0 || poll(fds, FILES + 1, 0) >= 0)
		_exit(3);
}

static void
try_more(const struct sockets *s)
{
	struct rlimit l;

	(void)s;
	if (getrlimit(RLIMIT_NPROC, &l) || l.rlim_max || getrlimit(RLIMIT_CORE, &l) || l.rlim_max)
		_exit(1);
#ifndef SANITIZERS
	if (getrlimit(RLIMIT_FSIZE, &l) || l.rlim_max)
		_exit(2);
#endif
}

static void
limits_hold(void **state)
{
	(void)state;
	assert_int_equal(status_of(try_files, false), 0);
	assert_int_equal(status_of(try_more, false), 0);
}

/* ---- the root directory ------------------------------------------------------------------------ */

static void
enter_root(const struct sockets *s)
{
	(void)s;
	if (cage_root())
		_exit(errno == EPERM ? 77 : 1);
	if (!access("/etc", F_OK) || !access("/..//proc", F_OK) || access("/", F_OK))
		_exit(2);
	if (open("/file", O_RDWR | O_CREAT, 0600) >= 0 || errno != ENOENT)
		_exit(3);
}

/* Instead of that root, where it is not possible. */
static void
shut_files(const struct sockets *s)
{
	(void)s;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		_exit(1);
	if (cage_files())
		_exit(77);
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
		_exit(2);
	if (open("/tmp/knockd-cage", O_RDWR | O_CREAT, 0600) >= 0 || errno != EACCES)
		_exit(3);
	execl("/bin/true", "true", (char *)NULL);
	if (errno != EACCES)
		_exit(4);
}

/* Skips, for `reason`, where `does` ends with 77. */
static void
succeeds(deed *does, const char *reason)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		does(NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		SKIP(reason);
	assert_int_equal(status, 0);
}

static void
the_root_is_empty_and_stays_so(void **state)
{
	(void)state;
	succeeds(enter_root, "chroot(2) is not permitted here");
}

static void
no_file_can_be_reached(void **state)
{
	(void)state;
	succeeds(shut_files, "no Landlock here");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef HAVE_SECCOMP
		cmocka_unit_test(an_engine_can_work),
		cmocka_unit_test(any_other_call_kills_it),
		cmocka_unit_test(another_architectures_call_kills_it),
#endif
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(the_root_is_empty_and_stays_so),
		cmocka_unit_test(no_file_can_be_reached),
	};

#ifndef HAVE_SECCOMP
	(void)an_engine_can_work, (void)any_other_call_kills_it, (void)another_architectures_call_kills_it;
	puts("# this build has no filter of system calls");
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
