/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process/cage.h"
#include "wire/share.h"

typedef void deed(int parent);

/* Does the deed in a process of its own, with the filter; its status as of waitpid(). */
static int
status_of(deed *does)
{
	int fds[2], status;
	pid_t pid;

	assert_int_equal(share_pair(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || cage_courier())
			_exit(2);
		does(fds[1]);
		syscall(SYS_exit_group, 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fds[0]);
	close(fds[1]);
	return status;
}

/* ---- allowed: the courier's work --------------------------------------------------------------- */

/* A volatile pointer, or the compiler leaves the allocation out. */
static void
allocate(size_t size)
{
	char *volatile memory = malloc(size);

	if (!memory)
		_exit(3);
	memory[size - 1] = 1;
	memory = realloc(memory, 2 * size);
	if (!memory)
		_exit(3);
	free(memory);
}

static void
work(int parent)
{
	struct pollfd pfd = { .fd = parent, .events = POLLIN };
	struct share_message messages[SHARE_BATCH] = { { .kind = SHARE_READY } };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd, error, on = 1;
	socklen_t len = sizeof(error);
	char byte;

	allocate(100);
	allocate(10 << 20);
	if (poll(&pfd, 1, 1) != 0 || share_send(parent, messages, 1))
		_exit(4);
	if (share_recv(parent, messages, SHARE_BATCH) != 0 && errno != EAGAIN)
		_exit(5);
	/* by syscall(2), as stream.c does */
	fd = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || syscall(SYS_setsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)))
		_exit(6);
	if (!syscall(SYS_connect, fd, &in, sizeof(in)) ||
	    syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, &error, &len))
		_exit(7);
	if (read(fd, &byte, 1) > 0 || write(fd, "x", 1) > 0 || syscall(SYS_recvfrom, fd, &byte, 1, 0, NULL, NULL) > 0)
		_exit(8);
	close(fd);
	if (syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0) < 0)
		_exit(9);
	if (syscall(SYS_getrandom, &byte, 1, 0) != 1 || syscall(SYS_getpid) <= 0 || time(NULL) <= 0) /* for TLS */
		_exit(11);
	_exit(10);
}

static void
a_courier_can_work(void **state)
{
	int status;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	status = status_of(work);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 10)
		fail_msg("status %#x", (unsigned)status);
}

/* ---- forbidden --------------------------------------------------------------------------------- */

static void
open_file(int parent)
{
	(void)parent;
	open("/etc/passwd", O_RDONLY);
}

static void
remove_file(int parent)
{
	(void)parent;
	unlink("/nonexistent");
}

static void
execute(int parent)
{
	(void)parent;
	execl("/bin/true", "true", (char *)NULL);
}

static void
fork_itself(int parent)
{
	(void)parent;
	fork();
}

static void
kill_parent(int parent)
{
	(void)parent;
	kill(getppid(), 0);
}

static void
trace_parent(int parent)
{
	(void)parent;
	ptrace(PTRACE_ATTACH, 1, NULL, NULL);
}

#ifndef __s390x__ /* where mmap(2) gets one pointer, into which no filter can look */
static void
map_code(int parent)
{
	(void)parent;
	syscall(
#ifdef SYS_mmap2
	    SYS_mmap2,
#else
	    SYS_mmap,
#endif
	    NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
#endif

static void
make_executable(int parent)
{
	static char page[8192] __attribute__((aligned(4096)));

	(void)parent;
	mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static void
pass_descriptor(int parent)
{
	struct msghdr msg = { 0 };

	syscall(SYS_sendmsg, parent, &msg, MSG_NOSIGNAL);
}

static void
make_raw_socket(int parent)
{
	(void)parent;
	syscall(SYS_socket, AF_INET, SOCK_RAW, IPPROTO_TCP);
}

static void
make_datagram_socket(int parent)
{
	(void)parent;
	syscall(SYS_socket, AF_INET6, SOCK_DGRAM, 0);
}

static void
make_netlink_socket(int parent)
{
	(void)parent;
	syscall(SYS_socket, AF_NETLINK, SOCK_STREAM, 0);
}

#ifdef SYS_socketcall
/* By which libc may make sockets: a filter cannot see which. */
static void
make_socket_by_socketcall(int parent)
{
	(void)parent;
	syscall(SYS_socketcall, 1, (long[]){ AF_INET, SOCK_STREAM, 0 }); /* SYS_SOCKET of linux/net.h */
}
#endif

static void
listen_itself(int parent)
{
	syscall(SYS_listen, parent, 1);
}

static void
any_other_call_kills_it(void **state)
{
	static const struct {
		const char *name;
		deed *does;
	} deeds[] = {
		{ "open", open_file },
		{ "unlink", remove_file },
		{ "exec", execute },
		{ "fork", fork_itself },
		{ "kill", kill_parent },
		{ "ptrace", trace_parent },
#ifndef __s390x__
		{ "mmap", map_code },
#endif
		{ "mprotect", make_executable },
		{ "sendmsg", pass_descriptor },
		{ "raw socket", make_raw_socket },
		{ "datagram socket", make_datagram_socket },
		{ "netlink socket", make_netlink_socket },
		{ "listen", listen_itself },
#ifdef SYS_socketcall
		{ "socketcall", make_socket_by_socketcall },
#endif
	};

	(void)state;
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		int status = status_of(deeds[i].does);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s ended with status %#x", deeds[i].name, (unsigned)status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_courier_can_work),
#ifdef HAVE_SECCOMP
		cmocka_unit_test(any_other_call_kills_it),
#endif
	};

#ifndef HAVE_SECCOMP
	(void)any_other_call_kills_it;
	puts("# this build has no filter of system calls");
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
