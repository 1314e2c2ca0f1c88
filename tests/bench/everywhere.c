/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * everywhere [-c KNOCKS] [-r RATE] [-d DOORS] [-w MSEC] NAME:NUMBER... [-- COMMAND [ARGUMENT]...]
 *
 * Gateways of one group, each a host with the address 10.0.0.NUMBER and a set ok in table inet filter. Host client
 * knocks at them in turn, RATE times a second [10000], KNOCKS in all [1000], each time with another source, by one UDP
 * packet to port 7000 or, knock i, to port 7000 + i % DOORS [1]. Prints for each gateway
 *
 *	NAME MISSING FIRST MEDIAN P99 LATEST
 *
 * how many sources did not get into its set ok within MSEC [5000] after the last one, and the microseconds from the
 * knock to the element, as this program sees it, which looks each millisecond. With a COMMAND it knocks at none: it
 * starts that, prints "pid N", waits for so many elements, and the time begins with the COMMAND.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"

#define FIRST_SOURCE  (10U << 24 | 64U << 16)
#define FIRST_PORT    7000
#define NETWORK       (10U << 24)
#define GATEWAYS_MAX  8
#define ETHERNET_LAST 5 /* of the destination */

struct everywhere {
	int64_t knocks, rate, doors, wait_ns;
	char **command; /* NULL: knock */
	int64_t *sent;
	struct gateway {
		struct everywhere *of;
		const char *name;
		int number, watch;
		int64_t *took, open;
	} gateways[GATEWAYS_MAX];
	int n_gateways, wire;
	int64_t now;
};

static void
watch(struct gateway *g)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", g->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
	g->watch = watch_open(true);
	g->took = calloc((size_t)g->of->knocks + 1, sizeof(*g->took));
	if (!g->took)
		die("memory");
}

static void
read_gateway(struct everywhere *e, char *text)
{
	const char *name = strsep(&text, ":");

	if (!text || e->n_gateways == GATEWAYS_MAX)
		exit(2);
	e->gateways[e->n_gateways++] = (struct gateway){ .of = e, .name = name, .number = atoi(text) };
}

static void
read_options(struct everywhere *e, int argc, char **argv)
{
	int option;

	*e = (struct everywhere){ .knocks = 1000, .rate = 10000, .doors = 1, .wait_ns = 5 * NS_PER_S };
	while ((option = getopt(argc, argv, "+c:r:d:w:")) != -1) {
		switch (option) {
		case 'c':
			e->knocks = atoll(optarg);
			break;
		case 'r':
			e->rate = atoll(optarg);
			break;
		case 'd':
			e->doors = atoll(optarg);
			break;
		case 'w':
			e->wait_ns = atoll(optarg) * NS_PER_MS;
			break;
		default:
			exit(2);
		}
	}
	for (; optind < argc && strcmp(argv[optind], "--"); optind++)
		read_gateway(e, argv[optind]);
	if (!e->n_gateways)
		exit(2);
	if (optind + 1 < argc)
		e->command = argv + optind + 1;
}

/* ---- elements ----------------------------------------------------------------------------------- */

/* watch_seen */
static void
take(void *arg, uint32_t address)
{
	struct gateway *g = arg;
	uint32_t knock = address - FIRST_SOURCE;

	if (knock >= g->of->knocks || g->took[knock])
		return;
	g->took[knock] = g->of->now - g->of->sent[knock];
	g->open++;
}

/* True: there was something. */
static bool
look(struct everywhere *e)
{
	bool any = false;

	e->now = clock_ns();
	for (int i = 0; i < e->n_gateways; i++)
		while (watch_read(e->gateways[i].watch, take, &e->gateways[i]))
			any = true;
	return any;
}

static bool
all_open(const struct everywhere *e)
{
	for (int i = 0; i < e->n_gateways; i++)
		if (e->gateways[i].open < e->knocks)
			return false;
	return true;
}

static void
wait_for_all(struct everywhere *e)
{
	int64_t until = clock_ns() + e->wait_ns, next = clock_ns();

	while (!all_open(e) && clock_ns() < until) {
		sleep_until(next += NS_PER_MS);
		if (look(e))
			until = clock_ns() + e->wait_ns;
	}
}

/* ---- knocks ------------------------------------------------------------------------------------- */

static void
knock(struct everywhere *e, int64_t i)
{
	const struct gateway *g = &e->gateways[i % e->n_gateways];
	struct frame frame;

	frame_build(&frame, (struct port){ IPPROTO_UDP, (uint16_t)(FIRST_PORT + i % e->doors) },
		    NETWORK + (uint32_t)g->number, NULL, 0);
	frame.bytes[ETHERNET_LAST] = (uint8_t)g->number;
	frame_vary(&frame, FIRST_SOURCE + (uint32_t)i, (uint32_t)i);
	e->sent[i] = clock_ns();
	wire_send(e->wire, &frame);
}

static void
knock_at_all(struct everywhere *e)
{
	int64_t start = clock_ns(), next = start;

	for (int64_t i = 0; i < e->knocks;) {
		sleep_until(next += NS_PER_MS);
		while (i < e->knocks && start + i * NS_PER_S / e->rate <= clock_ns())
			knock(e, i++);
		look(e);
	}
}

static void
run_command(struct everywhere *e)
{
	int64_t start = clock_ns();
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		execvp(*e->command, e->command);
		die(*e->command);
	}
	for (int64_t i = 0; i < e->knocks; i++)
		e->sent[i] = start;
	printf("pid %d\n", (int)pid);
	fflush(stdout);
}

/* ---- results ------------------------------------------------------------------------------------ */

static int
compare(const void *a, const void *b)
{
	const int64_t *one = a, *two = b;

	return (*one > *two) - (*one < *two);
}

static int64_t
part(const struct gateway *g, int64_t hundredths)
{
	const int64_t *came = g->took + (g->of->knocks - g->open);

	return g->open ? came[(g->open - 1) * hundredths / 100] / NS_PER_US : 0;
}

static void
report(struct gateway *g)
{
	qsort(g->took, (size_t)g->of->knocks, sizeof(*g->took), compare); /* the missing ones, 0, come first */
	printf("%s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", g->name, g->of->knocks - g->open,
	       part(g, 0), part(g, 50), part(g, 99), part(g, 100));
}

int
main(int argc, char **argv)
{
	struct everywhere e;

	read_options(&e, argc, argv);
	e.sent = calloc((size_t)e.knocks + 1, sizeof(*e.sent));
	if (!e.sent)
		die("memory");
	if (!e.command)
		e.wire = wire_open("client");
	for (int i = 0; i < e.n_gateways; i++)
		watch(&e.gateways[i]);
	if (e.command)
		run_command(&e);
	else
		knock_at_all(&e);
	wait_for_all(&e);
	for (int i = 0; i < e.n_gateways; i++)
		report(&e.gateways[i]);
	return 0;
}
