/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h" /* _GNU_SOURCE: unshare */

#include "test.h"

#include "netns.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OUTPUT_MAX (16 << 20)

static int
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, text, strlen(text));
	close(fd);
	return written < 0 ? -1 : 0;
}

static int
enter_as_user(void)
{
	unsigned uid = getuid(), gid = getgid();
	char map[64];

	if (unshare(CLONE_NEWUSER) || write_file("/proc/self/setgroups", "deny"))
		return -1;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (write_file("/proc/self/uid_map", map))
		return -1;
	snprintf(map, sizeof(map), "0 %u 1", gid);
	if (write_file("/proc/self/gid_map", map))
		return -1;
	/* only now: the files of the network in /proc belong to the user that is root at this moment */
	return unshare(CLONE_NEWNET);
}

const char *
netns_enter(void)
{
	if (system("command -v nft >/dev/null 2>&1"))
		return "nft is not installed";
	if (geteuid() == 0 ? unshare(CLONE_NEWNET) : enter_as_user())
		return "cannot make namespaces";
	if (system("nft list ruleset >/dev/null 2>&1"))
		return "this kernel has no nftables";
	return NULL;
}

bool
netns_large_buffers(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 1 << 20;
	bool may = !setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));

	close(fd);
	return may;
}

int
netns_drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { .effective = 0 } };

	return (int)syscall(SYS_capset, &header, none);
}

void
nft(const char *fmt, ...)
{
	char command[4096] = "nft ";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command + 4, sizeof(command) - 4, fmt, ap);
	va_end(ap);
	if (system(command))
		fail_msg("%s", command);
}

char *
output_of(const char *fmt, ...)
{
	char command[4096], *text = calloc(1, OUTPUT_MAX);
	size_t used = 0, n;
	va_list ap;
	FILE *pipe;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	pipe = popen(command, "r");
	assert_non_null(text);
	assert_non_null(pipe);
	while ((n = fread(text + used, 1, OUTPUT_MAX - 1 - used, pipe)))
		used += n;
	if (pclose(pipe))
		fail_msg("%s", command);
	return text;
}

void
assert_shows(const char *command, const char *text)
{
	char *output = output_of("%s", command);

	if (!strstr(output, text))
		fail_msg("\"%s\" is not in the output of %s:\n%s", text, command, output);
	free(output);
}

void
assert_lacks(const char *command, const char *text)
{
	char *output = output_of("%s", command);

	if (strstr(output, text))
		fail_msg("\"%s\" is in the output of %s:\n%s", text, command, output);
	free(output);
}
