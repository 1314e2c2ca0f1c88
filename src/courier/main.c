/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knockd-courier: the daemon executes it, see start.c. A program of its own, so that a daemon that shares nothing does
 * not have the libraries of Redis and of TLS in its memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "courier/courier.h"
#include "order.h"
#include "tls.h"

static int
check(const struct order *order)
{
	char why[SHARE_REASON] = "";

	if (tls_new(order->tls, why))
		return EXIT_SUCCESS;
	if (write(FD_PARENT, why, sizeof(why)) < 0)
		return 2;
	return EXIT_FAILURE;
}

int
main(void)
{
	struct order *order = malloc(sizeof(*order));
	struct courier_setup setup;

	if (!order || recv(FD_ORDER, order, sizeof(*order), MSG_DONTWAIT | MSG_TRUNC) != (ssize_t)sizeof(*order)) {
		fputs("knockd-courier: started by knockd, for gateways that share accesses\n", stderr);
		return EXIT_FAILURE;
	}
	if (order->check)
		return check(order);
	setup = (struct courier_setup){ .conf = &order->conf, .user = order->user, .fd = FD_PARENT };
	memcpy(setup.tls, order->tls, sizeof(setup.tls));
	courier_run(&setup);
}
