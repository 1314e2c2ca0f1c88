/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parent/options.h"

#include <getopt.h>

#include "conf/conf.h"
#include "config.h"

enum { OPT_PRINT_RULES = 256, OPT_GUARD, OPT_UNGUARD, OPT_KEYGEN, OPT_SHARE_KEYGEN };

static const struct option long_options[] = {
	{ "interface", required_argument, NULL, 'i' },
	{ "daemon", no_argument, NULL, 'd' },
	{ "config", required_argument, NULL, 'c' },
	{ "debug", no_argument, NULL, 'D' },
	{ "lookup", no_argument, NULL, 'l' },
	{ "pidfile", required_argument, NULL, 'p' },
	{ "logfile", required_argument, NULL, 'g' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "only-ip-v4", no_argument, NULL, '4' },
	{ "save-mem", no_argument, NULL, 's' },
	{ "check", no_argument, NULL, 't' },
	{ "print-rules", no_argument, NULL, OPT_PRINT_RULES },
	{ "guard", no_argument, NULL, OPT_GUARD },
	{ "unguard", no_argument, NULL, OPT_UNGUARD },
	{ "keygen", required_argument, NULL, OPT_KEYGEN },
	{ "share-keygen", required_argument, NULL, OPT_SHARE_KEYGEN },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int
take(struct options *o, int option)
{
	switch (option) {
	case 'i':
		if (o->interface)
			fprintf(
			    stderr,
			    "knockd: the last -i counts, \"%s\" is ignored: for several interfaces write -i %s,%s\n",
			    o->interface, o->interface, optarg);
		o->interface = optarg;
		return 0;
	case 'd':
		o->daemon = true;
		return 0;
	case 'c':
		o->config = optarg;
		return 0;
	case 'D':
		o->debug = true;
		return 0;
	case 'l':
		o->lookup = true;
		return 0;
	case 'p':
		o->pid_file = optarg;
		return 0;
	case 'g':
		o->log_file = optarg;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	case '4':
		o->only_ipv4 = true;
		return 0;
	case 's': /* an option of another knockd: accepted, no effect */
		return 0;
	case 't':
		o->mode = MODE_CHECK;
		return 0;
	case OPT_PRINT_RULES:
		o->mode = MODE_PRINT_RULES;
		return 0;
	case OPT_GUARD:
		o->mode = MODE_GUARD;
		return 0;
	case OPT_UNGUARD:
		o->mode = MODE_UNGUARD;
		return 0;
	case OPT_KEYGEN:
		o->mode = MODE_KEYGEN;
		o->key_file = optarg;
		return 0;
	case OPT_SHARE_KEYGEN:
		o->mode = MODE_SHARE_KEYGEN;
		o->key_file = optarg;
		return 0;
	case 'V':
		o->mode = MODE_VERSION;
		return 0;
	case 'h':
		o->mode = MODE_HELP;
		return 0;
	}
	return -1;
}

int
options_parse(struct options *o, int argc, char **argv)
{
	int option;

	*o = (struct options){ .mode = MODE_RUN, .config = CONF_PATH_DEFAULT };
	while ((option = getopt_long(argc, argv, "4c:dDg:hi:lp:stvV", long_options, NULL)) != -1)
		if (take(o, option) && o->mode != MODE_GUARD)
			return -1;
	for (; optind < argc; optind++)
		fprintf(stderr, "knockd: \"%s\" is no option and is ignored%s\n", argv[optind],
			o->interface ? ": commas separate interfaces" : "");
	return 0;
}

int
options_apply(const struct options *o, struct conf *conf, char *err, size_t errlen)
{
	conf->only_ipv4 = o->only_ipv4;
	return o->interface ? conf_set_interfaces(conf, o->interface, err, errlen) : 0;
}

void
options_usage(FILE *out)
{
	fputs("usage: knockd [options]\n"
	      "options:\n"
	      "  -i, --interface <int>  network interface to listen on: a name, a list like eth0,ppp* or any\n"
	      "  -d, --daemon           run as a daemon\n"
	      "  -c, --config <file>    use an alternate config file\n"
	      "  -D, --debug            output debug messages\n"
	      "  -l, --lookup           lookup DNS names (may be a security risk)\n"
	      "  -p, --pidfile <file>   use an alternate pidfile\n"
	      "  -g, --logfile <file>   use an alternate logfile\n"
	      "  -v, --verbose          be verbose\n"
	      "  -4, --only-ip-v4       do not track ipv6\n"
	      "  -t, --check            check the configuration and exit\n"
	      "      --print-rules      print the nftables rules that would be installed and exit\n"
	      "      --guard            keep the ports of open shut and exit, at boot before the network is up\n"
	      "      --unguard          open the ports that an earlier run keeps shut and exit\n"
	      "      --keygen <file>    make the key of signed knocks, in a new file, and exit\n"
	      "      --share-keygen <file>  make the key of a group of gateways, in a new file, and exit\n"
	      "  -V, --version          display version\n"
	      "  -h, --help             this help\n"
	      "\n",
	      out);
}

void
options_version(FILE *out)
{
	fputs("knockd " PACKAGE_VERSION " (" PACKAGE_NAME ")\n"
	      "Copyright (C) 2026 the knockd-nft authors; GPL-2.0-or-later, no warranty\n",
	      out);
}
