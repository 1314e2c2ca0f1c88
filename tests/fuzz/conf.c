/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A knockd.conf of any bytes. If it is accepted, all texts and tables that are made from it. */
#include "fuzz.h"

#include <string.h>

#include "access/command.h"
#include "conf/conf.h"
#include "conf/parser.h"
#include "lib/log.h"
#include "lib/text.h"
#include "table/ruleset.h"

/* conf_report: each report is one line with a reason. */
static void
report(void *arg, enum conf_severity severity, const char *text)
{
	HOLDS(*text);
	if (severity == CONF_ERROR)
		++*(size_t *)arg;
}

static struct conf *
parse(const uint8_t *data, size_t size)
{
	FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	size_t errors = 0;
	struct parser *parser = parser_begin("fuzz.conf", report, &errors);
	char line[TEXT_LINE_MAX];
	struct conf *conf;

	HOLDS(parser);
	while (file && fgets(line, sizeof(line), file))
		parser_line(parser, line);
	if (file)
		fclose(file);
	conf = parser_end(parser);
	HOLDS(!conf == (errors > 0));
	return conf;
}

static void
expand(const char *text, const struct addr *ip)
{
	char expanded[COMMAND_LEN_MAX];

	if (text && !command_expand(expanded, text, ip))
		HOLDS(strlen(expanded) < sizeof(expanded));
}

static void
look_at_elements(const struct element_list *elements, const struct addr *ip, const char *door)
{
	char text[LOG_TEXT_MAX];

	for (size_t i = 0; i < elements->n; i++)
		HOLDS(strlen(element_command(&elements->at[i], "add", ip, door, text, sizeof(text))) < sizeof(text));
}

static void
look_at(struct door *door, const char *knocker)
{
	struct addr ip;
	enum conf_family family;

	HOLDS(!addr_parse(&ip, knocker));
	family = door_family(&ip);
	expand(door_start_command(door, family), &ip);
	expand(door_stop_command(door, family), &ip);
	look_at_elements(door_elements(door, DOOR_GRANTS, family), &ip, door->name);
	look_at_elements(door_elements(door, DOOR_REVOKES, family), &ip, door->name);
	HOLDS(door->seq.n <= SEQ_MAX && (door->seq.n || door->one_time_path));
}

static void
print_rules(const struct conf *conf)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	HOLDS(out && !ruleset_print(conf, out));
	fclose(out);
	HOLDS(len > 0);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf *conf = parse(data, size);

	for (size_t i = 0; conf && i < conf->n_doors; i++) {
		look_at(&conf->doors[i], "192.0.2.1");
		look_at(&conf->doors[i], "2001:db8::1");
	}
	if (conf)
		print_rules(conf);
	conf_free(conf);
	return 0;
}
