/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/writeall.h"

#include <errno.h>
#include <unistd.h>

int
writeall(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}
