/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nflog GROUP: binds an NFLOG group as another program (ulogd, for instance) does. Prints "listening" when it has the
 * group, then "PREFIX tcp 7000" for each packet.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libnetfilter_log/libnetfilter_log.h>

static void
show(const char *prefix, int proto, const unsigned char *transport)
{
	const char *name = proto == IPPROTO_TCP ? "tcp" : proto == IPPROTO_UDP ? "udp" : "other";

	printf("%s %s %d\n", prefix, name, transport[2] << 8 | transport[3]);
	fflush(stdout);
}

/* Knows no extension headers: the tests that use this send none. */
static int
packet(struct nflog_g_handle *group, struct nfgenmsg *msg, struct nflog_data *data, void *arg)
{
	const char *prefix = nflog_get_prefix(data);
	char *payload;
	int len = nflog_get_payload(data, &payload);
	const unsigned char *p = (const unsigned char *)payload;

	(void)group, (void)msg, (void)arg;
	if (len >= 24 && p[0] >> 4 == 4 && (p[0] & 15) * 4 + 4 <= len)
		show(prefix ? prefix : "", p[9], p + (p[0] & 15) * 4);
	else if (len >= 44 && p[0] >> 4 == 6)
		show(prefix ? prefix : "", p[6], p + sizeof(struct ip6_hdr));
	else
		printf("short\n");
	return 0;
}

int
main(int argc, char **argv)
{
	struct nflog_handle *handle = nflog_open();
	struct nflog_g_handle *group;
	char buf[65536];
	ssize_t len;

	if (argc != 2 || !handle) {
		fprintf(stderr, "usage: nflog GROUP (and the right to)\n");
		return 2;
	}
	group = nflog_bind_group(handle, (uint16_t)atoi(argv[1]));
	if (!group || nflog_set_mode(group, NFULNL_COPY_PACKET, 256) || nflog_set_qthresh(group, 1)) {
		perror("nflog: cannot bind the group");
		return 1;
	}
	nflog_callback_register(group, packet, NULL);
	puts("listening");
	fflush(stdout);
	while ((len = recv(nflog_fd(handle), buf, sizeof(buf), 0)) > 0)
		nflog_handle_packet(handle, buf, (int)len);
	perror("nflog");
	return 1;
}
