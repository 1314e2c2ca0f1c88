/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine: other daemons, files, the clock. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "doctor.h"

/* Reads a small file of /proc. "" if it is gone. */
static const char *
proc(const char *pid, const char *name, char *buf, size_t len)
{
	char path[300];
	FILE *file;
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	file = fopen(path, "re");
	if (file) {
		n = fread(buf, 1, len - 1, file);
		fclose(file);
	}
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

/* Its parent, from "PID (NAME) STATE PARENT ..."; the name may have blanks and brackets. */
static long
parent_of(const char *pid)
{
	char stat[512];
	const char *end = strrchr(proc(pid, "stat", stat, sizeof(stat)), ')');

	return end && strlen(end) > 4 ? strtol(end + 4, NULL, 10) : 0;
}

static bool
shares_network(const char *pid)
{
	char path[300], theirs[64], ours[64];
	ssize_t n, m;

	snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
	n = readlink(path, theirs, sizeof(theirs));
	m = readlink("/proc/self/ns/net", ours, sizeof(ours));
	return n > 0 && n == m && !memcmp(theirs, ours, (size_t)n);
}

/* Commands that it runs, and its helpers, have it as their parent. */
static bool
is_another(const struct doctor *d, const char *pid)
{
	long own = (long)json_integer_value(json_object_get(d->status, "pid"));
	char name[64];

	return !strcmp(proc(pid, "comm", name, sizeof(name)), "knockd") && atol(pid) != own && parent_of(pid) != own &&
	       shares_network(pid);
}

static void
check_others(struct doctor *d)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	bool found = false;
	char remedy[64];

	while (dir && d->status && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)*entry->d_name) || !is_another(d, entry->d_name))
			continue;
		found = true;
		snprintf(remedy, sizeof(remedy), "kill %.20s", entry->d_name);
		doctor_bad(d, remedy, "another knockd runs here, as process %s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (dir && d->status && !found)
		doctor_good(d, "no other knockd runs here");
}

static void
check_readable(struct doctor *d, const char *path, const char *why)
{
	struct stat st;
	char remedy[4096];

	if (!path || stat(path, &st) || !S_ISREG(st.st_mode) || !(st.st_mode & S_IROTH))
		return;
	snprintf(remedy, sizeof(remedy), "chmod o-r %s", path);
	doctor_bad(d, remedy, "any user can read %s: %s", path, why);
}

/* A clock that is behind makes times in the log and one-time files hard to follow. Knocks do not depend on it. */
static void
check_clock(struct doctor *d)
{
	time_t now = time(NULL);
	struct stat st;

	if (!stat(d->path, &st) && st.st_mtime > now + 60)
		doctor_bad(d, "timedatectl", "the clock is behind: %s was written in the future", d->path);
	else
		doctor_good(d, "the clock is not behind the file's time");
}

void
doctor_host(struct doctor *d)
{
	check_others(d);
	check_clock(d);
	if (d->conf)
		check_readable(d, d->conf->log_file, "it names doors and addresses");
}
