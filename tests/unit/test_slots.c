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

static bool is_crowded(const void *crowd)
{
	return *(const bool *)crowd;
}

/* Takes all that a crowd may have but this: f->b meets a full house. */
static void fill(struct fixture *f, struct stauth_ctx *ctx, bool *crowd)
{
	f->config->hash_slots = 1;
	f->config->page_workers = 4;
	ctx->crowded = is_crowded;
	ctx->crowd = crowd;
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

/* The only place to wait in (4 workers, 1 slot, 2 spared). */
#define PLACE  1500
#define DEVICE 1000 /* the slot of known devices */

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

static void e11_a_stranger_gives_way_to_a_queue(void **state)
{
	struct fixture *f = *state;
	bool crowd = true;
	struct stauth_slot held;
	struct stauth_slot mine;
	struct stauth_err err;

	fill(f, &f->b, &crowd);
	assert_ok(stauth_slot_take(&f->a, false, &held, &err));
	/* Of those who wait one has a place, and is not driven out. */
	assert_in_range(refused_after(&f->b), 1000, 1300);
	hold(&f->a, PLACE, F_WRLCK);
	/* Seen twice, not once: it may be just coming. Each look is a step of
	 * the clock, after one at the beginning. */
	assert_int_equal(refused_after(&f->b), 3 * step_ms);
	f->b.queued = true;
	assert_int_equal(refused_after(&f->b), 2 * step_ms);
	crowd = false;
	assert_in_range(refused_after(&f->b), 1000, 1300);
	crowd = true;
	/* A known device has its own, and a slot that is free is taken. */
	assert_ok(stauth_slot_take(&f->b, true, &mine, &err));
	stauth_slot_give(&f->b, &mine);
	hold(&f->a, DEVICE, F_WRLCK);
	assert_in_range(refused_as(&f->b, true), 1000, 1300);
	hold(&f->a, DEVICE, F_UNLCK);
	stauth_slot_give(&f->a, &held);
	assert_ok(stauth_slot_take(&f->b, false, &held, &err));
	stauth_slot_give(&f->b, &held);
	/* The place is given back, with a slot or without. */
	hold(&f->a, PLACE, F_UNLCK);
	assert_ok(stauth_slot_take(&f->a, false, &held, &err));
	assert_in_range(refused_after(&f->b), 1000, 1300);
	hold(&f->a, PLACE, F_WRLCK);
	stauth_slot_give(&f->a, &held);
}

/* Somebody new each time, whom a free worker takes. */
static bool comes_and_goes(const void *crowd)
{
	static bool there;

	(void)crowd;
	there = !there;
	return there;
}

static void e11_who_comes_and_is_served_is_no_queue(void **state)
{
	struct fixture *f = *state;
	bool crowd = true;
	struct stauth_slot held;
	struct stauth_err err;

	fill(f, &f->b, &crowd);
	f->b.crowded = comes_and_goes;
	assert_ok(stauth_slot_take(&f->a, false, &held, &err));
	hold(&f->a, PLACE, F_WRLCK);
	assert_in_range(refused_after(&f->b), 1000, 1300);
	stauth_slot_give(&f->a, &held);
}

static void e11_as_many_wait_as_leave_two_workers_free(void **state)
{
	struct fixture *f = *state;
	bool crowd = true;
	struct stauth_slot held;
	struct stauth_err err;

	fill(f, &f->b, &crowd);
	assert_ok(stauth_slot_take(&f->a, false, &held, &err));
	hold(&f->a, PLACE, F_WRLCK);
	f->config->page_workers = 5;
	assert_in_range(refused_after(&f->b), 1000, 1300);
	/* Always one, however few workers. */
	f->config->page_workers = 1;
	assert_in_range(refused_after(&f->b), 200, 400);
	hold(&f->a, PLACE, F_UNLCK);
	assert_in_range(refused_after(&f->b), 1000, 1300);
	stauth_slot_give(&f->a, &held);
}

/* Nobody's crowd is a reason for PAM. */
static void pam_gives_way_to_nobody(void **state)
{
	struct fixture *f = *state;
	bool crowd = true;
	struct stauth_slot held;
	struct stauth_err err;

	fill(f, &f->b, &crowd);
	f->a.slots = STAUTH_SLOTS_PAM;
	f->b.slots = STAUTH_SLOTS_PAM;
	assert_ok(stauth_slot_take(&f->a, false, &held, &err));
	hold(&f->a, PLACE, F_WRLCK);
	step_ms = 1000;
	assert_in_range(refused_after(&f->b), 20000, 22000);
	stauth_slot_give(&f->a, &held);
}

/* The web waits 1 s, the others 20 s. */
static void waits_have_their_bound(void **state)
{
	struct fixture *f = *state;
	struct stauth_slot held;
	struct stauth_slot slot;
	struct stauth_err err;
	int64_t from;

	f->config->hash_slots = 1;
	assert_ok(stauth_slot_take(&f->a, false, &held, &err));
	from = boot_ms;
	assert_rc(stauth_slot_take(&f->b, false, &slot, &err), STAUTH_EBUSY);
	assert_in_range(boot_ms - from, 1000, 1500);
	f->a.slots = STAUTH_SLOTS_PAM;
	f->b.slots = STAUTH_SLOTS_PAM;
	step_ms = 1000;
	assert_ok(stauth_slot_take(&f->a, false, &held, &err));
	from = boot_ms;
	assert_rc(stauth_slot_take(&f->b, false, &slot, &err), STAUTH_EBUSY);
	assert_in_range(boot_ms - from, 20000, 22000);
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
		SLOT_TEST(e11_a_stranger_gives_way_to_a_queue),
		SLOT_TEST(e11_who_comes_and_is_served_is_no_queue),
		SLOT_TEST(e11_as_many_wait_as_leave_two_workers_free),
		SLOT_TEST(pam_gives_way_to_nobody),
		SLOT_TEST(waits_have_their_bound),
		SLOT_TEST(a_killed_process_frees_its_slot),
		SLOT_TEST(the_file_is_the_directorys),
		SLOT_TEST(a_symbolic_link_is_not_followed),
		SLOT_TEST(a_missing_directory_is_out_of_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
