/* SPDX-License-Identifier: GPL-2.0-or-later */
/* write(2) until everything is written. */
#ifndef KNOCKD_WRITEALL_H
#define KNOCKD_WRITEALL_H

#include <stddef.h>

/* 0, or -1 with errno; a part may then be written. `fd` blocks. */
int writeall(int fd, const char *data, size_t len);

#endif
