/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process/cage.h"

#include "config.h"

#ifdef HAVE_SECCOMP

#include <sys/mman.h>
#include <sys/socket.h>

#include "bpf.h"

#define KILL  END(SECCOMP_RET_KILL_PROCESS)
#define ALLOW END(SECCOMP_RET_ALLOW)

/* With the number of the call loaded: permits it unless memory becomes executable, which the third argument says. */
#define PERMIT_MAPPING(number) \
	SKIP_UNLESS(number, 4), LOAD_ARGUMENT(2), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0), ALLOW, KILL

/* Permits socket(2) for streams alone, to the machine's own processes and by IP. */
#define PERMIT_STREAMS                                                                                                 \
	SKIP_UNLESS(SYS_socket, 10), LOAD_ARGUMENT(0), SKIP_IF(AF_INET, 3), SKIP_IF(AF_INET6, 2), SKIP_IF(AF_UNIX, 1), \
	    KILL, LOAD_ARGUMENT(1), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~(__u32)(SOCK_NONBLOCK | SOCK_CLOEXEC)),       \
	    SKIP_UNLESS(SOCK_STREAM, 1), ALLOW, KILL

int
cage_courier(void)
{
	struct sock_filter code[] = {
		BEGIN_FILTER,
#ifdef SYS_poll
		PERMIT(SYS_poll),
#endif
#ifdef SYS_ppoll /* libc's poll() on architectures without poll(2) */
		PERMIT(SYS_ppoll),
#endif
#ifdef SYS_ppoll_time64 /* here and below: 32-bit architectures */
		PERMIT(SYS_ppoll_time64),
#endif
		PERMIT(SYS_sendto),
		PERMIT(SYS_recvfrom),
		PERMIT(SYS_read), /* OpenSSL, as the next three */
		PERMIT(SYS_write),
		PERMIT(SYS_getrandom),
		PERMIT(SYS_getpid),
#ifdef SYS_time
		PERMIT(SYS_time),
#endif
#ifdef SYS_gettimeofday
		PERMIT(SYS_gettimeofday),
#endif
		PERMIT_STREAMS,
		PERMIT(SYS_connect),
		PERMIT(SYS_getsockopt),
		PERMIT(SYS_setsockopt),
		PERMIT(SYS_close),
		PERMIT(SYS_brk),
#if defined SYS_mmap2
		PERMIT_MAPPING(SYS_mmap2),
#elif defined __s390x__ /* its arguments are in memory */
		PERMIT(SYS_mmap),
#else
		PERMIT_MAPPING(SYS_mmap),
#endif
		PERMIT_MAPPING(SYS_mprotect),
		PERMIT(SYS_munmap),
		PERMIT(SYS_mremap),
		PERMIT(SYS_madvise),
#ifdef SYS_clock_gettime /* if the vDSO cannot answer */
		PERMIT(SYS_clock_gettime),
#endif
#ifdef SYS_clock_gettime64
		PERMIT(SYS_clock_gettime64),
#endif
		PERMIT(SYS_restart_syscall), /* poll() after SIGCONT */
		PERMIT(SYS_rt_sigreturn),
		PERMIT(SYS_exit),
		PERMIT(SYS_exit_group),
		KILL,
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#else

int
cage_courier(void)
{
	return 0;
}

#endif
