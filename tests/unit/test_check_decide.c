/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>

#include "check/conns.h"
#include "check/decide.h"
#include "check/touch.h"

#include "base/banned.h"

#define NAME   "__Host-stauth"
#define TOKEN  "abcdefghijklmnopqrstuvwxyzABCD-_"
#define COOKIE "HTTP_COOKIE=" NAME "=" TOKEN

static struct stauth_config *config;
static struct gate_check_params params;

static int set_up(void **state)
{
	(void)state;
	config = calloc(1, sizeof(*config));
	params = (struct gate_check_params){.method = NULL};
	return config == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(config);
	return 0;
}

static void add(const char *entry)
{
	gate_check_params_add(&params, NAME, entry);
}

#define ASKS STAUTH_ALLOW /* of decide() alone: the store decides */

static enum stauth_verdict decide(void)
{
	enum stauth_verdict verdict = STAUTH_ALLOW;
	const char *token = gate_decide_before(config, &params, &verdict);
	assert_int_not_equal(verdict, STAUTH_ALLOW);
	return token != NULL ? ASKS : verdict;
}

static void one_cookie_asks_the_store(void **state)
{
	(void)state;
	assert_int_equal(decide(), STAUTH_DENY);
	add("REQUEST_METHOD=GET");
	add("HTTP_X_FORWARDED_FOR=a");
	add("HTTP_X_FORWARDED_FOR=b");
	add(COOKIE);
	assert_int_equal(decide(), ASKS);
	add("HTTP_COOKIE=other=1");
	assert_int_equal(decide(), ASKS);
	add(COOKIE);
	assert_int_equal(decide(), STAUTH_DENY);
}

static void b11_repeated_parameters_are_a_no(void **state)
{
	static const char *const entries[] = {
		"REQUEST_METHOD=GET",
		"REQUEST_URI=/",
		"HTTP_HOST=h",
		"HTTP_ORIGIN=",
		"HTTP_UPGRADE=",
		"HTTP_ACCEPT=x",
		"HTTP_SEC_FETCH_MODE=x",
		"HTTP_SEC_FETCH_DEST=x",
		"STAUTH_REQUIRE=",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		params = (struct gate_check_params){.method = NULL};
		add(COOKIE);
		add(entries[i]);
		assert_int_equal(decide(), ASKS);
		add(entries[i]);
		assert_true(params.repeated);
		assert_int_equal(decide(), STAUTH_DENY);
		params.require = "optional";
		assert_int_equal(decide(), STAUTH_FORBIDDEN);
	}
}

static void b22_foreign_websocket_is_403_with_or_without_session(void **state)
{
	(void)state;
	add("HTTP_HOST=app.example");
	add("HTTP_UPGRADE=WebSocket");
	assert_int_equal(decide(), STAUTH_FORBIDDEN);
	add(COOKIE);
	assert_int_equal(decide(), STAUTH_FORBIDDEN);
	params.origin = "null";
	assert_int_equal(decide(), STAUTH_FORBIDDEN);
	params.origin = "https://evil.example";
	assert_int_equal(decide(), STAUTH_FORBIDDEN);
	params.origin = "https://app.example";
	assert_int_equal(decide(), ASKS);
	/* Only a WebSocket is judged by it. */
	params.origin = "https://evil.example";
	params.upgrade = "";
	assert_int_equal(decide(), ASKS);
}

static void a_store_that_cannot_answer_is_a_fault(void **state)
{
	struct stauth_check_done *done = calloc(1, sizeof(*done));
	(void)state;
	assert_non_null(done);
	assert_int_equal(
		gate_decide_after(&params, STAUTH_OK, done), STAUTH_DENY);
	done->verdict = STAUTH_ALLOW;
	(void)snprintf(done->session.user, sizeof(done->session.user), "a");
	(void)snprintf(done->session.handle, sizeof(done->session.handle),
		"0123456789abcdef");
	assert_int_equal(
		gate_decide_after(&params, STAUTH_OK, done), STAUTH_ALLOW);
	assert_int_equal(gate_decide_after(&params, STAUTH_EUNREACHABLE, done),
		STAUTH_FAULT);
	assert_int_equal(gate_decide_after(&params, STAUTH_NOTFOUND, done),
		STAUTH_FAULT);
	params.require = "su";
	assert_int_equal(
		gate_decide_after(&params, STAUTH_OK, done), STAUTH_FORBIDDEN);
	done->verdict = STAUTH_FAULT;
	assert_int_equal(
		gate_decide_after(&params, STAUTH_OK, done), STAUTH_FAULT);
	free(done);
}

static void note(struct gate_touch_table *table, unsigned number,
	int64_t last_seen_at, int64_t now_s)
{
	static struct stauth_session session;
	(void)snprintf(session.handle, sizeof(session.handle), "%016u", number);
	session.last_seen_at = last_seen_at;
	gate_touch_note(table, &session, now_s);
}

static void uses_are_noted_once_a_minute(void **state)
{
	struct gate_touch_table *table = gate_touch_new(0);
	(void)state;
	assert_non_null(table);
	note(table, 1, 1000, 1059);
	assert_int_equal(gate_touch_count(table), 0);
	note(table, 1, 1000, 1060);
	note(table, 1, 1000, 1065);
	note(table, 2, 1000, 1066);
	assert_int_equal(gate_touch_count(table), 2);
	assert_string_equal(
		gate_touch_rows(table)[0].handle, "0000000000000001");
	assert_int_equal(gate_touch_rows(table)[0].seen_at, 1065);
	gate_touch_clear(table);
	assert_int_equal(gate_touch_count(table), 0);
	for (unsigned i = 0; i < 10000; i++) {
		note(table, i, 0, 2000);
		note(table, i, 0, 2000);
	}
	assert_int_equal(gate_touch_count(table), 4096);
	gate_touch_free(table);
}

static void a_short_idle_limit_is_noted_in_time(void **state)
{
	struct gate_touch_table *table = gate_touch_new(60);
	(void)state;
	assert_non_null(table);
	note(table, 1, 1000, 1014);
	assert_int_equal(gate_touch_count(table), 0);
	note(table, 1, 1000, 1015);
	assert_int_equal(gate_touch_count(table), 1);
	gate_touch_free(table);
}

static void late_answers_find_nobody_else(void **state)
{
	struct gate_conns *conns = gate_conns_new();
	(void)state;
	assert_non_null(conns);
	struct gate_conn *first = gate_conns_add(conns, 1000000);
	struct gate_conn *second = gate_conns_add(conns, 1000001);
	uint64_t tag = gate_conn_tag(first);
	assert_ptr_equal(gate_conns_find(conns, tag), first);
	gate_conns_remove(conns, first);
	assert_null(gate_conns_find(conns, tag));
	struct gate_conn *third = gate_conns_add(conns, 1000002);
	assert_ptr_equal(third, first);
	assert_null(gate_conns_find(conns, tag));
	assert_null(gate_conns_find(conns, UINT64_MAX));
	gate_conns_remove(conns, second);
	gate_conns_remove(conns, third);
	gate_conns_free(conns);
}

static void places_have_a_limit(void **state)
{
	struct gate_conns *conns = gate_conns_new();
	struct gate_conn *last = NULL;
	(void)state;
	assert_non_null(conns);
	for (int i = 0; i < GATE_CONNS_MAX; i++) {
		assert_false(gate_conns_full(conns));
		last = gate_conns_add(conns, 1000000 + i);
		assert_non_null(last);
	}
	assert_true(gate_conns_full(conns));
	assert_null(gate_conns_add(conns, 1));
	gate_conns_remove(conns, last);
	assert_false(gate_conns_full(conns));
	assert_ptr_equal(gate_conns_add(conns, 2000000), last);
	gate_conns_free(conns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			one_cookie_asks_the_store, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			b11_repeated_parameters_are_a_no, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			b22_foreign_websocket_is_403_with_or_without_session,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_store_that_cannot_answer_is_a_fault, set_up,
			tear_down),
		cmocka_unit_test(uses_are_noted_once_a_minute),
		cmocka_unit_test(a_short_idle_limit_is_noted_in_time),
		cmocka_unit_test(late_answers_find_nobody_else),
		cmocka_unit_test(places_have_a_limit),
	};
	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
