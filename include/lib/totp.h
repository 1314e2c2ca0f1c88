/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One-time codes of authenticator apps (TOTP, RFC 6238): six digits from a secret and the time, with the parameters
 * that all apps know: SHA-1, steps of 30 seconds since 1970.
 */
#ifndef KNOCKD_TOTP_H
#define KNOCKD_TOTP_H

#include <stddef.h>
#include <stdint.h>

#define TOTP_STEP_SECONDS 30
#define TOTP_CODES        1000000
#define TOTP_DIGITS       6

#define TOTP_SECRET_MIN 16 /* bytes: RFC 4226, requirement R6 */
#define TOTP_SECRET_NEW 20 /* ... which recommends so many */
#define TOTP_SECRET_MAX 64
#define TOTP_TEXT_LEN   105 /* of the longest secret in Base32, with its NUL */

struct totp_secret {
	uint8_t bytes[TOTP_SECRET_MAX];
	size_t len;
};

/* Reads Base32 (RFC 4648) in either case; blanks, "-" and padding are skipped. 0, or -1 with a clause in `why`. */
int totp_parse(struct totp_secret *secret, const char *text, const char **why);

/* Writes Base32 without padding and returns `buf`. */
const char *totp_format(const struct totp_secret *secret, char buf[static TOTP_TEXT_LEN]);

/* A line of the file of secrets: "USER BASE32". */
#define TOTP_USER_MAX 64 /* with its NUL */

struct totp_user {
	char name[TOTP_USER_MAX];
	struct totp_secret secret;
};

/* `line`, which is overwritten, is neither blank nor a comment. NULL, or a clause with what is wrong. */
const char *totp_parse_user(struct totp_user *user, char *line);

uint64_t totp_step(int64_t wall_ms);

/* The code of a step, below TOTP_CODES. */
uint32_t totp_code(const struct totp_secret *secret, uint64_t step);

/* Reads six digits, which may have a blank in the middle as apps show them. 0, or -1. */
int totp_parse_code(uint32_t *code, const char *text);

#endif
