/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text for the camera of a phone. */
#ifndef KNOCKD_CTL_CODE_H
#define KNOCKD_CTL_CODE_H

#include <stdio.h>

/* Prints the text as a QR code if `out` is a terminal and knockctl was built with libqrencode. */
void ctl_code_print(const char *text, FILE *out);

#endif
