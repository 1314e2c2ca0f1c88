/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rewrite.h"

#include <stdlib.h>
#include <string.h>

#include "lib/duration.h"

#define CONTEXT 3 /* lines around a change */

/* ---- lines as their neighbours are written ------------------------------------------------------------ */

struct layout {
	const char *indent, *blank, *end; /* before the key, after the "=", at the end of the line */
	int width;                        /* of the key and the blanks behind it */
	bool blank_before;                /* "=" */
};

static struct layout
layout_of(const struct source_line *line, struct arena *arena)
{
	const char *text = line->text, *equals = memchr(text, '=', line->len), *end = text + line->len;
	size_t indent = strspn(text, " \t"), ending = 0;
	const char *value = equals + 1;

	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	if (end > text && end[-1] == '\n')
		ending = end - 1 > text && end[-2] == '\r' ? 2 : 1;
	return (struct layout){ .indent = arena_copy(arena, text, indent),
				.blank = arena_copy(arena, equals + 1, (size_t)(value - equals - 1)),
				.end = arena_copy(arena, end - ending, ending),
				.width = (int)(equals - text - (ptrdiff_t)indent),
				.blank_before = equals > text && (equals[-1] == ' ' || equals[-1] == '\t') };
}

/* A tab before the "=" counts as one column, as only that many characters are there. */
static const char *
write_key(const struct layout *l, struct arena *arena, const char *key, const char *value, bool last)
{
	int pad = l->width - (int)strlen(key), least = l->blank_before ? 1 : 0;

	return arena_print(arena, "%s%s%*s=%s%s%s", l->indent, key, pad > least ? pad : least, "",
			   *value ? l->blank : "", value, last || *l->end ? l->end : "\n");
}

struct writing {
	struct rewrite *to;
	const struct plan *plan;
	struct arena *arena;
	const struct plan_door *door;
	size_t line; /* of the start command, which the new lines replace */
	struct layout layout;
	const char *keys[2 * SHELL_COMMANDS + 4][2]; /* key, value */
	size_t n;
	int failed;
};

static void
put(struct writing *w, const char *key, const char *value)
{
	for (size_t i = 0; value && i < w->n; i++)
		if (!strcmp(w->keys[i][0], key) && !strcmp(w->keys[i][1], value))
			return;
	if (!value || w->n == sizeof(w->keys) / sizeof(w->keys[0])) {
		w->failed = -1;
		return;
	}
	w->keys[w->n][0] = key;
	w->keys[w->n++][1] = value;
}

/* ---- open and close ------------------------------------------------------------------------------------ */

static void
add_ports(struct seq *all, const struct seq *ports)
{
	for (size_t i = 0, at; i < ports->n && all->n < SEQ_MAX; i++) {
		for (at = 0; at < all->n; at++)
			if (all->at[at].port == ports->at[i].port && all->at[at].proto == ports->at[i].proto)
				break;
		if (at == all->n)
			all->at[all->n++] = ports->at[i];
	}
}

static const char *
time_of(const struct writing *w)
{
	char text[64];

	if (!w->door->timeout_ms)
		return REWRITE_NO_END;
	return arena_print(w->arena, "%s", duration_format(w->door->timeout_ms, text, sizeof(text)));
}

static void
put_open(struct writing *w)
{
	struct seq ports = { .n = 0 };
	char text[SEQ_STRLEN];

	for (size_t i = 0; i < w->door->n_rules; i++)
		if (!w->door->rules[i].reply)
			add_ports(&ports, &w->door->rules[i].ports);
	put(w, w->door->role == PLAN_OPENER ? "open" : "close",
	    arena_print(w->arena, "%s", seq_format(&ports, text, sizeof(text))));
}

/* ---- grant and revoke ---------------------------------------------------------------------------------- */

static void
put_own_element(struct writing *w, const struct rule *rule, const char *key)
{
	char err[256], text[ELEMENT_TEXT_MAX];
	struct element element;

	if (element_parse(&element, rule->element, err, sizeof(err))) {
		w->failed = -1;
		return;
	}
	element.timeout_ms = w->door->role == PLAN_OPENER ? w->door->timeout_ms : 0;
	put(w, key, arena_print(w->arena, "%s", element_text(&element, text, sizeof(text))));
	element_free(&element);
}

static void
put_element(struct writing *w, const struct rule *rule, enum conf_family family)
{
	static const char *const keys[2][CONF_FAMILIES] = { { "revoke", "revoke_6" }, { "grant", "grant_6" } };
	const char *key = keys[w->door->role == PLAN_OPENER][family];
	char text[64], timeout[80] = "";

	if (!plan_makes_set(rule)) {
		put_own_element(w, rule, keys[w->door->role == PLAN_OPENER][CONF_V4]);
		return;
	}
	if (w->door->role == PLAN_OPENER && w->door->timeout_ms)
		snprintf(timeout, sizeof(timeout), " timeout %s",
			 duration_format(w->door->timeout_ms, text, sizeof(text)));
	put(w, key,
	    arena_print(w->arena, "%s %s%s { %%IP%%%s }", rule->shared->table, rule->shared->set,
			family == CONF_V6 ? "6" : "", timeout));
}

/* A command for one family did nothing for clients of the other: an empty key says the same. */
static void
put_elements(struct writing *w)
{
	static const uint8_t bits[CONF_FAMILIES] = { RULE_V4, RULE_V6 };
	bool opens = w->door->role == PLAN_OPENER, all = false;
	uint8_t families = 0;

	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++) {
		for (size_t i = 0; i < w->door->n_rules; i++) {
			const struct rule *rule = &w->door->rules[i];

			if (!(rule->families & bits[f]))
				continue;
			put_element(w, rule, f);
			families |= rule->families;
			all = all || !plan_makes_set(rule);
		}
	}
	if (!(families & RULE_V6) && !all)
		put(w, opens ? "grant_6" : "revoke_6", "");
}

/* ---- a door -------------------------------------------------------------------------------------------- */

/* A note behind a number, which knockd ignores, stays as a comment. */
static const char *
note_of(const struct writing *w)
{
	const char *value = w->plan->source->doors[w->door - w->plan->doors].keys[SOURCE_CMD_TIMEOUT].value;
	const char *note = value ? strchr(value, '#') : NULL;

	return note ? arena_print(w->arena, "%s%s%s", w->layout.indent, note, *w->layout.end ? w->layout.end : "\n")
		    : "";
}

static void
remove_line(struct writing *w, const struct source_place *place)
{
	if (place->value)
		w->to->lines[place->line] = "";
}

/* The line with cmd_timeout becomes that with open_timeout. */
static void
replace_timeout(struct writing *w, const struct source_place *place)
{
	struct layout layout = layout_of(&w->plan->source->lines[place->line], w->arena);

	w->to->lines[place->line] =
	    arena_print(w->arena, "%s%s", note_of(w), write_key(&layout, w->arena, "open_timeout", time_of(w), true));
	if (!w->to->lines[place->line])
		w->failed = -1;
}

static void
write_door(struct writing *w)
{
	const struct source_place *keys = w->plan->source->doors[w->door - w->plan->doors].keys;
	bool timed = w->door->as_open && w->door->role == PLAN_OPENER, in_place = timed && w->door->has_stop;
	const char *text = "";

	if (w->door->as_open)
		put_open(w);
	else
		put_elements(w);
	if (timed && !(in_place && keys[SOURCE_CMD_TIMEOUT].value))
		put(w, "open_timeout", time_of(w));
	for (enum source_key key = 0; key < SOURCE_KEYS; key++)
		remove_line(w, &keys[key]);
	if (in_place && keys[SOURCE_CMD_TIMEOUT].value)
		replace_timeout(w, &keys[SOURCE_CMD_TIMEOUT]);
	else
		text = note_of(w);
	for (size_t i = 0; i < w->n && text; i++) {
		const char *line = write_key(&w->layout, w->arena, w->keys[i][0], w->keys[i][1], i + 1 == w->n);

		text = line ? arena_print(w->arena, "%s%s", text, line) : NULL;
	}
	w->to->lines[w->line] = text;
	if (!text)
		w->failed = -1;
}

int
rewrite_make(struct rewrite *rewrite, const struct plan *plan)
{
	struct writing *w = calloc(1, sizeof(*w));
	int failed = 0;

	rewrite->source = plan->source;
	rewrite->lines = arena_get(plan->arena, plan->source->n_lines + 1, sizeof(*rewrite->lines));
	for (size_t d = 0; w && rewrite->lines && d < plan->source->n_doors; d++) {
		const struct source_place *keys = plan->source->doors[d].keys;
		const struct plan_door *door = &plan->doors[d];
		size_t line = keys[keys[SOURCE_START].value ? SOURCE_START : SOURCE_START_6].line;

		if (door->role != PLAN_OPENER && door->role != PLAN_CLOSER)
			continue;
		*w = (struct writing){ .to = rewrite,
				       .plan = plan,
				       .arena = plan->arena,
				       .door = door,
				       .line = line,
				       .layout = layout_of(&plan->source->lines[line], plan->arena) };
		write_door(w);
		failed = failed || w->failed;
	}
	failed = failed || !w || !rewrite->lines;
	free(w);
	return failed ? -1 : 0;
}

const char *
rewrite_text(const struct rewrite *rewrite, struct arena *arena, size_t *len)
{
	const struct source *s = rewrite->source;
	size_t size = 1;
	char *text, *to;

	for (size_t i = 0; i < s->n_lines; i++)
		size += rewrite->lines[i] ? strlen(rewrite->lines[i]) : s->lines[i].len;
	to = text = arena_get(arena, size, 1);
	for (size_t i = 0; text && i < s->n_lines; i++) {
		if (rewrite->lines[i])
			to = stpcpy(to, rewrite->lines[i]);
		else
			to = mempcpy(to, s->lines[i].text, s->lines[i].len);
	}
	*len = size - 1;
	return text;
}

/* ---- the difference ------------------------------------------------------------------------------------ */

static size_t
count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n' || !text[1];
	return n;
}

static void
print_lines(char sign, const char *text, size_t len, FILE *out)
{
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = newline ? (size_t)(newline + 1 - text) : (size_t)(end - text);

		fputc(sign, out);
		fwrite(text, 1, n, out);
		if (!newline)
			fputs("\n\\ No newline at end of file\n", out);
		text += n;
	}
}

/* Removed lines that follow each other come before the lines that replace them. */
static void
print_change(const struct rewrite *rewrite, size_t from, size_t to, FILE *out)
{
	for (size_t i = from; i < to; i++)
		print_lines('-', rewrite->source->lines[i].text, rewrite->source->lines[i].len, out);
	for (size_t i = from; i < to; i++)
		print_lines('+', rewrite->lines[i], strlen(rewrite->lines[i]), out);
}

/* The end of a hunk: CONTEXT lines behind the last change, if no other follows within twice as many. */
static size_t
end_of_hunk(const struct rewrite *rewrite, size_t from)
{
	size_t n = rewrite->source->n_lines, last = from;

	for (size_t i = from; i < n && i <= last + 2 * CONTEXT; i++)
		if (rewrite->lines[i])
			last = i;
	return last + 1 + CONTEXT < n ? last + 1 + CONTEXT : n;
}

static void
print_hunk(const struct rewrite *rewrite, size_t from, size_t to, size_t *shift, FILE *out)
{
	const struct source *s = rewrite->source;
	size_t anew = 0, changed;

	for (size_t i = from; i < to; i++)
		anew += rewrite->lines[i] ? count_lines(rewrite->lines[i]) : 1;
	fprintf(out, "@@ -%zu,%zu +%zu,%zu @@\n", from + 1, to - from, from + 1 + *shift, anew);
	*shift += anew - (to - from);
	for (size_t i = from; i<to; i = changed> i ? changed : i + 1) {
		for (changed = i; changed < to && rewrite->lines[changed]; changed++)
			;
		if (changed > i)
			print_change(rewrite, i, changed, out);
		else
			print_lines(' ', s->lines[i].text, s->lines[i].len, out);
	}
}

void
rewrite_diff(const struct rewrite *rewrite, const char *path, FILE *out)
{
	size_t n = rewrite->source->n_lines, shift = 0, end = 0;
	bool begun = false;

	for (size_t i = 0; i < n; i++) {
		size_t from = i > end + CONTEXT ? i - CONTEXT : end;

		if (!rewrite->lines[i])
			continue;
		if (!begun)
			fprintf(out, "--- %s\n+++ %s\n", path, path);
		begun = true;
		end = end_of_hunk(rewrite, i);
		print_hunk(rewrite, from, end, &shift, out);
		i = end - 1;
	}
}
