/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "unit.h"

#include "http/origin.h"

#include "base/banned.h"

static struct stauth_config *config;

static void add_public(const char *origin, bool https)
{
	struct stauth_origin *entry =
		&config->public_urls[config->public_url_count++];
	snprintf(entry->origin, sizeof(entry->origin), "%s", origin);
	entry->https = https;
	entry->host = strstr(entry->origin, "://") + 3;
}

static int set_up(void **state)
{
	(void)state;
	config = calloc(1, sizeof(*config));
	return config != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(config);
	return 0;
}

static enum gate_place place(const char *host, bool https)
{
	struct gate_origin origin;
	gate_origin_of(config, host, https, &origin);
	return origin.place;
}

static void local_hosts(void **state)
{
	static const char *const local[] = {"localhost", "localhost:8080",
		"LOCALHOST", "a.localhost", "a.b.localhost:1", "127.0.0.1",
		"127.0.0.1:80", "127.9.9.9", "[::1]", "[::1]:8080"};
	static const char *const foreign[] = {"", "localhost.example",
		"xlocalhost", ".localhost.x", "127.0.0.1.example", "128.0.0.1",
		"127.1", "0x7f.0.0.1", "[::2]", "[::ffff:127.0.0.1]", "::1",
		"localhost@evil.example", "evil.example", "local host"};
	(void)state;
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		if (!stauth_host_is_local(local[i])) {
			fail_msg("%s is local", local[i]);
		}
	}
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (stauth_host_is_local(foreign[i])) {
			fail_msg("%s is not local", foreign[i]);
		}
	}
}

static void d4_without_public_url_the_host_counts(void **state)
{
	(void)state;
	assert_int_equal(place("app.example.com", true), GATE_PLACE_OK);
	assert_int_equal(place("app.example.com", false), GATE_PLACE_INSECURE);
	assert_int_equal(place("localhost:8080", false), GATE_PLACE_OK);
	assert_int_equal(place("", true), GATE_PLACE_UNKNOWN);
	assert_int_equal(place("a b", true), GATE_PLACE_UNKNOWN);
	assert_int_equal(place("a/b", true), GATE_PLACE_UNKNOWN);
	assert_int_equal(place("a@b", true), GATE_PLACE_UNKNOWN);
	config->allow_insecure_http = true;
	assert_int_equal(place("app.example.com", false), GATE_PLACE_OK);
}

static void d4_with_public_url_only_its_hosts(void **state)
{
	struct gate_origin origin;
	(void)state;
	add_public("https://app.example.com", true);
	add_public("http://intranet:8080", false);
	/* The scheme is the entry's, whatever a proxy before nginx did. */
	gate_origin_of(config, "app.example.com", false, &origin);
	assert_int_equal(origin.place, GATE_PLACE_OK);
	assert_true(origin.https);
	assert_int_equal(place("intranet:8080", true), GATE_PLACE_INSECURE);
	assert_int_equal(
		place("app.example.com:8443", true), GATE_PLACE_UNKNOWN);
	assert_int_equal(place("evil.example", true), GATE_PLACE_UNKNOWN);
	assert_int_equal(place("localhost", true), GATE_PLACE_UNKNOWN);
}

static bool ours(const char *site, const char *header, const char *referer)
{
	struct gate_origin origin;
	gate_origin_of(config, "app.example.com", true, &origin);
	return gate_sent_by_us(config, &origin, site, header, referer);
}

#define US "https://app.example.com"

static void judge_senders(void)
{
	static const char *const foreign[] = {"null", "https://evil.example",
		"http://app.example.com", US ":8443", US ".evil.example",
		"https://app.example.com@evil.example", US "/",
		"app.example.com"};
	assert_true(ours("same-origin", "", ""));
	assert_true(ours("", US, ""));
	assert_true(ours("", "", US "/auth/login?x"));
	assert_true(ours("", "", US));
	assert_false(ours("", "", ""));
	assert_false(ours("same-site", US, ""));
	assert_false(ours("cross-site", US, ""));
	assert_false(ours("none", US, ""));
	assert_false(ours("Same-Origin", US, ""));
	assert_false(ours("same-origin, same-origin", US, ""));
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (ours("", foreign[i], US "/")) {
			fail_msg("%s is ours", foreign[i]);
		}
	}
	assert_false(ours("", "", "https://evil.example/" US));
	assert_false(ours("", "", "https://app.example.com@evil.example/"));
	assert_false(ours("", "", "http://app.example.com/"));
	assert_false(ours("", "", "/auth/login"));
}

static void referer_path_is_of_this_very_origin(void **state)
{
	(void)state;
	add_public(US, true);
	add_public("https://other.example.com", true);
	struct gate_origin own;
	gate_origin_of(config, "app.example.com", true, &own);
	assert_string_equal(gate_referer_path(&own, US "/a?b=1"), "/a?b=1");
	assert_string_equal(gate_referer_path(&own, US ":443/a"), "/a");
	assert_string_equal(gate_referer_path(&own, US), "");
	static const char *const others[] = {"", "/a", "null",
		"http://app.example.com/a", "https://other.example.com/a",
		US ":8443/a", US ".evil.example/a", US "@evil.example/a",
		"https://evil.example/" US "/a",
		"https://evil@app.example.com/"};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (gate_referer_path(&own, others[i]) != NULL) {
			fail_msg("%s is ours", others[i]);
		}
	}
}

static void d7_who_sent_it_with_public_url(void **state)
{
	(void)state;
	add_public(US, true);
	judge_senders();
}

static void d7_who_sent_it_without_public_url(void **state)
{
	(void)state;
	judge_senders();
	/* The scheme is the request's own, the default port is none. */
	assert_true(ours("", "https://App.Example.com:443", ""));
	assert_false(ours("", "http://app.example.com:443", ""));
}

static void upgrade_is_a_list_of_tokens(void **state)
{
	(void)state;
	assert_true(gate_upgrade_is_websocket("websocket"));
	assert_true(gate_upgrade_is_websocket("WebSocket"));
	assert_true(gate_upgrade_is_websocket(" h2c , WEBSOCKET/13"));
	assert_true(gate_upgrade_is_websocket("TLS/1.0,websocket"));
	assert_false(gate_upgrade_is_websocket(NULL));
	assert_false(gate_upgrade_is_websocket(""));
	assert_false(gate_upgrade_is_websocket("h2c"));
	assert_false(gate_upgrade_is_websocket("websockets"));
	assert_false(gate_upgrade_is_websocket("x/websocket"));
}

static void b22_public_url_rules_alone(void **state)
{
	const char *host = "evil.example";
	(void)state;
	add_public("https://app.example.com", true);
	assert_true(
		gate_origin_is_ours(config, "https://app.example.com", host));
	assert_false(gate_origin_is_ours(config, "https://evil.example", host));
	assert_false(gate_origin_is_ours(
		config, "http://app.example.com", "app.example.com"));
	assert_false(gate_origin_is_ours(
		config, "https://app.example.com:8443", "app.example.com"));
	assert_false(gate_origin_is_ours(
		config, "https://app.example.com.evil.example", host));
	assert_false(gate_origin_is_ours(config, "null", host));
	assert_false(gate_origin_is_ours(config, "", host));
	assert_false(gate_origin_is_ours(config, NULL, host));
}

static void b22_without_public_url_the_host_counts(void **state)
{
	static const struct {
		const char *origin;
		const char *host;
		bool ours;
	} cases[] = {
		{"http://localhost:8080", "localhost:8080", true},
		{"http://LOCALHOST:8080", "localhost:8080", true},
		{"https://app.example", "App.Example", true},
		{"https://app.example", "app.example:443", true},
		{"http://app.example:80", "app.example", true},
		{"http://[::1]:8080", "[::1]:8080", true},
		{"http://localhost:8080", "localhost:8081", false},
		{"http://localhost", "localhost:8080", false},
		{"http://app.example:443", "app.example", false},
		{"https://app.example", "app.example:80", false},
		{"https://app.example.evil", "app.example", false},
		{"https://app.exampl", "app.example", false},
		{"https://evil@app.example", "app.example", false},
		{"https://app.example/", "app.example", false},
		{"ftp://app.example", "app.example", false},
		{"app.example", "app.example", false},
		{"https://", "", false},
		{"https://", "x", false},
		{"null", "null", false},
		{"http://null", NULL, false},
		{"", "", false},
		{NULL, "app.example", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool ours = gate_origin_is_ours(
			config, cases[i].origin, cases[i].host);
		if (ours != cases[i].ours) {
			print_error("case %zu\n", i);
		}
		assert_int_equal(ours, cases[i].ours);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_hosts),
		cmocka_unit_test(upgrade_is_a_list_of_tokens),
		cmocka_unit_test_setup_teardown(
			b22_public_url_rules_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			b22_without_public_url_the_host_counts, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			d4_without_public_url_the_host_counts, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			d4_with_public_url_only_its_hosts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			referer_path_is_of_this_very_origin, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			d7_who_sent_it_with_public_url, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			d7_who_sent_it_without_public_url, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
