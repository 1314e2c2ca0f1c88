/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/text.h"

static void __attribute__((format(printf, 3, 0))) print(struct doctor *d, const char *head, const char *fmt, va_list ap)
{
	char text[4096], clean[8192];

	vsnprintf(text, sizeof(text), fmt, ap);
	fprintf(d->out, "%s %s\n", head, text_utf8(text, true, clean, sizeof(clean)));
}

void
doctor_good(struct doctor *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(d, "ok   ", fmt, ap);
	va_end(ap);
}

void
doctor_bad(struct doctor *d, const char *remedy, const char *fmt, ...)
{
	char clean[8192];
	va_list ap;

	va_start(ap, fmt);
	print(d, "FAULT", fmt, ap);
	va_end(ap);
	if (remedy)
		fprintf(d->out, "      > %s\n", text_utf8(remedy, true, clean, sizeof(clean)));
	d->faults++;
}

bool
doctor_wants(const struct doctor *d, const struct door *door)
{
	return !d->only || !strcmp(d->only, door->name);
}

const char *
doctor_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* In the child: nothing but the pipe, and no messages. */
static void
execute(const char *const *argv, int out)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
		_exit(126);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

json_t *
doctor_run(const char *const *argv)
{
	int fds[2], status;
	json_t *json = NULL;
	FILE *in;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return NULL;
	pid = fork();
	if (!pid)
		execute(argv, fds[1]);
	close(fds[1]);
	in = fdopen(fds[0], "r");
	if (in)
		json = json_loadf(in, 0, NULL);
	if (in)
		fclose(in);
	else
		close(fds[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
		json_decref(json);
		return NULL;
	}
	return json;
}
