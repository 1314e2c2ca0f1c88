/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of secret keys that knockd makes: a line "WORD BASE64", or several while the admin replaces a key. Blank lines
 * and lines that begin with # are skipped. Only in builds with libsodium.
 */
#ifndef KNOCKD_KEYLINES_H
#define KNOCKD_KEYLINES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define KEYLINES_LEN_MAX 64

struct keylines {
	const char *word;
	const char *option; /* of knockd, that makes the file */
	const char *about;  /* what it is the secret key of, for the first line of the file */
	size_t len;         /* of a key in bytes, at most KEYLINES_LEN_MAX */
	size_t max;         /* keys in a file */
};

/* Makes the file with a new key, mode 0600. 0, or -1 with errno: EEXIST, among others. */
int keylines_generate(const struct keylines *form, const char *path);

/* The key of one line, without its newline, which is overwritten. `key` has form->len bytes. 0, or -1: it is none. */
int keylines_parse(const struct keylines *form, char *line, uint8_t *key);

/*
 * Reads the file and closes `fd`. The owner must be root or `self`, and nobody else may read or write it. fd -1: it
 * could not be opened, with errno. `keys` has form->len bytes for each of form->max keys, for the caller to wipe. The
 * number of keys, at least 1, or -1 with the reason, which quotes nothing of the file, in `err`.
 */
int keylines_read(const struct keylines *form, int fd, uid_t self, uint8_t *keys, char *err, size_t errlen);

#endif
