/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "check/redirect.h"

#include "base/banned.h"

static const struct gate_check_params navigation = {
	.method = "GET",
	.uri = "/",
	.fetch_mode = "navigate",
	.fetch_dest = "document",
	.accept = "text/html",
	.upgrade = "",
};

static void with(bool want, struct gate_check_params params)
{
	assert_int_equal(gate_is_navigation(&params), want);
}

static void only_navigations_are_sent_to_the_page(void **state)
{
	struct gate_check_params p = navigation;
	(void)state;
	with(true, p);
	p.fetch_dest = "";
	with(true, p);
	p.fetch_dest = NULL;
	with(true, p);
	p.fetch_dest = "empty";
	with(false, p);
	p.fetch_dest = "iframe";
	with(false, p);
	p = navigation;
	p.fetch_mode = "cors";
	with(false, p);
	p.fetch_mode = "";
	with(false, p);
	p = navigation;
	p.method = "HEAD";
	with(true, p);
	p.method = "POST";
	with(false, p);
	p.method = "get";
	with(false, p);
	p.method = NULL;
	with(false, p);
}

static void without_sec_fetch_accept_counts(void **state)
{
	struct gate_check_params p = navigation;
	(void)state;
	p.fetch_mode = p.fetch_dest = "";
	with(true, p);
	p.fetch_mode = p.fetch_dest = NULL;
	p.accept = "application/json, TEXT/HTML;q=0.1";
	with(true, p);
	p.upgrade = "websocket";
	with(false, p);
	p = navigation;
	p.fetch_mode = p.fetch_dest = NULL;
	p.accept = "*/*";
	with(false, p);
	p.accept = NULL;
	with(false, p);
}

static void what_the_page_fetches_is_never_sent(void **state)
{
	static const char *const never[] = {
		"/_stcore/health",
		"/base/_stcore/stream?x=1",
		"/media/x.png",
		"/component/a/b",
		"/app/static/x",
		"/base/app/static/x",
		"http://host/media/x",
	};
	static const char *const still[] = {
		"/media",
		"/mediax/",
		"/x_stcore/",
		"/static/x",
		"/?u=/media/x",
		"/app/x?/_stcore/",
	};
	struct gate_check_params p = navigation;
	(void)state;
	p.fetch_dest = "";
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		p.uri = never[i];
		with(false, p);
	}
	/* A picture in a tab of its own is a page; a stream never is. */
	p.fetch_dest = "document";
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		p.uri = never[i];
		with(strstr(never[i], "_stcore") == NULL, p);
	}
	for (size_t i = 0; i < sizeof(still) / sizeof(still[0]); i++) {
		p.uri = still[i];
		with(true, p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_navigations_are_sent_to_the_page),
		cmocka_unit_test(without_sec_fetch_accept_counts),
		cmocka_unit_test(what_the_page_fetches_is_never_sent),
	};
	return cmocka_run_group_tests_name("redirect", tests, NULL, NULL);
}
