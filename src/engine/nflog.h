/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decodes the kernel's message about a packet that a rule logged to the NFLOG group. */
#ifndef KNOCKD_NFLOG_H
#define KNOCKD_NFLOG_H

#include "reader.h"

/* The group is one stream, whatever rules log to it. */
reader_decode nflog_decode;

#endif
