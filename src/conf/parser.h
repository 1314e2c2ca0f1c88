/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A push parser for knockd.conf: the caller feeds it lines, so a test and a fuzzer need no file.
 *
 * It reports every error and goes on. The messages begin with knockd 0.8's text ("config: line 5: syntax error"), then
 * give the reason and the place.
 */
#ifndef KNOCKD_PARSER_H
#define KNOCKD_PARSER_H

#include "conf/conf.h"
#include "lib/localports.h"

struct parser;

/*
 * begin -> line (any number of times, each at most TEXT_LINE_MAX bytes, changed in place) -> end.
 * `path` is for messages only. begin returns NULL when memory is out. end checks the file as a whole, frees the
 * parser and returns the configuration, or NULL after any error.
 */
struct parser *parser_begin(const char *path, conf_report *report, void *arg);
void parser_line(struct parser *parser, char *line);
struct conf *parser_end(struct parser *parser);

/* Call these before the first line. Without a `load` the parser does not read one-time files. */
void parser_load_by(struct parser *parser, conf_load *load);

/* Likewise. The command line gives the interfaces: a mistake in Interface is a warning. */
void parser_other_interface(struct parser *parser);
void parser_local_ports(struct parser *parser, struct localports ports); /* the kernel's default otherwise */

#endif
