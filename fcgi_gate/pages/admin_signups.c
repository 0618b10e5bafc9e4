/* SPDX-License-Identifier: MIT */
/* Who may come: sign-ups that wait for their code or for an administrator, and
 * invitations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "auth/invite.h"
#include "auth/signup.h"
#include "base/ascii.h"
#include "base/codec.h"
#include "base/secret.h"
#include "qr.h"
#include "route.h"
#include "show.h"
#include "text.h"

#include "base/banned.h"

#define QR_MAX 32768

struct pending {
	struct stauth_pending *list;
	size_t count;
	struct gate_when asked; /* of the row at hand */
	struct gate_when until;
};

static void set_pending(void *user, size_t i, struct gate_view *row)
{
	struct pending *pending = user;
	gate_when_set(&pending->asked, pending->list[i].created_at);
	gate_when_set(&pending->until, pending->list[i].expires_at);
	bool proven = pending->list[i].verified_at != 0;
	gate_view_set(row, "email", pending->list[i].email);
	gate_view_set(row, "proven", proven ? "1" : "");
	gate_view_set(row, "groups", pending->list[i].groups);
	gate_view_set(row, "asked", pending->asked.shown);
	gate_view_set(row, "asked_at", pending->asked.iso);
	gate_view_set(row, "until", pending->until.shown);
	gate_view_set(row, "until_at", pending->until.iso);
}

/* The page begins behind this row: its flow in hex, a point, its address. */
#define FLOW_HEX 64

static const struct stauth_pending *pending_after(
	const struct gate_page *page, struct stauth_pending *after)
{
	char at[FLOW_HEX + 1 + STAUTH_EMAIL_SIZE];
	gate_query_value(page->request->query, "at", at, sizeof(at));
	if (strlen(at) <= FLOW_HEX || at[FLOW_HEX] != '.') {
		return NULL;
	}
	for (size_t i = 0; i < FLOW_HEX; i += 2) {
		int high = stauth_hex_value(at[i]);
		int low = stauth_hex_value(at[i + 1]);
		if (high < 0 || low < 0) {
			return NULL;
		}
		after->flow_hash[i / 2] = (uint8_t)(high * 16 + low);
	}
	snprintf(after->email, sizeof(after->email), "%s", at + FLOW_HEX + 1);
	return after;
}

static void show_pending(struct gate_page *page, struct pending *pending)
{
	bool more = pending->count > GATE_ADMIN_ROWS;
	pending->count -= more ? 1 : 0;
	struct gate_link next;
	gate_link_start(&next, more ? "/auth/admin/pending" : "");
	if (more) {
		const struct stauth_pending *last =
			&pending->list[pending->count - 1];
		char at[FLOW_HEX + 1 + STAUTH_EMAIL_SIZE];
		stauth_hex_encode(last->flow_hash, sizeof(last->flow_hash), at);
		snprintf(at + FLOW_HEX, sizeof(at) - FLOW_HEX, ".%s",
			last->email);
		gate_link_add(&next, "at", at);
	}
	const struct gate_list rows = {pending->count, set_pending, pending};
	gate_view_set_list(&page->view, "rows", &rows);
	gate_view_set(&page->view, "next_page", gate_link_str(&next));
	gate_admin_show(page, 200, "admin-pending", GATE_TITLE_PENDING);
	gate_link_finish(&next);
}

void gate_admin_pending_get(struct gate_page *page)
{
	struct pending pending = {
		.list = calloc(GATE_ADMIN_ROWS + 1, sizeof(*pending.list)),
	};
	struct stauth_err err = {0};
	struct stauth_pending after = {0};
	const struct stauth_pending_page asked = {
		.after = pending_after(page, &after),
		.limit = GATE_ADMIN_ROWS + 1,
	};
	enum stauth_rc rc =
		pending.list == NULL
			? stauth_fail(&err, STAUTH_ENOMEM, "sign-ups")
			: stauth_pending_list(page->ctx, &asked, pending.list,
				  &pending.count, &err);
	if (rc != STAUTH_OK) {
		gate_page_unavailable(page, &err);
	} else {
		show_pending(page, &pending);
	}
	free(pending.list);
}

void gate_admin_pending_delete(struct gate_page *page)
{
	const char *email = gate_form_value(&page->request->form, "email");
	struct stauth_actor actor = gate_admin_actor(page);
	struct stauth_err err = {0};
	if (stauth_pending_delete(page->ctx, email, &actor, &err) < 0) {
		gate_page_unavailable(page, &err);
	} else {
		gate_admin_done(page, "/auth/admin/pending", "signup");
	}
}

void gate_admin_pending_approve(struct gate_page *page)
{
	const char *email = gate_form_value(&page->request->form, "email");
	struct stauth_actor actor = gate_admin_actor(page);
	struct stauth_err err = {0};
	if (stauth_pending_approve(page->ctx, email, &actor, &err) ==
		STAUTH_OK) {
		gate_admin_done(page, "/auth/admin/pending", "approve");
		return;
	}
	int status = gate_admin_status(page, &err);
	if (status != 0) {
		gate_page_message(page, STAUTH_ERROR, "%s", err.msg);
		gate_admin_show(
			page, status, "admin-error", GATE_TITLE_PENDING);
	}
}

/* --- invitations */

struct invites {
	struct stauth_invite *list;
	size_t count;
	char uses[48]; /* of the row at hand */
	struct gate_when until;
};

static void set_invite(void *user, size_t i, struct gate_view *row)
{
	struct invites *invites = user;
	const struct stauth_invite *invite = &invites->list[i];
	snprintf(invites->uses, sizeof(invites->uses), "%d of %d",
		invite->uses_left, invite->uses);
	gate_when_set(&invites->until, invite->expires_at);
	gate_view_set(row, "id", invite->id);
	gate_view_set(row, "email", invite->email);
	gate_view_set(row, "groups", invite->groups);
	gate_view_set(row, "approved", invite->approved ? "1" : "");
	gate_view_set(row, "uses", invites->uses);
	gate_view_set(row, "by", invite->created_by);
	gate_view_set(row, "until", invites->until.shown);
	gate_view_set(row, "until_at", invites->until.iso);
}

static void show_invites(struct gate_page *page, int status)
{
	struct invites invites = {
		.list = calloc(GATE_ADMIN_ROWS + 1, sizeof(*invites.list)),
	};
	char after[STAUTH_HANDLE_LEN + 1];
	gate_query_value(page->request->query, "at", after, sizeof(after));
	struct gate_link next;
	gate_link_start(&next, "");
	struct stauth_err err = {0};
	const struct stauth_invite_page asked = {
		.after = after, .limit = GATE_ADMIN_ROWS + 1};
	enum stauth_rc rc =
		invites.list == NULL
			? stauth_fail(&err, STAUTH_ENOMEM, "invitations")
			: stauth_invite_list(page->ctx, &asked, invites.list,
				  &invites.count, &err);
	if (rc != STAUTH_OK) {
		gate_page_unavailable(page, &err);
		goto out;
	}
	if (invites.count > GATE_ADMIN_ROWS) {
		invites.count--;
		gate_link_finish(&next);
		gate_link_start(&next, "/auth/admin/invites");
		gate_link_add(&next, "at", invites.list[invites.count - 1].id);
	}
	const struct gate_form *form = &page->request->form;
	const struct gate_list rows = {invites.count, set_invite, &invites};
	struct gate_view *view = &page->view;
	bool mail = gate_page_offers(page, GATE_NEEDS_MAIL);
	gate_view_set_list(view, "rows", &rows);
	gate_view_set(view, "next_page", gate_link_str(&next));
	gate_view_set(view, "email", gate_form_value(form, "email"));
	gate_view_set(view, "groups", gate_form_value(form, "groups"));
	gate_view_set(view, "uses", gate_form_value(form, "uses"));
	gate_view_set(view, "days", gate_form_value(form, "days"));
	gate_view_set(view, "has_mail", mail ? "1" : "");
	gate_view_set(
		view, "approval", page->config->sign_up_approval ? "1" : "");
	gate_admin_show(page, status, "admin-invites", GATE_TITLE_INVITES);
out:
	gate_link_finish(&next);
	free(invites.list);
}

void gate_admin_invites_get(struct gate_page *page)
{
	show_invites(page, 200);
}

/* The link and its picture, shown this once. */
static void show_link(struct gate_page *page, const char *link)
{
	struct stauth_buf path;
	stauth_buf_init(&path, QR_MAX);
	char box[32] = "";
	int size = 0;
	if (gate_qr_path(link, &path, &size)) {
		snprintf(box, sizeof(box), "0 0 %d %d", size, size);
	}
	gate_view_set(&page->view, "link", link);
	gate_view_set(&page->view, "qr", stauth_buf_str(&path));
	gate_view_set(&page->view, "box", box);
	gate_admin_show(page, 200, "admin-invite", GATE_TITLE_INVITE);
	stauth_buf_finish(&path);
}

/* A number that may be left out: 0. false: it is none. */
static bool read_number(
	const struct gate_page *page, const char *name, int *ret_number)
{
	const char *text = gate_form_value(&page->request->form, name);
	int64_t number = 0;
	if (text[0] != '\0' && !stauth_parse_int(text, 1, 100000, &number)) {
		return false;
	}
	*ret_number = (int)number;
	return true;
}

void gate_admin_invites_add(struct gate_page *page)
{
	const struct gate_form *form = &page->request->form;
	struct stauth_invite_new asked = {
		.email = gate_form_value(form, "email"),
		.groups = gate_form_value(form, "groups"),
		.approved = gate_form_value(form, "approved")[0] != '\0',
	};
	if (!read_number(page, "uses", &asked.uses) ||
		!read_number(page, "days", &asked.days)) {
		gate_page_message(page, STAUTH_ERROR, GATE_TEXT_NO_NUMBER);
		show_invites(page, 422);
		return;
	}
	const char *missing = gate_page_missing(page->config, GATE_NEEDS_MAIL);
	if (missing != NULL) {
		gate_page_message(page, STAUTH_ERROR, "%s", missing);
		show_invites(page, 422);
		return;
	}
	char link[STAUTH_INVITE_LINK_SIZE] = "";
	struct stauth_invite invite;
	const struct stauth_invite_made made = {&invite, link};
	struct stauth_actor actor = gate_admin_actor(page);
	struct stauth_err err = {0};
	int status = 0;
	if (stauth_invite_add(page->ctx, &asked, &actor, &made, &err) ==
		STAUTH_OK) {
		show_link(page, link);
	} else {
		status = gate_admin_status(page, &err);
	}
	if (status != 0) {
		gate_page_message(page, STAUTH_ERROR, "%s", err.msg);
		show_invites(page, status);
	}
	stauth_wipe_array(link);
}

void gate_admin_invites_revoke(struct gate_page *page)
{
	const char *id = gate_form_value(&page->request->form, "id");
	struct stauth_actor actor = gate_admin_actor(page);
	struct stauth_err err = {0};
	if (stauth_invite_revoke(page->ctx, id, &actor, &err) < 0) {
		gate_page_unavailable(page, &err);
	} else {
		gate_admin_done(page, "/auth/admin/invites", "revoked");
	}
}
