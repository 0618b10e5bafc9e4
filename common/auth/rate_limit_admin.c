/* SPDX-License-Identifier: MIT */
/*
 * Looking at the counters, and lifting them:
 *
 *  1. What is shown MUST be what the throttle acts upon: the same counters,
 *     the same waits.
 *  2. A name MUST be cleared under its canonical form, an address as the
 *     source it counts as (an IPv6 address with its /64).
 *  3. Lifting MUST leave an audit row in the same transaction.
 */
#include "auth/rate_limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/audit.h"
#include "auth/name.h"
#include "auth/source.h"
#include "store/rate_limit.h"
#include "store/state.h"

#include "base/banned.h"

static bool is_source(const char *name)
{
	return strcmp(name, "source") == 0 || strcmp(name, "signup") == 0 ||
	       strcmp(name, "mail-source") == 0 || strcmp(name, "caller") == 0;
}

/* A key is SOURCE in the limits of sources, else USER or USER and more; the
 * USER of a limit of mail is the address. All mails together are nobody's. */
static void take_apart(struct stauth_rate_limit_row *row)
{
	const char *key = row->count.key;
	size_t len = strcspn(key, "\n");
	const char *rest = key[len] ? key + len + 1 : "";

	row->user[0] = '\0';
	row->source[0] = '\0';
	if (strcmp(row->count.name, "mail-all") == 0) {
		return;
	}
	if (is_source(row->count.name)) {
		rest = key;
	} else {
		snprintf(row->user, sizeof(row->user), "%.*s", (int)len, key);
	}
	if (is_source(row->count.name) ||
		strcmp(row->count.name, "mail-pins") == 0 ||
		strcmp(row->count.name, "account+source") == 0) {
		snprintf(row->source, sizeof(row->source), "%s", rest);
	}
}

int64_t stauth_counter_wait_s(const struct stauth_rate_limit *limit,
	const struct stauth_counter *count, int64_t now_s)
{
	if (limit == NULL) {
		return 0;
	}
	return stauth_rate_limit_wait_s(
		limit, count->failures, count->first_at, count->last_at, now_s);
}

enum stauth_rc stauth_rate_limit_list(struct stauth_ctx *ctx,
	const struct stauth_rate_limit_page *asked,
	struct stauth_rate_limit_row *ret_rows, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_counter *counts = calloc(asked->limit, sizeof(*counts));
	int64_t now_s = ctx->state->ops->now(ctx->state);

	if (counts == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	const struct stauth_counter_page page = {
		.after_name =
			asked->after != NULL ? asked->after->count.name : NULL,
		.after_key =
			asked->after != NULL ? asked->after->count.key : NULL,
		.limit = asked->limit,
		.now_s = now_s,
	};
	size_t count = 0;
	enum stauth_rc rc = ctx->state->ops->throttle_list(
		ctx->state, &page, counts, &count, err);
	for (size_t i = 0; rc == STAUTH_OK && i < count; i++) {
		struct stauth_rate_limit_row *row = &ret_rows[i];

		row->count = counts[i];
		take_apart(row);
		row->wait_s = stauth_counter_wait_s(
			stauth_rate_limit_by_name(row->count.name), &row->count,
			now_s);
	}
	free(counts);
	if (rc == STAUTH_OK) {
		*ret_count = count;
	}
	return rc;
}

/* As the list shows it: "2001:db8::/64", /56 or /48. */
static bool is_network(const char *whose)
{
	for (int bits = 48; bits <= 64; bits += 8) {
		char network[STAUTH_ADDRESS_SIZE];

		stauth_source_network(whose, bits, network);
		if (network[0] != '\0' && strcmp(network, whose) == 0) {
			return true;
		}
	}
	return false;
}

/* MUST 2. The shared counters are named as the list names them. */
static enum stauth_rc part_of(const char *whose,
	char ret_part[STAUTH_NAME_SIZE], struct stauth_err *err)
{
	char source[STAUTH_ADDRESS_SIZE];

	stauth_source_of_address(whose, source);
	if (source[0]) {
		snprintf(ret_part, STAUTH_NAME_SIZE, "%s", source);
		return STAUTH_OK;
	}
	bool named = strncmp(whose, "local:", 6) == 0 ||
		     strncmp(whose, "remote:", 7) == 0;
	if (strcmp(whose, "!") == 0 || strcmp(whose, "?") == 0 ||
		is_network(whose) ||
		(named && strlen(whose) < sizeof(source))) {
		snprintf(ret_part, STAUTH_NAME_SIZE, "%s", whose);
		return STAUTH_OK;
	}
	/* Mail is counted under addresses that no user name may spell. */
	if (strchr(whose, '@') != NULL &&
		stauth_email_canonical(whose, strlen(whose), ret_part, NULL) ==
			STAUTH_OK) {
		return STAUTH_OK;
	}
	return stauth_name_canonical(whose, strlen(whose), ret_part, err);
}

enum stauth_rc stauth_rate_limit_clear(struct stauth_ctx *ctx,
	const char *whose, const struct stauth_actor *actor, int *ret_cleared,
	struct stauth_err *err)
{
	char part[STAUTH_NAME_SIZE] = "";
	enum stauth_rc rc =
		whose != NULL ? part_of(whose, part, err) : STAUTH_OK;

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_audit_row row;
	stauth_audit_fill(&row, "throttle.clear", part, 0, actor);
	stauth_text_clean(
		row.detail, sizeof(row.detail), whose != NULL ? "" : "all");
	const struct stauth_counter_clear which = {
		part, &row, ctx->state->ops->now(ctx->state)};
	return ctx->state->ops->throttle_clear(
		ctx->state, &which, ret_cleared, err);
}
