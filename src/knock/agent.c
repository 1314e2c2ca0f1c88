/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/text.h"
#include "signed/bytes.h"

/* Numbers of messages. */
enum { ASK_KEYS = 11, KEYS = 12, ASK_SIGNATURE = 13, SIGNATURE = 14 };

#define MESSAGE_MAX (256 * 1024) /* as in OpenSSH */
#define KEYS_MAX    2048

/* ---- messages ----------------------------------------------------------------------------------- */

static int
move(int fd, void *bytes, size_t len, bool out)
{
	char *at = bytes;

	while (len) {
		ssize_t n = out ? send(fd, at, len, MSG_NOSIGNAL) : recv(fd, at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n ? errno : ECONNRESET;
			return -1;
		}
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Sends `request`, with room for its length before it, and gets the answer, to be freed. NULL with a message. */
static uint8_t *
talk(int fd, uint8_t *request, size_t len, struct bytes *answer, char *err, size_t errlen)
{
	uint8_t head[4], *text = NULL;
	size_t size = 0;

	bytes_put(request, 4, len - 4);
	if (!move(fd, request, len, true) && !move(fd, head, sizeof(head), false)) {
		size = (size_t)bytes_get(head, sizeof(head));
		text = size && size <= MESSAGE_MAX ? malloc(size) : NULL;
		errno = text ? 0 : EPROTO;
	}
	if (text && !move(fd, text, size, false)) {
		*answer = (struct bytes){ text, size };
		return text;
	}
	snprintf(err, errlen, "error: ssh-agent: %s", strerror(errno));
	free(text);
	return NULL;
}

int
agent_open(char *err, size_t errlen)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("SSH_AUTH_SOCK");
	int fd;

	if (!path || !*path) {
		snprintf(err, errlen, "error: no ssh-agent: SSH_AUTH_SOCK is not set (eval \"$(ssh-agent)\"; ssh-add)");
		return -1;
	}
	fd = text_copy(to.sun_path, sizeof(to.sun_path), path) ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	snprintf(err, errlen, "error: ssh-agent: %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* ---- keys --------------------------------------------------------------------------------------- */

static int
pick(struct bytes *list, const struct sshkey *wanted, struct sshkey *key)
{
	uint64_t n;
	struct bytes blob, comment;

	if (bytes_take_number(list, 4, &n) || n > KEYS_MAX)
		return -1;
	while (n-- && !bytes_take_string(list, &blob) && !bytes_take_string(list, &comment))
		if (!sshkey_read_blob(key, blob.at, blob.left) && (!wanted || sshkey_equal(key, wanted)))
			return 0;
	return -1;
}

int
agent_find(int fd, const struct sshkey *wanted, struct sshkey *key, char *err, size_t errlen)
{
	uint8_t request[5] = { [4] = ASK_KEYS }, *text;
	struct bytes answer;
	uint64_t kind;
	int failed;

	text = talk(fd, request, sizeof(request), &answer, err, errlen);
	if (!text)
		return -1;
	failed = bytes_take_number(&answer, 1, &kind) || kind != KEYS || pick(&answer, wanted, key);
	if (failed)
		snprintf(err, errlen, "error: ssh-agent has no %s: load it with ssh-add",
			 wanted ? "key like this" : "key of type ssh-ed25519 or sk-ssh-ed25519");
	free(text);
	return failed ? -1 : 0;
}

/* ---- signatures --------------------------------------------------------------------------------- */

static int
read_signature(struct bytes *answer, const struct sshkey *key, struct knock1_plain *plain)
{
	struct bytes signature;
	uint64_t kind, flags = 0, counter = 0;

	if (bytes_take_number(answer, 1, &kind) || kind != SIGNATURE || bytes_take_string(answer, &signature))
		return -1;
	if (bytes_take_word(&signature, key->fido ? "sk-ssh-ed25519@openssh.com" : "ssh-ed25519") ||
	    bytes_take_exactly(&signature, plain->signature, sizeof(plain->signature)))
		return -1;
	if (key->fido && (bytes_take_number(&signature, 1, &flags) || bytes_take_number(&signature, 4, &counter)))
		return -1;
	plain->fido_flags = (uint8_t)flags;
	plain->fido_counter = (uint32_t)counter;
	return signature.left ? -1 : 0;
}

int
agent_sign(int fd, const struct sshkey *key, const uint8_t *bytes, size_t len, struct knock1_plain *plain, char *err,
	   size_t errlen)
{
	uint8_t request[1024] = { [4] = ASK_SIGNATURE }, blob[SSHKEY_BLOB_MAX], *at = request + 5, *text;
	size_t blob_len = sshkey_write_blob(key, blob);
	struct bytes answer;
	int failed;

	if (blob_len + len + 5 + 4 + 4 + 4 > sizeof(request))
		return -1;
	at = bytes_put_string(at, blob, blob_len);
	at = bytes_put_string(at, bytes, len);
	bytes_put(at, 4, 0); /* no flags */
	text = talk(fd, request, (size_t)(at + 4 - request), &answer, err, errlen);
	if (!text)
		return -1;
	failed = read_signature(&answer, key, plain);
	if (failed)
		snprintf(err, errlen,
			 "error: ssh-agent did not sign: the user refused, or the security key is missing");
	free(text);
	return failed;
}
