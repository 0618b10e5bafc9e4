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

static const char *login_url(const char *uri)
{
	static char copy[8192];
	struct stauth_buf out;
	stauth_buf_init(&out, sizeof(copy) - 1);
	gate_add_login_url(uri, &out);
	assert_true(stauth_buf_ok(&out));
	(void)snprintf(copy, sizeof(copy), "%s", stauth_buf_str(&out));
	stauth_buf_finish(&out);
	return copy;
}

static void assert_rd(const char *uri, const char *rd)
{
	const char *url = login_url(uri);
	assert_memory_equal(url, "/auth/login?rd=", 15);
	assert_string_equal(url + 15, rd);
}

static void every_byte_but_the_plain_ones_is_encoded(void **state)
{
	(void)state;
	assert_rd("/", "/");
	assert_rd("/a-z_A.Z~0/9", "/a-z_A.Z~0/9");
	assert_rd("/x?a=1&b=%20+c", "/x%3Fa%3D1%26b%3D%2520%2Bc");
	assert_rd("/\xc3\xa4\x7f\x01\"<", "/%C3%A4%7F%01%22%3C");
	assert_rd("/x\r\nSet-Cookie: a", "/x%0D%0ASet-Cookie%3A%20a");
}

static void b4_other_forms_of_uri_become_a_path(void **state)
{
	(void)state;
	assert_rd("http://host/path?q=1", "/path%3Fq%3D1");
	assert_rd("https://user@host:1/p", "/p");
	assert_rd("http://host", "/");
	assert_rd("http://host?q=/x", "/");
	assert_rd("http://host#/x", "/");
	assert_rd("*", "/");
	assert_rd("host:443", "/");
	assert_rd("", "/");
	assert_rd(NULL, "/");
	/* Raw: the page judges it. */
	assert_rd("//evil.example", "//evil.example");
	assert_rd("/a/../b", "/a/../b");
}

static void long_ones_lose_the_query_then_the_path(void **state)
{
	char uri[6000];
	char want[6000];
	(void)state;
	/* Exactly at the limit. */
	memset(uri, 'a', sizeof(uri));
	uri[0] = '/';
	uri[2048] = '\0';
	assert_rd(uri, uri);
	/* One more is too long, and there is no query to drop. */
	uri[2048] = 'a';
	uri[2049] = '\0';
	assert_rd(uri, "/");
	/* 1,000 bytes of path, and a query that takes three for one. */
	memset(uri, 'a', 1000);
	uri[0] = '/';
	memset(uri + 1000, '?', 1000);
	uri[2000] = '\0';
	memcpy(want, uri, 1000);
	want[1000] = '\0';
	assert_rd(uri, want);
	/* The limit counts encoded bytes. */
	memset(uri, '%', 700);
	uri[0] = '/';
	uri[700] = '\0';
	assert_rd(uri, "/");
}

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
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		p.uri = never[i];
		with(false, p);
	}
	for (size_t i = 0; i < sizeof(still) / sizeof(still[0]); i++) {
		p.uri = still[i];
		with(true, p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_but_the_plain_ones_is_encoded),
		cmocka_unit_test(b4_other_forms_of_uri_become_a_path),
		cmocka_unit_test(long_ones_lose_the_query_then_the_path),
		cmocka_unit_test(only_navigations_are_sent_to_the_page),
		cmocka_unit_test(without_sec_fetch_accept_counts),
		cmocka_unit_test(what_the_page_fetches_is_never_sent),
	};
	return cmocka_run_group_tests_name("redirect", tests, NULL, NULL);
}
