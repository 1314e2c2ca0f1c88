/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/replace.h"
#include "process/priv.h"
#include "process/title.h"

/* The commands. Any other byte ends the keeper. */
enum {
	WORD_CONFIG = 'c',
	WORD_LOG = 'l',
	WORD_GUARD = 'g',
	WORD_PUT_GUARD = 'p',
	WORD_REMOVE = 'r',
	WORD_OTHER = '0', /* to '0' + KEEPER_OTHERS - 1 */
};

struct keeper {
	pid_t pid; /* 0: there is none */
	int fd;
	char *log;
	char *others[KEEPER_OTHERS];
};

/* Room for one descriptor beside the message. */
union passage {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

/* ---- the process that stays root --------------------------------------------------------------- */

/* The identity of a file at the start. */
struct kept_file {
	const char *path;
	dev_t dev;
	ino_t ino;
};

static struct kept_file
note_place(const char *path)
{
	struct kept_file place = { .path = path };
	struct stat st;

	if (!path || lstat(path, &st))
		return (struct kept_file){ .path = NULL };
	place.dev = st.st_dev;
	place.ino = st.st_ino;
	return place;
}

static void
remove_place(const struct kept_file *place)
{
	struct stat st;

	if (place->path && !lstat(place->path, &st) && st.st_dev == place->dev && st.st_ino == place->ino)
		unlink(place->path);
}

/* Sends errno's value, and the descriptor if `fd` is one. */
static int
answer(int to, int error, int fd)
{
	union passage passage;
	struct iovec iov = { &error, sizeof(error) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *header;

	memset(&passage, 0, sizeof(passage));
	if (fd >= 0) {
		msg.msg_control = passage.room;
		msg.msg_controllen = sizeof(passage.room);
		header = CMSG_FIRSTHDR(&msg);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	return sendmsg(to, &msg, MSG_NOSIGNAL) == sizeof(error) ? 0 : -1;
}

static int
hand_over(int to, int fd)
{
	int failed = answer(to, fd < 0 ? errno : 0, fd);

	if (fd >= 0)
		close(fd);
	return failed;
}

static int
open_to_read(const char *path)
{
	/* O_NONBLOCK: a FIFO put there must not stop the daemon */
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

struct places {
	struct kept_file pid_file, control;
};

/* 0, or -1: the keeper ends. */
static int
obey(char word, int fd, const struct keeper_files *files, const struct places *places)
{
	switch (word) {
	case WORD_CONFIG:
		return hand_over(fd, open_to_read(files->config));
	case WORD_LOG:
		return files->log ? hand_over(fd, log_make_file(files->log)) : -1;
	case WORD_GUARD:
		return hand_over(fd, replace_begin(files->guard));
	case WORD_PUT_GUARD:
		return answer(fd, replace_end(files->guard) ? errno : 0, -1);
	case WORD_REMOVE:
		remove_place(&places->pid_file);
		remove_place(&places->control);
		return answer(fd, 0, -1);
	}
	for (int i = 0; i < KEEPER_OTHERS; i++)
		if (word == WORD_OTHER + i && files->others[i])
			return hand_over(fd, open_to_read(files->others[i]));
	return -1;
}

static void
serve(int fd, const struct keeper_files *files)
{
	const struct places places = { note_place(files->pid_file), note_place(files->control_socket) };
	char word;

	while (recv(fd, &word, 1, 0) == 1 && !obey(word, fd, files, &places))
		;
}

static _Noreturn void
keep(int fd, const struct keeper_files *files)
{
	const struct priv_user root = { 0, 0 };
	const char *step;

	title_set("keeper");
	/* the daemon's end ends the keeper: the daemon may need it until then */
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	fd = priv_keep_only(fd);
	if (fd < 0 || chdir("/") || priv_keep(&root, UINT64_C(1) << CAP_DAC_OVERRIDE, &step))
		_exit(1);
	serve(fd, files);
	_exit(0);
}

/* ---- the daemon's side ------------------------------------------------------------------------- */

static void
free_keeper(struct keeper *keeper)
{
	for (int i = 0; i < KEEPER_OTHERS; i++)
		free(keeper->others[i]);
	free(keeper->log);
	free(keeper);
}

struct keeper *
keeper_start(const struct keeper_files *files)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));
	int fds[2];
	pid_t pid;

	if (!keeper || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
		free(keeper);
		return NULL;
	}
	keeper->fd = fds[0];
	keeper->log = files->log ? strdup(files->log) : NULL;
	for (int i = 0; i < KEEPER_OTHERS; i++)
		keeper->others[i] = files->others[i] ? strdup(files->others[i]) : NULL;
	pid = fork();
	if (!pid) {
		free_keeper(keeper);
		keep(fds[1], files);
	}
	close(fds[1]);
	if (pid < 0) {
		keeper_stop(keeper);
		return NULL;
	}
	keeper->pid = pid;
	return keeper;
}

static int
descriptor_of(struct msghdr *msg)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(msg);
	int fd = -1;

	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

/* Returns the keeper's descriptor, or -1 with errno. */
static int
ask(struct keeper *keeper, char word)
{
	union passage passage;
	int error = EPIPE;
	struct iovec iov = { &error, sizeof(error) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = passage.room, .msg_controllen = sizeof(passage.room)
	};
	ssize_t len = -1;

	memset(&passage, 0, sizeof(passage));
	if (send(keeper->fd, &word, 1, MSG_NOSIGNAL) == 1)
		do {
			len = recvmsg(keeper->fd, &msg, MSG_CMSG_CLOEXEC);
		} while (len < 0 && errno == EINTR);
	errno = len == sizeof(error) ? error : EPIPE;
	if (!errno && msg.msg_flags & MSG_CTRUNC)
		errno = EMFILE; /* this process has no room for the descriptor */
	return errno ? -1 : descriptor_of(&msg);
}

int
keeper_open_config(struct keeper *keeper)
{
	return ask(keeper, WORD_CONFIG);
}

int
keeper_open_other(struct keeper *keeper, const char *path)
{
	for (int i = 0; i < KEEPER_OTHERS; i++)
		if (keeper->others[i] && !strcmp(keeper->others[i], path))
			return ask(keeper, (char)(WORD_OTHER + i));
	errno = EACCES;
	return -1;
}

int
keeper_open_log(struct keeper *keeper)
{
	return ask(keeper, WORD_LOG);
}

int
keeper_open_guard(struct keeper *keeper)
{
	return ask(keeper, WORD_GUARD);
}

int
keeper_put_guard(struct keeper *keeper)
{
	ask(keeper, WORD_PUT_GUARD);
	return errno ? -1 : 0;
}

bool
keeper_knows_log(const struct keeper *keeper, const char *path)
{
	return keeper->log && !strcmp(keeper->log, path);
}

bool
keeper_reaped(struct keeper *keeper, pid_t pid)
{
	if (!keeper || pid != keeper->pid)
		return false;
	keeper->pid = 0;
	return true;
}

bool
keeper_lives(const struct keeper *keeper)
{
	return keeper->pid;
}

pid_t
keeper_pid(const struct keeper *keeper)
{
	return keeper ? keeper->pid : 0;
}

void
keeper_remove(struct keeper *keeper)
{
	ask(keeper, WORD_REMOVE);
}

void
keeper_stop(struct keeper *keeper)
{
	if (!keeper)
		return;
	close(keeper->fd);
	while (keeper->pid && waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free_keeper(keeper);
}
