/* SPDX-License-Identifier: MIT */
/* Files that may not be read or written, and disks without room. */
#include "sqlite_files.h"

#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/banned.h"

/* Runs the rest in a child, without root's rights over files. */
static void in_child(struct fixture *fix, void (*body)(struct fixture *fix))
{
	char path[256];
	int status = -1;
	pid_t pid;

	close_stores(fix);
	path_of(fix, "", path);
	if (geteuid() == 0) {
		assert_int_equal(chown(fix->dir, 65534, 65534), 0);
		assert_int_equal(chown(path, 65534, 65534), 0);
	}
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 &&
			(setgroups(0, NULL) != 0 || setgid(65534) != 0 ||
				setuid(65534) != 0)) {
			_exit(9);
		}
		open_stores(fix);
		body(fix);
		close_stores(fix);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	open_stores(fix);
}

/* In the child an assertion cannot reach cmocka. */
#define MUST(what)                                                             \
	do {                                                                   \
		if (!(what)) {                                                 \
			print_error("line %d: %s\n", __LINE__, #what);         \
			_exit(1);                                              \
		}                                                              \
	} while (0)

static void only_reading(struct fixture *fix)
{
	char path[256];

	path_of(fix, "", path);
	MUST(chmod(path, 0440) == 0);
	MUST(verdict_of(fix, 1) != STAUTH_DENY);
	MUST(verdict_of(fix, 2) != STAUTH_ALLOW);
	MUST(write_audit(fix) == STAUTH_EUNREACHABLE);
	MUST(health_of(fix) != STAUTH_HEALTH_OK);
	MUST(chmod(path, 0660) == 0);
	pause_ms(LOOK_MS);
	MUST(verdict_of(fix, 1) == STAUTH_ALLOW);
	MUST(verdict_of(fix, 2) == STAUTH_DENY);
	MUST(write_audit(fix) == STAUTH_OK);
	MUST(health_of(fix) == STAUTH_HEALTH_OK);
	/* The same under handles that are open. */
	MUST(chmod(path, 0440) == 0);
	pause_ms(LOOK_MS);
	MUST(verdict_of(fix, 1) != STAUTH_DENY);
	MUST(chmod(path, 0660) == 0);
	pause_ms(LOOK_MS);
	MUST(write_audit(fix) == STAUTH_OK);
}

static void a_read_only_file_is_written_again(void **state)
{
	struct fixture *fix = *state;

	(void)add_live_session(fix, "alice", 1);
	in_child(fix, only_reading);
	assert_served(fix);
}

static void no_permission(struct fixture *fix)
{
	char path[256];

	path_of(fix, "", path);
	MUST(chmod(path, 0) == 0);
	MUST(verdict_of(fix, 1) == STAUTH_FAULT);
	MUST(find_user(fix, "alice") == STAUTH_EUNREACHABLE);
	MUST(write_audit(fix) == STAUTH_EUNREACHABLE);
	MUST(chmod(path, 0660) == 0);
	pause_ms(RETRY_MS);
	MUST(verdict_of(fix, 1) == STAUTH_ALLOW);
	MUST(write_audit(fix) == STAUTH_OK);
}

static void a_forbidden_file_is_opened_when_allowed(void **state)
{
	struct fixture *fix = *state;

	(void)add_live_session(fix, "alice", 1);
	in_child(fix, no_permission);
	assert_served(fix);
}

static void without_room(struct fixture *fix)
{
	struct rlimit limit;
	struct stauth_account alice;
	struct stauth_login_commit login;
	struct stauth_err err = {STAUTH_OK, ""};
	rlim_t before;

	(void)signal(SIGXFSZ, SIG_IGN);
	MUST(write_audit(fix) == STAUTH_OK);
	MUST(fix->accounts->ops->user_by_name(
		     fix->accounts, "alice", &alice, &err) == STAUTH_OK);
	MUST(getrlimit(RLIMIT_FSIZE, &limit) == 0);
	before = limit.rlim_cur;
	limit.rlim_cur = 4096;
	MUST(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	for (int i = 10; i < 20; i++) {
		login = a_login(&alice, i);
		/* The disk refused while the commit was written. */
		MUST(commit_at(fix, &login, NOW) == STAUTH_EUNKNOWN);
		/* Who is in stays in. */
		MUST(verdict_of(fix, 1) == STAUTH_ALLOW);
		MUST(verdict_of(fix, i) != STAUTH_ALLOW);
	}
	limit.rlim_cur = before;
	MUST(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	pause_ms(RETRY_MS);
	login = a_login(&alice, 30);
	MUST(commit_at(fix, &login, NOW) == STAUTH_OK);
	MUST(find_at(fix, 30, 0, NOW) == STAUTH_OK);
	MUST(find_at(fix, 10, 0, NOW) == STAUTH_NOTFOUND);
}

static void g7_without_room_nothing_is_acknowledged(void **state)
{
	struct fixture *fix = *state;

	(void)add_live_session(fix, "alice", 1);
	in_child(fix, without_room);
	assert_served(fix);
	assert_int_equal(
		raw_number(fix, "SELECT count(*) FROM pragma_quick_check "
				"WHERE quick_check <> 'ok'"),
		0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_read_only_file_is_written_again, begin, end),
		cmocka_unit_test_setup_teardown(
			a_forbidden_file_is_opened_when_allowed, begin, end),
		cmocka_unit_test_setup_teardown(
			g7_without_room_nothing_is_acknowledged, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
