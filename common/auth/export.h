/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_EXPORT_H
#define STAUTH_EXPORT_H

#include <stdbool.h>

#include "auth/ctx.h"
#include "auth/session.h"
#include "store/records.h"

/*
 * Every account in order of name; password is "" unless with_hashes. Stops
 * when row returns other than OK. Read page by page, so that it needs no more
 * memory for a million: each account is handed out as it stood at one
 * instant, all of them together need not be.
 */
struct stauth_export {
	bool with_hashes;
	enum stauth_rc (*row)(const struct stauth_account *account, void *arg,
		struct stauth_err *err);
	void *arg;
};
enum stauth_rc stauth_export(struct stauth_ctx *ctx,
	const struct stauth_export *job, const struct stauth_actor *actor,
	struct stauth_err *err);

#endif
