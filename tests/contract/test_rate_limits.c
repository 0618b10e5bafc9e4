/* SPDX-License-Identifier: MIT */
/* Counters as they are listed and lifted: store/state.h, on every provider. */
#include "fixture.h"

#include "store/rate_limit.h"

#include "base/banned.h"

#define PAGE 3

static void fail_once(struct fixture *fix, const char *name, const char *key,
	int64_t window_s, int64_t at)
{
	struct stauth_rate_limit limit = {.name = name,
		.free = 5,
		.window_s = window_s,
		.first_wait_s = 1,
		.max_wait_s = 60};

	(void)snprintf(limit.key, sizeof(limit.key), "%s", key);
	fail_always(fix, &limit, at);
}

/* All keys from the start, a page at a time, joined by blanks. */
static size_t list(struct fixture *fix, int64_t now_s, char *out, size_t size)
{
	struct stauth_counter page[PAGE];
	struct stauth_err err = {STAUTH_OK, ""};
	char name[65] = "";
	char key[STAUTH_RATE_LIMIT_KEY_SIZE] = "";
	size_t count = PAGE;
	size_t all = 0;

	out[0] = '\0';
	while (count == PAGE) {
		assert_ok(fix->state->ops->throttle_list(fix->state,
			&(const struct stauth_counter_page){.after_name = name,
				.after_key = key,
				.limit = PAGE,
				.now_s = now_s},
			page, &count, &err));
		for (size_t i = 0; i < count; i++) {
			size_t len = strlen(out);

			(void)snprintf(out + len, size - len, "%s/%s ",
				page[i].name, page[i].key);
			memcpy(name, page[i].name, sizeof(name));
			memcpy(key, page[i].key, sizeof(key));
			assert_true(page[i].failures >= 1);
			assert_true(page[i].first_at <= page[i].last_at);
		}
		all += count;
	}
	return all;
}

static int clear(struct fixture *fix, const char *part)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_audit_row row;
	int cleared = -1;

	memset(&row, 0, sizeof(row));
	(void)snprintf(row.event, sizeof(row.event), "throttle.clear");
	assert_ok(fix->state->ops->throttle_clear(fix->state,
		&(const struct stauth_counter_clear){part, &row, NOW}, &cleared,
		&err));
	return cleared;
}

static void some_limits(struct fixture *fix)
{
	fail_once(fix, "source", "192.0.2.1", 600, NOW);
	fail_once(fix, "account", "bob", 600, NOW);
	fail_once(fix, "account", "alice", 600, NOW);
	fail_once(fix, "account+source", "alice\n192.0.2.1", 600, NOW);
	fail_once(fix, "account+source", "alice\n192.0.2.11", 600, NOW);
	fail_once(fix, "account+source", "malice\n192.0.2.1", 600, NOW);
	fail_once(fix, "device", "alice\nabcd", 600, NOW);
}

static void counters_are_listed_in_order_and_pages(void **state)
{
	struct fixture *fix = *state;
	char text[512];

	assert_int_equal(list(fix, NOW, text, sizeof(text)), 0);
	some_limits(fix);
	assert_int_equal(list(fix, NOW, text, sizeof(text)), 7);
	assert_string_equal(text,
		"account/alice account/bob account+source/alice\n192.0.2.1 "
		"account+source/alice\n192.0.2.11 "
		"account+source/malice\n192.0.2.1 device/alice\nabcd "
		"source/192.0.2.1 ");
}

static void what_is_forgotten_is_not_listed(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = {.name = "account",
		.key = "carol",
		.window_s = 9000,
		.cleared_by_success = true};
	struct stauth_limits limits = limits_of(&limit, 1);
	char text[512];

	fail_once(fix, "account", "alice", 600, NOW);
	fail_once(fix, "account", "carol", 9000, NOW);
	assert_int_equal(list(fix, NOW + 599, text, sizeof(text)), 2);
	assert_int_equal(list(fix, NOW + 600, text, sizeof(text)), 1);
	settle_at(fix, &limits, STAUTH_OUTCOME_SUCCESS, NOW);
	assert_int_equal(list(fix, NOW, text, sizeof(text)), 1);
	assert_string_equal(text, "account/alice ");
}

static void a_part_clears_whole_parts_only(void **state)
{
	struct fixture *fix = *state;
	struct stauth_audit_row row;
	struct stauth_err err = {STAUTH_OK, ""};
	size_t count = 0;
	char text[512];

	some_limits(fix);
	assert_int_equal(clear(fix, "192.0.2"), 0);
	assert_int_equal(clear(fix, "%"), 0);
	assert_int_equal(clear(fix, "' OR 1=1 --"), 0);
	assert_int_equal(clear(fix, "alice"), 4);
	assert_int_equal(list(fix, NOW, text, sizeof(text)), 3);
	assert_string_equal(text, "account/bob "
				  "account+source/malice\n192.0.2.1 "
				  "source/192.0.2.1 ");
	assert_int_equal(clear(fix, "192.0.2.1"), 2);
	assert_int_equal(clear(fix, ""), 1);
	assert_int_equal(clear(fix, ""), 0);
	assert_ok(fix->state->ops->audit_list(fix->state,
		&(const struct stauth_audit_query){.limit = 1}, &row, &count,
		&err));
	assert_int_equal(count, 1);
	assert_string_equal(row.event, "throttle.clear");
}

static void the_wait_is_the_one_that_is_kept(void **state)
{
	const struct stauth_rate_limit limit = {
		.free = 5, .first_wait_s = 1, .max_wait_s = 60};

	(void)state;
	assert_int_equal(stauth_rate_limit_wait_s(&limit, 4, NOW, NOW, NOW), 0);
	assert_int_equal(stauth_rate_limit_wait_s(&limit, 5, NOW, NOW, NOW), 1);
	assert_int_equal(
		stauth_rate_limit_wait_s(&limit, 8, NOW, NOW, NOW + 3), 5);
	assert_int_equal(
		stauth_rate_limit_wait_s(&limit, 8, NOW, NOW, NOW + 8), 0);
	assert_int_equal(
		stauth_rate_limit_wait_s(&limit, 1000000, NOW, NOW, NOW), 60);
}

static void a_closed_limit_waits_for_its_window(void **state)
{
	struct stauth_rate_limit limit = {.free = 5,
		.window_s = 3600,
		.fixed_window = true,
		.closed_when_full = true};

	(void)state;
	assert_int_equal(stauth_rate_limit_wait_s(&limit, 4, NOW, NOW, NOW), 0);
	assert_int_equal(
		stauth_rate_limit_wait_s(&limit, 5, NOW, NOW, NOW), 3600);
	assert_int_equal(
		stauth_rate_limit_wait_s(&limit, 9, NOW, NOW, NOW + 3599), 1);
	assert_int_equal(
		stauth_rate_limit_wait_s(&limit, 9, NOW, NOW, NOW + 3600), 0);
	/* A clock that went back never makes it longer than the window. */
	assert_int_equal(
		stauth_rate_limit_wait_s(&limit, 9, NOW, NOW, NOW - 500), 3600);
	/* Without a fixed window there is no end to wait for. */
	limit.fixed_window = false;
	limit.first_wait_s = 1;
	limit.max_wait_s = 60;
	assert_int_equal(stauth_rate_limit_wait_s(&limit, 5, NOW, NOW, NOW), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			counters_are_listed_in_order_and_pages, begin, end),
		cmocka_unit_test_setup_teardown(
			what_is_forgotten_is_not_listed, begin, end),
		cmocka_unit_test_setup_teardown(
			a_part_clears_whole_parts_only, begin, end),
		cmocka_unit_test_setup_teardown(
			the_wait_is_the_one_that_is_kept, begin, end),
		cmocka_unit_test(a_closed_limit_waits_for_its_window),
	};

	RUN_ON_EVERY_PROVIDER(tests);
}
