/* SPDX-License-Identifier: MIT */
#include <sysexits.h>

#include "auth/signup.h"
#include "ctl.h"
#include "out.h"
#include "result.h"
#include "text.h"

#include "base/banned.h"

static const struct ctl_field fields[] = {
	{"email", "E-MAIL", CTL_TEXT, 0},
	{"created_at", "CREATED", CTL_TIME, 0},
	{"expires_at", "EXPIRES", CTL_TIME, 0},
	{"verified_at", "CONFIRMED", CTL_TIME, 0}, /* SIGN_UP_APPROVAL; last */
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static void add_sign_up(struct ctl_out *out, const void *row)
{
	const struct stauth_pending *pending = row;
	const struct ctl_value values[FIELD_COUNT] = {
		{pending->email, 0},
		{NULL, pending->created_at},
		{NULL, pending->expires_at},
		{NULL, pending->verified_at},
	};

	ctl_out_row(out, values);
}

static enum stauth_rc read_page(struct ctl *ctl, const void *about,
	struct ctl_page *page, struct stauth_err *err)
{
	const struct stauth_pending_page wanted = {
		.after = page->after, .limit = page->max};

	(void)about;
	return stauth_pending_list(
		&ctl->ctx, &wanted, page->rows, &page->count, err);
}

int ctl_pending_list(struct ctl *ctl)
{
	const struct ctl_list list = {fields,
		FIELD_COUNT - !ctl->config->sign_up_approval,
		sizeof(struct stauth_pending), read_page, add_sign_up};

	return ctl_list(ctl, &list, NULL);
}

int ctl_pending_approve(struct ctl *ctl)
{
	struct stauth_err err = {0};

	if (stauth_pending_approve(&ctl->ctx, ctl->operands[0], &ctl->actor,
		    &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, CTL_TEXT_PENDING_APPROVED, ctl->operands[0]);
	return EX_OK;
}

int ctl_pending_delete(struct ctl *ctl)
{
	struct stauth_err err = {0};

	if (stauth_pending_delete(&ctl->ctx, ctl->operands[0], &ctl->actor,
		    &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, CTL_TEXT_PENDING_DELETED, ctl->operands[0]);
	return EX_OK;
}
