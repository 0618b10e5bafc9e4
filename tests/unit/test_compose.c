/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>

#include "config/config.h"
#include "mail/compose.h"
#include "mail/mime.h"

#include "base/banned.h"

struct desk {
	struct stauth_config config;
	struct stauth_composed composed;
};

static int set_up(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	if (!desk) {
		return -1;
	}
	(void)snprintf(
		desk->config.notification_from_email, 256, "no@acme.test");
	(void)snprintf(desk->config.brand_name, 128, "Acme");
	(void)snprintf(desk->config.public_urls[0].origin, STAUTH_ORIGIN_SIZE,
		"https://app.example.com:8443");
	desk->config.public_url_count = 1;
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static struct stauth_mail_params params_of(enum stauth_mail_kind kind)
{
	return (struct stauth_mail_params){
		.kind = kind,
		.to = "you@example.com",
		.user = "alice",
		.code = "123456",
		.message = "m-1",
		.minutes = 45,
		.date_at = 1893456000,
	};
}

static enum stauth_rc compose(
	struct desk *desk, const struct stauth_mail_params *params)
{
	return stauth_compose(&desk->config, params, &desk->composed, NULL);
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part)) {
		print_error("no \"%s\" in:\n%s\n", part, text);
	}
	assert_non_null(strstr(text, part));
}

static void kinds_have_names_both_ways(void **state)
{
	enum stauth_mail_kind kind;

	(void)state;
	for (int i = STAUTH_MAIL_NONE; i <= STAUTH_MAIL_TEST; i++) {
		const char *name =
			stauth_mail_kind_name((enum stauth_mail_kind)i);

		assert_rc(stauth_mail_kind_parse(name, &kind), STAUTH_OK);
		assert_int_equal(kind, i);
	}
	assert_string_equal(stauth_mail_kind_name(99), "");
	assert_rc(stauth_mail_kind_parse("pin", &kind), STAUTH_BADVALUE);
}

static void a_pin_is_in_subject_and_text_with_its_minutes(void **state)
{
	struct desk *desk = *state;
	struct stauth_mail_params params = params_of(STAUTH_MAIL_SIGNUP_PIN);
	const struct stauth_mail_message *mail = &desk->composed.mail;

	assert_rc(compose(desk, &params), STAUTH_OK);
	assert_string_equal(mail->subject, "123456 is your code for Acme");
	assert_has(mail->text, "\n123456\n");
	assert_has(mail->text, "It expires in 45 minutes.");
	assert_has(mail->html, "123456");
	assert_has(mail->html, "45 minutes");
	assert_string_equal(mail->message_id, "m-1@app.example.com");
	assert_string_equal(mail->from, "no@acme.test");
	assert_string_equal(mail->from_name, "Acme");
	assert_int_equal(mail->date_at, 1893456000);
	params.minutes = 1;
	assert_rc(compose(desk, &params), STAUTH_OK);
	assert_has(mail->text, "It expires in 1 minute.");
}

static void a_reset_link_stands_alone_on_one_line(void **state)
{
	struct desk *desk = *state;
	struct stauth_mail_params params = params_of(STAUTH_MAIL_RESET_LINK);

	params.code = "abcDEF-_0123456789abcDEF-_0123456789abcDEF-_012";
	assert_rc(compose(desk, &params), STAUTH_OK);
	assert_has(desk->composed.text,
		"\nhttps://app.example.com:8443/auth/reset?token="
		"abcDEF-_0123456789abcDEF-_0123456789abcDEF-_012\n");
	assert_has(desk->composed.text, "your account alice:");
	assert_null(strstr(desk->composed.subject, "abcDEF"));
}

static void without_a_brand_the_host_is_named(void **state)
{
	struct desk *desk = *state;
	struct stauth_mail_params params = params_of(STAUTH_MAIL_TEST);

	desk->config.brand_name[0] = '\0';
	assert_rc(compose(desk, &params), STAUTH_OK);
	assert_string_equal(
		desk->composed.subject, "Test mail from app.example.com");
	desk->config.public_url_count = 0;
	assert_rc(compose(desk, &params), STAUTH_OK);
	assert_string_equal(desk->composed.message_id, "m-1@acme.test");
}

static void what_is_not_configured_is_reported(void **state)
{
	struct desk *desk = *state;
	struct stauth_mail_params params = params_of(STAUTH_MAIL_RESET_LINK);
	struct stauth_err err = {0};

	desk->config.public_url_count = 0;
	assert_rc(stauth_compose(&desk->config, &params, &desk->composed, &err),
		STAUTH_ECONFIG);
	assert_string_equal(err.msg, "PUBLIC_URL is not set");
	params.kind = STAUTH_MAIL_TEST;
	assert_rc(compose(desk, &params), STAUTH_OK);
	desk->config.notification_from_email[0] = '\0';
	assert_rc(stauth_compose(&desk->config, &params, &desk->composed, &err),
		STAUTH_ECONFIG);
	assert_string_equal(err.msg, "NOTIFICATION_FROM_EMAIL is not set");
}

static void h6_names_are_text_and_never_expanded(void **state)
{
	struct desk *desk = *state;
	struct stauth_mail_params params = params_of(STAUTH_MAIL_RESET_LINK);

	params.code = "tok";
	params.user = "{{code}} %c %l <a href=\"http://evil.test\">x</a>";
	(void)snprintf(desk->config.brand_name, 128, "<b>%%c%%u & Co</b>");
	assert_rc(compose(desk, &params), STAUTH_OK);
	assert_has(desk->composed.text, params.user);
	assert_has(desk->composed.html,
		"{{code}} %c %l &lt;a href=&quot;http://evil.test&quot;&gt;");
	assert_has(desk->composed.html, "&lt;b&gt;%c%u &amp; Co&lt;/b&gt;");
	assert_null(strstr(desk->composed.html, "<a href=\"http:"));
	assert_null(strstr(desk->composed.html, "<b>"));
}

static void h1_controls_in_facts_are_refused(void **state)
{
	static const char *const bad[] = {"a\r\nb@x.test", "a@x.test\n",
		"a@x.test\r", "a@x.test>\r\nRCPT TO:<b@y.test", "a b@x.test",
		"a@b@x.test", "@x.test", "a@", "a", "", "<a@x.test>",
		"a@x.test,b@x.test", "a\"@x.test", "a@x.test\x7f",
		"\xc3\xa9@x.test", "a@\xc3\xa9.test", "a@[1.2.3.4]"};
	struct desk *desk = *state;
	struct stauth_mail_params params = params_of(STAUTH_MAIL_RESET_LINK);

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		params.to = bad[i];
		assert_rc(compose(desk, &params), STAUTH_BADVALUE);
		(void)snprintf(desk->config.notification_from_email, 256, "%s",
			bad[i]);
		params.to = "you@example.com";
		assert_rc(compose(desk, &params), STAUTH_ECONFIG);
		(void)snprintf(desk->config.notification_from_email, 256,
			"no@acme.test");
	}
	params.user = "al\r\nice";
	assert_rc(compose(desk, &params), STAUTH_BADVALUE);
	params.user = "al\xc2\x85ice";
	assert_rc(compose(desk, &params), STAUTH_BADVALUE);
	params.user = "\xff";
	assert_rc(compose(desk, &params), STAUTH_BADVALUE);
	params.user = "alice";
	params.code = "tok\n";
	assert_rc(compose(desk, &params), STAUTH_BADVALUE);
	params.code = "";
	assert_rc(compose(desk, &params), STAUTH_BADVALUE);
	params.code = "tok";
	params.message = "../m";
	assert_rc(compose(desk, &params), STAUTH_BADVALUE);
	params.message = "m";
	assert_rc(compose(desk, &params), STAUTH_OK);
	(void)snprintf(desk->config.brand_name, 128, "Ac\nme");
	assert_rc(compose(desk, &params), STAUTH_BADVALUE);
}

static void a_pin_is_digits_that_work(void **state)
{
	struct desk *desk = *state;
	struct stauth_mail_params params = params_of(STAUTH_MAIL_SIGNUP_PIN);

	params.code = "12345a";
	assert_rc(compose(desk, &params), STAUTH_BADVALUE);
	params.code = NULL;
	assert_rc(compose(desk, &params), STAUTH_BADVALUE);
	params.code = "123456";
	params.minutes = 0;
	assert_rc(compose(desk, &params), STAUTH_BADVALUE);
	params = params_of(STAUTH_MAIL_NONE);
	assert_rc(compose(desk, &params), STAUTH_BADVALUE);
}

static void a_composed_mail_is_wiped(void **state)
{
	static const struct stauth_composed zero;
	struct desk *desk = *state;
	struct stauth_mail_params params = params_of(STAUTH_MAIL_SIGNUP_PIN);

	assert_rc(compose(desk, &params), STAUTH_OK);
	stauth_composed_finish(&desk->composed);
	assert_memory_equal(&desk->composed, &zero, sizeof(zero));
}

#define AT_DESK(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_have_names_both_ways),
		AT_DESK(a_pin_is_in_subject_and_text_with_its_minutes),
		AT_DESK(a_reset_link_stands_alone_on_one_line),
		AT_DESK(without_a_brand_the_host_is_named),
		AT_DESK(what_is_not_configured_is_reported),
		AT_DESK(h6_names_are_text_and_never_expanded),
		AT_DESK(h1_controls_in_facts_are_refused),
		AT_DESK(a_pin_is_digits_that_work),
		AT_DESK(a_composed_mail_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
