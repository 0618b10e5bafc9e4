/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

#include "base/banned.h"

int64_t fixture_now_s;
int fixture_hash_reads;

const struct stauth_actor fixture_actor = {
	.name = "root", .channel = "cli", .address = "local:cli"};

static int64_t fake_now(struct stauth_state *state)
{
	(void)state;
	return fixture_now_s;
}

static const struct stauth_state_ops *counted;

static enum stauth_rc count_hash_read(struct stauth_state *state,
	const uint8_t token_hash[32], const struct stauth_alive *alive,
	struct stauth_session *ret_session, struct stauth_err *err)
{
	fixture_hash_reads++;
	return counted->session_by_hash(
		state, token_hash, alive, ret_session, err);
}

static void hear(enum stauth_message_type type, const char *message, void *user)
{
	struct fixture *f = user;
	size_t used = strlen(f->reports);

	(void)snprintf(f->reports + used, sizeof(f->reports) - used, "%s|%s\n",
		stauth_message_type_name(type), message);
}

void fixture_write(struct fixture *f, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static void load_config(struct fixture *f)
{
	char text[1024];
	char path[128];
	struct stauth_err err;

	(void)snprintf(text, sizeof(text),
		"STATE_DIR=%s/state\nRUN_DIR=%s/run\n"
		"ARGON2_MEMORY_KIB=1024\nARGON2_PASSES=1\n"
		"PUBLIC_URL=https://app.example.com\n"
		"APP_KEY=0123456789abcdef0123456789abcdef\n"
		"ENC_PASSWORD=OldSecretOfThisSiteNobodyKnows32\n"
		"ENC_NONCE=nonsensical\nHASH_SLOTS=2\n",
		f->dir, f->dir);
	fixture_write(f, "stauth.conf", text);
	(void)snprintf(path, sizeof(path), "%s/stauth.conf", f->dir);
	assert_ok(stauth_config_load(
		path, STAUTH_READER_SERVICE, &f->config, &err));
}

static void open_store(struct fixture *f)
{
	struct stauth_err err;

	assert_ok(stauth_keys_init(f->config, &err));
	assert_ok(stauth_store_init(f->config, &err));
	assert_ok(stauth_store_open(
		f->config, STAUTH_ROLE_ADMIN, &f->store, &err));
	f->real_state = f->store.state->ops;
	f->real_accounts = f->store.accounts->ops;
	f->state_ops = *f->real_state;
	f->accounts_ops = *f->real_accounts;
	counted = f->real_state;
	f->state_ops.now = fake_now;
	f->state_ops.session_by_hash = count_hash_read;
	f->store.state->ops = &f->state_ops;
	f->store.accounts->ops = &f->accounts_ops;
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	*state = f;
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/stauth-unit-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	fixture_now_s = 1800000000;
	fixture_hash_reads = 0;
	load_config(f);
	open_store(f);
	stauth_ctx_init(&f->ctx, f->config);
	f->ctx.accounts = f->store.accounts;
	f->ctx.state = f->store.state;
	f->ctx.messages = (struct stauth_messages){hear, f};
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

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	stauth_ctx_finish(&f->ctx);
	f->store.state->ops = f->real_state;
	f->store.accounts->ops = f->real_accounts;
	stauth_store_close(&f->store);
	stauth_config_free(f->config);
	(void)nftw(f->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

struct stauth_account fixture_user(
	struct fixture *f, const char *name, const char *password, bool su)
{
	struct stauth_secret secret = {0};
	struct stauth_account account = {0};
	const struct stauth_account_new given = {
		.name = name, .su = su, .password = &secret};
	struct stauth_err err;

	assert_ok(stauth_secret_set(&secret, password, strlen(password), &err));
	assert_ok(stauth_account_add(
		&f->ctx, &given, &fixture_actor, &account, &err));
	return account;
}

enum stauth_verdict fixture_try(struct fixture *f, struct stauth_login *login,
	const char *name, const char *password, const char *address,
	const char *device_token)
{
	struct stauth_secret secret = {0};
	const struct stauth_login_request who = {
		.username = name,
		.username_len = strlen(name),
		.address = address,
		.channel = "web",
		.device_token = device_token,
	};
	struct stauth_err err;

	assert_ok(stauth_login_start(&f->ctx, &who, login, &err));
	assert_int_equal(login->verdict, STAUTH_NEED_PASSWORD);
	assert_ok(stauth_secret_set(&secret, password, strlen(password), &err));
	assert_ok(stauth_login_password(&f->ctx, login, &secret, &err));
	return login->verdict;
}

void fixture_open(struct fixture *f, const char *name, const char *password,
	struct stauth_session_grant *ret_grant)
{
	const struct stauth_session_request ask = {
		.address = "192.0.2.1", .agent = "test"};
	struct stauth_login login;
	struct stauth_err err;

	assert_int_equal(
		fixture_try(f, &login, name, password, "192.0.2.1", NULL),
		STAUTH_ALLOW);
	assert_ok(stauth_session_open(&f->ctx, &login, &ask, ret_grant, &err));
	stauth_login_finish(&login);
}

enum stauth_rc fixture_find(struct fixture *f, const char *token)
{
	struct stauth_session session;

	return stauth_session_by_token(&f->ctx, token, &session, NULL);
}

struct stauth_secret fixture_secret(const char *text)
{
	struct stauth_secret secret = {0};
	struct stauth_err err;

	assert_ok(stauth_secret_set(&secret, text, strlen(text), &err));
	return secret;
}

size_t fixture_rows(
	struct fixture *f, const char *event, struct stauth_audit_row *ret_row)
{
	struct stauth_audit_row *rows = calloc(1000, sizeof(*rows));
	struct stauth_err err;
	size_t count = 0;
	size_t found = 0;

	assert_non_null(rows);
	assert_ok(f->ctx.state->ops->audit_list(f->ctx.state,
		&(const struct stauth_audit_query){.limit = 1000}, rows, &count,
		&err));
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].event, event) == 0) {
			found++;
			if (ret_row) {
				*ret_row = rows[i];
			}
		}
	}
	free(rows);
	return found;
}
