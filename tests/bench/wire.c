/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENT_BUFFER (64 << 20) /* for events of about 100,000 elements */
#define EVENT_READ   (64 << 10)
#define SPIN_NS      (200 * NS_PER_US) /* a sleep may end so much too late */

#define IP_AT        ETH_HLEN
#define TRANSPORT_AT (ETH_HLEN + 20)

_Noreturn void
die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(1);
}

int64_t
clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

void
sleep_until(int64_t ns)
{
	struct timespec at = { .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		continue;
}

void
spin_until(int64_t ns)
{
	if (ns - clock_ns() > SPIN_NS)
		sleep_until(ns - SPIN_NS);
	while (clock_ns() < ns)
		continue;
}

void
pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* ---- packets ------------------------------------------------------------------------------------ */

size_t
ports_parse(struct port *ports, const char *text)
{
	char proto[4];
	size_t n = 0;
	int used;

	while (n < PORTS_MAX && sscanf(text, "%3[a-z]:%hu%n", proto, &ports[n].number, &used) == 2) {
		ports[n++].proto = !strcmp(proto, "tcp") ? IPPROTO_TCP : IPPROTO_UDP;
		text += used;
		if (*text++ != ',')
			return n;
	}
	errno = EINVAL;
	die(text);
}

static void
put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void
put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static uint32_t
checksum(const uint8_t *at, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

void
frame_build(struct frame *frame, struct port port, uint32_t destination, const void *payload, size_t len)
{
	static const uint8_t ethernet[ETH_HLEN] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, ETH_P_IP >> 8, 0 };
	uint8_t *ip = frame->bytes + IP_AT, *transport = frame->bytes + TRANSPORT_AT;
	size_t header = port.proto == IPPROTO_TCP ? sizeof(struct tcphdr) : sizeof(struct udphdr);

	memset(frame, 0, sizeof(*frame));
	memcpy(frame->bytes, ethernet, sizeof(ethernet));
	frame->len = TRANSPORT_AT + header + len;
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)frame->len - IP_AT);
	ip[6] = 0x40; /* do not fragment */
	ip[8] = 64;
	ip[9] = port.proto;
	put32(ip + 16, destination);
	put16(transport + 2, port.number);
	if (port.proto == IPPROTO_TCP) {
		transport[12] = 5 << 4;
		transport[13] = TH_SYN;
	} else {
		put16(transport + 4, (uint32_t)(header + len)); /* no checksum, which is optional in UDP */
	}
	if (len)
		memcpy(transport + header, payload, len);
}

/* TCP's checksum stays wrong: the firewall drops the packet before a host could verify it. */
void
frame_vary(struct frame *frame, uint32_t source, uint32_t number)
{
	uint8_t *ip = frame->bytes + IP_AT, *transport = frame->bytes + TRANSPORT_AT;

	put32(ip + 12, source);
	put16(ip + 10, 0);
	put16(ip + 10, checksum(ip, 20));
	put16(transport, 1024 + number % 60000);
	if (ip[9] == IPPROTO_TCP)
		put32(transport + 4, number);
}

int
host_socket(const char *name, int family, int type)
{
	char path[64];
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there, fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	there = open(path, O_RDONLY | O_CLOEXEC);
	if (here < 0 || there < 0 || setns(there, CLONE_NEWNET))
		die(path);
	fd = socket(family, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || setns(here, CLONE_NEWNET))
		die("socket");
	close(here);
	close(there);
	return fd;
}

int
wire_open(const char *name)
{
	int fd = host_socket(name, AF_PACKET, SOCK_RAW);
	struct ifreq interface = { .ifr_name = "eth0" };
	struct sockaddr_ll to = { .sll_family = AF_PACKET };

	if (ioctl(fd, SIOCGIFINDEX, &interface))
		die("eth0");
	to.sll_ifindex = interface.ifr_ifindex;
	if (bind(fd, (const struct sockaddr *)&to, sizeof(to)))
		die("packet socket");
	return fd;
}

void
wire_send(int fd, const struct frame *frame)
{
	while (send(fd, frame->bytes, frame->len, 0) < 0)
		if (errno != ENOBUFS && errno != EINTR)
			die("send");
}

/* ---- elements ----------------------------------------------------------------------------------- */

int
watch_open(bool events)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	int size = EVENT_BUFFER, group = NFNLGRP_NFTABLES;

	if (fd < 0 || bind(fd, (const struct sockaddr *)&self, sizeof(self)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    (events && setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group))))
		die("nftables' events");
	return fd;
}

struct seen {
	watch_seen *call;
	void *arg;
};

/* Any attribute of type `wanted` directly in `nest`. */
static const struct nlattr *
inside(const struct nlattr *nest, uint16_t wanted)
{
	const struct nlattr *attr;

	if (nest)
		mnl_attr_for_each_nested(attr, nest) if (mnl_attr_get_type(attr) == wanted) return attr;
	return NULL;
}

static void
take_element(const struct nlattr *element, const struct seen *seen)
{
	const struct nlattr *key = inside(inside(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
	uint32_t address;

	if (!key || mnl_attr_get_payload_len(key) != sizeof(address))
		return;
	memcpy(&address, mnl_attr_get_payload(key), sizeof(address));
	seen->call(seen->arg, ntohl(address));
}

static void
take_message(const struct nlmsghdr *nlh, const struct seen *seen)
{
	const struct nlattr *attr, *element;
	bool ours = false;

	if (nlh->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM))
		return;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_LIST_SET)
			ours = !strcmp(mnl_attr_get_str(attr), "ok");
		if (ours && mnl_attr_get_type(attr) == NFTA_SET_ELEM_LIST_ELEMENTS)
			mnl_attr_for_each_nested(element, attr) take_element(element, seen);
	}
}

bool
watch_read(int fd, watch_seen *call, void *arg)
{
	static _Alignas(struct nlmsghdr) char buf[EVENT_READ];
	const struct seen seen = { call, arg };
	ssize_t got = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	int len = (int)got;

	if (got < 0 && errno != EAGAIN && errno != EINTR)
		die("nftables' events");
	for (const struct nlmsghdr *nlh = (void *)buf; got > 0 && mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len))
		take_message(nlh, &seen);
	return got > 0;
}

static void
put_question(char *buf, uint32_t address)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *msg;
	struct nlattr *list, *element, *key;

	nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	msg = mnl_nlmsg_put_extra_header(nlh, sizeof(*msg));
	msg->nfgen_family = NFPROTO_INET;
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, "filter");
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, "ok");
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	element = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	key = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);
	mnl_attr_put_u32(nlh, NFTA_DATA_VALUE, htonl(address));
	mnl_attr_nest_end(nlh, key);
	mnl_attr_nest_end(nlh, element);
	mnl_attr_nest_end(nlh, list);
}

bool
watch_ask(int fd, uint32_t address)
{
	_Alignas(struct nlmsghdr) char buf[4096];
	const struct nlmsghdr *answer = (void *)buf;

	put_question(buf, address);
	if (send(fd, buf, answer->nlmsg_len, 0) < 0 || recv(fd, buf, sizeof(buf), 0) < 0)
		die("asking for an element");
	return answer->nlmsg_type != NLMSG_ERROR;
}
