/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/slots.h"

#include "base/banned.h"

struct fixture {
	struct stauth_config *config;
	struct stauth_ctx a; /* two processes, as far as the locks go */
	struct stauth_ctx b;
};

static int64_t boot_ms;
static int64_t step_ms = 100;

/* Each look at the clock takes a while, so that nobody waits for real. */
static int64_t fast_clock(void)
{
	return boot_ms += step_ms;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	step_ms = 100;
	f->config = calloc(1, sizeof(*f->config));
	(void)snprintf(f->config->state_dir, sizeof(f->config->state_dir),
		"/tmp/stauth-slots-XXXXXX");
	if (!mkdtemp(f->config->state_dir)) {
		return -1;
	}
	f->config->hash_slots = 2;
	stauth_ctx_init(&f->a, f->config);
	stauth_ctx_init(&f->b, f->config);
	f->a.boot_ms = fast_clock;
	f->b.boot_ms = fast_clock;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX + 16];

	stauth_ctx_finish(&f->a);
	stauth_ctx_finish(&f->b);
	(void)snprintf(
		path, sizeof(path), "%s/slots.lock", f->config->state_dir);
	(void)unlink(path);
	(void)rmdir(f->config->state_dir);
	free(f->config);
	free(f);
	return 0;
}

static void e11_as_many_slots_as_configured_over_all_processes(void **state)
{
	struct fixture *f = *state;
	struct stauth_slot one;
	struct stauth_slot two;
	struct stauth_slot three;
	struct stauth_err err;

	/* A context of its own stands for a process of its own. */
	assert_ok(stauth_slot_take(&f->a, false, &one, &err));
	f->config->hash_slots = 1;
	assert_rc(stauth_slot_take(&f->b, false, &three, &err), STAUTH_EBUSY);
	assert_int_equal(three.index, -1);
	f->config->hash_slots = 2;
	assert_ok(stauth_slot_take(&f->b, false, &two, &err));
	assert_int_not_equal(one.index, two.index);
	stauth_slot_give(&f->a, &one);
	f->config->hash_slots = 1;
	assert_ok(stauth_slot_take(&f->b, false, &three, &err));
	stauth_slot_give(&f->b, &two);
	stauth_slot_give(&f->b, &three);
}

static void e6_a_known_device_finds_a_slot_in_a_flood(void **state)
{
	struct fixture *f = *state;
	struct stauth_slot flood;
	struct stauth_slot mine;
	struct stauth_err err;

	f->config->hash_slots = 1;
	assert_ok(stauth_slot_take(&f->a, false, &flood, &err));
	assert_rc(stauth_slot_take(&f->b, false, &mine, &err), STAUTH_EBUSY);
	assert_ok(stauth_slot_take(&f->b, true, &mine, &err));
	assert_int_not_equal(flood.index, mine.index);
	stauth_slot_give(&f->a, &flood);
	stauth_slot_give(&f->b, &mine);
}

static void pam_and_cli_have_slots_of_their_own(void **state)
{
	struct fixture *f = *state;
	struct stauth_slot web;
	struct stauth_slot other;
	struct stauth_slot again;
	struct stauth_err err;

	f->config->hash_slots = 1;
	assert_ok(stauth_slot_take(&f->a, false, &web, &err));
	f->b.slots = STAUTH_SLOTS_PAM;
	assert_ok(stauth_slot_take(&f->b, false, &other, &err));
	f->b.slots = STAUTH_SLOTS_CLI;
	assert_ok(stauth_slot_take(&f->b, false, &other, &err));
	f->a.slots = STAUTH_SLOTS_CLI;
	assert_rc(stauth_slot_take(&f->a, true, &again, &err), STAUTH_EBUSY);
}

/* How long a try takes that ends without a slot. */
static int64_t refused_as(struct stauth_ctx *ctx, bool known_device)
{
	struct stauth_slot slot;
	struct stauth_err err;
	int64_t from = boot_ms;

	assert_rc(
		stauth_slot_take(ctx, known_device, &slot, &err), STAUTH_EBUSY);
	return boot_ms - from;
}

static int64_t refused_after(struct stauth_ctx *ctx)
{
	return refused_as(ctx, false);
}

#define DEVICE 1000 /* the slot of known devices */
#define PLACE  1500 /* the first of the places to wait in */

static void hold(struct stauth_ctx *ctx, off_t byte, short type)
{
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1,
	};

	assert_int_equal(fcntl(ctx->slots_fd, F_OFD_SETLK, &lock), 0);
}

static void e11_half_of_the_workers_wait_and_no_more(void **state)
{
	struct fixture *f = *state;
	struct stauth_slot held;
	struct stauth_err err;

	f->config->hash_slots = 1;
	f->config->page_workers = 5;
	assert_ok(stauth_slot_take(&f->a, false, &held, &err));
	hold(&f->a, PLACE, F_WRLCK);
	assert_in_range(refused_after(&f->b), 3000, 3300);
	assert_ok(stauth_slot_check(&f->b, false, &err));
	hold(&f->a, PLACE + 1, F_WRLCK);
	assert_int_equal(refused_after(&f->b), 0);
	assert_int_equal(stauth_slot_check(&f->b, false, &err), STAUTH_EBUSY);
	assert_ok(stauth_slot_check(&f->b, true, &err));
	f->config->page_workers = 6;
	assert_in_range(refused_after(&f->b), 3000, 3300);
	/* Always one, however few workers. */
	f->config->page_workers = 1;
	assert_int_equal(refused_after(&f->b), 0);
	hold(&f->a, PLACE, F_UNLCK);
	assert_in_range(refused_after(&f->b), 3000, 3300);
	stauth_slot_give(&f->a, &held);
}

static void e11_a_place_is_given_back(void **state)
{
	struct fixture *f = *state;
	struct stauth_slot held;
	struct stauth_err err;
	struct stauth_slot mine;

	f->config->hash_slots = 1;
	f->config->page_workers = 2;
	assert_ok(stauth_slot_take(&f->a, false, &held, &err));
	for (int i = 0; i < 3; i++) {
		assert_in_range(refused_after(&f->b), 3000, 3300);
	}
	stauth_slot_give(&f->a, &held);
	assert_ok(stauth_slot_take(&f->b, false, &mine, &err));
	hold(&f->a, PLACE, F_WRLCK);
	stauth_slot_give(&f->b, &mine);
}

/* Neither a known device nor PAM needs a place to wait in. */
static void e11_who_is_no_stranger_waits_in_any_crowd(void **state)
{
	struct fixture *f = *state;
	struct stauth_slot held;
	struct stauth_err err;
	struct stauth_slot pam;

	f->config->hash_slots = 1;
	f->config->page_workers = 2;
	assert_ok(stauth_slot_take(&f->a, false, &held, &err));
	hold(&f->a, PLACE, F_WRLCK);
	hold(&f->a, DEVICE, F_WRLCK);
	assert_int_equal(refused_after(&f->b), 0);
	assert_in_range(refused_as(&f->b, true), 3000, 3300);
	f->a.slots = STAUTH_SLOTS_PAM;
	f->b.slots = STAUTH_SLOTS_PAM;
	assert_ok(stauth_slot_take(&f->a, false, &pam, &err));
	step_ms = 1000;
	assert_in_range(refused_after(&f->b), 20000, 22000);
}

static void a_killed_process_frees_its_slot(void **state)
{
	struct fixture *f = *state;
	struct stauth_slot slot;
	struct stauth_err err;
	pid_t pid;
	int status;

	f->config->hash_slots = 1;
	pid = fork();
	if (pid == 0) {
		_exit(stauth_slot_take(&f->a, false, &slot, &err) == STAUTH_OK
				? 7
				: 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_ok(stauth_slot_take(&f->b, false, &slot, &err));
}

static void the_file_is_the_directorys(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX + 16];
	struct stauth_slot slot;
	struct stauth_err err;
	struct stat st;
	mode_t mask = umask(077);

	assert_ok(stauth_slot_take(&f->a, false, &slot, &err));
	(void)umask(mask);
	(void)snprintf(
		path, sizeof(path), "%s/slots.lock", f->config->state_dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	/* Removed by a tidy hand: the next taker makes a new one. */
	assert_int_equal(unlink(path), 0);
	assert_ok(stauth_slot_take(&f->a, false, &slot, &err));
	assert_int_equal(stat(path, &st), 0);
}

static void a_symbolic_link_is_not_followed(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX + 16];
	char target[PATH_MAX + 16];
	struct stauth_slot slot;
	struct stauth_err err;
	int fd;

	(void)snprintf(
		path, sizeof(path), "%s/slots.lock", f->config->state_dir);
	(void)snprintf(
		target, sizeof(target), "%s/other", f->config->state_dir);
	assert_int_equal(symlink(target, path), 0);
	/* To nothing: nothing is made there. */
	assert_rc(stauth_slot_take(&f->a, false, &slot, &err),
		STAUTH_EUNREACHABLE);
	assert_int_equal(slot.index, -1);
	assert_int_equal(access(target, F_OK), -1);
	/* To a file: that is not locked instead. */
	fd = open(target, O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_rc(stauth_slot_take(&f->a, false, &slot, &err),
		STAUTH_EUNREACHABLE);
	assert_int_equal(slot.index, -1);
	assert_int_equal(unlink(target), 0);
}

static void a_missing_directory_is_out_of_reach(void **state)
{
	struct fixture *f = *state;
	char kept[PATH_MAX];
	struct stauth_slot slot = {.index = 5};
	struct stauth_err err;

	memcpy(kept, f->config->state_dir, sizeof(kept));
	(void)snprintf(f->config->state_dir, sizeof(f->config->state_dir),
		"/nonexistent/stauth");
	assert_rc(stauth_slot_take(&f->a, false, &slot, &err),
		STAUTH_EUNREACHABLE);
	assert_int_equal(slot.index, -1);
	stauth_slot_give(&f->a, &slot);
	memcpy(f->config->state_dir, kept, sizeof(kept));
	assert_ok(stauth_slot_take(&f->a, false, &slot, &err));
}

#define SLOT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SLOT_TEST(e11_as_many_slots_as_configured_over_all_processes),
		SLOT_TEST(e6_a_known_device_finds_a_slot_in_a_flood),
		SLOT_TEST(pam_and_cli_have_slots_of_their_own),
		SLOT_TEST(e11_half_of_the_workers_wait_and_no_more),
		SLOT_TEST(e11_a_place_is_given_back),
		SLOT_TEST(e11_who_is_no_stranger_waits_in_any_crowd),
		SLOT_TEST(a_killed_process_frees_its_slot),
		SLOT_TEST(the_file_is_the_directorys),
		SLOT_TEST(a_symbolic_link_is_not_followed),
		SLOT_TEST(a_missing_directory_is_out_of_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
