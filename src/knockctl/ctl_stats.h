/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the daemon's counters, as text and for Prometheus.
 */
#ifndef KNOCKD_CTL_STATS_H
#define KNOCKD_CTL_STATS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* One line per counter: name, value, meaning. 0, or -1: out of memory. */
int ctl_stats_print(const json_t *stats, FILE *out);

/* The text format that node_exporter's textfile collector reads. */
void ctl_stats_prometheus(const json_t *stats, FILE *out);

#endif
