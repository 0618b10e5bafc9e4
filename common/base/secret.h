/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SECRET_H
#define STAUTH_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"

/* Longest password that is accepted, in bytes (CONTRACT: 1 to 511). */
#define STAUTH_PASSWORD_MAX 511

/*
 * A secret in caller-owned memory of fixed size: never grown, so nothing is
 * left behind by a move; wiped over its whole capacity.
 */
struct stauth_secret {
	size_t len;
	char data[STAUTH_PASSWORD_MAX + 1]; /* always NUL terminated */
};

/* Overwrites and is never optimised away. */
void stauth_wipe(void *data, size_t len);
/* Refuses pointers at compile time: sizeof would wipe eight bytes. */
#define stauth_wipe_array(a)                                                   \
	stauth_wipe((a), sizeof(a) + 0 * sizeof(struct {                       \
		_Static_assert(!__builtin_types_compatible_p(                  \
				       __typeof__(a), __typeof__(&(a)[0])),    \
			"an array, not a pointer");                            \
		int unused;                                                    \
	}))

/* Copies; BADVALUE if empty, longer than the maximum or holding a NUL. */
enum stauth_rc stauth_secret_set(struct stauth_secret *secret, const char *data,
	size_t len, struct stauth_err *err);
void stauth_secret_wipe(struct stauth_secret *secret);

/* Same bytes? Takes the same time wherever they differ. */
bool stauth_equal_ct(const void *a, const void *b, size_t len);

#endif
