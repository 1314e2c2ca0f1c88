/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process/cage.h"

#include "config.h"

#ifdef HAVE_SECCOMP

#include <unistd.h>

#include "bpf.h"

/*
 * Uses the stack alone: memory from malloc(3) would have to be freed when the filter forbids that, and a library for
 * filters would also permit i386's and s390x's socketcall(2), on any descriptor.
 */
int
cage_filter(int in, int out)
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
#ifdef SYS_recvmmsg
		PERMIT_ON(SYS_recvmmsg, (unsigned)in),
#else
		PERMIT_ON(SYS_recvmmsg_time64, (unsigned)in),
#endif
		PERMIT_ON(SYS_sendto, (unsigned)out),
#ifdef SYS_clock_gettime /* if the vDSO cannot answer */
		PERMIT(SYS_clock_gettime),
#endif
#ifdef SYS_clock_gettime64
		PERMIT(SYS_clock_gettime64),
#endif
		PERMIT_ON(SYS_close, STDERR_FILENO),
		PERMIT(SYS_restart_syscall), /* poll() after SIGCONT */
		PERMIT(SYS_rt_sigreturn),
		PERMIT(SYS_exit),
		PERMIT(SYS_exit_group),
		END(SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

bool
cage_has_filter(void)
{
	return true;
}

#else

int
cage_filter(int in, int out)
{
	(void)in, (void)out;
	return 0;
}

bool
cage_has_filter(void)
{
	return false;
}

#endif
