/* SPDX-License-Identifier: MIT */
/* What every cmocka program includes, in the order cmocka wants. */
#ifndef STAUTH_TEST_UNIT_H
#define STAUTH_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rc.h"

/* Shows the message when a call should have worked. */
#define assert_ok(call)                                                        \
	do {                                                                   \
		enum stauth_rc ok_rc = (call);                                 \
		if (ok_rc != STAUTH_OK) {                                      \
			print_error("%s: %s: %s\n", #call,                     \
				stauth_rc_name(ok_rc), err.msg);               \
		}                                                              \
		assert_int_equal(ok_rc, STAUTH_OK);                            \
	} while (0)

#define assert_rc(call, want)                                                  \
	do {                                                                   \
		enum stauth_rc got_rc = (call);                                \
		if (got_rc != (want)) {                                        \
			print_error("%s: %s, wanted %s\n", #call,              \
				stauth_rc_name(got_rc), stauth_rc_name(want)); \
		}                                                              \
		assert_int_equal(got_rc, (want));                              \
	} while (0)

#endif
