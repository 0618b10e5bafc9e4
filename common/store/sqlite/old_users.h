/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_OLD_USERS_H
#define STAUTH_SQLITE_OLD_USERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"

/* One row of st-auth-simple's USERS table, borrowed for the call. */
struct stauth_old_user {
	const char *username;
	size_t username_len;
	const char *password; /* url-safe base64 of the AES text */
	bool su;
};

/*
 * Reads the users of a SQLite file that st-auth-simple made, read-only. table
 * is a plain identifier (checked). ECONFIG if the file is none of its;
 * EUNREACHABLE if it is not there. Stops when row returns other than OK.
 */
enum stauth_rc stauth_sqlite_old_users(const char *file, const char *table,
	enum stauth_rc (*row)(const struct stauth_old_user *user, void *arg,
		struct stauth_err *err),
	void *arg, struct stauth_err *err);

#endif
