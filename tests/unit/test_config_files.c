/* SPDX-License-Identifier: MIT */
/* Which files are believed: the configuration, secrets and keys. */
#include "config_dir.h"

#include <sys/wait.h>

#include "base/clock.h"
#include "config/keyfile.h"

#include "base/banned.h"

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

/* Loads as another user; what that user is told. Root's own uid is no test of
 * the host reader: for root "root's" and "our own" are the same. */
static enum stauth_rc load_as(uid_t uid, enum stauth_config_reader reader)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0) {
		struct stauth_config *config = NULL;

		if (setresuid(uid, uid, uid) != 0) {
			_exit(255);
		}
		_exit((unsigned char)stauth_config_load(
			file, reader, &config, NULL));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 255);
	return (enum stauth_rc)(signed char)WEXITSTATUS(status);
}

static void a24_the_own_users_file_is_good_for_a_service_only(void **state)
{
	const uid_t uid = geteuid() == 0 ? 12345 : geteuid();

	(void)state;
	write_file(file, "", 0644);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chown(file, uid, (gid_t)-1), 0);
	assert_rc(load_as(uid, STAUTH_READER_SERVICE), STAUTH_OK);
	assert_rc(load_as(uid, STAUTH_READER_HOST), STAUTH_EUNSAFE);
}

/* In a sticky directory its owner may still replace every file. */
static void a24_a_sticky_directory_is_good_only_if_it_is_roots(void **state)
{
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};

	(void)state;
	write_file(file, "", 0600);
	if (geteuid() == 0) {
		assert_int_equal(chmod(dir, 01777), 0);
		assert_ok(stauth_config_load(
			file, STAUTH_READER_SERVICE, &config, &err));
		stauth_config_free(config);
		assert_int_equal(chown(dir, 12345, (gid_t)-1), 0);
	}
	assert_int_equal(chmod(dir, 01777), 0);
	assert_rc(
		stauth_config_load(file, STAUTH_READER_SERVICE, &config, &err),
		STAUTH_EUNSAFE);
	assert_non_null(strstr(err.msg, "chmod o-w "));
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
		STAUTH_EUNSAFE);
	assert_non_null(strstr(err.msg, "symbolic link"));
	assert_int_equal(unlink(link_path), 0);
	assert_int_equal(symlink(dir, link_path), 0);
	(void)snprintf(through, sizeof(through), "%s/stauth.conf", link_path);
	assert_ok(stauth_config_load(
		through, STAUTH_READER_SERVICE, &config, &err));
	stauth_config_free(config);
}

static void a24_the_command_that_mends_is_whole_on_long_paths(void **state)
{
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};
	char below[192];
	char path[224];
	char command[256];

	(void)state;
	(void)snprintf(below, sizeof(below), "%s/%080d", dir, 0);
	assert_int_equal(mkdir(below, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/stauth.conf", below);
	write_file(path, "", 0664);
	assert_rc(
		stauth_config_load(path, STAUTH_READER_SERVICE, &config, &err),
		STAUTH_EUNSAFE);
	(void)snprintf(command, sizeof(command), "chmod go-w %s", path);
	assert_non_null(strstr(err.msg, command));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(below), 0);
}

static void a25_a_second_name_is_refused(void **state)
{
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};
	char second[160];

	(void)state;
	write_file(file, "", 0600);
	(void)snprintf(second, sizeof(second), "%s/link", dir);
	assert_int_equal(link(file, second), 0);
	assert_rc(
		stauth_config_load(file, STAUTH_READER_SERVICE, &config, &err),
		STAUTH_EUNSAFE);
	assert_non_null(strstr(err.msg, "hard link"));
	assert_int_equal(unlink(second), 0);
	assert_ok(
		stauth_config_load(file, STAUTH_READER_SERVICE, &config, &err));
	stauth_config_free(config);
}

/* An empty file must not quietly turn the assertion off. */
static void empty_and_broken_secret_files_are_refused(void **state)
{
	static const char *const keys[] = {"APP_KEY", "SMTP_PASSWORD"};
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};
	char secret[160];
	char text[256];
	int fd;

	(void)state;
	(void)snprintf(secret, sizeof(secret), "%s/secret", dir);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		(void)snprintf(
			text, sizeof(text), "%s_FILE='%s'", keys[i], secret);
		write_file(secret, "", 0600);
		assert_rc(load(text, 0600, &config, &err), STAUTH_ECONFIG);
		write_file(secret, "\n", 0600);
		assert_rc(load(text, 0600, &config, &err), STAUTH_ECONFIG);
	}
	fd = open(secret, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "abc\0def", 7), 7);
	assert_int_equal(close(fd), 0);
	assert_rc(load(text, 0600, &config, &err), STAUTH_ECONFIG);
	assert_null(strstr(err.msg, "abc"));
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
			a23_what_is_no_file_is_refused_at_once, make_dir,
			remove_dir),
		cmocka_unit_test_setup_teardown(
			a24_modes_that_let_others_meddle_are_refused, make_dir,
			remove_dir),
		cmocka_unit_test_setup_teardown(
			a24_owners_that_are_neither_root_nor_we_are_refused,
			make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			a24_the_own_users_file_is_good_for_a_service_only,
			make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			a24_a_sticky_directory_is_good_only_if_it_is_roots,
			make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			a25_links_are_refused_a_linked_directory_is_not,
			make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			a24_the_command_that_mends_is_whole_on_long_paths,
			make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			a25_a_second_name_is_refused, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			empty_and_broken_secret_files_are_refused, make_dir,
			remove_dir),
		cmocka_unit_test_setup_teardown(
			secrets_come_from_files_and_are_masked, make_dir,
			remove_dir),
		cmocka_unit_test_setup_teardown(
			keys_are_made_once_and_read_back, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			a25_keys_are_not_made_through_a_link, make_dir,
			remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
