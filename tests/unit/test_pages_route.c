/* SPDX-License-Identifier: MIT */
/* Whom a route serves, and what no header can hold. */
#include "unit.h"

#include "pages/response.h"
#include "pages/route.h"
#include "store/records.h"

#include "base/banned.h"

static enum gate_session_lack lack(
	enum gate_session_need need, const char *groups, bool must_change)
{
	struct stauth_session session = {
		.must_change = must_change,
	};
	snprintf(session.groups, sizeof(session.groups), "%s", groups);
	return gate_session_lack(need, &session);
}

static void nobody_is_served_by_open_routes_only(void **state)
{
	(void)state;
	assert_int_equal(
		gate_session_lack(GATE_SESSION_NONE, NULL), GATE_LACKS_NOTHING);
	assert_int_equal(
		gate_session_lack(GATE_SESSION_ANY, NULL), GATE_LACKS_SESSION);
	assert_int_equal(
		gate_session_lack(GATE_SESSION_FULL, NULL), GATE_LACKS_SESSION);
	assert_int_equal(gate_session_lack(GATE_SESSION_SUPERUSER, NULL),
		GATE_LACKS_SESSION);
}

static void who_must_change_the_password_does_only_that(void **state)
{
	(void)state;
	assert_int_equal(
		lack(GATE_SESSION_ANY, "su", true), GATE_LACKS_NOTHING);
	assert_int_equal(lack(GATE_SESSION_FULL, "su", true),
		GATE_LACKS_PASSWORD_CHANGE);
	assert_int_equal(lack(GATE_SESSION_SUPERUSER, "su", true),
		GATE_LACKS_PASSWORD_CHANGE);
	assert_int_equal(
		lack(GATE_SESSION_FULL, "", false), GATE_LACKS_NOTHING);
}

static void superusers_are_in_the_very_group_su(void **state)
{
	static const char *const others[] = {
		"", "s", "sus", "su2,a", "a", "a,su2", "sudo", "SU", "asu"};
	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(lack(GATE_SESSION_SUPERUSER, others[i], false),
			GATE_LACKS_SUPERUSER);
	}
	assert_int_equal(
		lack(GATE_SESSION_SUPERUSER, "su", false), GATE_LACKS_NOTHING);
	assert_int_equal(lack(GATE_SESSION_SUPERUSER, "su,a", false),
		GATE_LACKS_NOTHING);
}

/* Whatever is below /auth/admin asks for a superuser, and whatever changes
 * something there for a fresh proof. */
static void j1_j3_the_administration_needs_a_fresh_proof(void **state)
{
	(void)state;
	const struct gate_route *route = NULL;
	size_t found = 0;
	for (size_t i = 0; (route = gate_route_at(i)) != NULL; i++) {
		if (strncmp(route->path, "/auth/admin", 11) != 0) {
			continue;
		}
		found++;
		assert_int_equal(route->session, GATE_SESSION_SUPERUSER);
		assert_int_equal(route->fresh, route->post != NULL);
		if (route->post != NULL) {
			assert_null(route->get);
			assert_true(route->again == gate_repeat);
			assert_non_null(strstr(route->fields, "password"));
		}
	}
	assert_true(found > 20);
}

static bool taken(const char *name, const char *value)
{
	struct gate_response response;
	gate_response_init(&response);
	gate_response_header(&response, name, value);
	bool ok = gate_response_ok(&response);
	gate_response_finish(&response);
	return ok;
}

static void d3_a_control_in_a_header_spoils_the_answer(void **state)
{
	(void)state;
	assert_true(taken("Location", "/a?b"));
	assert_false(taken("Location", "/a\r\nSet-Cookie: x=y"));
	assert_false(taken("Location", "/a\nb"));
	assert_false(taken("Location", "/a\tb"));
	assert_false(taken("Location", "/a\x7f"));
	assert_false(taken("X\r\nY", "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_served_by_open_routes_only),
		cmocka_unit_test(who_must_change_the_password_does_only_that),
		cmocka_unit_test(superusers_are_in_the_very_group_su),
		cmocka_unit_test(j1_j3_the_administration_needs_a_fresh_proof),
		cmocka_unit_test(d3_a_control_in_a_header_spoils_the_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
