/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_AUDIT_H
#define STAUTH_AUDIT_H

#include "auth/ctx.h"
#include "store/records.h"

/* Who does something. name "" is the user concerned. */
struct stauth_actor {
	const char *name;
	const char *channel;
	const char *address;
};

/*
 * Names of events, in one place: login login.wrong
 * login.throttled logout confirm session.revoke session.revoke_all
 * password.change password.set user.add user.set user.disable user.enable
 * user.delete import verify signup signup.ask signup.resend signup.throttled
 * signup.pin signup.wait signup.approve signup.delete invite.add
 * invite.revoke reset reset.ask reset.link mail
 */
/* A row of what was done, without a detail; all strings are cut to fit,
 * control bytes become '?'. */
void stauth_audit_fill(struct stauth_audit_row *row, const char *event,
	const char *user, int64_t uid, const struct stauth_actor *actor);

enum stauth_rc stauth_audit_list(struct stauth_ctx *ctx,
	const struct stauth_audit_query *query,
	struct stauth_audit_row *ret_rows, size_t *ret_count,
	struct stauth_err *err);

#endif
