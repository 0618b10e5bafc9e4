/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "check/conns.h"
#include "check/decide.h"
#include "store/state.h"
#include "touch.h"

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

static struct gate_touch touch;
static int touch_pipe[2];

static void note(unsigned number, int64_t last_seen_at, int64_t now_s)
{
	char handle[STAUTH_HANDLE_LEN + 1];
	/* As spread as handles are. */
	(void)snprintf(handle, sizeof(handle), "%08x%08x", number * 2654435761U,
		number);
	gate_touch_note(&touch, handle, last_seen_at, now_s);
}

/* How many came through the pipe; *ret_last is the last of them. */
static size_t reported(struct stauth_touch *ret_last)
{
	size_t count = 0;
	while (read(touch_pipe[0], ret_last, sizeof(*ret_last)) ==
		sizeof(*ret_last)) {
		count++;
	}
	return count;
}

static void touch_start(int64_t idle_s)
{
	memset(&touch, 0, sizeof(touch));
	assert_int_equal(pipe2(touch_pipe, O_NONBLOCK), 0);
	gate_touch_init(&touch, touch_pipe[1], idle_s);
}

static void touch_end(void)
{
	(void)close(touch_pipe[0]);
	(void)close(touch_pipe[1]);
}

static void uses_are_noted_once_a_minute(void **state)
{
	(void)state;
	struct stauth_touch last;
	touch_start(0);
	note(1, 1000, 1059);
	assert_int_equal(reported(&last), 0);
	note(1, 1000, 1060);
	note(1, 1000, 1065);
	note(2, 1000, 1066);
	assert_int_equal(reported(&last), 2);
	assert_string_equal(last.handle, "3c6ef36200000002");
	assert_int_equal(last.seen_at, 1066);
	/* What got lost is reported again when it is due again. */
	note(1, 1000, 1120);
	assert_int_equal(reported(&last), 1);
	touch_end();
}

static void what_the_pipe_does_not_take_is_noted_again(void **state)
{
	(void)state;
	struct stauth_touch last;
	touch_start(0);
	for (unsigned i = 0; i < 4096; i++) {
		note(i, 0, 2000);
	}
	size_t first = reported(&last);
	assert_true(first < 4096);
	for (unsigned i = 0; i < 4096; i++) {
		note(i, 0, 2001);
	}
	/* None is lost, and hardly one comes twice. */
	size_t both = first + reported(&last);
	assert_in_range(both, 4096, 4096 + 4096 / 20);
	touch_end();
}

static void a_short_idle_limit_is_noted_in_time(void **state)
{
	(void)state;
	struct stauth_touch last;
	touch_start(60);
	note(1, 1000, 1014);
	assert_int_equal(reported(&last), 0);
	note(1, 1000, 1015);
	assert_int_equal(reported(&last), 1);
	touch_end();
}

static struct gate_conns conns;

static void late_answers_find_nobody_else(void **state)
{
	(void)state;
	struct gate_conn *first = gate_conns_add(&conns, 5000);
	struct gate_conn *second = gate_conns_add(&conns, 5001);
	uint64_t tag = gate_conn_tag(first);
	assert_ptr_equal(gate_conns_find(&conns, tag), first);
	gate_conns_remove(&conns, first);
	assert_null(gate_conns_find(&conns, tag));
	/* The number is given again, and to somebody else. */
	assert_ptr_equal(gate_conns_add(&conns, 5000), first);
	assert_null(gate_conns_find(&conns, tag));
	assert_null(gate_conns_find(&conns, UINT64_MAX));
	gate_conns_remove(&conns, first);
	gate_conns_remove(&conns, second);
	gate_conns_finish(&conns);
}

static void places_have_a_limit(void **state)
{
	(void)state;
	memset(&conns, 0, sizeof(conns));
	assert_null(gate_conns_add(&conns, GATE_CONNS_MAX + GATE_OTHER_FDS));
	struct gate_conn *last = NULL;
	for (int i = 0; i < GATE_CONNS_MAX; i++) {
		last = gate_conns_add(&conns, GATE_OTHER_FDS + i);
		assert_non_null(last);
	}
	assert_null(gate_conns_add(&conns, 1));
	gate_conns_remove(&conns, last);
	assert_ptr_equal(gate_conns_add(&conns, last->fd), last);
	for (int i = 0; i < GATE_CONNS_MAX; i++) {
		conns.places[GATE_OTHER_FDS + i].open = false;
	}
	gate_conns_finish(&conns);
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
		cmocka_unit_test(what_the_pipe_does_not_take_is_noted_again),
		cmocka_unit_test(a_short_idle_limit_is_noted_in_time),
		cmocka_unit_test(late_answers_find_nobody_else),
		cmocka_unit_test(places_have_a_limit),
	};
	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
