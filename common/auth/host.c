/* SPDX-License-Identifier: MIT */
/*
 * The wall, and the sessions that hosts hold open.
 *
 *  1. An account MUST be marked for system log-in to open a host, unless
 *     any_account lifts that.
 *  2. A name that is a Unix account with a uid below minimum_uid MUST be
 *     refused, whatever any_account says.
 *  3. require_su MUST be met by superusers alone, group= by its members.
 *  4. A row of a host's session MUST NOT open anything: the hash in it is of
 *     a random value that is forgotten.
 *  5. Rows of hosts MUST NOT count against SESSIONS_PER_USER (their channel
 *     begins with "pam:").
 *  6. A row MUST end when its host's process is gone: it names the process,
 *     its start, the boot and the space of its pid, so that a pid used again
 *     is not mistaken. Who cannot see the process MUST NOT judge it: /proc
 *     may hide others' processes, and a container has pids of its own.
 */
#include "auth/host.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/account.h"
#include "auth/audit.h"
#include "auth/name.h"
#include "base/secret.h"
#include "store/state.h"

#include "base/banned.h"

/* Long enough for any session of a host; the sweep ends it before. */
#define HOST_SESSION_S (400LL * 24 * 3600)
#define SWEEP_PAGE     64

static bool uid_permits(const char *name, int64_t minimum_uid)
{
	struct passwd pwd;
	struct passwd *found = NULL;
	char buf[4096];
	int rc;

	do {
		rc = getpwnam_r(name, &pwd, buf, sizeof(buf), &found);
	} while (rc == EINTR);
	/* A look-up that failed is no proof that there is no such account. */
	if (rc != 0 && rc != ENOENT) {
		return false;
	}
	return found == NULL || (int64_t)found->pw_uid >= minimum_uid;
}

bool stauth_host_permits(const struct stauth_account *account,
	const struct stauth_host_policy *rules)
{
	if (!account->system_login && !rules->any_account) {
		return false;
	}
	if (rules->require_su && !account->su) {
		return false;
	}
	if (rules->group != NULL) {
		bool su = account->su && strcmp(rules->group, "su") == 0;

		if (!su && !stauth_groups_has(account->groups, rules->group)) {
			return false;
		}
	}
	return uid_permits(account->name, rules->minimum_uid);
}

enum stauth_rc stauth_host_account(struct stauth_ctx *ctx, const char *name,
	const struct stauth_host_policy *rules,
	enum stauth_host_verdict *ret_verdict,
	struct stauth_account *ret_account, struct stauth_err *err)
{
	*ret_verdict = STAUTH_HOST_NO;
	enum stauth_rc rc = stauth_account_get(ctx, name, ret_account, err);
	if (rc == STAUTH_NOTFOUND) {
		*ret_verdict = STAUTH_HOST_UNKNOWN;
		return STAUTH_OK;
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	stauth_wipe_array(ret_account->password);
	if (ret_account->disabled) {
		*ret_verdict = STAUTH_HOST_DISABLED;
	} else if (stauth_host_permits(ret_account, rules)) {
		*ret_verdict = ret_account->must_change
				       ? STAUTH_HOST_MUST_CHANGE
				       : STAUTH_HOST_YES;
	}
	return STAUTH_OK;
}

/* Reads a small file of /proc; "" if it cannot be read. */
static void read_small(const char *path, char *out, size_t out_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, out_size - 1);

	out[n > 0 ? n : 0] = '\0';
	if (fd >= 0) {
		close(fd);
	}
}

/* When the process began, in ticks since boot; 0 if there is none. The
 * program's name, in parentheses, may hold anything: fields after the last
 * one are counted. */
static int64_t process_start(int64_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	char stat[1024];
	read_small(path, stat, sizeof(stat));
	char *field = strrchr(stat, ')');
	for (int i = 0; field != NULL && i < 20; i++) {
		field = strchr(field + 1, ' ');
	}
	return field != NULL ? strtoll(field + 1, NULL, 10) : 0;
}

static void boot_id(char out[9])
{
	char text[64];

	read_small("/proc/sys/kernel/random/boot_id", text, sizeof(text));
	snprintf(out, 9, "%.8s", text);
}

static void pid_space(char out[24])
{
	ssize_t n = readlink("/proc/self/ns/pid", out, 23);

	out[n > 0 ? n : 0] = '\0';
}

/* "pid PID START BOOT SPACE": whose session it is. */
static void host_mark(int64_t pid, char out[STAUTH_AGENT_SIZE])
{
	char boot[9];

	boot_id(boot);
	char space[24];
	pid_space(space);
	snprintf(out, STAUTH_AGENT_SIZE, "pid %lld %lld %s %s", (long long)pid,
		(long long)process_start(pid), boot, space);
}

/* Gone for certain: MUST 6. */
static bool host_is_gone(const char *agent)
{
	char its_boot[9];
	char its_space[24];
	long long pid;

	if (sscanf(agent, "pid %lld %*d %8s %23s", &pid, its_boot, its_space) !=
		3) {
		return false;
	}
	char boot[9];
	boot_id(boot);
	if (boot[0] == '\0') {
		return false; /* a hardened service does not see /proc/sys */
	}
	if (strcmp(boot, its_boot) != 0) {
		return true;
	}
	char space[24];
	pid_space(space);
	if (strcmp(space, its_space) != 0 || access("/proc/1/stat", R_OK)) {
		return false;
	}
	char now[STAUTH_AGENT_SIZE];
	host_mark(pid, now);
	return strcmp(now, agent) != 0;
}

static void fill_session(struct stauth_session *session,
	const struct stauth_account *account,
	const struct stauth_host_session *host, int64_t now_s)
{
	session->uid = account->uid;
	session->epoch = account->epoch;
	snprintf(session->user, sizeof(session->user), "%s", account->name);
	snprintf(session->email, sizeof(session->email), "%s", account->email);
	snprintf(session->display_name, sizeof(session->display_name), "%s",
		account->display_name);
	snprintf(session->groups, sizeof(session->groups), "%s",
		account->groups);
	snprintf(session->channel, sizeof(session->channel), "pam:%.11s",
		host->service);
	snprintf(session->address, sizeof(session->address), "%.64s%s%.24s",
		host->rhost, host->rhost[0] && host->tty[0] ? " " : "",
		host->tty);
	host_mark(host->pid, session->agent);
	session->remember = true; /* no idle limit */
	session->level = 1;
	session->auth_at = now_s;
	session->confirmed_at = now_s;
	session->created_at = now_s;
	session->last_seen_at = now_s;
	session->expires_at = now_s + HOST_SESSION_S;
}

static bool of_host(const struct stauth_session *session)
{
	return strncmp(session->channel, "pam:", 4) == 0;
}

/* A user's web sessions are few (SESSIONS_PER_USER), so one page that holds
 * them and rows_max more tells. */
static enum stauth_rc check_rows(struct stauth_ctx *ctx, int64_t uid,
	size_t rows_max, struct stauth_err *err)
{
	size_t limit = rows_max + (size_t)ctx->config->sessions_per_user;
	struct stauth_session *page = calloc(limit, sizeof(*page));

	if (page == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	size_t count = 0;
	const struct stauth_session_query query = {
		.uid = uid, .after = "", .limit = limit};
	enum stauth_rc rc = stauth_session_list(ctx, &query, page, &count, err);
	size_t rows = 0;
	for (size_t i = 0; i < count; i++) {
		rows += of_host(&page[i]);
	}
	free(page);
	if (rc == STAUTH_OK && rows >= rows_max) {
		return stauth_fail(err, STAUTH_REFUSED,
			"%zu sessions of hosts are open", rows);
	}
	return rc;
}

enum stauth_rc stauth_host_session_open(struct stauth_ctx *ctx,
	const char *name, const struct stauth_host_session *host,
	char ret_handle[STAUTH_HANDLE_LEN + 1], struct stauth_err *err)
{
	struct stauth_account account;
	int64_t now_s = stauth_ctx_now(ctx);
	enum stauth_rc rc = stauth_account_get(ctx, name, &account, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	stauth_wipe_array(account.password);
	if (host->rows_max > 0) {
		rc = check_rows(ctx, account.uid, host->rows_max, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_login_commit login = {0};
	fill_session(&login.session, &account, host, now_s);
	struct stauth_actor actor = {0};
	actor.channel = login.session.channel;
	actor.address = login.session.address;
	stauth_audit_fill(&login.audit, "session.open", true, account.name,
		account.uid, &actor, host->tty);
	rc = ctx->random(login.token_hash, sizeof(login.token_hash), err);
	if (rc == STAUTH_OK) {
		rc = stauth_random_handle(
			ctx->random, login.session.handle, err);
	}
	if (rc == STAUTH_OK) {
		rc = ctx->state->ops->login_commit(
			ctx->state, &login, now_s, err);
	}
	if (rc == STAUTH_OK) {
		memcpy(ret_handle, login.session.handle,
			sizeof(login.session.handle));
	}
	return rc;
}

enum stauth_rc stauth_host_session_close(struct stauth_ctx *ctx,
	const char *name, const char *handle, const struct stauth_actor *actor,
	struct stauth_err *err)
{
	struct stauth_session session;
	enum stauth_rc rc =
		stauth_session_by_handle(ctx, handle, &session, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	if (!of_host(&session) || strcmp(session.user, name) != 0) {
		return stauth_fail(err, STAUTH_NOTFOUND, "no such session");
	}
	struct stauth_audit_row row;
	stauth_audit_fill(&row, "session.close", true, session.user,
		session.uid, actor, handle);
	return ctx->state->ops->session_end(
		ctx->state, handle, &row, stauth_ctx_now(ctx), err);
}

static enum stauth_rc end_if_gone(struct stauth_ctx *ctx,
	const struct stauth_session *session, int *ended,
	struct stauth_err *err)
{
	struct stauth_actor actor = {.name = "sweep",
		.channel = session->channel,
		.address = session->address};

	if (!of_host(session) || !host_is_gone(session->agent)) {
		return STAUTH_OK;
	}
	enum stauth_rc rc = stauth_session_revoke(
		ctx, session->handle, session->uid, &actor, err);
	*ended += rc == STAUTH_OK;
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

enum stauth_rc stauth_host_sweep(
	struct stauth_ctx *ctx, int *ret_ended, struct stauth_err *err)
{
	struct stauth_session *page = calloc(SWEEP_PAGE, sizeof(*page));
	char after[STAUTH_HANDLE_LEN + 1] = "";

	if (page == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	enum stauth_rc rc = STAUTH_OK;
	size_t count = SWEEP_PAGE;
	int ended = 0;
	while (rc == STAUTH_OK && count == SWEEP_PAGE) {
		const struct stauth_session_query query = {
			.after = after, .limit = SWEEP_PAGE};
		rc = stauth_session_list(ctx, &query, page, &count, err);
		for (size_t i = 0; rc == STAUTH_OK && i < count; i++) {
			rc = end_if_gone(ctx, &page[i], &ended, err);
		}
		if (rc == STAUTH_OK && count > 0) {
			memcpy(after, page[count - 1].handle, sizeof(after));
		}
	}
	free(page);
	*ret_ended = ended;
	return rc;
}
