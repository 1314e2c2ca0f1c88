/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two connections: one watches, the other asks. Events tell when the accesses may have changed; only the counters are
 * asked for each second. Times run down here.
 */
#include "ctl_top.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "ctl_link.h"
#include "lib/duration.h"
#include "lib/moment.h"
#include "lib/streams.h"
#include "top_state.h"

#define STATS_MSEC   1000
#define LIST_MSEC    500 /* least time between two lists */
#define BAR          20
#define EVENTS_SHOWN 5
#define EXTENSION    "10m"
#define HELP         "q quit  up/down choose  r revoke  e extend " EXTENSION "  s sort  / filter  d doors"

struct screen {
	struct top top;
	struct ctl_link asking, watching;
	char line[65536]; /* of the watch, so far */
	size_t len;
	size_t chosen; /* among those that are seen */
	bool doors;    /* the table of doors, not of accesses */
	bool over;
	int64_t next_stats, next_list;
	char message[160]; /* "": the help */
};

/* ---- asking ---------------------------------------------------------------------------------------------- */

/* All objects of an answer but the last; NULL after an error, which becomes the message. */
static json_t *
ask(struct screen *s, const char *const *words, size_t n)
{
	char request[REQUEST_LINE_MAX], err[128] = "out of memory";
	json_t *all;

	if (request_format(request, sizeof(request), words, n))
		return NULL;
	ctl_link_ask(&s->asking, request);
	all = ctl_link_all(&s->asking, err, sizeof(err));
	if (!all)
		snprintf(s->message, sizeof(s->message), "%s", err);
	return all;
}

static void
take_list(struct screen *s)
{
	json_t *list = ask(s, (const char *const[]){ "list" }, 1);

	if (!list || top_take_accesses(&s->top, list))
		s->over = true;
	json_decref(list);
}

static void
take_doors(struct screen *s)
{
	json_t *doors = ask(s, (const char *const[]){ "doors" }, 1);

	if (!doors || top_take_doors(&s->top, doors))
		s->over = true;
	json_decref(doors);
}

static void
take_stats(struct screen *s)
{
	json_t *all = ask(s, (const char *const[]){ "stats" }, 1);

	if (all)
		top_take_stats(&s->top, json_incref(json_array_get(all, 0)), (int64_t)moment_boot_msec());
	else
		s->over = true;
	json_decref(all);
}

static void
refresh_numbers(struct screen *s)
{
	int64_t now = (int64_t)moment_boot_msec();

	if (now >= s->next_stats) {
		s->next_stats = now + STATS_MSEC;
		take_stats(s);
	}
	if (s->top.stale && now >= s->next_list && !s->over) {
		s->next_list = now + LIST_MSEC;
		take_list(s);
	}
	top_settle(&s->top, moment_now().wall_ms);
}

/* ---- watching --------------------------------------------------------------------------------------------- */

static void
take_lines(struct screen *s)
{
	char *line = s->line, *newline;

	while ((newline = memchr(line, '\n', s->len - (size_t)(line - s->line)))) {
		json_t *event = json_loadb(line, (size_t)(newline - line), 0, NULL);

		if (event)
			top_take_event(&s->top, event);
		json_decref(event);
		line = newline + 1;
	}
	s->len -= (size_t)(line - s->line);
	memmove(s->line, line, s->len);
	if (s->len == sizeof(s->line)) /* no line of the daemon's is as long */
		s->len = 0;
}

static void
read_watch(struct screen *s)
{
	ssize_t n = read(fileno(s->watching.in), s->line + s->len, sizeof(s->line) - s->len);

	if (n > 0) {
		s->len += (size_t)n;
		take_lines(s);
	} else if (!n || errno != EINTR) {
		s->over = true;
	}
}

/* ---- drawing ---------------------------------------------------------------------------------------------- */

static long long
number(const struct screen *s, const char *name)
{
	return json_integer_value(json_object_get(s->top.stats, name));
}

static void
draw_head(const struct screen *s)
{
	static const char *const orders[TOP_ORDERS] = { "end", "client", "door" };
	char up[64];

	mvprintw(0, 0, "knockd up %s  doors %lld  accesses %zu  attempts %lld",
		 duration_format((uint64_t)number(s, "uptime_ms") / 1000 * 1000, up, sizeof(up)), number(s, "doors"),
		 s->top.n_accesses, number(s, "attempts"));
	mvprintw(1, 0, "hits/s %lld  lost/s %lld  suppressed %lld  scans %lld  refused %lld  engine restarts %lld",
		 (long long)s->top.rates.hits, (long long)s->top.rates.lost, number(s, "suppressed"),
		 number(s, "scans"), number(s, "refused") + number(s, "signed_refused"), number(s, "engine_restarts"));
	attron(A_REVERSE);
	mvprintw(2, 0, "%-*s", COLS, "");
	if (s->doors)
		mvprintw(2, 0, "%-30s %10s %10s %10s %10s", "DOOR", "HITS", "OPENED", "TIMEOUTS", "SCANS");
	else
		mvprintw(2, 0, "%-26.26s %-20.20s %-9s %s", "CLIENT", "DOOR", "LEFT", "");
	if (!s->doors)
		printw("by %s%s%s", orders[s->top.order], *s->top.filter ? ", with " : "", s->top.filter);
	attroff(A_REVERSE);
}

static void
draw_access(int y, const struct top_access *a, bool chosen)
{
	int64_t now = moment_now().wall_ms;
	int left = top_left(a, now, BAR);
	char text[64] = "-", bar[BAR + 1];

	if (a->until_ms)
		duration_format((uint64_t)(a->until_ms - now) / 1000 * 1000, text, sizeof(text));
	memset(bar, '.', BAR);
	memset(bar, a->until_ms ? '#' : '=', (size_t)left);
	bar[BAR] = '\0';
	if (chosen)
		attron(A_BOLD);
	mvprintw(y, 0, "%c%-25.25s %-20.20s %-9s [%s]", chosen ? '>' : ' ', a->ip, a->door, text, bar);
	if (chosen)
		attroff(A_BOLD);
}

static int
rows(void)
{
	int n = LINES - 3 - EVENTS_SHOWN - 2;

	return n < 1 ? 1 : n;
}

/* The n-th that the filter lets be seen, or NULL. */
static const struct top_access *
seen(const struct screen *s, size_t n)
{
	for (size_t i = 0; i < s->top.n_accesses; i++)
		if (top_sees(&s->top, &s->top.accesses[i]) && !n--)
			return &s->top.accesses[i];
	return NULL;
}

static void
draw_accesses(const struct screen *s)
{
	size_t first = s->chosen >= (size_t)rows() ? s->chosen - (size_t)rows() + 1 : 0;

	for (int i = 0; i < rows(); i++) {
		const struct top_access *access = seen(s, first + (size_t)i);

		if (access)
			draw_access(3 + i, access, first + (size_t)i == s->chosen);
	}
	if (!seen(s, 0))
		mvprintw(3, 1, *s->top.filter ? "no open access fits the filter" : "no open accesses");
}

static void
draw_doors(const struct screen *s)
{
	for (int i = 0; i < rows() && (size_t)i < s->top.n_doors; i++) {
		const struct top_door *door = &s->top.doors[i];

		mvprintw(3 + i, 0, "%-30.30s %10lld %10lld %10lld %10lld", door->name, (long long)door->hits,
			 (long long)door->openings, (long long)door->timeouts, (long long)door->scans);
	}
}

static void
draw_events(const struct screen *s)
{
	for (size_t i = 0; i < EVENTS_SHOWN && i < s->top.n_events; i++)
		mvprintw(LINES - 2 - (int)i, 0, "%.*s", COLS - 1,
			 s->top.events[(s->top.n_events - 1 - i) % TOP_EVENTS]);
}

static void
draw(const struct screen *s)
{
	erase();
	draw_head(s);
	if (s->doors)
		draw_doors(s);
	else
		draw_accesses(s);
	draw_events(s);
	attron(A_REVERSE);
	mvprintw(LINES - 1, 0, "%-*.*s", COLS - 1, COLS - 1, *s->message ? s->message : HELP);
	attroff(A_REVERSE);
	refresh();
}

/* ---- keys -------------------------------------------------------------------------------------------------- */

/* Reads a line below the table. False: nothing was typed. */
static bool
prompt(const char *text, char *buf, int len)
{
	mvprintw(LINES - 1, 0, "%-*s", COLS - 1, text);
	move(LINES - 1, (int)strlen(text));
	timeout(-1);
	echo();
	getnstr(buf, len - 1);
	noecho();
	timeout(0);
	return *buf;
}

static void
steer(struct screen *s, const char *verb, const char *by)
{
	const struct top_access *access = seen(s, s->chosen);
	const char *words[] = { verb, access ? access->ip : "", "--door", access ? access->door : "", by };
	json_t *answer;

	if (!access)
		return;
	snprintf(s->message, sizeof(s->message), "%s: %s %.60s", verb, access->ip, access->door);
	answer = ask(s, words, by ? 5 : 4);
	json_decref(answer);
	s->top.stale = true;
	s->next_list = 0;
}

static void
revoke_chosen(struct screen *s)
{
	const struct top_access *access = seen(s, s->chosen);
	char text[160], answer[4] = "";

	if (!access)
		return;
	snprintf(text, sizeof(text), "revoke %s %.60s? (y) ", access->ip, access->door);
	if (prompt(text, answer, sizeof(answer)) && *answer == 'y')
		steer(s, "revoke", NULL);
}

static void
take_key(struct screen *s, int key)
{
	*s->message = '\0';
	switch (key) {
	case 'q':
		s->over = true;
		break;
	case KEY_UP:
	case 'k':
		s->chosen -= s->chosen > 0;
		break;
	case KEY_DOWN:
	case 'j':
		s->chosen += seen(s, s->chosen + 1) != NULL;
		break;
	case 'r':
		revoke_chosen(s);
		break;
	case 'e':
		steer(s, "extend", EXTENSION);
		break;
	case 's':
		s->top.order = (enum top_order)((s->top.order + 1) % TOP_ORDERS);
		break;
	case '/':
		prompt("filter: ", s->top.filter, sizeof(s->top.filter));
		s->chosen = 0;
		break;
	case 'd':
		s->doors = !s->doors;
		break;
	}
}

/* ---- the loop ---------------------------------------------------------------------------------------------- */

static void
loop(struct screen *s)
{
	while (!s->over) {
		struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
					{ .fd = fileno(s->watching.in), .events = POLLIN } };
		int key;

		refresh_numbers(s);
		if (s->over)
			return;
		while (s->chosen && !seen(s, s->chosen))
			s->chosen--;
		draw(s);
		if (poll(fds, 2, LIST_MSEC) < 0 && errno != EINTR)
			return;
		if (fds[1].revents)
			read_watch(s);
		while (!s->over && (key = getch()) != ERR)
			take_key(s, key);
	}
}

/* NULL: there is none. */
static SCREEN *
open_screen(void)
{
	SCREEN *screen = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? newterm(NULL, stdout, stdin) : NULL;

	if (!screen || tigetstr("cup"))
		return screen;
	endwin(); /* the cursor cannot be moved */
	delscreen(screen);
	return NULL;
}

/* Where the terminal has no second screen, the shell goes on in the last line. */
static void
close_screen(void)
{
	move(LINES - 1, 0);
	clrtoeol();
	refresh();
	endwin();
}

static int
show(struct screen *s)
{
	SCREEN *screen = open_screen();

	if (!screen) {
		fprintf(stderr, "knockctl: top needs a terminal whose cursor can be moved, and TERM as its type\n");
		return CTL_EXIT_ERROR;
	}
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	timeout(0);
	loop(s);
	close_screen();
	delscreen(screen);
	if (*s->message)
		fprintf(stderr, "knockctl: %s\n", s->message);
	return *s->message ? CTL_EXIT_ERROR : CTL_EXIT_OK;
}

int
ctl_top(const struct ctl_options *options)
{
	struct screen *s = calloc(1, sizeof(*s));
	int status;

	streams_fill();
	if (!s || ctl_link_open(&s->asking, options->socket)) {
		status = ctl_explain_no_link(options->socket);
		free(s);
		return status;
	}
	if (!ctl_link_open(&s->watching, options->socket)) {
		ctl_link_ask(&s->watching, "watch");
		s->top.stale = true;
		take_doors(s);
		status = s->over ? CTL_EXIT_ERROR : show(s);
		ctl_link_close(&s->watching);
	} else {
		status = ctl_explain_no_link(options->socket);
	}
	ctl_link_close(&s->asking);
	top_free(&s->top);
	free(s);
	return status;
}
