/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knockctl enrol: the new user's line in the file of the users' keys, and the line for the user. */
#ifndef KNOCKD_CTL_ENROL_H
#define KNOCKD_CTL_ENROL_H

#include <jansson.h>
#include <stdio.h>

/*
 * Reads a public key from standard input and appends it to the file that the daemon's answer names, with the option
 * user. Then prints the user's line, and on a terminal its QR code. 0, or -1 after a message: the file is unchanged.
 */
int ctl_enrol(const char *user, const json_t *answer, FILE *out);

/* This machine's name, for the user's line, unless --host gives another. Returns `buf`. */
const char *ctl_enrol_host(char *buf, size_t len);

#endif
