/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/trust.h"

/* A file of this user with this mode; closing it deletes it. */
static FILE *
make_file(mode_t mode)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	assert_int_equal(fchmod(fileno(file), mode), 0);
	return file;
}

static void
decides(mode_t mode, enum trust trust, const char *remedy)
{
	FILE *file = make_file(mode);
	const char *text;

	assert_int_equal(trust_of(fileno(file), getuid(), &text), trust);
	if (remedy)
		assert_non_null(strstr(text, remedy));
	else
		assert_null(text);
	fclose(file);
}

static void
the_mode_decides(void **state)
{
	(void)state;
	decides(0600, TRUST_FULL, NULL);
	decides(0640, TRUST_FULL, NULL);
	decides(0644, TRUST_READ_BY_ALL, "chmod o-r");
	decides(0602, TRUST_NONE, "chmod o-w");
}

/* An inode's number and its times may need 64 bits. A 32-bit stat(2) fails for such a file. */
static void
a_file_of_2040_is_like_any_other(void **state)
{
	const struct timespec times[2] = { { .tv_sec = INT64_C(2209032000) }, { .tv_sec = INT64_C(2209032000) } };
	FILE *file = make_file(0600);
	const char *text;

	(void)state;
	assert_int_equal(sizeof(ino_t), 8);
	assert_int_equal(sizeof(off_t), 8);
	assert_int_equal(futimens(fileno(file), times), 0);
	assert_int_equal(trust_of(fileno(file), getuid(), &text), TRUST_FULL);
	fclose(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mode_decides),
		cmocka_unit_test(a_file_of_2040_is_like_any_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
