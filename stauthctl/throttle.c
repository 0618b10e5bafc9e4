/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <sysexits.h>

#include "auth/throttle.h"
#include "ctl.h"
#include "out.h"
#include "result.h"

#include "base/banned.h"

#define PAGE 200 /* counters read at once */

static const struct ctl_field fields[] = {
	{"lane", "LANE", CTL_TEXT, 0},
	{"user", "USER", CTL_TEXT, 0},
	{"source", "SOURCE", CTL_TEXT, 0},
	{"failures", "FAILURES", CTL_NUMBER, 0},
	{"first_at", "FIRST", CTL_TIME, 0},
	{"last_at", "LAST", CTL_TIME, 0},
	{"wait_s", "WAIT", CTL_NUMBER, 0},
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static void add_row(struct ctl_out *out, const struct stauth_throttle_row *row)
{
	const struct ctl_value values[FIELD_COUNT] = {
		{row->count.name, 0},
		{row->user, 0},
		{row->source, 0},
		{NULL, row->count.failures},
		{NULL, row->count.first_at},
		{NULL, row->count.last_at},
		{NULL, row->wait_s},
	};

	ctl_out_row(out, values);
}

static enum stauth_rc add_all(struct ctl *ctl, struct ctl_out *out,
	struct stauth_throttle_row *page, struct stauth_err *err)
{
	struct stauth_throttle_row after;
	size_t count = PAGE;
	enum stauth_rc rc =
		stauth_throttle_list(&ctl->ctx, NULL, PAGE, page, &count, err);

	while (rc == STAUTH_OK) {
		for (size_t i = 0; i < count; i++) {
			add_row(out, &page[i]);
		}
		ctl_out_page(out);
		if (count < PAGE) {
			break;
		}
		after = page[count - 1];
		rc = stauth_throttle_list(
			&ctl->ctx, &after, PAGE, page, &count, err);
	}
	return rc;
}

int ctl_throttle_list(struct ctl *ctl)
{
	struct stauth_throttle_row *page = calloc(PAGE, sizeof(*page));
	struct stauth_err err = {0};
	struct ctl_out out;
	int code;

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

int ctl_throttle_clear(struct ctl *ctl)
{
	const char *whose = ctl->operand_count ? ctl->operands[0] : NULL;
	struct stauth_err err = {0};
	int cleared = 0;

	if (stauth_throttle_clear(&ctl->ctx, whose, &ctl->actor, &cleared,
		    &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, "counters cleared: %d", cleared);
	return EX_OK;
}
