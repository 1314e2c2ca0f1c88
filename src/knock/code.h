/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one-time code that the user reads from an authenticator app. */
#ifndef KNOCK_CODE_H
#define KNOCK_CODE_H

#include <stdint.h>

/*
 * Reads the code from `given` (option --totp), or, if that is NULL, from the user's terminal, also where standard input
 * is a connection. 0, or -1 after a message on standard error.
 */
int code_take(uint32_t *code, const char *given);

#endif
