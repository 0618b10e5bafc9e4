/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <sysexits.h>

#include "auth/rate_limit.h"
#include "ctl.h"
#include "out.h"
#include "result.h"
#include "text.h"

#include "base/banned.h"

static const struct ctl_field fields[] = {
	{"limit", "LIMIT", CTL_TEXT, 0},
	{"user", "USER", CTL_TEXT, 0},
	{"source", "SOURCE", CTL_TEXT, 0},
	{"failures", "FAILURES", CTL_NUMBER, 0},
	{"first_at", "FIRST", CTL_TIME, 0},
	{"last_at", "LAST", CTL_TIME, 0},
	{"wait_s", "WAIT", CTL_NUMBER, 0},
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static void add_limit(struct ctl_out *out, const void *of)
{
	const struct stauth_rate_limit_row *row = of;
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

static enum stauth_rc read_page(struct ctl *ctl, const void *about,
	struct ctl_page *page, struct stauth_err *err)
{
	const struct stauth_rate_limit_page asked = {page->after, page->max};

	(void)about;
	return stauth_rate_limit_list(
		&ctl->ctx, &asked, page->rows, &page->count, err);
}

int ctl_throttle_list(struct ctl *ctl)
{
	static const struct ctl_list list = {fields, FIELD_COUNT,
		sizeof(struct stauth_rate_limit_row), read_page, add_limit};

	return ctl_list(ctl, &list, NULL);
}

int ctl_throttle_clear(struct ctl *ctl)
{
	const char *whose = ctl->operand_count ? ctl->operands[0] : NULL;
	struct stauth_err err = {0};
	int cleared = 0;

	if (stauth_rate_limit_clear(&ctl->ctx, whose, &ctl->actor, &cleared,
		    &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, CTL_TEXT_COUNTERS_CLEARED, cleared);
	return EX_OK;
}
