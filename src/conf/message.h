/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parser's messages. */
#ifndef KNOCKD_MESSAGE_H
#define KNOCKD_MESSAGE_H

#include "state.h"

/* Reports a finished line. */
void message_tell(struct parser *parser, enum conf_severity severity, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Reports an error in the current line, with the parser's hint, and counts it, or a warning. Parsing goes on. */
void message_fail(struct parser *parser, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void message_warn(struct parser *parser, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
