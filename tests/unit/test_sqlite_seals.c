/* SPDX-License-Identifier: MIT */
/* Seals of the audit: what is written cannot be rewritten silently. */
#include "sqlite_files.h"

#include "auth/seal.h"
#include "base/codec.h"

#include "base/banned.h"

#define DAYS 400

static struct stauth_ctx ctx_of(struct fixture *fix)
{
	struct stauth_ctx ctx;

	fix->config->audit_days = DAYS;
	stauth_ctx_init(&ctx, fix->config);
	ctx.state = fix->state;
	return ctx;
}

static void add_rows(struct fixture *fix, int count, int64_t at)
{
	struct stauth_err err = {STAUTH_OK, ""};

	for (int i = 0; i < count; i++) {
		struct stauth_audit_row row = {.event = "login", .ok = true};

		snprintf(row.user, sizeof(row.user), "user%d", i);
		assert_ok(
			fix->state->ops->audit_add(fix->state, &row, at, &err));
	}
}

static void count_seal(const struct stauth_seal *seal, void *user)
{
	assert_true(seal->row_count > 0);
	++*(int *)user;
}

static int seal(struct fixture *fix)
{
	struct stauth_ctx ctx = ctx_of(fix);
	struct stauth_err err = {STAUTH_OK, ""};
	int seals = 0;

	assert_ok(stauth_audit_seal(&ctx, count_seal, &seals, &err));
	stauth_ctx_finish(&ctx);
	return seals;
}

static void remember(const char *what, void *user)
{
	snprintf(user, 160, "%s", what);
}

static struct stauth_audit_verify verify(
	struct fixture *fix, const char *head, char what[160])
{
	struct stauth_ctx ctx = ctx_of(fix);
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_audit_verify verify = {
		.head = head, .found = remember, .user = what};

	what[0] = '\0';
	assert_ok(stauth_audit_verify(&ctx, &verify, &err));
	stauth_ctx_finish(&ctx);
	return verify;
}

static int64_t findings(struct fixture *fix)
{
	char what[160];

	return verify(fix, NULL, what).findings;
}

static int64_t now_of(struct fixture *fix)
{
	return fix->state->ops->now(fix->state);
}

static void batches_are_closed_and_chained(void **state)
{
	struct fixture *fix = *state;
	char what[160];

	assert_int_equal(seal(fix), 0);
	add_rows(fix, 3, now_of(fix));
	assert_int_equal(seal(fix), 1);
	assert_int_equal(seal(fix), 0);
	add_rows(fix, STAUTH_SEAL_ROWS + 1, now_of(fix));
	assert_int_equal(seal(fix), 2);
	add_rows(fix, 2, now_of(fix));
	struct stauth_audit_verify found = verify(fix, NULL, what);
	assert_int_equal(found.findings, 0);
	assert_int_equal(found.seals, 3);
	assert_int_equal(found.rows, STAUTH_SEAL_ROWS + 4);
	assert_int_equal(found.unsealed, 2);
	assert_int_equal(found.last.number, 3);
}

static void every_rewrite_of_a_sealed_row_is_found(void **state)
{
	struct fixture *fix = *state;
	static const char *const rewrites[] = {
		"UPDATE audit SET at = at + 1 WHERE id = 2",
		"UPDATE audit SET event = 'logout' WHERE id = 2",
		"UPDATE audit SET ok = 0 WHERE id = 2",
		"UPDATE audit SET user_name = 'x' WHERE id = 2",
		"UPDATE audit SET uid = 7 WHERE id = 2",
		"UPDATE audit SET actor = 'x' WHERE id = 2",
		"UPDATE audit SET channel = 'x' WHERE id = 2",
		"UPDATE audit SET address = 'x' WHERE id = 2",
		"UPDATE audit SET detail = 'x' WHERE id = 2",
		/* From one field to the next. */
		"UPDATE audit SET actor = 'x', channel = '' WHERE id = 4",
		"DELETE FROM audit WHERE id = 2",
		"DELETE FROM audit WHERE id <= 4",
		"UPDATE audit SET id = 99 WHERE id = 2; "
		"UPDATE audit SET id = 2 WHERE id = 3; "
		"UPDATE audit SET id = 3 WHERE id = 99",
		"UPDATE audit_seals SET row_count = 3 WHERE number = 1",
		"UPDATE audit_seals SET hash = zeroblob(32) WHERE number = 1",
		"UPDATE audit_seals SET sealed_at = 5 WHERE number = 2",
		"UPDATE audit_seals SET newest_at = 5, kept = 0; "
		"DELETE FROM audit",
		"UPDATE audit_seals SET kept = 0; DELETE FROM audit",
		"DELETE FROM audit_seals WHERE number = 1",
		"DELETE FROM audit_seals WHERE number = 1; "
		"UPDATE audit_seals SET number = 1",
	};

	for (size_t i = 0; i < sizeof(rewrites) / sizeof(rewrites[0]); i++) {
		raw(fix, "DELETE FROM audit; DELETE FROM audit_seals; "
			 "DELETE FROM sqlite_sequence WHERE name = 'audit'");
		add_rows(fix, 3, now_of(fix));
		raw(fix, "INSERT INTO audit VALUES (4, 1, 'e', 1, '', 0, '', "
			 "'x', '', '')");
		assert_int_equal(seal(fix), 1);
		add_rows(fix, 2, now_of(fix));
		assert_int_equal(seal(fix), 1);
		assert_int_equal(findings(fix), 0);
		raw(fix, rewrites[i]);
		if (findings(fix) == 0) {
			fail_msg("not found: %s", rewrites[i]);
		}
	}
}

/* Who writes a new chain, or cuts the last seals off. */
static void a_head_that_was_kept_is_missed(void **state)
{
	struct fixture *fix = *state;
	char what[160];
	char head[STAUTH_SEAL_HEX];

	add_rows(fix, 2, now_of(fix));
	assert_int_equal(seal(fix), 1);
	add_rows(fix, 2, now_of(fix));
	assert_int_equal(seal(fix), 1);
	struct stauth_audit_verify found = verify(fix, NULL, what);
	stauth_hex_encode(found.last.hash, sizeof(found.last.hash), head);
	assert_int_equal(verify(fix, head, what).findings, 0);
	add_rows(fix, 1, now_of(fix));
	assert_int_equal(seal(fix), 1);
	assert_int_equal(verify(fix, head, what).findings, 0);
	raw(fix, "DELETE FROM audit_seals WHERE number >= 2; "
		 "DELETE FROM audit WHERE id > 2");
	assert_int_equal(findings(fix), 0);
	assert_int_equal(verify(fix, head, what).findings, 1);
	assert_non_null(strstr(what, "head"));
}

static void old_batches_go_whole(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	int64_t now = now_of(fix);
	int64_t old = now - (int64_t)(DAYS + 1) * 86400;
	struct stauth_expiry expiry = {
		.audit_before_s = now - (int64_t)DAYS * 86400,
		.limit = 2,
		.now_s = now};
	char what[160];
	int count = 0;

	add_rows(fix, 5, old);
	assert_int_equal(seal(fix), 1);
	add_rows(fix, 1, old);
	add_rows(fix, 1, now);
	assert_int_equal(seal(fix), 1);
	/* Five rows at once, for two: half a batch would be a finding. */
	do {
		assert_ok(fix->state->ops->expire_batch(
			fix->state, &expiry, &count, &err));
		assert_int_equal(findings(fix), 0);
	} while (count > 0);
	struct stauth_audit_verify found = verify(fix, NULL, what);
	assert_int_equal(found.deleted, 5);
	/* The old row in the younger batch waits for the others. */
	assert_int_equal(found.rows, 2);
	/* What nobody seals goes, too. */
	add_rows(fix, 3, old);
	do {
		assert_ok(fix->state->ops->expire_batch(
			fix->state, &expiry, &count, &err));
	} while (count > 0);
	assert_int_equal(verify(fix, NULL, what).unsealed, 0);
	assert_int_equal(findings(fix), 0);
	/* Nothing comes back into a batch that is gone. */
	raw(fix, "INSERT INTO audit VALUES (2, 1, 'e', 1, '', 0, '', '', '', "
		 "'')");
	assert_int_equal(findings(fix), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			batches_are_closed_and_chained, begin, end),
		cmocka_unit_test_setup_teardown(
			every_rewrite_of_a_sealed_row_is_found, begin, end),
		cmocka_unit_test_setup_teardown(
			a_head_that_was_kept_is_missed, begin, end),
		cmocka_unit_test_setup_teardown(
			old_batches_go_whole, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
