/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>

#include "check/origin.h"

#include "base/banned.h"

static struct stauth_config *config_with(const char *origin)
{
	struct stauth_config *config = calloc(1, sizeof(*config));
	assert_non_null(config);
	if (origin != NULL) {
		struct stauth_origin *own = &config->public_urls[0];
		(void)snprintf(own->origin, sizeof(own->origin), "%s", origin);
		own->host = strstr(own->origin, "://") + 3;
		own->https = true;
		config->public_url_count = 1;
	}
	return config;
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
	struct stauth_config *config = config_with("https://app.example.com");
	const char *host = "evil.example";
	(void)state;
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
	free(config);
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
	struct stauth_config *config = config_with(NULL);
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool ours = gate_origin_is_ours(
			config, cases[i].origin, cases[i].host);
		if (ours != cases[i].ours) {
			print_error("case %zu\n", i);
		}
		assert_int_equal(ours, cases[i].ours);
	}
	free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(upgrade_is_a_list_of_tokens),
		cmocka_unit_test(b22_public_url_rules_alone),
		cmocka_unit_test(b22_without_public_url_the_host_counts),
	};
	return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
