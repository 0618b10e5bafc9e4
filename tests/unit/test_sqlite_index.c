/* SPDX-License-Identifier: MIT */
/*
 * An index that disagrees with its table: what it finds is another's row, and
 * is handed out to nobody. The files are made by hand, byte by byte.
 */
#include "sqlite_files.h"

#include "base/banned.h"

/* Replaces each occurrence in the file of the closed database; how many. */
static int patch(const struct fixture *fix, const void *old, const void *new,
	size_t size)
{
	char path[256];
	size_t len = 0;
	int patched = 0;

	path_of(fix, "", path);
	unsigned char *data = read_file(path, &len);
	for (size_t i = 0; i + size <= len; i++) {
		if (memcmp(data + i, old, size) == 0) {
			memcpy(data + i, new, size);
			patched++;
		}
	}
	FILE *file = fopen(path, "r+b");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	free(data);
	return patched;
}

static void add_named(struct fixture *fix, const char *name, const char *email)
{
	struct stauth_account account = an_account(name);

	snprintf(account.email, sizeof(account.email), "%s", email);
	(void)add_account(fix, &account);
}

/* The entry of a text leads to the row 2 instead of 3, or the reverse. */
static void misdirect(
	const struct fixture *fix, const char *text, char uid, char other)
{
	char entry[64];
	char wrong[64];
	size_t len = strlen(text);

	memcpy(entry, text, len);
	memcpy(wrong, text, len);
	entry[len] = uid;
	wrong[len] = other;
	assert_int_equal(patch(fix, entry, wrong, len + 1), 1);
}

static enum stauth_rc find_email(struct fixture *fix, const char *email)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account account;

	return fix->accounts->ops->user_by_email(
		fix->accounts, email, &account, &err);
}

static void names_and_addresses_are_compared_again(void **state)
{
	struct fixture *fix = *state;

	/* An entry of row 1 has no byte for it. */
	add_named(fix, "first", "first@example.org");
	add_named(fix, "alice", "alice@example.com");
	add_named(fix, "bobby", "bobby@example.com");
	assert_rc(find_user(fix, "alice"), STAUTH_OK);
	assert_rc(find_email(fix, "bobby@example.com"), STAUTH_OK);
	close_stores(fix);
	raw(fix, "PRAGMA wal_checkpoint(TRUNCATE)");
	misdirect(fix, "alice", 2, 3);
	misdirect(fix, "bobby@example.com", 3, 2);
	open_stores(fix);
	assert_rc(find_user(fix, "alice"), STAUTH_EBROKEN);
	assert_rc(find_user(fix, "bobby"), STAUTH_OK);
	assert_rc(find_email(fix, "bobby@example.com"), STAUTH_EBROKEN);
	assert_rc(find_email(fix, "alice@example.com"), STAUTH_OK);
	assert_rc(find_user(fix, "alice"), STAUTH_EBROKEN);
}

static void handles_are_compared_again(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	const struct stauth_audit_row row = {.event = "session.revoke"};
	const struct stauth_alive alive = {.now_s = NOW};
	struct stauth_session session;
	unsigned char entry[16 + 32];
	unsigned char wrong[16 + 32];

	(void)add_live_session(fix, "alice", 1);
	(void)add_live_session(fix, "bobby", 2);
	close_stores(fix);
	raw(fix, "PRAGMA wal_checkpoint(TRUNCATE)");
	memcpy(entry, "handle0000000001", 16);
	memcpy(wrong, "handle0000000001", 16);
	fill_hash(entry + 16, 1);
	fill_hash(wrong + 16, 2);
	/* In the index of handles and in that of a user's sessions. */
	assert_int_equal(patch(fix, entry, wrong, sizeof(entry)), 2);
	open_stores(fix);
	assert_rc(fix->state->ops->session_by_handle(fix->state,
			  "handle0000000001", &alive, &session, &err),
		STAUTH_EBROKEN);
	assert_rc(fix->state->ops->session_by_handle(fix->state,
			  "handle0000000002", &alive, &session, &err),
		STAUTH_OK);
	/* Nor does an end that is acknowledged end another's. */
	assert_rc(fix->state->ops->session_end(
			  fix->state, "handle0000000001", &row, NOW, &err),
		STAUTH_NOTFOUND);
	assert_true(stands(fix, 1));
	assert_true(stands(fix, 2));
	assert_rc(fix->state->ops->session_end(
			  fix->state, "handle0000000002", &row, NOW, &err),
		STAUTH_OK);
	assert_false(stands(fix, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			names_and_addresses_are_compared_again, begin, end),
		cmocka_unit_test_setup_teardown(
			handles_are_compared_again, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
