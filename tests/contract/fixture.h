/* SPDX-License-Identifier: MIT */
/*
 * A store in a directory of its own, for every test anew. The contract tests
 * know nothing of a provider but its line in `providers`; what only SQLite
 * can show is in tests/unit/test_sqlite.c.
 */
#ifndef STAUTH_TEST_FIXTURE_H
#define STAUTH_TEST_FIXTURE_H

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/unit.h"
#include "config/config.h"
#include "store/accounts.h"
#include "store/split.h"
#include "store/sqlite/provider.h"
#include "store/state.h"
#include "store/table.h"

#define NOW INT64_C(1800000000)

struct fixture {
	char dir[128];
	struct stauth_config *config;
	struct stauth_store page;
	struct stauth_store touch;
	struct stauth_store check;
	struct stauth_accounts *accounts; /* of page */
	struct stauth_state *state;       /* of page */
};

/* split: the accounts are in a file of their own (store/split.c). */
struct fixture_provider {
	const char *name;
	enum stauth_storage storage;
	bool split;
};

static const struct fixture_provider providers[] = {
	{"SQLITE", STAUTH_STORAGE_SQLITE, false},
	{"SPLIT", STAUTH_STORAGE_SQLITE, true},
};

/* The one that the tests run on now. */
static const struct fixture_provider *provider = &providers[0];

static inline int remove_one(
	const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static inline void make_config(struct fixture *fix, enum stauth_storage kind)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(fix->dir, sizeof(fix->dir), "%.90s/stauth-test-XXXXXX",
		tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(fix->dir));
	fix->config = calloc(1, sizeof(*fix->config));
	assert_non_null(fix->config);
	fix->config->storage = kind;
	(void)snprintf(fix->config->sqlite_db_path,
		sizeof(fix->config->sqlite_db_path), "%s", fix->dir);
	(void)snprintf(fix->config->sqlite_db, sizeof(fix->config->sqlite_db),
		"stauth.db");
}

static inline void name_file(
	const struct fixture *fix, const char *name, struct stauth_config *ret)
{
	*ret = *fix->config;
	(void)snprintf(ret->sqlite_db, sizeof(ret->sqlite_db), "%s", name);
}

static inline enum stauth_rc open_split(const struct fixture *fix,
	enum stauth_store_role role, struct stauth_store *ret_store,
	struct stauth_err *err)
{
	struct stauth_config *config = calloc(1, sizeof(*config));
	struct stauth_store accounts = {0};
	struct stauth_store state = {0};
	enum stauth_rc rc;

	assert_non_null(config);
	name_file(fix, "accounts.db", config);
	rc = stauth_store_open(config, role, &accounts, err);
	assert_rc(rc, STAUTH_OK);
	*config = *fix->config;
	config->storage = STAUTH_STORAGE_AIRTABLE;
	rc = stauth_sqlite_open(config, role, &state, err);
	assert_rc(rc, STAUTH_OK);
	free(config);
	return stauth_split_open(&accounts, &state, ret_store, err);
}

/* A handle with accounts and state. */
static inline enum stauth_rc open_store(const struct fixture *fix,
	enum stauth_store_role role, struct stauth_store *ret_store,
	struct stauth_err *err)
{
	return provider->split
		       ? open_split(fix, role, ret_store, err)
		       : stauth_store_open(fix->config, role, ret_store, err);
}

static inline void init_stores(struct fixture *fix)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_config *config = calloc(1, sizeof(*config));

	assert_non_null(config);
	assert_ok(stauth_store_init(fix->config, &err));
	if (provider->split) {
		name_file(fix, "accounts.db", config);
		assert_ok(stauth_store_init(config, &err));
	}
	free(config);
}

/* Opens the three handles; nothing is made. */
static inline void open_stores(struct fixture *fix)
{
	struct stauth_err err = {STAUTH_OK, ""};

	assert_ok(open_store(fix, STAUTH_ROLE_PAGE, &fix->page, &err));
	assert_ok(stauth_store_open(
		fix->config, STAUTH_ROLE_TOUCH, &fix->touch, &err));
	assert_ok(stauth_store_open(
		fix->config, STAUTH_ROLE_CHECK, &fix->check, &err));
	fix->accounts = fix->page.accounts;
	fix->state = fix->page.state;
}

static inline void close_stores(struct fixture *fix)
{
	stauth_store_close(&fix->page);
	stauth_store_close(&fix->touch);
	stauth_store_close(&fix->check);
}

static inline int begin(void **state)
{
	struct fixture *fix = calloc(1, sizeof(*fix));

	assert_non_null(fix);
	*state = fix;
	make_config(fix, provider->storage);
	init_stores(fix);
	open_stores(fix);
	return 0;
}

static inline int end(void **state)
{
	struct fixture *fix = *state;

	close_stores(fix);
	(void)nftw(fix->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(fix->config);
	free(fix);
	return 0;
}

/* --- what the tests put in */

static inline struct stauth_account an_account(const char *name)
{
	struct stauth_account account;

	memset(&account, 0, sizeof(account));
	(void)snprintf(account.name, sizeof(account.name), "%s", name);
	(void)snprintf(account.password, sizeof(account.password),
		"$argon2id$of-%.200s", name);
	return account;
}

static inline struct stauth_change a_change(const char *event)
{
	struct stauth_change change;

	memset(&change, 0, sizeof(change));
	change.now_s = NOW;
	(void)snprintf(
		change.audit.event, sizeof(change.audit.event), "%s", event);
	change.audit.ok = true;
	return change;
}

/* Adds the account and reads it back. */
static inline struct stauth_account add_account(
	struct fixture *fix, const struct stauth_account *account)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("user.add");
	struct stauth_account found;
	int64_t uid = 0;

	memset(&found, 0, sizeof(found));
	assert_ok(fix->accounts->ops->user_insert(
		fix->accounts, account, &change, &uid, &err));
	assert_ok(fix->accounts->ops->user_by_uid(
		fix->accounts, uid, &found, &err));
	return found;
}

static inline struct stauth_account add_user(
	struct fixture *fix, const char *name)
{
	struct stauth_account account = an_account(name);

	return add_account(fix, &account);
}

static inline void fill_hash(uint8_t hash[32], int number)
{
	memset(hash, 0x5a, 32);
	memcpy(hash, &number, sizeof(number));
}

/* A log-in of this account; number tells token, handle and device apart. */
static inline struct stauth_login_commit a_login(
	const struct stauth_account *account, int number)
{
	struct stauth_login_commit login;

	memset(&login, 0, sizeof(login));
	fill_hash(login.token_hash, number);
	(void)snprintf(login.session.handle, sizeof(login.session.handle),
		"handle%010u", (unsigned int)number % 1000000000U);
	login.session.uid = account->uid;
	login.session.epoch = account->epoch;
	(void)snprintf(login.session.user, sizeof(login.session.user), "%s",
		account->name);
	(void)snprintf(
		login.session.channel, sizeof(login.session.channel), "web");
	login.session.factors = STAUTH_FACTOR_PASSWORD;
	login.session.level = 1;
	login.session.auth_at = NOW;
	login.session.confirmed_at = NOW;
	login.session.expires_at = NOW + 3600;
	(void)snprintf(login.audit.event, sizeof(login.audit.event), "login");
	login.audit.ok = true;
	return login;
}

static inline enum stauth_rc commit_at(struct fixture *fix,
	const struct stauth_login_commit *login, int64_t now_s)
{
	struct stauth_err err = {STAUTH_OK, ""};

	return fix->state->ops->login_commit(fix->state, login, now_s, &err);
}

/* --- rate limits */

static inline struct stauth_limits limits_of(
	const struct stauth_rate_limit *limit, size_t count)
{
	struct stauth_limits limits = {.count = count};

	memcpy(limits.limit, limit, count * sizeof(*limit));
	return limits;
}

static inline void settle_at(struct fixture *fix,
	const struct stauth_limits *limits, enum stauth_outcome outcome,
	int64_t now_s)
{
	const struct stauth_settlement how = {.outcome = outcome};
	struct stauth_err err = {STAUTH_OK, ""};

	assert_ok(fix->state->ops->throttle_settle(
		fix->state, limits, &how, now_s, &err));
}

/* A try that fails. Seconds to wait; 0: it was made and counted. */
static inline int64_t fail_at(struct fixture *fix,
	const struct stauth_rate_limit *limit, size_t count, int64_t now_s)
{
	struct stauth_limits limits = limits_of(limit, count);
	struct stauth_err err = {STAUTH_OK, ""};
	int64_t wait_s = 0;
	enum stauth_rc rc = fix->state->ops->throttle_reserve(
		fix->state, &limits, now_s, &wait_s, &err);

	assert_true(rc == STAUTH_OK || rc == STAUTH_THROTTLED);
	assert_true((rc == STAUTH_THROTTLED) == (wait_s > 0));
	if (rc == STAUTH_OK) {
		settle_at(fix, &limits, STAUTH_OUTCOME_FAILURE, now_s);
	}
	return wait_s;
}

/* A try that fails, and is never refused. */
static inline void fail_always(struct fixture *fix,
	const struct stauth_rate_limit *limit, int64_t now_s)
{
	struct stauth_limits limits = limits_of(limit, 1);
	struct stauth_err err = {STAUTH_OK, ""};
	int64_t wait_s = -1;

	limits.never_refuse = true;
	assert_ok(fix->state->ops->throttle_reserve(
		fix->state, &limits, now_s, &wait_s, &err));
	assert_int_equal(wait_s, -1);
	settle_at(fix, &limits, STAUTH_OUTCOME_FAILURE, now_s);
}

static inline enum stauth_rc find_at(
	struct fixture *fix, int number, int64_t idle_s, int64_t now_s)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_session session;
	uint8_t hash[32];

	fill_hash(hash, number);
	return fix->state->ops->session_by_hash(fix->state, hash,
		&(const struct stauth_alive){.idle_s = idle_s, .now_s = now_s},
		&session, &err);
}

static inline size_t list_sessions(struct fixture *fix,
	const struct stauth_session_query *query, struct stauth_session *page)
{
	struct stauth_err err = {STAUTH_OK, ""};
	size_t count = 0;

	assert_ok(fix->state->ops->session_list(
		fix->state, query, page, &count, &err));
	return count;
}

/* Does the session of this number stand? */
static inline bool stands(struct fixture *fix, int number)
{
	enum stauth_rc rc = find_at(fix, number, 0, NOW);

	assert_true(rc == STAUTH_OK || rc == STAUTH_NOTFOUND);
	return rc == STAUTH_OK;
}

static inline enum stauth_verdict verdict_of(struct fixture *fix, int number)
{
	struct stauth_check *check = fix->check.check;
	struct stauth_check_done done;
	uint8_t hash[32];
	enum stauth_rc rc;

	fill_hash(hash, number);
	done.verdict = STAUTH_ALLOW;
	rc = check->ops->submit(check, hash, 0, 77, &done);
	check->ops->flush(check);
	assert_int_equal(done.tag, 77);
	assert_true((rc < 0) == (done.verdict == STAUTH_FAULT));
	return done.verdict;
}

/* The same when the relay asks, by the handle. */
static inline enum stauth_verdict relay_verdict_of(
	struct fixture *fix, int number)
{
	struct stauth_check *check = fix->check.check;
	struct stauth_check_done done = {.verdict = STAUTH_ALLOW};
	char handle[STAUTH_HANDLE_LEN + 1];

	(void)snprintf(handle, sizeof(handle), "handle%010d", number);
	(void)check->ops->submit_handle(check, handle, 0, 78, &done);
	check->ops->flush(check);
	assert_int_equal(done.tag, 78);
	return done.verdict;
}

static inline size_t count_audit(struct fixture *fix, const char *user)
{
	static struct stauth_audit_row rows[1000];
	struct stauth_err err = {STAUTH_OK, ""};
	size_t count = 0;

	assert_ok(fix->state->ops->audit_list(fix->state,
		&(const struct stauth_audit_query){.user = user, .limit = 1000},
		rows, &count, &err));
	return count;
}

/* The whole of main(). */
#define RUN_ON_EVERY_PROVIDER(tests)                                           \
	int failed = 0;                                                        \
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]);       \
		i++) {                                                         \
		provider = &providers[i];                                      \
		failed += cmocka_run_group_tests_name(                         \
			provider->name, tests, NULL, NULL);                    \
	}                                                                      \
	return failed

#endif
