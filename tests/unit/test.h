/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka wants these five in this order before its own header. */
#ifndef KNOCKD_TEST_H
#define KNOCKD_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* How many times slower programs may be here: an emulated processor, or valgrind. A factor for limits of time. */
static inline int
slowness(void)
{
	const char *value = getenv("TESTS_SLOWNESS");

	return value ? atoi(value) : 1;
}

/* skip(), with a reason that tests/unit-run puts into the TAP line */
#define SKIP(reason)                                   \
	do {                                           \
		print_message("# skip: %s\n", reason); \
		skip();                                \
	} while (0)

#endif
