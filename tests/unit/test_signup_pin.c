/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "fixture.h"

#include "auth/signup_pin.h"

#include "base/banned.h"

#define FLOW  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define FLOW2 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"

static uint32_t draws[4];
static size_t drawn;

static enum stauth_rc deal(void *data, size_t len, struct stauth_err *err)
{
	(void)err;
	assert_int_equal(len, sizeof(draws[0]));
	memcpy(data, &draws[drawn++], len);
	return STAUTH_OK;
}

static void f1_a_pin_is_six_digits_and_none_is_favoured(void **state)
{
	struct fixture *f = *state;
	char pin[STAUTH_PIN_LEN + 1];
	struct stauth_err err;

	f->ctx.random = deal;
	drawn = 0;
	draws[0] = 4294000000u; /* beyond the last whole million: again */
	draws[1] = UINT32_MAX;
	draws[2] = 4293999999u;
	draws[3] = 7;
	assert_ok(stauth_pin_make(&f->ctx, pin, &err));
	assert_string_equal(pin, "999999");
	assert_ok(stauth_pin_make(&f->ctx, pin, &err));
	assert_string_equal(pin, "000007");
}

static enum stauth_rc no_random(void *data, size_t len, struct stauth_err *err)
{
	(void)data;
	(void)len;
	return stauth_fail(err, STAUTH_ECRYPTO, "none");
}

static void c14_no_random_no_pin(void **state)
{
	struct fixture *f = *state;
	char pin[STAUTH_PIN_LEN + 1] = "was";
	struct stauth_err err;

	f->ctx.random = no_random;
	assert_rc(stauth_pin_make(&f->ctx, pin, &err), STAUTH_ECRYPTO);
	assert_string_equal(pin, "was");
}

static void f6_only_six_ascii_digits_are_a_pin(void **state)
{
	static const char *const bad[] = {"", " ", "-", "12345", "1234567",
		" 123456", "123456 ", "-123456", "123456-", "0x1234", "1e5",
		"1e5000", "12345a", "+12345", "123.456", "123--456", "1-2-3456",
		"123\t456", "123\n456", "123456\n",
		"\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93\xef\xbc\x94\xef\xbc\x95"
		"\xef\xbc\x96",
		"\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6",
		"123\xc2\xa0"
		"456"};
	static const char *const good[] = {"123456", "123 456", "123-456",
		"1 2 3 4 5 6", "12 34-56", "123  456", "123 - 456"};
	char pin[STAUTH_PIN_LEN + 1] = "was";
	struct stauth_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_rc(stauth_pin_typed(bad[i], pin, &err), STAUTH_BADVALUE);
		assert_string_equal(pin, "was");
	}
	assert_rc(stauth_pin_typed(NULL, pin, &err), STAUTH_BADVALUE);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		pin[0] = '\0';
		assert_ok(stauth_pin_typed(good[i], pin, &err));
		assert_string_equal(pin, "123456");
	}
}

static enum stauth_rc mac_of(struct stauth_ctx *ctx, const char *flow,
	const char *email, const char *pin, uint8_t ret_mac[32],
	struct stauth_err *err)
{
	const struct stauth_pin_parts parts = {
		STAUTH_PIN_SIGNUP, flow, email, pin};

	return stauth_pin_mac(ctx, &parts, ret_mac, err);
}

static void mac_differs(
	struct fixture *f, const char *flow, const char *email, const char *pin)
{
	uint8_t mac[32];
	uint8_t other[32];
	struct stauth_err err;

	assert_ok(mac_of(&f->ctx, FLOW, "a@x.com", "123456", mac, &err));
	assert_ok(mac_of(&f->ctx, FLOW, "a@x.com", "123456", other, &err));
	assert_memory_equal(mac, other, sizeof(mac));
	assert_ok(mac_of(&f->ctx, flow, email, pin, other, &err));
	assert_memory_not_equal(mac, other, sizeof(mac));
}

static void f5_a_pin_is_bound_to_browser_and_address(void **state)
{
	struct fixture *f = *state;
	uint8_t hash[32];
	uint8_t other[32];
	struct stauth_err err;

	mac_differs(f, FLOW2, "a@x.com", "123456");
	mac_differs(f, FLOW, "b@x.com", "123456");
	mac_differs(f, FLOW, "a@x.com", "123457");
	/* The same bytes cut elsewhere. */
	mac_differs(f, FLOW, "a@x.com1", "23456");
	mac_differs(f, FLOW "a", "@x.com", "123456");
	assert_ok(stauth_pin_flow(&f->ctx, FLOW, hash, &err));
	assert_ok(stauth_pin_flow(&f->ctx, FLOW2, other, &err));
	assert_memory_not_equal(hash, other, sizeof(hash));
	assert_rc(
		stauth_pin_flow(&f->ctx, "short", hash, &err), STAUTH_NOTFOUND);
	assert_rc(stauth_pin_flow(&f->ctx, NULL, hash, &err), STAUTH_NOTFOUND);
	/* Another installation has another key. */
	f->ctx.keys.pin[0] ^= 1;
	assert_ok(stauth_pin_flow(&f->ctx, FLOW, other, &err));
	assert_memory_not_equal(hash, other, sizeof(hash));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(f1_a_pin_is_six_digits_and_none_is_favoured),
		FIXTURE_TEST(c14_no_random_no_pin),
		FIXTURE_TEST(f6_only_six_ascii_digits_are_a_pin),
		FIXTURE_TEST(f5_a_pin_is_bound_to_browser_and_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
