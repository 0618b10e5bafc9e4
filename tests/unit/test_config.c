/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/config.h"
#include "config/keyfile.h"
#include "config/origin.h"

#include "base/banned.h"

static char dir[64];
static char file[96];

static int make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/stauth-config-XXXXXX");
	if (!mkdtemp(dir)) {
		return -1;
	}
	(void)snprintf(file, sizeof(file), "%s/stauth.conf", dir);
	return 0;
}

static void remove_in(const char *name)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (unlink(path) != 0) {
		(void)rmdir(path);
	}
}

static int remove_dir(void **state)
{
	static const char *const made[] = {"stauth.conf", "link", "secret",
		"other/csrf", "other", "state/keys/csrf", "state/keys/pin",
		"state/keys/device", "state/keys", "state"};

	(void)state;
	for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++) {
		remove_in(made[i]);
	}
	return rmdir(dir);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static enum stauth_rc load(const char *text, mode_t mode,
	struct stauth_config **ret_config, struct stauth_err *err)
{
	write_file(file, text, mode);
	return stauth_config_load(file, STAUTH_READER_SERVICE, ret_config, err);
}

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
	assert_true(config->page_workers >= 3);
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
		{"SESSION_HOUR=1", "did you mean SESSION_HOURS?"},
		{"\nSESSION_HOURS=x", "line 2: SESSION_HOURS"},
		{"SESSION_HOURS=0", "SESSION_HOURS"},
		{"ALLOW_INSECURE_HTTP=yes", "'True' nor 'False'"},
		{"STORAGE=MYSQL", "STORAGE"},
		{"PUBLIC_URL=app.example.com", "PUBLIC_URL"},
		{"PUBLIC_URL=https://a/b", "PUBLIC_URL"},
		{"SQLITE_DB=../x", "SQLITE_DB"},
		{"USERS_TABLE='U; DROP'", "USERS_TABLE"},
		{"primaryColor='red;}'", "primaryColor"},
		{"STATE_DIR=relative", "STATE_DIR"},
		{"APP_KEY=short", "APP_KEY"},
		{"SESSION_TOKEN_NAME='a b'", "SESSION_TOKEN_NAME"},
		{"SESSION_TOKEN_NAME=__Secure-x", "SESSION_TOKEN_NAME"},
		{"SESSION_TOKEN_NAME=__host-x", "SESSION_TOKEN_NAME"},
		{"ALLOW_INSECURE_HTTP=True\nSESSION_TOKEN_NAME=__Host-x",
			"SESSION_TOKEN_NAME"},
		{"ALLOW_USER_SIGN_UP=True", "PUBLIC_URL"},
		{"MAIL_TRANSPORT=SMTP", "SMTP_URL"},
		{"APP_KEY_FILE=x\nAPP_KEY='0123456789012345678901234567890123'",
			"KEY_FILE"},
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

static void a23_what_is_no_file_is_refused_at_once(void **state)
{
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};
	int64_t start_ms = stauth_boot_ms();
	char *big = malloc(STAUTH_CONFIG_MAX + 2);

	(void)state;
	assert_rc(stauth_config_load("/nonexistent/stauth.conf",
			  STAUTH_READER_SERVICE, &config, &err),
		STAUTH_NOTFOUND);
	assert_rc(stauth_config_load(dir, STAUTH_READER_SERVICE, &config, &err),
		STAUTH_ECONFIG);
	assert_rc(stauth_config_load(
			  "/dev/zero", STAUTH_READER_SERVICE, &config, &err),
		STAUTH_ECONFIG);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_rc(
		stauth_config_load(file, STAUTH_READER_SERVICE, &config, &err),
		STAUTH_ECONFIG);
	assert_int_equal(unlink(file), 0);
	assert_non_null(big);
	memset(big, '\n', STAUTH_CONFIG_MAX + 1);
	big[STAUTH_CONFIG_MAX + 1] = '\0';
	assert_rc(load(big, 0600, &config, &err), STAUTH_ECONFIG);
	free(big);
	assert_true(stauth_boot_ms() - start_ms < 2000);
}

static void a24_modes_that_let_others_meddle_are_refused(void **state)
{
	static const char secret[] = "ENC_PASSWORD=x";
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};

	(void)state;
	assert_rc(load("", 0666, &config, &err), STAUTH_EUNSAFE);
	assert_non_null(strstr(err.msg, "chmod go-w "));
	assert_rc(load("", 0660, &config, &err), STAUTH_EUNSAFE);
	assert_rc(load(secret, 0644, &config, &err), STAUTH_EUNSAFE);
	assert_non_null(strstr(err.msg, "chmod o-rwx "));
	assert_ok(load(secret, 0640, &config, &err));
	stauth_config_free(config);
	config = NULL;
	assert_int_equal(chmod(dir, 0777), 0);
	assert_rc(load("", 0600, &config, &err), STAUTH_EUNSAFE);
	assert_non_null(strstr(err.msg, "chmod o-w "));
	assert_int_equal(chmod(dir, 0700), 0);
}

static void a24_owners_that_are_neither_root_nor_we_are_refused(void **state)
{
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};

	(void)state;
	write_file(file, "", 0644);
	if (geteuid() != 0) {
		/* Ours, and so good for a service, but never for a host. */
		assert_rc(stauth_config_load(
				  file, STAUTH_READER_HOST, &config, &err),
			STAUTH_EUNSAFE);
		return;
	}
	assert_int_equal(chown(file, 12345, 0), 0);
	assert_rc(
		stauth_config_load(file, STAUTH_READER_SERVICE, &config, &err),
		STAUTH_EUNSAFE);
	assert_non_null(strstr(err.msg, "chown root "));
	assert_int_equal(chown(file, 0, 0), 0);
	assert_ok(stauth_config_load(file, STAUTH_READER_HOST, &config, &err));
	stauth_config_free(config);
}

static void a25_links_are_refused_a_linked_directory_is_not(void **state)
{
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};
	char link_path[160];
	char through[192];

	(void)state;
	write_file(file, "", 0600);
	(void)snprintf(link_path, sizeof(link_path), "%s/link", dir);
	assert_int_equal(symlink(file, link_path), 0);
	assert_rc(stauth_config_load(
			  link_path, STAUTH_READER_SERVICE, &config, &err),
		STAUTH_ECONFIG);
	assert_non_null(strstr(err.msg, "symbolic link"));
	assert_int_equal(unlink(link_path), 0);
	assert_int_equal(symlink(dir, link_path), 0);
	(void)snprintf(through, sizeof(through), "%s/stauth.conf", link_path);
	assert_ok(stauth_config_load(
		through, STAUTH_READER_SERVICE, &config, &err));
	stauth_config_free(config);
}

static void secrets_come_from_files_and_are_masked(void **state)
{
	static const char key[] = "0123456789abcdef0123456789abcdef";
	struct stauth_config *config = NULL;
	struct stauth_config_line line;
	struct stauth_err err = {0};
	char secret[160];
	char text[256];
	bool masked = false;

	(void)state;
	(void)snprintf(secret, sizeof(secret), "%s/secret", dir);
	(void)snprintf(text, sizeof(text), "%s\n", key);
	write_file(secret, text, 0644);
	(void)snprintf(text, sizeof(text), "APP_KEY_FILE='%s'", secret);
	assert_rc(load(text, 0644, &config, &err), STAUTH_EUNSAFE);
	assert_int_equal(chmod(secret, 0600), 0);
	assert_ok(load(text, 0644, &config, &err));
	assert_int_equal(config->app_key_len, 32);
	assert_memory_equal(config->app_key, key, 32);
	for (size_t i = 0; stauth_config_line(config, i, &line); i++) {
		assert_null(strstr(line.value, "0123456789"));
		masked |= strcmp(line.key, "APP_KEY") == 0 &&
			  strcmp(line.value, "********") == 0;
	}
	assert_true(masked);
	stauth_config_free(config);
}

static void origins_are_compared_as_browsers_write_them(void **state)
{
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};

	(void)state;
	assert_ok(load("PUBLIC_URL='HTTPS://App.Example.com:443/ "
		       "http://localhost:8080 https://[::1]:8443'",
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

static void keys_are_made_once_and_read_back(void **state)
{
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};
	struct stauth_keys first;
	struct stauth_keys again;
	char text[160];
	char path[192];
	struct stat st;

	(void)state;
	(void)snprintf(text, sizeof(text), "STATE_DIR='%s/state'", dir);
	assert_ok(load(text, 0600, &config, &err));
	assert_rc(stauth_keys_load(config, STAUTH_READER_SERVICE, &first, &err),
		STAUTH_EUNREACHABLE);
	assert_non_null(strstr(err.msg, "stauthctl init"));
	assert_ok(stauth_keys_init(config, &err));
	assert_ok(
		stauth_keys_load(config, STAUTH_READER_SERVICE, &first, &err));
	assert_ok(stauth_keys_init(config, &err));
	assert_ok(
		stauth_keys_load(config, STAUTH_READER_SERVICE, &again, &err));
	assert_memory_equal(&first, &again, sizeof(first));
	assert_memory_not_equal(first.csrf, first.pin, STAUTH_KEY_LEN);
	(void)snprintf(path, sizeof(path), "%s/state/keys/pin", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	write_file(path, "short", 0640);
	assert_rc(stauth_keys_load(config, STAUTH_READER_SERVICE, &again, &err),
		STAUTH_EBROKEN);
	stauth_config_free(config);
}

/* STATE_DIR is the service's: a link that it plants there must not lead root
 * to make files or change owners elsewhere. */
static void a25_keys_are_not_made_through_a_link(void **state)
{
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};
	char text[160];
	char keys[192];
	char other[192];

	(void)state;
	(void)snprintf(text, sizeof(text), "%s/state", dir);
	assert_int_equal(mkdir(text, 0700), 0);
	(void)snprintf(keys, sizeof(keys), "%s/state/keys", dir);
	(void)snprintf(other, sizeof(other), "%s/other", dir);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(symlink(other, keys), 0);
	(void)snprintf(text, sizeof(text), "STATE_DIR='%s/state'", dir);
	assert_ok(load(text, 0600, &config, &err));
	assert_int_not_equal(stauth_keys_init(config, &err), STAUTH_OK);
	/* Empty, or it could not be removed. */
	assert_int_equal(rmdir(other), 0);
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
			a23_what_is_no_file_is_refused_at_once, make_dir,
			remove_dir),
		cmocka_unit_test_setup_teardown(
			a24_modes_that_let_others_meddle_are_refused, make_dir,
			remove_dir),
		cmocka_unit_test_setup_teardown(
			a24_owners_that_are_neither_root_nor_we_are_refused,
			make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			a25_links_are_refused_a_linked_directory_is_not,
			make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			secrets_come_from_files_and_are_masked, make_dir,
			remove_dir),
		cmocka_unit_test_setup_teardown(
			origins_are_compared_as_browsers_write_them, make_dir,
			remove_dir),
		cmocka_unit_test_setup_teardown(
			keys_are_made_once_and_read_back, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			a25_keys_are_not_made_through_a_link, make_dir,
			remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
