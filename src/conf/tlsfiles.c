/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/tlsfiles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/secretfile.h"
#include "lib/trust.h"

const char *const tlsfiles_keys[SHARE_TLS_FILES] = { "Share_CA", "Share_Cert", "Share_Cert_Key" };

/* Why a file is refused, or NULL. */
static const char *
refuse(int fd, enum share_tls_file which, uid_t self)
{
	const char *why;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "is not a regular file";
	if (which == SHARE_CERT_KEY)
		return secretfile_refuse(fd, self);
	return trust_of(fd, self, &why) == TRUST_NONE ? why : NULL;
}

static void
stamp(struct tlsfiles_stamp *stamp, int fd)
{
	struct stat st;

	if (!fstat(fd, &st))
		*stamp = (struct tlsfiles_stamp){
			.dev = st.st_dev, .ino = st.st_ino, .size = st.st_size, .changed = st.st_mtim
		};
}

/* 0, or -1 with the reason. */
static int
open_one(struct tlsfiles *files, int which, const char *path, uid_t self, tlsfiles_opener *opener, void *arg, char *err,
	 size_t errlen)
{
	const char *why;

	files->fds[which] = opener(arg, path);
	why = refuse(files->fds[which], (enum share_tls_file)which, self);
	if (!why) {
		stamp(&files->stamps[which], files->fds[which]);
		return 0;
	}
	snprintf(err, errlen, "%s: %s: %s", tlsfiles_keys[which], path, why);
	return -1;
}

struct tlsfiles *
tlsfiles_open(char *const paths[static SHARE_TLS_FILES], uid_t self, tlsfiles_opener *opener, void *arg, char *err,
	      size_t errlen)
{
	struct tlsfiles *files = calloc(1, sizeof(*files));

	if (!files) {
		snprintf(err, errlen, "%s", strerror(errno));
		return NULL;
	}
	for (int i = 0; i < SHARE_TLS_FILES; i++)
		files->fds[i] = -1;
	for (int i = 0; i < SHARE_TLS_FILES; i++)
		if (paths[i] && open_one(files, i, paths[i], self, opener, arg, err, errlen)) {
			tlsfiles_close(files);
			return NULL;
		}
	return files;
}

void
tlsfiles_close(struct tlsfiles *files)
{
	for (int i = 0; files && i < SHARE_TLS_FILES; i++)
		if (files->fds[i] >= 0)
			close(files->fds[i]);
	free(files);
}

static bool
is_same(const struct tlsfiles_stamp *a, const struct tlsfiles_stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

bool
tlsfiles_same(const struct tlsfiles *a, const struct tlsfiles *b)
{
	if (!a || !b)
		return a == b;
	for (int i = 0; i < SHARE_TLS_FILES; i++)
		if (!is_same(&a->stamps[i], &b->stamps[i]))
			return false;
	return true;
}
