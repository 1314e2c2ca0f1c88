/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_stats.h"

#include <stdio.h>
#include <string.h>

#include "ctl_table.h"

/* The numbers in the answer to "stats". Numbers that the daemon did not send are left out. */
static const struct {
	const char *name;   /* in the answer */
	const char *metric; /* after "knockd_"; "_total": a counter, which starts at 0 with the daemon */
	const char *help;
} numbers[] = {
	{ "packets", "packets_total", "Packets that the kernel has handed over" },
	{ "lost", "packets_lost_total", "Packets lost on the way from the kernel" },
	{ "overruns", "socket_overruns_total", "Times the buffer between kernel and knockd was full" },
	{ "bad_messages", "bad_messages_total", "Messages from the kernel that were no packet" },
	{ "cut", "packets_cut_total", "Packets that ended before a header they announced" },
	{ "malformed", "packets_malformed_total", "Packets whose headers contradict themselves" },
	{ "fragments", "packets_fragments_total", "Fragments without ports" },
	{ "other", "packets_other_total", "Packets that were neither TCP nor UDP" },
	{ "attempts", "attempts", "Attempts under way" },
	{ "evicted", "attempts_evicted_total", "Attempts pushed out of a full table" },
	{ "timeouts", "attempt_timeouts_total", "Attempts that ran out of time and were logged" },
	{ "scans", "scans_total", "Attempts dropped because their source asked for many other ports" },
	{ "signed_garbage", "signed_garbage_total", "Datagrams to a port of signed knocks that were none" },
	{ "signed_repeated", "signed_repeated_total", "Signed knocks that came once more" },
	{ "signed_limited", "signed_limited_total", "Signed knocks above a limit, of a network, a key or in all" },
	{ "signed_opened", "signed_opened_total", "Signed knocks whose signature was looked at" },
	{ "signed_refused", "signed_refused_total", "Signed knocks that were refused; the log says why" },
	{ "suppressed", "log_lines_suppressed_total",
	  "Events left out of the log: stages, timeouts, scans and openings" },
	{ "openings", "openings_total", "Completed sequences" },
	{ "refused", "openings_refused_total",
	  "Completed sequences that opened nothing, as when Max_Grants is reached" },
	{ "grants", "grants", "Elements of sets that are granted" },
	{ "commands", "commands_pending", "Doors that wait for their stop command" },
	{ "doors", "doors", "Doors in the configuration" },
	{ "engine_restarts", "engine_restarts_total", "Engines that were replaced because they had ended" },
	{ "share_up", "share_up", "1 while the server of the group answers" },
	{ "share_accesses", "share_accesses", "Accesses of the group that are known here, and revoked ones" },
	{ "share_sent", "share_sent_total", "Messages to the other gateways" },
	{ "share_dropped", "share_dropped_total", "... that were put off because the courier was busy" },
	{ "share_received", "share_received_total", "Messages of other gateways" },
	{ "share_bad_seals", "share_bad_seals_total", "Records without the seal of the group's key" },
	{ "share_stale", "share_stale_total", "Messages that were out of date" },
	{ "share_refused", "share_refused_total", "Accesses of others that were more than Max_Grants allows" },
	{ "share_gaps", "share_gaps_total", "Messages of other gateways that were lost" },
	{ "share_resyncs", "share_resyncs_total", "Times all records were read" },
	{ "share_links", "share_links_total", "Connections to the server" },
	{ "share_link_faults", "share_link_faults_total",
	  "Times it was lost, or could not be made for another reason" },
	{ "share_claims_yes", "share_claims_accepted_total", "Claims that no other gateway had" },
	{ "share_claims_no", "share_claims_refused_total", "Claims that another gateway had" },
	{ "share_claims_unknown", "share_claims_unanswered_total", "Claims without an answer" },
	{ "share_rtt_us", "share_round_trip_microseconds", "Last round trip to the server" },
	{ "uptime_ms", "uptime_seconds", "Time since the daemon was started" },
};
#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

int
ctl_stats_print(const json_t *stats, FILE *out)
{
	struct ctl_table table;
	int failed;

	ctl_table_init(&table, 3);
	for (size_t i = 0; i < N_NUMBERS; i++) {
		const json_t *number = json_object_get(stats, numbers[i].name);
		char text[32];

		if (!number)
			continue;
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(number));
		ctl_table_add(&table, (const char *const[]){ numbers[i].name, text, numbers[i].help });
	}
	failed = ctl_table_print(&table, false, false, out);
	ctl_table_free(&table);
	return failed;
}

static const char *
type(const char *metric)
{
	size_t len = strlen(metric);

	return len > 6 && !strcmp(metric + len - 6, "_total") ? "counter" : "gauge";
}

void
ctl_stats_prometheus(const json_t *stats, FILE *out)
{
	for (size_t i = 0; i < N_NUMBERS; i++) {
		const json_t *number = json_object_get(stats, numbers[i].name);
		const char *metric = numbers[i].metric;
		json_int_t n = json_integer_value(number);

		if (!number)
			continue;
		fprintf(out, "# HELP knockd_%s %s.\n# TYPE knockd_%s %s\n", metric, numbers[i].help, metric,
			type(metric));
		if (strstr(metric, "_seconds"))
			fprintf(out, "knockd_%s %" JSON_INTEGER_FORMAT ".%03d\n", metric, n / 1000, (int)(n % 1000));
		else
			fprintf(out, "knockd_%s %" JSON_INTEGER_FORMAT "\n", metric, n);
	}
}

/* ---- doors -------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	const char *head;
	const char *metric; /* after "knockd_door_" */
	const char *help;
} door_numbers[] = {
	{ "live", "LIVE", "accesses", "Accesses now" },
	{ "openings", "OPENED", "openings_total", "Completed sequences" },
	{ "refused", "REFUSED", "openings_refused_total", "Completed sequences that opened nothing" },
	{ "signed_refused", "SIGNED-REFUSED", "signed_refused_total", "Signed knocks that were refused" },
	{ "hits", "HITS", "hits_total", "Packets of knocks that were accepted" },
	{ "timeouts", "TIMEOUTS", "attempt_timeouts_total", "Attempts that ran out of time" },
	{ "scans", "SCANS", "scans_total", "Attempts that ended as scans" },
	{ "last_opening_ms", NULL, "last_opening_seconds", "Time of the last opening, since 1970" },
};
#define N_DOOR_NUMBERS (sizeof(door_numbers) / sizeof(door_numbers[0]))

/* Columns that the daemon has not sent are empty. */
int
ctl_stats_print_doors(const json_t *doors, FILE *out)
{
	struct ctl_table table;
	int failed;

	ctl_table_init(&table, N_DOOR_NUMBERS);
	for (size_t i = 0; i <= json_array_size(doors); i++) {
		const json_t *door = i ? json_array_get(doors, i - 1) : NULL;
		const char *cells[N_DOOR_NUMBERS] = { door ? json_string_value(json_object_get(door, "name"))
							   : "DOOR" };
		char texts[N_DOOR_NUMBERS][32];

		for (size_t n = 0; n + 1 < N_DOOR_NUMBERS; n++) {
			const json_t *number = json_object_get(door, door_numbers[n].name);

			*texts[n] = '\0';
			if (number)
				snprintf(texts[n], sizeof(texts[n]), "%" JSON_INTEGER_FORMAT,
					 json_integer_value(number));
			cells[n + 1] = door ? texts[n] : door_numbers[n].head;
		}
		if (!cells[0])
			cells[0] = "";
		ctl_table_add(&table, cells);
	}
	failed = ctl_table_print(&table, true, false, out);
	ctl_table_free(&table);
	return failed;
}

/* As in a label's value: backslash, quote and line break are escaped. */
static void
print_label(const char *text, FILE *out)
{
	for (; text && *text; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else
			fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	}
}

/* Doors may have the same name, samples not the same labels: further ones get their place in the file. */
static void
print_labels(const char *name, size_t i, json_t *seen, FILE *out)
{
	fputs("{door=\"", out);
	print_label(name, out);
	fputc('"', out);
	if (name && json_object_get(seen, name))
		fprintf(out, ",number=\"%zu\"", i + 1);
	else if (name)
		json_object_set_new(seen, name, json_true());
	fputc('}', out);
}

static void
print_metric(const json_t *doors, size_t n, FILE *out)
{
	const char *metric = door_numbers[n].metric;
	bool is_time = strstr(metric, "_seconds") != NULL, begun = false;
	json_t *seen = json_object();

	for (size_t i = 0; i < json_array_size(doors); i++) {
		const json_t *door = json_array_get(doors, i), *number = json_object_get(door, door_numbers[n].name);
		json_int_t value = json_integer_value(number);

		if (!json_is_integer(number))
			continue;
		if (!begun)
			fprintf(out, "# HELP knockd_door_%s %s.\n# TYPE knockd_door_%s %s\n", metric,
				door_numbers[n].help, metric, type(metric));
		begun = true;
		fprintf(out, "knockd_door_%s", metric);
		print_labels(json_string_value(json_object_get(door, "name")), i, seen, out);
		if (is_time)
			fprintf(out, " %" JSON_INTEGER_FORMAT ".%03d\n", value / 1000, (int)(value % 1000));
		else
			fprintf(out, " %" JSON_INTEGER_FORMAT "\n", value);
	}
	json_decref(seen);
}

void
ctl_stats_prometheus_doors(const json_t *doors, FILE *out)
{
	for (size_t n = 0; n < N_DOOR_NUMBERS; n++)
		print_metric(doors, n, out);
}

int
ctl_stats_add_doors(json_t *stats, const json_t *doors)
{
	json_t *all = json_array();
	int failed = all ? 0 : -1;

	for (size_t i = 0; i < json_array_size(doors); i++) {
		const json_t *door = json_array_get(doors, i);
		json_t *entry = json_object();

		failed |= json_object_set(entry, "name", json_object_get(door, "name"));
		for (size_t n = 0; n < N_DOOR_NUMBERS; n++) {
			json_t *number = json_object_get(door, door_numbers[n].name);

			if (number)
				failed |= json_object_set(entry, door_numbers[n].name, number);
		}
		failed |= json_array_append_new(all, entry);
	}
	return json_object_set_new(stats, "per_door", all) || failed ? -1 : 0;
}
