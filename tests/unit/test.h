/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka wants these five in this order before its own header. */
#ifndef KNOCKD_TEST_H
#define KNOCKD_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* skip(), with a reason that tests/unit-run puts into the TAP line */
#define SKIP(reason)                                   \
	do {                                           \
		print_message("# skip: %s\n", reason); \
		skip();                                \
	} while (0)

#endif
