/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <dlfcn.h>
#include <ftw.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zxcvbn.h>

#include "nomem.h"
#include "nomem_world.h"

#include "base/banned.h"

/* Each request up to here, then one of more and more. */
#define EACH     40
#define THINNING 12
#define LAST     20000

const struct stauth_actor nomem_actor = {"", "web", HOME};

static enum stauth_rc open_core(struct world *w, enum stauth_store_role role)
{
	struct stauth_err err;
	enum stauth_rc rc = stauth_store_open(w->config, role, &w->store, &err);

	stauth_ctx_init(&w->ctx, w->config);
	w->ctx.accounts = w->store.accounts;
	w->ctx.state = w->store.state;
	w->ctx.check = w->store.check;
	return rc;
}

static void close_core(struct world *w)
{
	stauth_ctx_finish(&w->ctx);
	stauth_store_close(&w->store);
	memset(&w->store, 0, sizeof(w->store));
	(void)sqlite3_close(w->raw);
	w->raw = NULL;
}

static void outside(struct world *w)
{
	char path[128];

	assert_int_equal(open_core(w, STAUTH_ROLE_ADMIN), STAUTH_OK);
	(void)snprintf(path, sizeof(path), "%s/state/stauth.db", w->dir);
	assert_int_equal(sqlite3_open(path, &w->raw), SQLITE_OK);
}

struct stauth_secret secret_of(const char *text)
{
	struct stauth_secret secret = {0};

	(void)stauth_secret_set(&secret, text, strlen(text), NULL);
	return secret;
}

int64_t count_of(struct world *w, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t count;

	assert_int_equal(
		sqlite3_prepare_v2(w->raw, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	count = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return count;
}

void run_sql(struct world *w, const char *sql)
{
	assert_int_equal(
		sqlite3_exec(w->raw, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* zxcvbn does not look whether it got memory, and the process dies of it: that
 * one may, and then nothing of what it was about has happened. */
static struct told *telling;

double ZxcvbnMatch(
	const char *password, const char *words[], ZxcMatch_t **ret_info)
{
	static double (*real)(const char *, const char **, ZxcMatch_t **);
	double bits;

	if (!real) {
		*(void **)&real = dlsym(RTLD_NEXT, "ZxcvbnMatch");
	}
	telling->in_zxcvbn = true;
	bits = real(password, words, ret_info);
	telling->in_zxcvbn = false;
	return bits;
}

/* --- a world */

enum stauth_verdict try_password(struct world *w, const char *name,
	const char *password, struct stauth_login *login,
	enum stauth_rc *ret_rc)
{
	struct stauth_secret secret = secret_of(password);
	const struct stauth_login_request who = {.username = name,
		.username_len = strlen(name),
		.address = HOME,
		.channel = "web"};
	struct stauth_err err;
	enum stauth_rc rc = stauth_login_start(&w->ctx, &who, login, &err);

	if (rc == STAUTH_OK) {
		rc = stauth_login_password(&w->ctx, login, &secret, &err);
	}
	if (ret_rc) {
		*ret_rc = rc;
	}
	return login->verdict;
}

enum stauth_rc open_session(struct world *w, struct stauth_login *login,
	char ret_token[STAUTH_TOKEN_LEN + 1])
{
	const struct stauth_session_request ask = {.address = HOME};
	struct stauth_session_grant grant;
	struct stauth_err err;
	enum stauth_rc rc =
		stauth_session_open(&w->ctx, login, &ask, &grant, &err);

	if (rc == STAUTH_OK) {
		memcpy(ret_token, grant.token, sizeof(grant.token));
	}
	return rc;
}

void a_session(struct world *w, char ret_token[STAUTH_TOKEN_LEN + 1])
{
	struct stauth_login login;

	assert_int_equal(
		try_password(w, "alice", PASSWORD, &login, NULL), STAUTH_ALLOW);
	assert_int_equal(open_session(w, &login, ret_token), STAUTH_OK);
}

static void write_conf(struct world *w)
{
	FILE *file;

	(void)snprintf(w->conf, sizeof(w->conf), "%s/stauth.conf", w->dir);
	file = fopen(w->conf, "w");
	assert_non_null(file);
	(void)fprintf(file,
		"STATE_DIR='%s/state'\nRUN_DIR='%s/run'\n"
		"ARGON2_MEMORY_KIB=1024\nARGON2_PASSES=1\n"
		"PUBLIC_URL='https://app.example.com'\n"
		"APP_KEY=0123456789abcdef0123456789abcdef\n"
		"MAIL_TRANSPORT=FILE\nALLOW_USER_SIGN_UP=True\n"
		"NOTIFICATION_FROM_EMAIL='noreply@app.example.com'\n",
		w->dir, w->dir);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(w->conf, 0600), 0);
}

int nomem_setup(void **state)
{
	const struct rlimit no_core = {0, 0};
	struct world *w = calloc(1, sizeof(*w));
	struct stauth_secret secret = secret_of(PASSWORD);
	const struct stauth_account_new given = {
		.name = "alice", .password = &secret};
	struct stauth_account account;
	struct stauth_err err = {.rc = STAUTH_OK};

	assert_non_null(w);
	*state = w;
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)snprintf(w->dir, sizeof(w->dir), "%s/stauth-unit-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(w->dir));
	w->told = mmap(NULL, sizeof(*w->told), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(w->told, MAP_FAILED);
	telling = w->told;
	write_conf(w);
	assert_ok(stauth_config_load(
		w->conf, STAUTH_READER_SERVICE, &w->config, &err));
	assert_ok(stauth_keys_init(w->config, &err));
	assert_ok(stauth_store_init(w->config, &err));
	outside(w);
	assert_ok(stauth_account_add(
		&w->ctx, &given, &nomem_actor, &account, &err));
	a_session(w, w->token);
	a_session(w, w->second);
	close_core(w);
	return 0;
}

static int remove_entry(
	const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

int nomem_teardown(void **state)
{
	struct world *w = *state;

	close_core(w);
	stauth_config_free(w->config);
	(void)munmap(w->told, sizeof(*w->told));
	(void)nftw(w->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(w);
	return 0;
}

/* --- a try */

/* Opens for real: what is put off until the first use is done. */
static enum stauth_rc open_now(struct world *w, enum stauth_store_role role)
{
	enum stauth_rc rc = open_core(w, role);

	if (rc == STAUTH_OK && w->ctx.state &&
		w->ctx.state->ops->health(w->ctx.state, NULL) !=
			STAUTH_HEALTH_OK) {
		rc = STAUTH_EBROKEN;
	}
	return rc;
}

static void in_process(
	struct world *w, const struct scene *scene, long n, bool lasting)
{
	struct told *told = w->told;
	long live;

	ERR_clear_error(); /* makes the list of errors itself */
	live = nomem_live();
	told->rc = scene->opening ? STAUTH_OK : open_now(w, scene->role);
	nomem_arm(n, lasting);
	if (scene->opening) {
		told->rc = open_core(w, scene->role);
	}
	if (told->rc == STAUTH_OK) {
		scene->act(w);
	}
	told->failures = nomem_disarm();
	close_core(w);
	ERR_clear_error();
	told->left = nomem_live() - live;
	told->through = true;
}

/* true: all of it got memory. */
static bool one_try(
	struct world *w, const struct scene *scene, long n, bool lasting)
{
	int status = 0;
	pid_t pid;

	memset(w->told, 0, sizeof(*w->told));
	w->told->rc = STAUTH_EUNKNOWN;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* Not the test's to catch. */
		(void)signal(SIGSEGV, SIG_DFL);
		(void)signal(SIGABRT, SIG_DFL);
		in_process(w, scene, n, lasting);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!w->told->through) {
		if (!w->told->in_zxcvbn) {
			print_error("request %ld: died (%d)\n", n, status);
		}
		assert_true(w->told->in_zxcvbn);
		w->crashes++;
		return false;
	}
	return w->told->failures == 0;
}

static void judged(
	struct world *w, const struct scene *scene, long n, bool lasting)
{
	if (w->told->left > 0) {
		print_error("request %ld%s: %ld blocks left\n", n,
			lasting ? " and all later ones" : "", w->told->left);
	}
	/* Less than none: a context that is kept (codec.c) is empty. */
	assert_true(w->told->left <= 0);
	outside(w);
	scene->judge(w);
	close_core(w);
}

static void prepare(struct world *w, const struct scene *scene)
{
	if (scene->prepare) {
		outside(w);
		scene->prepare(w);
		close_core(w);
	}
}

static long after(long n)
{
	const char *wish = getenv("STAUTH_TEST_NOMEM");
	long step = n / THINNING;

	if (n < EACH || (wish && strcmp(wish, "all") == 0)) {
		return n + 1;
	}
	return n + 1 + step / 2 + (n + getpid()) % step;
}

static void play_as(struct world *w, const struct scene *scene, bool lasting)
{
	bool through = false;
	long tries = 0;
	long n = 0;

	while (!through && n < LAST) {
		n = after(n);
		prepare(w, scene);
		through = one_try(w, scene, n, lasting);
		judged(w, scene, n, lasting);
		tries++;
	}
	assert_true(through);
	assert_int_equal(w->told->rc, STAUTH_OK);
	outside(w);
	assert_int_equal(count_of(w, "SELECT count(*) FROM "
				     "pragma_integrity_check "
				     "WHERE integrity_check <> 'ok'"),
		0);
	close_core(w);
	print_message("# about %ld requests, %ld tries\n", n, tries);
}

/* Once without a failure first: what libraries set up once is no leak. */
void nomem_play(struct world *w, const struct scene *scene)
{
	prepare(w, scene);
	in_process(w, scene, 0, false);
	assert_int_equal(w->told->rc, STAUTH_OK);
	play_as(w, scene, false);
	play_as(w, scene, true);
	if (w->crashes > 0) {
		print_message("# %ld died in zxcvbn\n", w->crashes);
	}
}
