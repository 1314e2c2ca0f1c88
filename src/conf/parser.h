/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knockd.conf: a push parser that is fed line by line and touches no file, so that the file, a
 * test and a fuzzer drive it alike.
 *
 * Every error is reported and parsing goes on. The texts begin with knockd 0.8's own ("config: line 5: syntax error")
 * and go on to what, where and why.
 */
#ifndef KNOCKD_PARSER_H
#define KNOCKD_PARSER_H

#include "conf/conf.h"

struct parser;

/*
 * begin -> line (any number of times, each at most TEXT_LINE_MAX bytes, changed in place) -> end.
 * `path` is only for messages. begin returns NULL when memory is out; end frees the parser, does
 * the whole-file checks and returns the configuration, or NULL when anything was wrong.
 */
struct parser *parser_begin(const char *path, conf_report *report, void *arg);
void parser_line(struct parser *parser, char *line);
struct conf *parser_end(struct parser *parser);

/* To be set before the first line; without it the parser leaves one-time files alone. */
void parser_load_by(struct parser *parser, conf_load *load);

#endif
