/* SPDX-License-Identifier: MIT */
#include "auth/invite.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include <qrencode.h>

#include "args.h"
#include "base/secret.h"
#include "ctl.h"
#include "out.h"
#include "result.h"
#include "text.h"

#include "base/banned.h"

#define QUIET 4 /* modules of light around a QR code, as its standard asks */

static const struct ctl_field fields[] = {
	{"id", "ID", CTL_TEXT, 0}, {"email", "E-MAIL", CTL_TEXT, 0},
	{"groups", "GROUPS", CTL_LIST, 0}, {"uses", "USES", CTL_NUMBER, 0},
	{"uses_left", "LEFT", CTL_NUMBER, 0},
	{"approved", "APPROVED", CTL_FLAG, 0},
	{"created_by", "BY", CTL_TEXT, 0},
	{"created_at", "CREATED", CTL_TIME, 0},
	{"expires_at", "EXPIRES", CTL_TIME, 0},
	{"link", NULL, CTL_TEXT, 0}, /* of a new one; last */
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static void add_row(struct ctl_out *out, const void *row, const char *link)
{
	const struct stauth_invite *invite = row;
	const struct ctl_value values[FIELD_COUNT] = {
		{invite->id, 0},
		{invite->email, 0},
		{invite->groups, 0},
		{NULL, invite->uses},
		{NULL, invite->uses_left},
		{NULL, invite->approved},
		{invite->created_by, 0},
		{NULL, invite->created_at},
		{NULL, invite->expires_at},
		{link, 0},
	};

	ctl_out_row(out, values);
}

/* --uses, --days: 0 where it is not given. */
static int take_number(
	const struct ctl *ctl, enum ctl_opt opt, int most, int *ret_number)
{
	const char *text = ctl->opt[opt];
	char *end = NULL;
	long number = text != NULL ? strtol(text, &end, 10) : 0;

	if (text != NULL &&
		(end == text || *end != '\0' || number < 1 || number > most)) {
		return ctl_usage(
			CTL_TEXT_INVITE_NUMBER, ctl_opt_name(opt), most);
	}
	*ret_number = (int)number;
	return EX_OK;
}

static bool is_light(const QRcode *code, int x, int y)
{
	return x < 0 || y < 0 || x >= code->width || y >= code->width ||
	       (code->data[y * code->width + x] & 1) == 0;
}

/* Two rows a line. Light is drawn: right on a dark terminal, and inverted on a
 * light one, which readers take too. */
static void put_qr(const char *text)
{
	static const char *const blocks[] = {" ", "\xe2\x96\x84",
		"\xe2\x96\x80", "\xe2\x96\x88"}; /* lower, upper, both */
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);

	if (code == NULL) {
		return;
	}
	for (int y = -QUIET; y < code->width + QUIET; y += 2) {
		for (int x = -QUIET; x < code->width + QUIET; x++) {
			fputs(blocks[2 * is_light(code, x, y) +
				      is_light(code, x, y + 1)],
				stdout);
		}
		fputc('\n', stdout);
	}
	stauth_wipe(code->data, (size_t)code->width * (size_t)code->width);
	QRcode_free(code);
}

/* The link for programs and for people, and on a terminal its QR code. */
static int show(
	struct ctl *ctl, const struct stauth_invite *invite, const char *link)
{
	struct ctl_out out;

	if (ctl->json) {
		ctl_out_begin(&out, CTL_ONE, true, fields, FIELD_COUNT);
		add_row(&out, invite, link);
		return ctl_out_end(&out);
	}
	puts(link);
	if (isatty(STDOUT_FILENO) && !ctl->quiet) {
		put_qr(link);
	}
	ctl_info(ctl, CTL_TEXT_INVITE_SHOWN);
	return ctl_out_flush();
}

int ctl_invite_add(struct ctl *ctl)
{
	struct stauth_invite_new given = {
		.email = ctl->opt[CTL_EMAIL],
		.groups = ctl->opt[CTL_GROUPS],
		.approved = ctl->opt[CTL_APPROVE] != NULL,
	};
	int code =
		take_number(ctl, CTL_USES, STAUTH_INVITE_USES_MAX, &given.uses);

	if (code == EX_OK) {
		code = take_number(
			ctl, CTL_DAYS, STAUTH_INVITE_DAYS_MAX, &given.days);
	}
	if (code != EX_OK) {
		return code;
	}
	struct stauth_invite invite;
	char link[STAUTH_INVITE_LINK_SIZE];
	const struct stauth_invite_made made = {&invite, link};
	struct stauth_err err = {0};
	if (stauth_invite_add(&ctl->ctx, &given, &ctl->actor, &made, &err) !=
		STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	code = show(ctl, &invite, link);
	stauth_wipe_array(link);
	return code;
}

static void add_invite(struct ctl_out *out, const void *row)
{
	add_row(out, row, NULL);
}

static enum stauth_rc read_page(struct ctl *ctl, const void *about,
	struct ctl_page *page, struct stauth_err *err)
{
	const struct stauth_invite *last = page->after;
	const struct stauth_invite_page wanted = {
		.after = last != NULL ? last->id : NULL, .limit = page->max};

	(void)about;
	return stauth_invite_list(
		&ctl->ctx, &wanted, page->rows, &page->count, err);
}

int ctl_invite_list(struct ctl *ctl)
{
	static const struct ctl_list list = {fields, FIELD_COUNT - 1,
		sizeof(struct stauth_invite), read_page, add_invite};

	return ctl_list(ctl, &list, NULL);
}

int ctl_invite_revoke(struct ctl *ctl)
{
	struct stauth_err err = {0};

	if (stauth_invite_revoke(&ctl->ctx, ctl->operands[0], &ctl->actor,
		    &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, CTL_TEXT_INVITE_REVOKED, ctl->operands[0]);
	return EX_OK;
}
