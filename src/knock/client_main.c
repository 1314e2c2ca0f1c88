/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "client.h"
#include "client_options.h"

int
main(int argc, char **argv)
{
	struct client_options options;
	char err[512];
	int status = 1;

	switch (client_options_parse(&options, argc, argv, err, sizeof(err))) {
	case CLIENT_KNOCK:
		status = client_knock(&options);
		break;
	case CLIENT_LIST:
		status = client_list();
		break;
	case CLIENT_ADD:
		status = client_add(&options);
		break;
	case CLIENT_VERSION:
		client_options_version();
		status = 0;
		break;
	case CLIENT_HELP:
	case CLIENT_ERROR:
		client_options_usage();
		break;
	case CLIENT_STOP:
		fprintf(stderr, "%s\n", err);
		break;
	}
	client_options_free(&options);
	return status;
}
