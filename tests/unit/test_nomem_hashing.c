/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/codec.h"
#include "nomem.h"

#include "base/banned.h"

#define LAST 20000

enum outcome {
	DIED,
	LAME, /* still out of order with memory there */
	RIGHT,
	THROUGH, /* nothing was refused */
};

static bool hash_both(void)
{
	uint8_t hash[STAUTH_SHA256_LEN];
	bool one = stauth_sha256("text", 4, hash);

	return stauth_hmac_sha256("key", 3, "text", 4, hash) && one;
}

static enum outcome try_it(long n)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		enum outcome outcome = LAME;

		nomem_arm(n, false);
		(void)hash_both();
		if (nomem_disarm() == 0) {
			outcome = THROUGH;
		} else if (hash_both()) {
			outcome = RIGHT;
		}
		_exit((int)outcome);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? (enum outcome)WEXITSTATUS(status) : DIED;
}

/* The processes of the gate are forked after it was made ready. */
static void x14_hashing_works_again_with_memory(void **state)
{
	enum outcome outcome = RIGHT;
	long n = 0;

	(void)state;
	assert_true(stauth_hashing_ready());
	while (outcome == RIGHT && n < LAST) {
		outcome = try_it(++n);
	}
	assert_int_equal(outcome, THROUGH);
	assert_true(n > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x14_hashing_works_again_with_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
