/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_PROVIDER_H
#define STAUTH_SQLITE_PROVIDER_H

#include "base/rc.h"
#include "store/handle.h"

struct stauth_config;
struct stauth_restore;

/* See store/table.h. */
enum stauth_rc stauth_sqlite_open(const struct stauth_config *config,
	enum stauth_store_role role, struct stauth_store *ret_store,
	struct stauth_err *err);
enum stauth_rc stauth_sqlite_init(
	const struct stauth_config *config, struct stauth_err *err);
enum stauth_rc stauth_sqlite_backup(const struct stauth_config *config,
	const char *file, struct stauth_err *err);
enum stauth_rc stauth_sqlite_restore(const struct stauth_config *config,
	const char *file, const struct stauth_restore *job,
	struct stauth_err *err);

#endif
