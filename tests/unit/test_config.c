/* SPDX-License-Identifier: MIT */
/* What the values of stauth.conf may be. */
#include "config_dir.h"

#include "config/keys.h"
#include "config/origin.h"

#include "base/banned.h"

static void empty_file_is_all_defaults(void **state)
{
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};

	(void)state;
	assert_ok(load("", 0644, &config, &err));
	assert_string_equal(config->state_dir, "/var/lib/stauth");
	assert_string_equal(config->sqlite_file, "/var/lib/stauth/stauth.db");
	assert_string_equal(config->cookie_name, "__Host-stauth");
	assert_string_equal(config->run_dir, "/run/stauth");
	assert_string_equal(stauth_config_issuer(config), "stauth");
	assert_int_equal(config->session_hours, 12);
	assert_int_equal(config->remember_days, 30);
	assert_int_equal(config->argon2_memory_kib, 65536);
	assert_true(config->hash_slots >= 1);
	assert_int_equal(config->page_workers, 16);
	stauth_config_free(config);
}

static void the_env_of_st_auth_simple_works_as_it_is(void **state)
{
	static const char env[] = "STORAGE='SQLITE'\n"
				  "SQLITE_DB_PATH='./db'\n"
				  "SQLITE_DB='auth.db'\n"
				  "USERS_TABLE='USERS'\n"
				  "PENDING_USERS_TABLE='PENDING_USERS'\n"
				  "ENC_PASSWORD='secret'\n"
				  "ENC_NONCE='nonce'\n"
				  "SESSION_TOKEN_NAME='st_auth_token'\n"
				  "ALLOW_USER_SIGN_UP='False'\n"
				  "SIGNUP_PIN_EXPIRY_MINUTES='30'\n"
				  "AIRTABLE_PAT=''\n"
				  "AIRTABLE_BASE_KEY=''\n"
				  "SENDGRID_API_KEY=''\n"
				  "NOTIFICATION_FROM_EMAIL='me@example.com'\n";
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};

	(void)state;
	assert_ok(load(env, 0640, &config, &err));
	assert_string_equal(config->cookie_name, "__Host-st_auth_token");
	assert_string_equal(
		config->sqlite_file, "/var/lib/stauth/./db/auth.db");
	assert_string_equal(config->enc_password, "secret");
	stauth_config_free(config);
}

static void wrong_values_name_file_line_and_key(void **state)
{
	static const char *const bad[][2] = {
		{"SESSION_HOUR=1",
			"/stauth.conf:1: unknown key SESSION_HOUR (did "
			"you mean SESSION_HOURS?)"},
		{"public_url=x", "did you mean PUBLIC_URL?"},
		{"SMTP_URL=smtp://u:p@mail", "SMTP_URL"},
		{"PUBLIC_URL='https://[::::]'", "PUBLIC_URL"},
		{"PUBLIC_URL=https://a..b", "PUBLIC_URL"},
		{"\nSESSION_HOURS=x", ":2: SESSION_HOURS must be"},
		{"SESSION_HOURS=0", "SESSION_HOURS"},
		{"ALLOW_INSECURE_HTTP=yes", "'True' or 'False'"},
		{"STORAGE=MYSQL", "STORAGE"},
		{"PUBLIC_URL=app.example.com", "PUBLIC_URL"},
		{"PUBLIC_URL=https://a/b", "PUBLIC_URL"},
		{"SQLITE_DB=../x", "SQLITE_DB"},
		{"USERS_TABLE='U; DROP'", "USERS_TABLE"},
		{"primaryColor='red;}'", "primaryColor"},
		{"\nprimaryColor=reddish", ":2: primaryColor must be"},
		{"textColor='#12345'", ":1: textColor must be"},
		{"backgroundColor=#777\ntextColor=#999",
			":2: textColor is hard to read on backgroundColor"},
		{"secondaryBackgroundColor=black\ntextColor=navy",
			":2: textColor is hard to read on secondaryB"},
		{"base=dark\ntextColor=#222", ":2: textColor is hard to read"},
		{"\nSTATE_DIR=relative", ":2: STATE_DIR"},
		{"APP_KEY=short", "APP_KEY"},
		{"SESSION_TOKEN_NAME='a b'", "SESSION_TOKEN_NAME"},
		{"SESSION_TOKEN_NAME=__Secure-x", "SESSION_TOKEN_NAME"},
		{"SESSION_TOKEN_NAME=__host-x", "SESSION_TOKEN_NAME"},
		{"ALLOW_INSECURE_HTTP=True\nSESSION_TOKEN_NAME=__Host-x",
			":2: SESSION_TOKEN_NAME"},
		{"BRAND_NAME=x\nALLOW_USER_SIGN_UP=True",
			":2: ALLOW_USER_SIGN_UP needs PUBLIC_URL"},
		{"ALLOW_USER_SIGN_UP=True\nPUBLIC_URL=https://a.example",
			"SENDGRID_API_KEY, SMTP_URL or MAIL_TRANSPORT"},
		{"MAIL_TRANSPORT=SMTP", "SMTP_URL"},
		{"MAIL_TRANSPORT=FILE", ".conf:1: MAIL_TRANSPORT needs "
					"NOTIFICATION_FROM_EMAIL"},
		{"\n\nbase=pink", ":3: base must be"},
		{"SMTP_URL=smtp://localhost",
			".conf:1: SMTP_URL needs NOTIFICATION_FROM_EMAIL"},
		{"SENDGRID_API_KEY=k",
			".conf:1: SENDGRID_API_KEY needs NOTIFICATION_FROM"},
		{"APP_KEY_FILE=x\nAPP_KEY='0123456789012345678901234567890123'",
			":2: APP_KEY is already set on line 1"},
		{"COOKIE_NAME=a\nSESSION_TOKEN_NAME=b",
			":2: SESSION_TOKEN_NAME is already set on line 1"},
		{"COOKIE_NAME='a b'", ":1: SESSION_TOKEN_NAME must be"},
		{"APP_KEY_FIL=x", "(did you mean APP_KEY?)"},
		{"\nSESSION_HUORS=1", ":2: unknown key SESSION_HUORS (did"},
		{"SMTP_URL=http://mail", ":1: SMTP_URL must be smtps://host"},
		{"SMTP_URL=mail.example", ":1: SMTP_URL must be"},
		{"SENDGRID_URL=smtp://x", ":1: SENDGRID_URL must be https:"},
		{"PUBLIC_URL=https://b\xc3\xbc"
		 "cher.example:8443",
			"must name the host as browsers do: "
			"https://xn--bcher-kva.example"},
		{"PAGE_WORKERS=0", ":1: PAGE_WORKERS must be a number from"},
		{"APP_KEY_FILE=/nonexistent/key", "does not exist"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct stauth_config *config = NULL;
		struct stauth_err err = {0};

		assert_rc(load(bad[i][0], 0600, &config, &err), STAUTH_ECONFIG);
		if (!strstr(err.msg, bad[i][1])) {
			fail_msg("%s: %s", bad[i][0], err.msg);
		}
		assert_null(config);
	}
}

/* An .env that an app shares, as st-auth-simple's first sample had it. */
static void u24_keys_of_others_are_named_in_one_warning(void **state)
{
	static const char env[] = "DATABASE_URL='x'\n"
				  "API_KEY='0123'\n"
				  "COOKIE_NAME='token'\n"
				  "PORT=8501\n"
				  "PUBLIC_URL=https://a.example\n"
				  "PASSWORD_BLOCKLIST=words.txt\n"
				  "BRAND_LOGO=/srv/logo.svg\n"
				  "HELP_TEXT='Ask 4711.'\n"
				  "PAM_CALLERS='dovecot postfix'\n";
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};
	char text[600];

	(void)state;
	assert_ok(load(env, 0644, &config, &err));
	assert_string_equal(config->cookie_name, "__Host-token");
	assert_string_equal(
		config->password_blocklist, "/var/lib/stauth/words.txt");
	assert_string_equal(config->pam_callers, "dovecot postfix");
	assert_string_equal(config->brand_logo, "/srv/logo.svg");
	assert_string_equal(config->help_text, "Ask 4711.");
	assert_true(stauth_config_warning(config, 0, text, sizeof(text)));
	assert_non_null(strstr(text, "stauth.conf: ignored keys"));
	assert_non_null(strstr(text, ": DATABASE_URL, API_KEY, PORT ("));
	assert_non_null(strstr(text, "--write-config"));
	assert_false(stauth_config_warning(config, 1, text, sizeof(text)));
	stauth_config_free(config);
}

/* The names that a slip makes of ours are not those that apps use. */
static void u24_a_slip_is_no_name_of_others(void **state)
{
	static const char *const slips[] = {"storage", "STORAG", "SESSION_HOUR",
		"SESION_HOURS", "SESSION_HUORS", "ALOW_USER_SIGN_UP",
		"ALLOW_USER_SIGNUP", "PUBLIC_URLS", "SMTP_PASWORD",
		"SMTP_PASSWORD_FILES", "primarycolor", "APP_KEYS", "FONT"};
	static const char *const others[] = {"API_KEY", "PORT", "DEBUG",
		"DATABASE_URL", "SMTP_HOST", "SMTP_PORT", "SMTP_PASS",
		"POSTGRES_DB", "POSTGRES_USER", "SECRET_KEY", "STATIC_DIR",
		"OPENAI_API_KEY", "LOG_LEVEL", "HOST", "APP_ENV", "BASE_URL",
		"APP_NAME", "STORAGE_BUCKET", "BRAND_NAME_FILE"};

	(void)state;
	for (size_t i = 0; i < sizeof(slips) / sizeof(*slips); i++) {
		if (stauth_key_meant(slips[i]) == NULL) {
			fail_msg("%s", slips[i]);
		}
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (stauth_key_meant(others[i]) != NULL) {
			fail_msg("%s", others[i]);
		}
	}
}

static void origins_are_compared_as_browsers_write_them(void **state)
{
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};

	(void)state;
	assert_ok(load("PUBLIC_URL='HTTPS://App.Example.com:443/ "
		       "http://localhost:8080 https://[0:0::0001]:8443'",
		0600, &config, &err));
	assert_int_equal(config->public_url_count, 3);
	assert_string_equal(
		stauth_config_issuer(config), "https://app.example.com");
	assert_true(stauth_config_is_public(config, "http://localhost:8080"));
	assert_true(stauth_config_is_public(config, "https://[::1]:8443"));
	assert_false(stauth_config_is_public(config, "http://localhost"));
	assert_false(stauth_config_is_public(config, "null"));
	assert_false(stauth_config_is_public(config, ""));
	assert_non_null(
		stauth_config_origin_of_host(config, "APP.example.com"));
	assert_non_null(
		stauth_config_origin_of_host(config, "app.example.com:443"));
	assert_null(stauth_config_origin_of_host(config, "app.example.com:80"));
	assert_null(stauth_config_origin_of_host(config, "evil.com"));
	assert_null(stauth_config_origin_of_host(
		config, "app.example.com/@evil.com"));
	assert_null(stauth_config_origin_of_host(config, ""));
	stauth_config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			empty_file_is_all_defaults, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			the_env_of_st_auth_simple_works_as_it_is, make_dir,
			remove_dir),
		cmocka_unit_test_setup_teardown(
			wrong_values_name_file_line_and_key, make_dir,
			remove_dir),
		cmocka_unit_test_setup_teardown(
			u24_keys_of_others_are_named_in_one_warning, make_dir,
			remove_dir),
		cmocka_unit_test(u24_a_slip_is_no_name_of_others),
		cmocka_unit_test_setup_teardown(
			origins_are_compared_as_browsers_write_them, make_dir,
			remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
