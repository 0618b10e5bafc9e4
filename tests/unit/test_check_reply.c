/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "check/reply.h"

#include "base/banned.h"

#define FAULT  "Status: 503 Service Unavailable\r\n\r\n"
#define HANDLE "0123456789abcdeF"

static struct gate_check_params params;
static struct stauth_session session;
static struct stauth_buf out;

static int set_up(void **state)
{
	(void)state;
	params = (struct gate_check_params){.method = "POST", .uri = "/"};
	memset(&session, 0, sizeof(session));
	(void)snprintf(session.user, sizeof(session.user), "alice");
	(void)snprintf(session.handle, sizeof(session.handle), HANDLE);
	stauth_buf_init(&out, GATE_REPLY_MAX);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	stauth_buf_finish(&out);
	return 0;
}

static const char *reply(enum stauth_verdict entry, const char *assertion)
{
	gate_reply_build(entry, &params, &session, assertion, &out);
	return stauth_buf_str(&out);
}

static void allow_carries_the_identity(void **state)
{
	(void)state;
	(void)snprintf(session.email, sizeof(session.email), "a%%b@x.example");
	(void)snprintf(session.display_name, sizeof(session.display_name),
		"\xc3\x84nne \"A\" 100%%");
	(void)snprintf(session.groups, sizeof(session.groups), "su,a.b_c-D");
	assert_string_equal(reply(STAUTH_ALLOW, "aa.bb-_.cc"),
		"Status: 204 No Content\r\n"
		"X-Auth-User: alice\r\n"
		"X-Auth-Email: a%25b@x.example\r\n"
		"X-Auth-Name: %C3%84nne \"A\" 100%25\r\n"
		"X-Auth-Groups: su,a.b_c-D\r\n"
		"X-Auth-Session: " HANDLE "\r\n"
		"X-Auth-Assertion: aa.bb-_.cc\r\n\r\n");
}

static void no_app_key_no_assertion(void **state)
{
	(void)state;
	assert_string_equal(reply(STAUTH_ALLOW, ""),
		"Status: 204 No Content\r\nX-Auth-User: alice\r\n"
		"X-Auth-Email: \r\nX-Auth-Name: \r\nX-Auth-Groups: \r\n"
		"X-Auth-Session: " HANDLE "\r\n\r\n");
}

static void optional_lets_nobody_in_as_nobody(void **state)
{
	(void)state;
	params.method = "GET";
	params.accept = "text/html";
	params.require = "optional";
	assert_string_equal(reply(STAUTH_DENY, "a.b.c"),
		"Status: 204 No Content\r\nX-Auth-Logged-In: \r\n\r\n");
	assert_string_equal(reply(STAUTH_ALLOW, ""),
		"Status: 204 No Content\r\nX-Auth-Logged-In: 1\r\n"
		"X-Auth-User: alice\r\n"
		"X-Auth-Email: \r\nX-Auth-Name: \r\nX-Auth-Groups: \r\n"
		"X-Auth-Session: " HANDLE "\r\n\r\n");
	assert_string_equal(
		reply(STAUTH_FORBIDDEN, ""), "Status: 403 Forbidden\r\n\r\n");
	assert_string_equal(reply(STAUTH_FAULT, ""), FAULT);
	params.require = "optional su";
	assert_string_equal(reply(STAUTH_DENY, ""),
		"Status: 401 Unauthorized\r\n"
		"X-Auth-Redirect: /auth/login?rd=/\r\n\r\n");
}

static void only_who_lacks_the_second_factor_is_sent_to_confirm(void **state)
{
	(void)state;
	params.require = "level:2";
	assert_string_equal(
		reply(STAUTH_NEED_FACTOR, ""), "Status: 403 Forbidden\r\n\r\n");
	params.method = "GET";
	params.accept = "text/html";
	params.uri = "/x?y";
	assert_string_equal(reply(STAUTH_NEED_FACTOR, ""),
		"Status: 403 Forbidden\r\n"
		"X-Auth-Redirect: /auth/confirm?rd=/x%3Fy\r\n\r\n");
	assert_string_equal(
		reply(STAUTH_FORBIDDEN, ""), "Status: 403 Forbidden\r\n\r\n");
}

static void everything_else_is_a_no(void **state)
{
	(void)state;
	assert_string_equal(
		reply(STAUTH_DENY, ""), "Status: 401 Unauthorized\r\n\r\n");
	assert_string_equal(
		reply(STAUTH_FORBIDDEN, ""), "Status: 403 Forbidden\r\n\r\n");
	assert_string_equal(reply(STAUTH_FAULT, ""), FAULT);
	assert_string_equal(reply((enum stauth_verdict)99, ""), FAULT);
	params.method = "GET";
	params.accept = "text/html";
	params.uri = "/x?y";
	assert_string_equal(reply(STAUTH_DENY, ""),
		"Status: 401 Unauthorized\r\n"
		"X-Auth-Redirect: /auth/login?rd=/x%3Fy\r\n\r\n");
	params.repeated = true;
	assert_string_equal(
		reply(STAUTH_DENY, ""), "Status: 401 Unauthorized\r\n\r\n");
}

static void user_names_are_checked_again(void **state)
{
	static const char *const bad[] = {
		"",
		"Alice",
		"al ice",
		"alice\r\nX-Auth-Groups: su",
		".alice",
		"al,ice",
		"al\xc3\xa4",
		"a123456789012345678901234567890123456789012345678901234567890"
		"1234",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(
			session.user, sizeof(session.user), "%s", bad[i]);
		assert_string_equal(reply(STAUTH_ALLOW, ""), FAULT);
	}
	(void)snprintf(session.user, sizeof(session.user),
		"a123456789012345678901234567890123456789012345678901234567890"
		"+'@example.com");
	assert_memory_equal(reply(STAUTH_ALLOW, ""), "Status: 204", 11);
}

static void no_header_can_be_split(void **state)
{
	(void)state;
	(void)snprintf(session.groups, sizeof(session.groups), "a\r\nX: y");
	assert_string_equal(reply(STAUTH_ALLOW, ""), FAULT);
	session.groups[0] = '\0';
	(void)snprintf(session.handle, sizeof(session.handle), "short");
	assert_string_equal(reply(STAUTH_ALLOW, ""), FAULT);
	(void)snprintf(session.handle, sizeof(session.handle), HANDLE);
	(void)snprintf(session.display_name, sizeof(session.display_name),
		"a\r\nX-Auth-Groups: su");
	(void)snprintf(session.email, sizeof(session.email), "a\nb");
	assert_non_null(strstr(reply(STAUTH_ALLOW, ""),
		"\r\nX-Auth-Email: a%0Ab\r\n"
		"X-Auth-Name: a%0D%0AX-Auth-Groups: su\r\n"
		"X-Auth-Groups: \r\n"));
}

static void the_longest_identity_fits(void **state)
{
	(void)state;
	memset(session.email, 0xff, sizeof(session.email) - 1);
	memset(session.display_name, 0xff, sizeof(session.display_name) - 1);
	memset(session.groups, 'g', sizeof(session.groups) - 1);
	assert_memory_equal(reply(STAUTH_ALLOW, "a.b.c"), "Status: 204", 11);
	/* What does not fit is no half answer. */
	stauth_buf_finish(&out);
	stauth_buf_init(&out, 200);
	assert_string_equal(reply(STAUTH_ALLOW, "a.b.c"), FAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			allow_carries_the_identity, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			no_app_key_no_assertion, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			everything_else_is_a_no, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			user_names_are_checked_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			no_header_can_be_split, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_longest_identity_fits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			optional_lets_nobody_in_as_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			only_who_lacks_the_second_factor_is_sent_to_confirm,
			set_up, tear_down),
	};
	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
