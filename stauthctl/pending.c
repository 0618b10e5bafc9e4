/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <sysexits.h>

#include "auth/signup.h"
#include "ctl.h"
#include "out.h"
#include "result.h"

#include "base/banned.h"

#define PAGE 200 /* sign-ups read at once */

static const struct ctl_field fields[] = {
	{"email", "E-MAIL", CTL_TEXT, 0},
	{"created_at", "CREATED", CTL_TIME, 0},
	{"expires_at", "EXPIRES", CTL_TIME, 0},
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static enum stauth_rc add_all(struct ctl *ctl, struct ctl_out *out,
	struct stauth_pending *page, struct stauth_err *err)
{
	struct stauth_pending after;
	bool first = true;
	size_t count = PAGE;

	while (count == PAGE) {
		enum stauth_rc rc = stauth_pending_list(&ctl->ctx,
			first ? NULL : &after, PAGE, page, &count, err);

		if (rc != STAUTH_OK) {
			return rc;
		}
		for (size_t i = 0; i < count; i++) {
			const struct ctl_value values[FIELD_COUNT] = {
				{page[i].email, 0},
				{NULL, page[i].created_at},
				{NULL, page[i].expires_at},
			};

			ctl_out_row(out, values);
		}
		if (count > 0) {
			after = page[count - 1];
			first = false;
		}
		ctl_out_page(out);
	}
	return STAUTH_OK;
}

int ctl_pending_list(struct ctl *ctl)
{
	struct stauth_pending *page = calloc(PAGE, sizeof(*page));
	struct stauth_err err = {0};
	struct ctl_out out;
	int code = EX_OK;

	if (!page) {
		return ctl_fail_with(EX_TEMPFAIL, "out of memory");
	}
	ctl_out_begin(&out, CTL_MANY, ctl->json, fields, FIELD_COUNT);
	if (add_all(ctl, &out, page, &err) == STAUTH_OK) {
		code = ctl_out_end(&out);
	} else {
		ctl_out_drop(&out);
		code = ctl_fail(ctl, &err);
	}
	free(page);
	return code;
}

int ctl_pending_delete(struct ctl *ctl)
{
	struct stauth_err err = {0};

	if (stauth_pending_delete(&ctl->ctx, ctl->operands[0], &ctl->actor,
		    &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, "the sign-ups of %s are forgotten", ctl->operands[0]);
	return EX_OK;
}
