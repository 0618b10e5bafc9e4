/* SPDX-License-Identifier: MIT */
/* The options of the module's line: each once, none unknown. */
#include "unit.h"

#include <stdlib.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "../../pam_stauth/args.h"

#include "base/banned.h"

#define HUGE_LEN 65536

/* In place of libpam's: counts instead of writing into the journal. */
static int complaints;

void pam_syslog(const pam_handle_t *pamh, int priority, const char *format, ...)
{
	(void)pamh;
	(void)priority;
	(void)format;
	complaints++;
}

static int parse(const char *first, const char *second, struct pamst_args *args)
{
	const char *argv[] = {first, second};
	int argc = (first != NULL) + (second != NULL);

	complaints = 0;
	return pamst_args_parse(NULL, argc, argv, args);
}

static void a22_known_options_are_taken(void **state)
{
	struct pamst_args args;

	(void)state;
	assert_int_equal(parse(NULL, NULL, &args), PAM_SUCCESS);
	assert_null(args.conf);
	assert_null(args.helper);
	assert_false(args.any_account);
	assert_int_equal(parse("conf=/a", "helper=/b", &args), PAM_SUCCESS);
	assert_string_equal(args.conf, "/a");
	assert_string_equal(args.helper, "/b");
	assert_int_equal(
		parse("minimum_uid=0", "group=ops-1", &args), PAM_SUCCESS);
	assert_string_equal(args.minimum_uid, "0");
	assert_string_equal(args.group, "ops-1");
	assert_int_equal(
		parse("require_su", "any_account", &args), PAM_SUCCESS);
	assert_true(args.require_su && args.any_account);
	assert_int_equal(
		parse("try_first_pass", "use_authtok", &args), PAM_SUCCESS);
	assert_true(args.try_first_pass && args.use_authtok);
	assert_int_equal(parse("debug", "quiet", &args), PAM_SUCCESS);
	assert_int_equal(complaints, 0);
}

static void a22_other_options_are_refused_and_logged(void **state)
{
	static const char *const cases[][2] = {
		{"", NULL},
		{"nullok", NULL},
		{"DEBUG", NULL},
		{"debugging", NULL},
		{"debug=1", NULL},
		{"require_su ", NULL},
		{"conf", NULL},
		{"conf=", NULL},
		{"conf=stauth.conf", NULL},
		{"conf=../../etc/x", NULL},
		{"conf=/etc/../x", NULL},
		{"config=/etc/x", NULL},
		{"helper=", NULL},
		{"helper=stauth_chkpwd", NULL},
		{"helper=./x", NULL},
		{"minimum_uid=", NULL},
		{"minimum_uid=-1", NULL},
		{"minimum_uid=0x10", NULL},
		{"minimum_uid= 1", NULL},
		{"minimum_uid=1000000000", NULL},
		{"group=", NULL},
		{"group=a b", NULL},
		{"group=a\nb", NULL},
		{"conf=/a", "conf=/a"},
		{"conf=/a", "conf=/b"},
		{"helper=/a", "helper=/b"},
		{"minimum_uid=1", "minimum_uid=2"},
		{"group=a", "group=b"},
		{"debug", "debug"},
		{"any_account", "any_account"},
		{"try_first_pass", "use_first_pass"},
		{"use_first_pass", "try_first_pass"},
		{"quiet", "unknown"},
	};
	struct pamst_args args;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (parse(cases[i][0], cases[i][1], &args) != PAM_SERVICE_ERR ||
			complaints != 1) {
			fail_msg("case %zu: %s", i, cases[i][0]);
		}
	}
}

static void a22_paths_that_leave_by_dots_are_refused(void **state)
{
	static const char *const cases[] = {"conf=/..", "conf=/etc/..",
		"conf=/etc/../etc/x", "helper=/a/.."};
	struct pamst_args args;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (parse(cases[i], NULL, &args) != PAM_SERVICE_ERR) {
			fail_msg("%s", cases[i]);
		}
	}
	assert_int_equal(parse("conf=/etc/..x/y..z", NULL, &args), PAM_SUCCESS);
}

static void a22_huge_options_are_refused(void **state)
{
	static const char *const starts[] = {
		"", "conf=/", "helper=/", "group=", "minimum_uid=", "debug"};
	char *arg = malloc(HUGE_LEN + 1);
	struct pamst_args args;

	(void)state;
	assert_non_null(arg);
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		memset(arg, i == 4 ? '1' : 'a', HUGE_LEN);
		arg[HUGE_LEN] = '\0';
		memcpy(arg, starts[i], strlen(starts[i]));
		assert_int_equal(parse(arg, NULL, &args), PAM_SERVICE_ERR);
		assert_int_equal(complaints, 1);
	}
	free(arg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a22_known_options_are_taken),
		cmocka_unit_test(a22_other_options_are_refused_and_logged),
		cmocka_unit_test(a22_paths_that_leave_by_dots_are_refused),
		cmocka_unit_test(a22_huge_options_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
