/* SPDX-License-Identifier: MIT */
/*
 * A try at logging in, before the password, in the order of the code:
 *
 *  1. A try MUST be counted under the canonical name of the account, so that
 *     all spellings and the e-mail address share one counter; unknown names
 *     MUST be counted like known ones, and all names that cannot be one
 *     together under "!". A try without a usable address MUST be counted under
 *     the shared source "?", never left out.
 *  2. What is read before the password MUST depend on what was typed alone,
 *     never on whether there is such an account.
 *  3. A device known for this account MUST be counted by itself and in no
 *     limit that others can fill, so that nobody else can lock it out; a
 *     caller who names the source himself by his uid as well.
 */
#include "auth/login.h"

#include <stdio.h>
#include <string.h>

#include "auth/account_parts.h"
#include "auth/device.h"
#include "auth/name.h"
#include "auth/rate_limit.h"
#include "auth/source.h"
#include "base/codec.h"
#include "store/accounts.h"

#include "base/banned.h"

#define NO_NAME   "!"
#define NO_SOURCE "?"

static bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Only those who do not come through the web may say local:... or
 * remote:...; nginx hands on addresses, whatever a client writes. */
static void set_source(
	struct stauth_login *login, const struct stauth_login_request *request)
{
	const char *address = request->address != NULL ? request->address : "";

	stauth_text_clean(login->address, sizeof(login->address), address);
	if (strcmp(login->channel, "web") != 0 &&
		(has_prefix(address, "local:") ||
			has_prefix(address, "remote:"))) {
		stauth_text_clean(
			login->source, sizeof(login->source), address);
		return;
	}
	stauth_source_of_address(address, login->source);
}

static void set_name(
	struct stauth_login *login, const struct stauth_login_request *request)
{
	char typed[STAUTH_NAME_SIZE];
	size_t len = request->username_len < sizeof(typed) - 1
			     ? request->username_len
			     : sizeof(typed) - 1;

	memcpy(typed, request->username, len);
	typed[len] = '\0';
	stauth_text_clean(login->typed, sizeof(login->typed), typed);
	login->name_ok =
		stauth_name_canonical(request->username, request->username_len,
			login->name, NULL) == STAUTH_OK;
	if (!login->name_ok) {
		snprintf(login->name, sizeof(login->name), NO_NAME);
	}
}

/*
 * Whom the typed name means: the account of that name, else the one with that
 * address, whose name then takes its place. Read only where something hangs on
 * it, and then in the same way for everybody. uid 0: there is none.
 */
static enum stauth_rc find_account(struct stauth_ctx *ctx,
	struct stauth_login *login, const struct stauth_login_request *request,
	struct stauth_account *account, struct stauth_err *err)
{
	const char *token = request->device_token;
	bool device = request->pam ||
		      (token != NULL &&
			      stauth_token_wellformed(token, strlen(token)));
	char email[STAUTH_EMAIL_SIZE] = "";

	if (request->by_email) {
		(void)stauth_email_canonical(
			request->username, request->username_len, email, NULL);
	}
	if (!device && email[0] == '\0') {
		return STAUTH_OK;
	}
	enum stauth_rc rc =
		stauth_account_by_login(ctx, login->name, email, account, err);
	if (rc == STAUTH_OK) {
		memcpy(login->name, account->name, sizeof(login->name));
		login->name_ok = true;
	}
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

static enum stauth_rc find_source_device(struct stauth_ctx *ctx,
	struct stauth_login *login, const struct stauth_account *account,
	struct stauth_err *err)
{
	enum stauth_rc rc = stauth_device_source_hash(
		ctx, login->name, login->source, login->device_hash, err);

	if (rc != STAUTH_OK || login->source[0] == '\0' ||
		has_prefix(login->source, "remote:")) {
		return rc;
	}
	if (has_prefix(login->source, "local:")) {
		login->known_device = true;
		return STAUTH_OK;
	}
	login->keep_source = true;
	return stauth_device_by_hash(
		ctx, login->device_hash, account, &login->known_device, err);
}

static void set_limits(struct stauth_login *login, const char *caller)
{
	struct stauth_limits *limits = &login->limits;
	const char *source = login->source[0] ? login->source : NO_SOURCE;

	if (caller != NULL) {
		stauth_limits_add(limits, STAUTH_LIMIT_CALLER, caller, NULL);
	}
	char hex[STAUTH_SHA256_LEN * 2 + 1];
	if (login->known_device) {
		stauth_hex_encode(login->device_hash, STAUTH_SHA256_LEN, hex);
		stauth_limits_add(
			limits, STAUTH_LIMIT_DEVICE, login->name, hex);
		return;
	}
	stauth_limits_add(
		limits, STAUTH_LIMIT_ACCOUNT_SOURCE, login->name, source);
	stauth_limits_add(limits, STAUTH_LIMIT_ACCOUNT, login->name, NULL);
	stauth_limits_add(limits, STAUTH_LIMIT_SOURCE, source, NULL);
}

enum stauth_rc stauth_login_start(struct stauth_ctx *ctx,
	const struct stauth_login_request *request, struct stauth_login *login,
	struct stauth_err *err)
{
	*login = (struct stauth_login){.verdict = STAUTH_DENY};
	login->pam = request->pam;
	login->limits.never_refuse = request->never_refuse;
	stauth_text_clean(
		login->channel, sizeof(login->channel), request->channel);
	set_source(login, request);
	set_name(login, request);

	struct stauth_account account = {0};
	enum stauth_rc rc = find_account(ctx, login, request, &account, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	login->unknown = request->pam && account.uid == 0;
	if (request->pam) {
		rc = find_source_device(ctx, login, &account, err);
	} else {
		struct stauth_known_device device;

		rc = stauth_device_known(
			ctx, request->device_token, &account, &device, err);
		login->known_device = device.known;
		memcpy(login->device_hash, device.hash, sizeof(device.hash));
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	set_limits(login, request->caller);
	login->verdict = STAUTH_NEED_PASSWORD;
	return STAUTH_OK;
}
