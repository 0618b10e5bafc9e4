/* SPDX-License-Identifier: MIT */
#include "auth/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "auth/name.h"
#include "auth/seal.h"
#include "base/ascii.h"
#include "base/codec.h"
#include "ctl.h"
#include "out.h"
#include "result.h"
#include "text.h"

#include "base/banned.h"

/* --- a point in time */

#define AGE_MAX 1000000000 /* of any unit */

static bool parse_age(const char *text, int64_t now_s, int64_t *ret_at)
{
	static const char units[] = "smhd";
	static const int64_t seconds[] = {1, 60, 3600, 86400};
	char number[16];
	size_t len = strlen(text);
	const char *unit = len ? strchr(units, text[len - 1]) : NULL;

	if (unit == NULL || !*unit || len > sizeof(number)) {
		return false;
	}
	snprintf(number, sizeof(number), "%.*s", (int)len - 1, text);
	int64_t count = 0;
	if (!stauth_parse_int(number, 0, AGE_MAX, &count)) {
		return false;
	}
	*ret_at = now_s - count * seconds[unit - units];
	return true;
}

static bool parse_date(const char *text, int64_t *ret_at)
{
	static const char *const formats[] = {
		"%Y-%m-%dT%H:%M:%SZ",
		"%Y-%m-%dT%H:%M:%S",
		"%Y-%m-%dT%H:%MZ",
		"%Y-%m-%dT%H:%M",
		"%Y-%m-%d %H:%M:%S",
		"%Y-%m-%d %H:%M",
		"%Y-%m-%d",
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct tm tm = {0};
		const char *end = strptime(text, formats[i], &tm);

		if (end != NULL && !*end) {
			*ret_at = timegm(&tm);
			return true;
		}
	}
	return false;
}

/* "2026-11-23", "2026-11-23T21:05[:09]" with or without a Z (UTC either way),
 * Unix seconds, or an age: "90s", "30m", "12h", "7d". */
static bool parse_since(const char *text, int64_t now_s, int64_t *ret_at)
{
	return parse_age(text, now_s, ret_at) || parse_date(text, ret_at) ||
	       stauth_parse_int(text, 0, INT64_MAX, ret_at);
}

/* --- audit */

#define PAGE 200 /* rows read at once */

static const struct ctl_field fields[] = {
	{"id", NULL, CTL_NUMBER, 0},
	{"at", "AT", CTL_TIME, 20},
	{"event", "EVENT", CTL_TEXT, 18},
	{"ok", NULL, CTL_FLAG, 0},
	{NULL, "OK", CTL_TEXT, 2},
	{"user", "USER", CTL_TEXT, 16},
	{"actor", "ACTOR", CTL_TEXT, 10},
	{"channel", "CHANNEL", CTL_TEXT, 7},
	{"address", "ADDRESS", CTL_TEXT, 15},
	{"detail", "DETAIL", CTL_TEXT, 0},
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

/* Where the reading stands. */
struct cursor {
	struct stauth_audit_query query;
	struct stauth_audit_row *page;
};

static void add_row(struct ctl_out *out, const struct stauth_audit_row *row)
{
	const struct ctl_value values[FIELD_COUNT] = {
		{NULL, row->id},
		{NULL, row->at},
		{row->event, 0},
		{NULL, row->ok},
		{row->ok ? "ok" : "no", 0},
		{row->user, 0},
		{row->actor, 0},
		{row->channel, 0},
		{row->address, 0},
		{row->detail, 0},
	};

	ctl_out_row(out, values);
}

/* All rows there are now, a page at a time; the cursor moves behind them. */
static enum stauth_rc add_all(struct ctl *ctl, struct cursor *cursor,
	struct ctl_out *out, struct stauth_err *err)
{
	size_t count = PAGE;

	while (count == PAGE) {
		enum stauth_rc rc = stauth_audit_list(
			&ctl->ctx, &cursor->query, cursor->page, &count, err);

		if (rc != STAUTH_OK) {
			return rc;
		}
		for (size_t i = 0; i < count; i++) {
			add_row(out, &cursor->page[i]);
		}
		if (count) {
			cursor->query.after_id = cursor->page[count - 1].id;
			cursor->query.after_at = cursor->page[count - 1].at;
		}
		ctl_out_page(out);
	}
	return STAUTH_OK;
}

/* Until a signal, or a reader who went away. A store that is out of reach is
 * waited for: the one who watches wants to see the time after, too. */
static int follow(struct ctl *ctl, struct cursor *cursor, struct ctl_out *out)
{
	const struct timespec second = {.tv_sec = 1};
	struct stauth_err err = {0};
	bool reported = false;

	for (;;) {
		enum stauth_rc rc = add_all(ctl, cursor, out, &err);

		if (rc != STAUTH_OK && rc != STAUTH_EUNREACHABLE &&
			rc != STAUTH_EUNKNOWN) {
			ctl_out_drop(out);
			return ctl_fail(ctl, &err);
		}
		if (rc != STAUTH_OK && !reported) {
			ctl_warn(CTL_TEXT_AUDIT_WAITING, err.msg);
		}
		reported = rc != STAUTH_OK;
		if (ctl_out_flush() != EX_OK) {
			ctl_out_drop(out);
			return EX_TEMPFAIL;
		}
		nanosleep(&second, NULL);
	}
}

static int list(struct ctl *ctl, struct cursor *cursor)
{
	bool follows = ctl->opt[CTL_FOLLOW] != NULL;
	/* One array cannot be left open for ever: lines, when following. */
	enum ctl_form form = ctl->json && !follows ? CTL_MANY : CTL_LINES;
	struct ctl_out out;

	ctl_out_begin(&out, form, ctl->json, fields, FIELD_COUNT);
	if (follows) {
		return follow(ctl, cursor, &out);
	}
	struct stauth_err err = {0};
	if (add_all(ctl, cursor, &out, &err) != STAUTH_OK) {
		ctl_out_drop(&out);
		return ctl_fail(ctl, &err);
	}
	return ctl_out_end(&out);
}

int ctl_audit(struct ctl *ctl)
{
	const char *since = ctl->opt[CTL_SINCE];
	const char *user = ctl->opt[CTL_USER];
	int64_t now_s = stauth_ctx_now(&ctl->ctx);
	bool follows = ctl->opt[CTL_FOLLOW] != NULL;
	/* Who follows gets what is written, whatever the clock does. */
	struct cursor cursor = {
		.query = {.order = follows ? STAUTH_AUDIT_BY_ID
					   : STAUTH_AUDIT_OLDEST,
			.limit = PAGE}};

	if (since != NULL &&
		!parse_since(since, now_s, &cursor.query.since_s)) {
		return ctl_usage(CTL_TEXT_SINCE);
	}
	if (since == NULL && follows) {
		cursor.query.since_s = now_s;
	}
	char name[STAUTH_NAME_SIZE];
	/* A deleted user still has a trail: the name need not be known. */
	if (user != NULL) {
		cursor.query.user = stauth_name_canonical(user, strlen(user),
					    name, NULL) == STAUTH_OK
					    ? name
					    : user;
	}
	cursor.page = calloc(PAGE, sizeof(*cursor.page));
	if (cursor.page == NULL) {
		return ctl_fail_with(EX_TEMPFAIL, CTL_TEXT_NO_MEMORY);
	}
	int code = list(ctl, &cursor);
	free(cursor.page);
	return code;
}

/* --- audit verify */

static const struct ctl_field verify_fields[] = {
	{"seals", "seals", CTL_NUMBER, 0},
	{"rows", "rows", CTL_NUMBER, 0},
	{"deleted", "deleted", CTL_NUMBER, 0},
	{"unsealed", "unsealed", CTL_NUMBER, 0},
	{"findings", "findings", CTL_NUMBER, 0},
	{"number", "number", CTL_NUMBER, 0},
	{"head", "head", CTL_TEXT, 0},
};

#define VERIFY_COUNT (sizeof(verify_fields) / sizeof(verify_fields[0]))

static void warn_of(const char *what, void *user)
{
	(void)user;
	ctl_warn("%s", what);
}

/* 64 hex digits, in lower case. */
static bool parse_head(const char *text, char ret_head[STAUTH_SEAL_HEX])
{
	size_t len = strlen(text);

	if (len != STAUTH_SEAL_HEX - 1 ||
		strspn(text, "0123456789abcdefABCDEF") != len) {
		return false;
	}
	for (size_t i = 0; i <= len; i++) {
		ret_head[i] = stauth_to_lower(text[i]);
	}
	return true;
}

int ctl_audit_verify(struct ctl *ctl)
{
	const char *head = ctl->opt[CTL_HEAD];
	char wanted[STAUTH_SEAL_HEX];

	if (head != NULL && !parse_head(head, wanted)) {
		return ctl_usage(CTL_TEXT_HEAD);
	}
	struct stauth_audit_verify verify = {
		.head = head != NULL ? wanted : NULL, .found = warn_of};
	struct stauth_err err = {0};
	if (stauth_audit_verify(&ctl->ctx, &verify, &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	char last[STAUTH_SEAL_HEX] = "";
	if (verify.seals > 0) {
		stauth_hex_encode(
			verify.last.hash, sizeof(verify.last.hash), last);
	}
	const struct ctl_value values[VERIFY_COUNT] = {
		{NULL, verify.seals},
		{NULL, verify.rows},
		{NULL, verify.deleted},
		{NULL, verify.unsealed},
		{NULL, verify.findings},
		{NULL, verify.last.number},
		{last, 0},
	};
	struct ctl_out out;
	ctl_out_begin(&out, CTL_ONE, ctl->json, verify_fields, VERIFY_COUNT);
	ctl_out_row(&out, values);
	int code = ctl_out_end(&out);
	return code == EX_OK && verify.findings > 0 ? EX_DATAERR : code;
}
