/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "fixture.h"

#include "base/text.h"

#include "base/banned.h"

/* What alice.smith@example.com may choose where no bits are asked for. */
static enum stauth_rc fits(struct fixture *f, const char *password)
{
	struct stauth_secret secret = fixture_secret(password);
	struct stauth_err err = {.rc = STAUTH_OK};
	enum stauth_rc rc;

	f->config->password_min_strength = 0;
	f->config->password_min_length = 5;
	(void)snprintf(f->config->brand_name, sizeof(f->config->brand_name),
		"Orchard Tools");
	rc = stauth_account_password_fits(&f->ctx, "alice.smith@example.com",
		"alice.smith@example.com", "", &secret, &err);
	if (rc == STAUTH_BADVALUE) {
		assert_non_null(strstr(err.msg, "too easy to guess: it "));
	}
	return rc;
}

static void e13_own_words_are_refused_whatever_their_bits(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"alice.smith@example.com",
		"Alice.Smith@Example.COM", "alice.smith", "ALICE.SMITH",
		"Orchard Tools", "orchard tools"};
	static const char *const good[] = {"alice.smith2", "xalice.smith",
		"Orchard Tool", "alice.smith@example.co"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_rc(fits(f, bad[i]), STAUTH_BADVALUE);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_rc(fits(f, good[i]), STAUTH_OK);
	}
}

static void e13_famous_phrases_are_refused_however_spaced(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"correct horse battery staple",
		"correcthorsebatterystaple", "Correct-Horse-Battery-Staple!",
		"Tr0ub4dor&3", "May the Force be with you.",
		"To be, or not to be", "qwertyuiop asdfghjkl zxcvbnm"};
	static const char *const good[] = {"correct horse battery",
		"correct horse battery staples",
		"incorrect horse battery staple",
		"correct h\xc3\xb6rse battery staple",
		"correct horse 1 battery staple"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_rc(fits(f, bad[i]), STAUTH_BADVALUE);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_rc(fits(f, good[i]), STAUTH_OK);
	}
}

static void e13_a_site_and_a_user_without_a_name_forbid_nothing(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret secret = fixture_secret("kite mango 17 pepper");
	struct stauth_err err;

	f->config->brand_name[0] = '\0';
	assert_ok(stauth_account_password_fits(
		&f->ctx, "", "", NULL, &secret, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(e13_own_words_are_refused_whatever_their_bits),
		FIXTURE_TEST(e13_famous_phrases_are_refused_however_spaced),
		FIXTURE_TEST(
			e13_a_site_and_a_user_without_a_name_forbid_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
