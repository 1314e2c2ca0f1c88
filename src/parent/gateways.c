/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateways.h"

#include "config.h" /* pipe2, SANITIZERS */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access/foreign.h"
#include "claims.h"
#include "conf/tlsfiles.h"
#include "courier/courier.h"
#include "lib/moment.h"
#include "lib/text.h"
#include "wire/share.h"

/* Pauses before a courier is started again: 0.1 s, then twice as long each time. */
#define PAUSE_MIN_MSEC 100
#define PAUSE_MAX_MSEC 10000
#define CALM_MSEC      60000 /* one that has run for so long */

/* Packets of the courier taken in one round, so that knocks do not wait for them. */
#define ROUND 64

/* ---- the owner of sharing ------------------------------------------------------------------------ */

static bool
post(void *arg, const struct share_message *message)
{
	const struct daemon *d = arg;

	return d->link.fd >= 0 && !share_send(d->link.fd, message, 1);
}

static void
apply(void *arg, struct sharing_news *news, size_t n)
{
	const struct daemon *d = arg;

	foreign_apply(&d->tools, d->conf, news, n);
}

static bool
has(void *arg, const struct door *door, const struct addr *ip)
{
	const struct daemon *d = arg;

	return grants_of(d->grants, door->name, ip);
}

static void
answer(void *arg, uint64_t ticket, enum share_answer word)
{
	claims_answer(arg, ticket, word);
}

int
gateways_open(struct daemon *d)
{
	const struct sharing_owner owner = { .arg = d, .post = post, .apply = apply, .has = has, .answer = answer };

	d->sharing = sharing_new(&d->log, &owner);
	if (!d->sharing && errno != ENOSYS) {
		log_warn(&d->log, "could not start");
		return -1;
	}
	d->tools.sharing = d->sharing;
	judge_share(d->judge, d->sharing);
	codes_share(d->codes, d->sharing);
	return 0;
}

void
gateways_ended(void *arg, enum grants_end why, const char *door, const struct element *element, const struct addr *ip)
{
	struct daemon *d = arg;

	cuts_note(d->cuts, door, element, ip);
	if (why == GRANTS_EARLY && grants_of(d->grants, door, ip) == 1)
		sharing_ended(d->sharing, door, ip);
}

/* ---- the courier --------------------------------------------------------------------------------- */

static void
forget(struct daemon *d, const char *why)
{
	if (d->link.fd >= 0)
		close(d->link.fd);
	if (d->link.said >= 0)
		close(d->link.said);
	d->link.fd = d->link.said = -1;
	d->link.pid = 0;
	sharing_cut_off(d->sharing, why);
}

static void
end_courier(struct daemon *d, const char *why)
{
	if (d->link.pid) {
		kill(d->link.pid, SIGKILL);
		while (waitpid(d->link.pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	forget(d, why);
}

static void
start_later(struct daemon *d)
{
	uint64_t now = moment_boot_msec();

	if (now - d->link.started_at > CALM_MSEC || !d->link.pause)
		d->link.pause = PAUSE_MIN_MSEC;
	else if (d->link.pause < PAUSE_MAX_MSEC)
		d->link.pause *= 2;
	d->link.start_at = now + d->link.pause;
}

static _Noreturn void
run(const struct daemon *d, int fd, int said)
{
	const struct share_conf *share = &d->conf->share;
	struct courier_setup setup = { .conf = share, .user = d->user, .fd = fd };

	for (int i = 0; i < SHARE_TLS_FILES; i++)
		setup.tls[i] = share->tls_files ? share->tls_files->fds[i] : -1;
#ifdef SANITIZERS
	(void)said;
#else
	dup2(said, STDERR_FILENO);
#endif
	courier_exec(d->link.program, &setup);
}

static int
fork_courier(struct daemon *d, const int fds[2], const int said[2])
{
	d->link.pid = fork();
	if (d->link.pid < 0) {
		d->link.pid = 0;
		return -1;
	}
	if (!d->link.pid)
		run(d, fds[1], said[1]);
	d->link.fd = fds[0];
	d->link.said = said[0];
	return 0;
}

static void
start(struct daemon *d)
{
	int fds[2] = { -1, -1 }, said[2] = { -1, -1 };

	d->link.start_at = UINT64_MAX;
	d->link.started_at = moment_boot_msec();
	if (share_pair(fds) || pipe2(said, O_CLOEXEC | O_NONBLOCK) || fork_courier(d, fds, said)) {
		log_warn(&d->log, "share: could not start the courier");
		if (fds[0] >= 0)
			close(fds[0]);
		if (said[0] >= 0)
			close(said[0]);
		start_later(d);
	}
	if (fds[1] >= 0)
		close(fds[1]);
	if (said[1] >= 0)
		close(said[1]);
}

/* What it says before it is confined; any control character is replaced all the same. */
static void
pass_on(struct daemon *d)
{
	char text[1024], clean[sizeof(text)], *rest = text, *line;
	ssize_t len = d->link.said < 0 ? -1 : read(d->link.said, text, sizeof(text) - 1);

	text[len > 0 ? len : 0] = '\0';
	while ((line = strsep(&rest, "\n")))
		if (*line)
			log_warnx(&d->log, "%s", text_utf8(line, true, clean, sizeof(clean)));
}

bool
gateways_reaped(struct daemon *d, pid_t pid, int status)
{
	if (!d->link.pid || pid != d->link.pid)
		return false;
	gateways_read(d); /* its last messages */
	pass_on(d);
	if (d->link.pid) {
		if (WIFSIGNALED(status))
			log_warnx(&d->log, "share: the courier was ended by signal %d (%s)", WTERMSIG(status),
				  strsignal(WTERMSIG(status)));
		else if (WEXITSTATUS(status) != COURIER_AGAIN)
			log_warnx(&d->log, "share: the courier ended with status %d", WEXITSTATUS(status));
	}
	d->link.pid = 0;
	forget(d, "the courier has ended");
	start_later(d);
	return true;
}

/* End of file: it is reaped soon. */
void
gateways_read(struct daemon *d)
{
	struct share_message messages[SHARING_NEWS];
	int n = 1;

	if (d->link.fd < 0)
		return;
	log_hold(&d->log);
	journal_hold(d->journals.grants);
	for (int i = 0; i < ROUND && d->link.fd >= 0 && n > 0; i++) {
		n = share_recv(d->link.fd, messages, SHARING_NEWS);
		if (n > 0 ? !sharing_take(d->sharing, messages, (size_t)n) : n < 0 && errno != EAGAIN) {
			log_warnx(&d->log, "share: the courier sent an invalid message: killed");
			end_courier(d, "the courier was killed");
			start_later(d);
		}
	}
	journal_release(d->journals.grants);
	log_release(&d->log);
	if (!n) {
		close(d->link.fd);
		d->link.fd = -1;
		sharing_cut_off(d->sharing, "the courier has ended");
	}
}

/* ---- the configuration --------------------------------------------------------------------------- */

/*
 * The port of an access by a signed knock, which may have asked for one: the element of `open` has it. False: it is not
 * to be told.
 */
static bool
port_of(const struct door *door, const struct grant_view *grant, struct knock_port *port)
{
	const struct element *e = grant->element;

	*port = (struct knock_port){ .port = 0 };
	if (!grant->user)
		return true;
	for (size_t i = 0; i < door->open.n && e->n_parts > 1; i++) {
		char text[8];

		snprintf(text, sizeof(text), "%u", door->open.at[i].port);
		if (strcmp(e->parts[e->n_parts - 1], text) ||
		    strcmp(e->parts[e->n_parts - 2], seq_proto_name(door->open.at[i].proto)))
			continue;
		*port = door->open.at[i];
		return true;
	}
	return !door->open.n && !door_wants_port(door);
}

static const struct door *
door_named(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_doors; i++)
		if (!strcmp(conf->doors[i].name, name))
			return &conf->doors[i];
	return NULL;
}

/* grants_visit */
static bool
recall_grant(void *arg, const struct grant_view *grant)
{
	const struct daemon *d = arg;
	const struct door *door = door_named(d->conf, grant->door);
	int64_t left = grant->end_boot_ms - moment_now().boot_ms;
	struct sharing_left access = { .door = grant->door,
				       .user = grant->user,
				       .ip = grant->ip,
				       .since_wall_ms = grant->since_wall_ms,
				       .ms = grant->end_boot_ms == INT64_MAX ? 0 : (uint64_t)left };

	if (door && port_of(door, grant, &access.port) && (!access.ms || left > 0))
		sharing_recall(d->sharing, &access);
	return true;
}

void
gateways_start(struct daemon *d)
{
	gateways_follow(d);
	grants_each(d->grants, 0, SIZE_MAX, recall_grant, d);
	judge_recall(d->judge);
}

/* Would a courier with `b` do the same as one with `a`? */
static bool
is_same(const struct share_conf *a, const struct share_conf *b)
{
	return a->engine == b->engine && !strcmp(a->url, b->url) && !strcmp(a->name, b->name) &&
	       !strcmp(a->login.user, b->login.user) && !strcmp(a->login.password, b->login.password) &&
	       a->wait_ms == b->wait_ms && a->replicas == b->replicas && tlsfiles_same(a->tls_files, b->tls_files);
}

void
gateways_compare(struct daemon *d, const struct conf *conf)
{
	struct sharing_state state = { .up = false };

	d->link.kept =
	    d->link.pid && sharing_look(d->sharing, &state) && state.up && is_same(&d->conf->share, &conf->share);
}

/* ---- the loop ------------------------------------------------------------------------------------ */

void
gateways_follow(struct daemon *d)
{
	bool follows = sharing_follow(d->sharing, d->conf);

	if (!follows)
		log_warnx(&d->log, "share: out of memory: this gateway is on its own");
	if (d->link.kept && follows) {
		d->link.kept = false;
		return;
	}
	if (d->link.pid)
		end_courier(d, "the configuration has changed");
	d->link.start_at = UINT64_MAX;
	d->link.pause = 0;
	if (follows && sharing_is_on(d->sharing))
		start(d);
}

void
gateways_tick(struct daemon *d)
{
	uint64_t now = moment_boot_msec();

	if (d->link.start_at <= now)
		start(d);
	sharing_tick(d->sharing, now);
	claims_tick(d, now);
}

uint64_t
gateways_next(const struct daemon *d)
{
	uint64_t next = sharing_next(d->sharing);

	if (d->link.start_at < next)
		next = d->link.start_at;
	return claims_next(d) < next ? claims_next(d) : next;
}

void
gateways_close(struct daemon *d)
{
	end_courier(d, "knockd ends");
	if (d->link.program >= 0)
		close(d->link.program);
	d->link.program = -1;
	sharing_free(d->sharing);
	d->sharing = d->tools.sharing = NULL;
}
