/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says of a packet that a rule logged to the NFLOG group. */
#ifndef KNOCKD_NFLOG_H
#define KNOCKD_NFLOG_H

#include "reader.h"

/* All packets of the group are one stream, whichever rules log them. */
reader_decode nflog_decode;

#endif
