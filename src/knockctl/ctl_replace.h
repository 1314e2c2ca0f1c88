/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replaces a configuration file. */
#ifndef KNOCKD_CTL_REPLACE_H
#define KNOCKD_CTL_REPLACE_H

#include <stddef.h>
#include <stdio.h>

/*
 * Writes the new file beside the old one, with its owner and mode, checks it as `knockd -t` does, and puts it in its
 * place; the old one stays under another name. Returns that name, for free(), or NULL after an error, whose text
 * is in `err`: the file is then as it was.
 */
char *ctl_replace(const char *path, const char *text, size_t len, FILE *err);

#endif
