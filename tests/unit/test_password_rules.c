/* SPDX-License-Identifier: MIT */
/* What a new password must be, typed or generated. */
#include "unit.h"

#include "fixture.h"

#include "auth/slots.h"
#include "base/text.h"

#include "base/banned.h"

static enum stauth_rc fits(struct fixture *f, const char *password, size_t len,
	struct stauth_err *err)
{
	struct stauth_secret secret = {.len = len};

	memcpy(secret.data, password,
		len < sizeof(secret.data) ? len : sizeof(secret.data));
	return fixture_password_check(&f->ctx, "alice",
		"alice.smith@example.com", "Alice Wonderland", &secret, err);
}

static void e13_the_rules_of_a_new_password(void **state)
{
	struct fixture *f = *state;
	struct stauth_err err;
	char big[512];

	memset(big, 'x', sizeof(big));
	for (size_t i = 0; i < sizeof(big); i++) {
		big[i] = (char)('a' + (i * i + i / 7) % 26);
	}
	assert_rc(fits(f, "", 0, &err), STAUTH_BADVALUE);
	assert_string_equal(err.msg, STAUTH_TEXT_PASSWORD_EMPTY);
	assert_rc(fits(f, big, 512, &err), STAUTH_BADVALUE);
	assert_string_equal(err.msg, STAUTH_TEXT_PASSWORD_LONG);
	assert_rc(fits(f, big, 511, &err), STAUTH_OK);
	assert_rc(fits(f, big, 64, &err), STAUTH_OK);
	assert_rc(fits(f, "long enough\nbut", 15, &err), STAUTH_BADVALUE);
	assert_string_equal(err.msg, STAUTH_TEXT_PASSWORD_BYTES);
	assert_rc(fits(f, "long enough\rbut", 15, &err), STAUTH_BADVALUE);
	assert_rc(fits(f, "long enough\0but", 15, &err), STAUTH_BADVALUE);
	assert_rc(fits(f, "k7#Qz!pW9", 9, &err), STAUTH_BADVALUE);
	assert_non_null(strstr(err.msg, "at least 10 characters"));
	/* Ten bytes, but five characters. */
	assert_rc(fits(f, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa9", 10, &err),
		STAUTH_BADVALUE);
	assert_non_null(strstr(err.msg, "at least 10 characters"));
	assert_rc(fits(f, "password1234", 12, &err), STAUTH_BADVALUE);
	assert_non_null(strstr(err.msg, "too easy to guess"));
	assert_rc(fits(f, "wonderland", 10, &err), STAUTH_BADVALUE);
	assert_rc(
		fits(f, "alice.smith@example.com", 23, &err), STAUTH_BADVALUE);
	assert_rc(fits(f, "correct horse ceiling staple", 28, &err), STAUTH_OK);
	assert_rc(fits(f, " \xf0\x9f\x98\x80 kite mango 17 \xe5\x90\x8d", 23,
			  &err),
		STAUTH_OK);
}

static int64_t fast_clock(void)
{
	static int64_t now_ms;

	return now_ms += 1000;
}

/* The estimate is as dear as a hash: who finds no slot learns nothing of it,
 * and what is judged for nothing is refused all the same. */
static void u7_the_estimate_waits_for_a_slot(void **state)
{
	struct fixture *f = *state;
	const struct stauth_account account = {.name = "alice"};
	struct stauth_secret weak = fixture_secret("abcdefabcdef!!x");
	struct stauth_secret common = fixture_secret("password123");
	struct stauth_new_password job = {.account = &account};
	struct stauth_slot slots[2];
	struct stauth_ctx others = f->ctx;
	struct stauth_err err;

	others.slots_fd = -1;
	f->ctx.boot_ms = fast_clock;
	assert_rc(stauth_password_check(f->config, &account, &weak, &err),
		STAUTH_BADVALUE);
	job.password = &weak;
	f->ctx.slots = STAUTH_SLOTS_WEB;
	f->config->hash_slots = 1;
	assert_ok(stauth_slot_take(&others, true, &slots[0], &err));
	assert_ok(stauth_slot_take(&others, true, &slots[1], &err));
	assert_rc(
		stauth_new_password_prepare(&f->ctx, &job, &err), STAUTH_EBUSY);
	job.password = &common;
	assert_rc(stauth_new_password_prepare(&f->ctx, &job, &err),
		STAUTH_BADVALUE);
	stauth_slot_give(&others, &slots[0]);
	stauth_slot_give(&others, &slots[1]);
	stauth_ctx_finish(&others);
	job.password = &weak;
	assert_rc(stauth_new_password_prepare(&f->ctx, &job, &err),
		STAUTH_BADVALUE);
}

static void generated_passwords_are_good_and_differ(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret one;
	struct stauth_secret two;
	struct stauth_err err;

	assert_ok(stauth_password_generate(&f->ctx, &one, &err));
	assert_ok(stauth_password_generate(&f->ctx, &two, &err));
	assert_int_equal(one.len, 24);
	assert_int_equal(strlen(one.data), 24);
	assert_int_equal(
		strspn(one.data, "abcdefghjkmnpqrstuvwxyz23456789-"), 24);
	assert_string_not_equal(one.data, two.data);
	f->config->password_min_length = 60;
	assert_ok(stauth_password_generate(&f->ctx, &one, &err));
	assert_in_range(one.len, 60, 70);
}

static enum stauth_rc no_random(void *data, size_t len, struct stauth_err *err)
{
	(void)data;
	(void)len;
	return stauth_fail(err, STAUTH_ECRYPTO, "none");
}

static void c14_no_random_no_password(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret secret = {.len = 3, .data = "was"};
	struct stauth_err err;

	f->ctx.random = no_random;
	assert_rc(stauth_password_generate(&f->ctx, &secret, &err),
		STAUTH_ECRYPTO);
	assert_string_equal(secret.data, "was");
}

static unsigned char dice;
static int draws;

/* 255 between the letters: what is above the last whole round is thrown
 * again. */
static enum stauth_rc loaded(void *data, size_t len, struct stauth_err *err)
{
	const unsigned char high = 255;

	(void)err;
	assert_int_equal(len, 1);
	memcpy(data, draws++ % 2 == 0 ? &high : &dice, 1);
	dice += draws % 2 == 0;
	return STAUTH_OK;
}

static void no_character_is_likelier_than_another(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret secret;
	struct stauth_err err;

	f->config->password_min_strength = 0;
	f->ctx.random = loaded;
	assert_ok(stauth_password_generate(&f->ctx, &secret, &err));
	assert_string_equal(secret.data, "abcd-efgh-jkmn-pqrs-tuvw");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(e13_the_rules_of_a_new_password),
		FIXTURE_TEST(u7_the_estimate_waits_for_a_slot),
		FIXTURE_TEST(generated_passwords_are_good_and_differ),
		FIXTURE_TEST(c14_no_random_no_password),
		FIXTURE_TEST(no_character_is_likelier_than_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
