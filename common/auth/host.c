/* SPDX-License-Identifier: MIT */
/*
 * The host log-in policy, and the sessions that hosts hold open.
 *
 *  1. The name that the host gave and the canonical name MUST be the same
 *     Unix account, or with any_account neither one; else the account is
 *     unknown: another user's files would open.
 *  2. An account MUST be set to system_login to open a host, unless
 *     any_account lifts that.
 *  3. A Unix account with a uid below minimum_uid MUST be refused, whatever
 *     any_account says; require_su MUST be met by superusers alone, group= by
 *     its members. A look-up that failed is a refusal.
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
#include "auth/account_parts.h"
#include "auth/audit.h"
#include "auth/name.h"
#include "base/secret.h"
#include "base/text.h"
#include "store/accounts.h"
#include "store/state.h"

#include "base/banned.h"

/* Long enough for any session of a host; the sweep ends it before. */
#define HOST_SESSION_S (400LL * 24 * 3600)
#define SWEEP_PAGE     64

enum unix_account {
	UNIX_NONE,
	UNIX_FOUND,
	UNIX_FAULT, /* no proof that there is none */
};

static enum unix_account find_unix(const char *name, uid_t *ret_uid)
{
	struct passwd pwd;
	struct passwd *found = NULL;
	char buf[4096];
	int rc;

	do {
		rc = getpwnam_r(name, &pwd, buf, sizeof(buf), &found);
	} while (rc == EINTR);
	if (found != NULL) {
		*ret_uid = pwd.pw_uid;
		return UNIX_FOUND;
	}
	return rc == 0 || rc == ENOENT ? UNIX_NONE : UNIX_FAULT;
}

enum stauth_verdict stauth_host_check(const char *user,
	const struct stauth_account *account,
	const struct stauth_host_policy *policy)
{
	uid_t given_uid = 0;
	uid_t own_uid = 0;
	enum unix_account given = find_unix(user, &given_uid);
	enum unix_account own = find_unix(account->name, &own_uid);

	if (given == UNIX_FAULT || own == UNIX_FAULT) {
		return STAUTH_FORBIDDEN;
	}
	if (given != own || given_uid != own_uid ||
		(own == UNIX_NONE && !policy->any_account)) {
		return STAUTH_DENY;
	}
	bool member =
		policy->group != NULL &&
		(stauth_groups_has(account->groups, policy->group) ||
			(account->su && strcmp(policy->group, "su") == 0));
	if ((!account->system_login && !policy->any_account) ||
		(policy->require_su && !account->su) ||
		(policy->group != NULL && !member) ||
		(own == UNIX_FOUND && (int64_t)own_uid < policy->minimum_uid)) {
		return STAUTH_FORBIDDEN;
	}
	return STAUTH_ALLOW;
}

enum stauth_rc stauth_host_find(struct stauth_ctx *ctx, const char *user,
	const struct stauth_host_policy *policy,
	struct stauth_host_access *ret_access, struct stauth_err *err)
{
	char name[STAUTH_NAME_SIZE] = "";
	char email[STAUTH_EMAIL_SIZE] = "";

	memset(ret_access, 0, sizeof(*ret_access));
	(void)stauth_name_canonical(user, strlen(user), name, NULL);
	/* Services that open no host know the address, too. */
	if (policy->any_account) {
		(void)stauth_email_canonical(user, strlen(user), email, NULL);
	}
	enum stauth_rc rc = stauth_account_by_login(
		ctx, name, email, &ret_access->account, err);
	if (rc == STAUTH_NOTFOUND) {
		return STAUTH_OK;
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	ret_access->verdict =
		stauth_host_check(user, &ret_access->account, policy);
	return STAUTH_OK;
}

void stauth_host_proof(const struct stauth_account *account,
	char ret_proof[STAUTH_HOST_PROOF_SIZE])
{
	snprintf(ret_proof, STAUTH_HOST_PROOF_SIZE, "%lld %lld",
		(long long)account->uid, (long long)account->epoch);
}

bool stauth_host_proof_holds(
	const struct stauth_account *account, const char *proof)
{
	char wanted[STAUTH_HOST_PROOF_SIZE];

	stauth_host_proof(account, wanted);
	return strcmp(wanted, proof) == 0;
}

enum stauth_rc stauth_host_password_set(struct stauth_ctx *ctx,
	const struct stauth_account *account,
	const struct stauth_secret *password, const struct stauth_actor *actor,
	struct stauth_err *err)
{
	struct stauth_account now = {0};
	struct stauth_new_password new_password = {
		.account = &now,
		.password = password,
		.must_differ = true,
		.epoch = account->epoch,
	};
	enum stauth_rc rc = stauth_account_read(ctx, account->name, &now, err);

	if (rc == STAUTH_OK && now.uid != account->uid) {
		rc = stauth_fail(err, STAUTH_EXPIRED,
			"the account is another one by now");
	}
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = stauth_new_password_prepare(ctx, &new_password, err);
	if (rc == STAUTH_EBROKEN) { /* none, or none that is one */
		new_password.must_differ = false;
		rc = stauth_new_password_prepare(ctx, &new_password, err);
	}
	if (rc != STAUTH_OK) {
		goto out;
	}
	struct stauth_change change;
	int ended = 0;
	stauth_change_fill_end(ctx, "password.set", &now, actor, &change);
	rc = stauth_new_password_commit(
		ctx, &new_password, &change, &ended, err);
out:
	stauth_wipe_array(new_password.encoded);
	stauth_wipe_array(now.password);
	return rc;
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

/* Which boot of which machine, and which space of pids. */
static void boot_and_space(char boot[9], char space[24])
{
	char text[64];
	read_small("/proc/sys/kernel/random/boot_id", text, sizeof(text));
	snprintf(boot, 9, "%.8s", text);
	ssize_t n = readlink("/proc/self/ns/pid", space, 23);
	space[n > 0 ? n : 0] = '\0';
}

/* "pid PID START BOOT SPACE": whose session it is. A START of 0 was not seen
 * (hidepid, another space of pids) and is never judged. */
static void host_mark(int64_t pid, char out[STAUTH_AGENT_SIZE])
{
	char boot[9];
	char space[24];

	boot_and_space(boot, space);
	snprintf(out, STAUTH_AGENT_SIZE, "pid %lld %lld %s %s", (long long)pid,
		(long long)process_start(pid), boot, space);
}

/* Gone for certain: MUST 6. */
static bool host_is_gone(const char *agent)
{
	char its_boot[9];
	char its_space[24];
	long long pid;
	long long start;

	if (sscanf(agent, "pid %lld %lld %8s %23s", &pid, &start, its_boot,
		    its_space) != 4) {
		return false;
	}
	char boot[9];
	char space[24];
	boot_and_space(boot, space);
	if (boot[0] == '\0') {
		return false; /* a hardened service does not see /proc/sys */
	}
	if (strcmp(boot, its_boot) != 0) {
		return true;
	}
	if (start == 0 || strcmp(space, its_space) != 0 ||
		access("/proc/1/stat", R_OK) != 0) {
		return false;
	}
	char now[STAUTH_AGENT_SIZE];
	host_mark(pid, now);
	return strcmp(now, agent) != 0;
}

static void fill_session(struct stauth_session *session,
	const struct stauth_host_session *host, int64_t now_s)
{
	snprintf(session->channel, sizeof(session->channel), "pam:%.11s",
		host->service);
	snprintf(session->address, sizeof(session->address), "%.64s%s%.24s",
		host->rhost, host->rhost[0] && host->tty[0] ? " " : "",
		host->tty);
	host_mark(host->pid, session->agent);
	session->remember = true; /* no idle limit */
	session->factors = STAUTH_FACTOR_HOST;
	session->expires_at = now_s + HOST_SESSION_S;
}

static bool of_host(const struct stauth_session *session)
{
	return strncmp(session->channel, "pam:", 4) == 0;
}

enum stauth_rc stauth_host_session_open(struct stauth_ctx *ctx,
	const struct stauth_account *account,
	const struct stauth_host_session *host,
	char ret_handle[STAUTH_HANDLE_LEN + 1], struct stauth_err *err)
{
	struct stauth_login_commit login = {0};
	int64_t now_s = stauth_ctx_now(ctx);

	fill_session(&login.session, host, now_s);
	struct stauth_actor actor = {0};
	actor.channel = login.session.channel;
	actor.address = login.session.address;
	stauth_audit_fill(&login.audit, "session.open", account->name,
		account->uid, &actor);
	stauth_text_clean(
		login.audit.detail, sizeof(login.audit.detail), host->tty);
	enum stauth_rc rc =
		ctx->random(login.token_hash, sizeof(login.token_hash), err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_random_handle(ctx->random, login.session.handle, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_session_insert(ctx, account, &login, now_s, err);
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
	stauth_audit_fill(
		&row, "session.close", session.user, session.uid, actor);
	stauth_text_clean(row.detail, sizeof(row.detail), handle);
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
	enum stauth_rc rc;
	size_t count = 0;
	int ended = 0;
	do {
		const struct stauth_session_query query = {
			.of_hosts = true, .after = after, .limit = SWEEP_PAGE};
		rc = stauth_session_list(ctx, &query, page, &count, err);
		for (size_t i = 0; rc == STAUTH_OK && i < count; i++) {
			rc = end_if_gone(ctx, &page[i], &ended, err);
			memcpy(after, page[i].handle, sizeof(after));
		}
	} while (rc == STAUTH_OK && count == SWEEP_PAGE);
	free(page);
	*ret_ended = ended;
	return rc;
}
