/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests that need a kernel: a network namespace of their own, so that the host's ruleset is never touched, and nft
 * to inspect the result.
 */
#ifndef KNOCKD_NETNS_H
#define KNOCKD_NETNS_H

#include <stdbool.h>
#include <stddef.h>

/* NFT_TABLE_F_OWNER, which the headers of Linux before 5.12 lack */
#define NETNS_TABLE_F_OWNER 2U

/* Enters a new network namespace. NULL, or the reason why that or nft is not possible here. */
const char *netns_enter(void);

/* Gives up every capability of this process, for good. 0, or -1 with errno. */
int netns_drop_capabilities(void);

/* May a socket be given a large buffer? In a user namespace nft(8) has a small one, which holds a small ruleset only.
 */
bool netns_large_buffers(void);

/* Runs `nft` with these arguments; fails the test when nft does. */
void nft(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The output of a shell command, to be freed by the caller; fails the test when the command does. */
char *output_of(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Does the command's output contain the text? On failure both are printed. */
void assert_shows(const char *command, const char *text);
void assert_lacks(const char *command, const char *text);

#endif
