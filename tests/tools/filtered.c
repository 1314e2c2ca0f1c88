/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filtered CALL kill|ERRNO PROGRAM [ARGUMENT]...
 *
 * Runs the program under a seccomp filter, as containers and service managers do: the system call kills the process, or
 * fails with this number.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* where the first calls of these names had 16 bits for a user */
#ifdef SYS_setresuid32
#define SETGROUPS SYS_setgroups32
#define SETRESUID SYS_setresuid32
#else
#define SETGROUPS SYS_setgroups
#define SETRESUID SYS_setresuid
#endif

static const struct {
	const char *name;
	uint32_t number;
} calls[] = {
	{ "capset", SYS_capset },       { "chroot", SYS_chroot },
	{ "getrandom", SYS_getrandom }, { "inotify_init1", SYS_inotify_init1 },
	{ "prlimit64", SYS_prlimit64 }, { "recvmmsg", SYS_recvmmsg },
	{ "seccomp", SYS_seccomp },     { "setgroups", SETGROUPS },
	{ "setresuid", SETRESUID },
};

static uint32_t
number_of(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(calls[i].name, name))
			return calls[i].number;
	fprintf(stderr, "filtered: %s is not in the list\n", name);
	exit(2);
}

int
main(int argc, char **argv)
{
	uint32_t call, answer;

	if (argc < 4) {
		fputs("usage: filtered CALL kill|ERRNO PROGRAM [ARGUMENT]...\n", stderr);
		return 2;
	}
	call = number_of(argv[1]);
	answer = strcmp(argv[2], "kill") ? SECCOMP_RET_ERRNO | (uint32_t)atoi(argv[2]) : SECCOMP_RET_KILL_PROCESS;

	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("filtered");
		return 2;
	}
	execv(argv[3], argv + 3);
	perror(argv[3]);
	return 2;
}
