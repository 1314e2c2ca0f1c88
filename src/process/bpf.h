/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words for filters of system calls. Only in a build with seccomp. */
#ifndef KNOCKD_PROCESS_BPF_H
#define KNOCKD_PROCESS_BPF_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/*
 * The kernel numbers system calls by architecture, and a process may use those of another: i386's on x86_64, for
 * example. The filter permits those of the architecture that it is compiled for.
 */
#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define ARCHITECTURE AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__ARMEB__)
#define ARCHITECTURE AUDIT_ARCH_ARMEB
#elif defined(__arm__)
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined(__riscv)
#define ARCHITECTURE AUDIT_ARCH_RISCV32
#elif defined(__loongarch64)
#define ARCHITECTURE AUDIT_ARCH_LOONGARCH64
#elif defined(__s390x__)
#define ARCHITECTURE AUDIT_ARCH_S390X
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined(__powerpc64__)
#define ARCHITECTURE AUDIT_ARCH_PPC64
#elif defined(__powerpc__)
#define ARCHITECTURE AUDIT_ARCH_PPC
#elif defined(__mips64) && _MIPS_SIM == _ABI64 && defined(__MIPSEL__)
#define ARCHITECTURE AUDIT_ARCH_MIPSEL64
#elif defined(__mips64) && _MIPS_SIM == _ABI64
#define ARCHITECTURE AUDIT_ARCH_MIPS64
#elif defined(__mips__) && _MIPS_SIM == _ABIO32 && defined(__MIPSEL__)
#define ARCHITECTURE AUDIT_ARCH_MIPSEL
#elif defined(__mips__) && _MIPS_SIM == _ABIO32
#define ARCHITECTURE AUDIT_ARCH_MIPS
#else
#error "no filter of system calls for this architecture: configure --without-seccomp"
#endif

/* The kernel takes a descriptor from the lower half of its argument. */
#define LOWER_HALF (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(__u32) : 0)

#define LOAD(offset)              BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define LOAD_ARGUMENT(n)          LOAD(offsetof(struct seccomp_data, args[n]) + LOWER_HALF)
#define SKIP_IF(value, count)     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, count, 0)
#define SKIP_UNLESS(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count)
#define END(action)               BPF_STMT(BPF_RET | BPF_K, action)

/* With the number of the call loaded: permits that call, with any arguments or with this descriptor as the first. */
#define PERMIT(number) SKIP_UNLESS(number, 1), END(SECCOMP_RET_ALLOW)
#define PERMIT_ON(number, fd)                                                                 \
	SKIP_UNLESS(number, 4), LOAD_ARGUMENT(0), SKIP_UNLESS(fd, 1), END(SECCOMP_RET_ALLOW), \
	    END(SECCOMP_RET_KILL_PROCESS)

/* The beginning of each filter: ends a process that uses calls of another architecture, and loads the number. */
#define BEGIN_FILTER                                                                                        \
	LOAD(offsetof(struct seccomp_data, arch)), SKIP_IF(ARCHITECTURE, 1), END(SECCOMP_RET_KILL_PROCESS), \
	    LOAD(offsetof(struct seccomp_data, nr))

#endif
