/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knockctl totp: a new secret for a user's authenticator app. */
#ifndef KNOCKD_CTL_TOTP_H
#define KNOCKD_CTL_TOTP_H

#include <jansson.h>
#include <stdio.h>

/*
 * Appends a new secret of the user to the file that the daemon's answer names, which it makes if there is none. Then
 * prints its URI for the app, "otpauth://totp/...", and on a terminal that as a QR code. 0, or -1 after a message: the
 * file is unchanged.
 */
int ctl_totp(const char *user, const char *host, const json_t *answer, FILE *out);

#endif
