/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/codes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/sharing.h"
#include "lib/limiter.h"
#include "lib/moment.h"
#include "lib/sha1.h"
#include "lib/text.h"
#include "lib/totp.h"
#include "secrets.h"

#define ID_LEN   ASK_KEY_LEN
#define WORD     "totp " /* of our entries in the journal */
#define TEXT_LEN (sizeof(WORD) + 2 * ID_LEN + 24)
#define STEP_MAX ((uint64_t)MOMENT_MAX_MSEC / 1000 / TOTP_STEP_SECONDS)

/* Log lines about codes that are refused without a limit on their own: repeated ones. */
#define REFUSED_BURST      10
#define REFUSED_PER_SECOND 1

/* The last step of a secret that was used. */
struct used {
	uint8_t id[ID_LEN]; /* of the secret */
	uint64_t step;
	struct addr ip;
	uint64_t entry; /* in the journal; 0: none */
};

enum tries_kind { TRIES_DOOR, TRIES_USER };

/* Wrong codes of a door, or of a user's signed knocks. */
struct tries {
	enum tries_kind kind;
	char *name;
	unsigned left;
	uint64_t counted_ms; /* boot clock: one more is left a step after this, up to the door's number */
	bool told;           /* that none is left */
};

struct codes {
	const struct log *log;
	struct secrets *secrets;          /* NULL: none were read */
	uint8_t ids[SECRETS_MAX][ID_LEN]; /* of each of them: gateways tell of all at a start */
	struct used *used;
	size_t n_used;
	struct tries *tries;
	size_t n_tries;
	struct journal *journal;
	struct sharing *sharing;
	uint64_t floor; /* the step of the start */
	struct limiter lines;
};

struct codes *
codes_new(const struct log *log)
{
	struct codes *codes = calloc(1, sizeof(*codes));

	if (!codes)
		return NULL;
	codes->log = log;
	codes->floor = totp_step(moment_now().wall_ms);
	limiter_init(&codes->lines, REFUSED_BURST, moment_boot_msec());
	return codes;
}

void
codes_free(struct codes *codes)
{
	if (!codes)
		return;
	for (size_t i = 0; i < codes->n_tries; i++)
		free(codes->tries[i].name);
	free(codes->tries);
	free(codes->used);
	secrets_free(codes->secrets);
	free(codes);
}

/* ---- used steps --------------------------------------------------------------------------------- */

/* Tells a secret without telling anything of it. */
static void
identify(const struct totp_secret *secret, uint8_t id[static ID_LEN])
{
	static const char purpose[] = "knockd used codes";
	uint8_t mac[SHA1_LEN];

	sha1_hmac(secret->bytes, secret->len, purpose, sizeof(purpose) - 1, mac);
	memcpy(id, mac, ID_LEN);
}

static bool
has_secret(const struct codes *codes, const uint8_t id[static ID_LEN])
{
	for (size_t i = 0; codes->secrets && i < codes->secrets->n; i++)
		if (!memcmp(codes->ids[i], id, ID_LEN))
			return true;
	return false;
}

/* Made if there is none; NULL: no memory. Valid until the next call. */
static struct used *
used_of(struct codes *codes, const uint8_t id[static ID_LEN])
{
	struct used *used;

	for (size_t i = 0; i < codes->n_used; i++)
		if (!memcmp(codes->used[i].id, id, ID_LEN))
			return &codes->used[i];
	used = reallocarray(codes->used, codes->n_used + 1, sizeof(*used));
	if (!used)
		return NULL;
	codes->used = used;
	used += codes->n_used++;
	*used = (struct used){ .step = 0 };
	memcpy(used->id, id, ID_LEN);
	return used;
}

void
codes_share(struct codes *codes, struct sharing *sharing)
{
	if (codes)
		codes->sharing = sharing;
}

/* Not into the journal: after a start no code of the time before counts. */
bool
codes_heard(struct codes *codes, const uint8_t id[static ASK_KEY_LEN], uint64_t step)
{
	struct used *used = codes && step <= STEP_MAX && has_secret(codes, id) ? used_of(codes, id) : NULL;

	if (used && used->step < step)
		used->step = step;
	return used;
}

bool
codes_is_entry(const struct journal_entry *entry)
{
	return entry->kind == JOURNAL_COUNTER && !strncmp(entry->text, WORD, sizeof(WORD) - 1);
}

bool
codes_take_up(struct codes *codes, const struct journal_entry *entry)
{
	const char *text = entry->text + sizeof(WORD) - 1;
	uint8_t id[ID_LEN];
	struct used *used;
	uint64_t step;
	int end = 0;

	for (size_t i = 0; i < ID_LEN; i++, text += 2)
		if (sscanf(text, "%2hhx", &id[i]) != 1)
			return false;
	if (sscanf(text, " %" SCNu64 "%n", &step, &end) != 1 || text[end] || step > STEP_MAX)
		return false;
	used = used_of(codes, id);
	/* two of one secret: the daemon ended between the new line and the end of the old one */
	if (!used || (used->entry && used->step >= step))
		return false;
	used->step = step;
	used->ip = entry->ip;
	used->entry = entry->id;
	return true;
}

void
codes_keep_in(struct codes *codes, struct journal *journal)
{
	codes->journal = journal;
}

/* On the disk before the door opens: people type these, so there are few. 0, or -1 with errno. */
static int
keep(struct codes *codes, struct used *used, const char *user)
{
	char text[TEXT_LEN] = WORD, name[ASK_USER_MAX];
	struct journal_entry entry = { .kind = JOURNAL_COUNTER, .door = name, .ip = used->ip, .text = text };
	size_t at = sizeof(WORD) - 1;

	text_copy(name, sizeof(name), user);
	for (size_t i = 0; i < ID_LEN; i++, at += 2)
		snprintf(text + at, 3, "%02x", used->id[i]);
	snprintf(text + at, sizeof(text) - at, " %" PRIu64, used->step);
	entry.end = moment_after(moment_now(), MOMENT_MAX_MSEC);
	if (journal_add(codes->journal, &entry)) {
		journal_end(codes->journal, used->entry);
		used->entry = entry.id;
	}
	return journal_sync(codes->journal);
}

/* ---- the file ----------------------------------------------------------------------------------- */

struct reading {
	const struct log *log;
	const char *path;
};

/* secrets_report */
static void
tell(void *arg, int line, const char *text)
{
	const struct reading *r = arg;

	if (line)
		log_warnx(r->log, "%s: line %d: %s; the line does not count", r->path, line, text);
	else
		log_warnx(r->log, "%s: %s", r->path, text);
}

static bool
has_user(const struct codes *codes, const char *name, size_t len)
{
	for (size_t i = 0; i < codes->secrets->n; i++)
		if (!strncmp(codes->secrets->at[i].name, name, len) && !codes->secrets->at[i].name[len])
			return true;
	return false;
}

static void
check_users(const struct codes *codes, const struct door *door, const char *path)
{
	const char *at = door->users;

	while (at && *at) {
		size_t blanks = strspn(at, " \t,"), len = strcspn(at + blanks, ",");
		const char *name = at + blanks;

		at = name + len;
		while (len && (name[len - 1] == ' ' || name[len - 1] == '\t'))
			len--;
		if (len && !has_user(codes, name, len))
			log_warnx(codes->log, "%s: warning: users: no line of %s has the user %.*s", door->name, path,
				  (int)len, name);
	}
}

int
codes_read(struct codes *codes, int fd, uid_t owner, const struct conf *conf)
{
	struct reading reading = { codes->log, conf->totp_secrets };
	struct secrets *secrets = secrets_read(fd, owner, tell, &reading);

	if (!secrets)
		return -1;
	secrets_free(codes->secrets);
	codes->secrets = secrets;
	for (size_t i = 0; i < secrets->n; i++)
		identify(&secrets->at[i].secret, codes->ids[i]);
	for (size_t i = 0; i < conf->n_doors; i++)
		if (seq_code(&conf->doors[i].seq))
			check_users(codes, &conf->doors[i], conf->totp_secrets);
	return 0;
}

/* ---- limits ------------------------------------------------------------------------------------- */

/* Made if there is none; NULL: no memory. Names are those of doors and users, not of strangers. */
static struct tries *
tries_of(struct codes *codes, enum tries_kind kind, const char *name, unsigned most, uint64_t now_ms)
{
	struct tries *tries;

	for (size_t i = 0; i < codes->n_tries; i++)
		if (codes->tries[i].kind == kind && !strcmp(codes->tries[i].name, name))
			return &codes->tries[i];
	tries = reallocarray(codes->tries, codes->n_tries + 1, sizeof(*tries));
	if (!tries)
		return NULL;
	codes->tries = tries;
	tries += codes->n_tries;
	*tries = (struct tries){ .kind = kind, .name = strdup(name), .left = most, .counted_ms = now_ms };
	if (!tries->name)
		return NULL;
	codes->n_tries++;
	return tries;
}

/* One is left more for each step of time. */
static void
refill(struct tries *tries, unsigned most, uint64_t now_ms)
{
	uint64_t steps = (now_ms - tries->counted_ms) / (TOTP_STEP_SECONDS * 1000);

	tries->counted_ms += steps * TOTP_STEP_SECONDS * 1000;
	if (steps)
		tries->told = false;
	tries->left = steps < most && tries->left + steps < most ? tries->left + (unsigned)steps : most;
}

/* ---- judgement ---------------------------------------------------------------------------------- */

/* A code under judgement. */
struct trial {
	struct codes *codes;
	const struct conf *conf;
	const struct door *door; /* NULL: it came with a signed knock of `user` */
	const char *user;        /* NULL: of any user of the door */
	const struct addr *ip;
	uint32_t code;
	uint64_t step;
	struct tries *tries;
	uint8_t id[ID_LEN]; /* of the secret whose code was used, and its step */
	uint64_t used;
};

enum finding { FOUND, WRONG, USED, STARTED };

static bool
may_use(const struct trial *t, const struct totp_user *line)
{
	return t->user ? !strcmp(line->name, t->user) : door_has_user(t->door, line->name);
}

/* Is it the code of one of the steps in the window? The newest that fits. */
static bool
fits(const struct trial *t, const struct totp_secret *secret, uint64_t *step)
{
	uint64_t last = t->step + CODES_WINDOW, n = 2 * CODES_WINDOW;

	for (uint64_t back = 0; back <= n && back <= last; back++) {
		*step = last - back;
		if (totp_code(secret, *step) == t->code)
			return true;
	}
	return false;
}

/* The line whose code it is, and the step. */
static enum finding
find(const struct trial *t, const struct totp_user **line, struct used **used, uint64_t *step)
{
	const struct secrets *secrets = t->codes->secrets;
	enum finding finding = WRONG;

	for (size_t i = 0; secrets && i < secrets->n && finding != FOUND; i++) {
		if (!may_use(t, &secrets->at[i]) || !fits(t, &secrets->at[i].secret, step))
			continue;
		*line = &secrets->at[i];
		*used = used_of(t->codes, t->codes->ids[i]);
		if (!*used || (*used)->step >= *step)
			finding = USED;
		else
			finding = *step <= t->codes->floor ? STARTED : FOUND;
	}
	return finding;
}

/* Uses the code up. NULL, or the reason why it does not count; `user` gets whose it is, when that is known. */
static const char *
use(struct trial *t, const char **user)
{
	const struct totp_user *line = NULL;
	struct used *used = NULL;
	uint64_t step;

	switch (find(t, &line, &used, &step)) {
	case WRONG:
		t->tries->left--;
		return "the code is wrong";
	case USED:
		*user = line->name;
		return "the code, or a later one, has been used before";
	case STARTED:
		*user = line->name;
		return "the code is from before knockd's start: wait for the next one";
	case FOUND:
		break;
	}
	*user = line->name;
	used->step = step;
	used->ip = *t->ip;
	memcpy(t->id, used->id, sizeof(t->id));
	t->used = step;
	sharing_counted(t->codes->sharing, &(struct sharing_count){ .key = t->id, .user = line->name, .counter = step },
			t->door && t->door->share == SHARE_CLAIM);
	if (keep(t->codes, used, line->name) && t->conf->replay_sync)
		return "the use of the code could not be written to the disk";
	return NULL;
}

/* NULL, or the reason why no code is looked at; `*quiet`: the log has told of that. */
static const char *
limit(struct trial *t, bool *quiet)
{
	uint64_t now_ms = moment_boot_msec();
	unsigned most = t->door ? t->door->code_tries : CONF_CODE_TRIES_DEFAULT;

	t->tries = t->door ? tries_of(t->codes, TRIES_DOOR, t->door->name, most, now_ms)
			   : tries_of(t->codes, TRIES_USER, t->user, most, now_ms);
	if (!t->tries)
		return "out of memory";
	refill(t->tries, most, now_ms);
	if (t->tries->left)
		return NULL;
	*quiet = t->tries->told;
	t->tries->told = true;
	return "too many wrong codes: none is looked at until the next half minute";
}

bool
codes_open(struct codes *codes, const struct conf *conf, const struct event *event, struct ask *ask)
{
	const struct door *door = &conf->doors[event->door];
	struct trial t = { .codes = codes,
			   .conf = conf,
			   .door = door,
			   .ip = &event->source,
			   .code = event->count,
			   .step = totp_step(moment_now().wall_ms) };
	bool quiet = false;
	const char *user = NULL, *why = limit(&t, &quiet);
	char ip[ADDR_STRLEN];

	if (!why)
		why = use(&t, &user);
	if (why && !quiet && limiter_pass(&codes->lines, REFUSED_BURST, REFUSED_PER_SECOND, moment_boot_msec()))
		log_notice(codes->log, "%s: %s: knock%s%s refused: %s", addr_format(&event->source, ip), door->name,
			   user ? " of " : "", user ? user : "", why);
	if (why)
		return false;
	*ask = (struct ask){ .by_code = true, .counter = t.used };
	memcpy(ask->key, t.id, sizeof(ask->key));
	text_copy(ask->user, sizeof(ask->user), user);
	return true;
}

const char *
codes_confirm(struct codes *codes, const struct conf *conf, const char *user, uint32_t code, const struct addr *ip)
{
	struct trial t = { .codes = codes,
			   .conf = conf,
			   .user = user,
			   .ip = ip,
			   .code = code,
			   .step = totp_step(moment_now().wall_ms) };
	const char *why, *whose;
	bool quiet;

	if (!codes->secrets || !has_user(codes, user, strlen(user)))
		return "its key needs a code, and Totp_Secrets has no line for the user";
	why = limit(&t, &quiet);
	return why ? why : use(&t, &whose);
}
