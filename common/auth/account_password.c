/* SPDX-License-Identifier: MIT */
/*
 * Passwords of accounts (CONTRACT 3.2, 6), in the order of the code:
 *
 *  1. A new password MUST have 1 to 511 bytes without CR, LF and NUL, at
 *     least PASSWORD_MIN_LENGTH characters, and PASSWORD_MIN_STRENGTH when
 *     guessed with name, e-mail, display name and brand. It is neither one
 *     of these nor a famous phrase, whatever its bits. It is taken as it
 *     is: no normalisation, no rule of composition. The reason of a refusal
 *     is told in words.
 *  2. A generated password MUST pass the same rules.
 *  3. A new password MUST end the user's sessions, void the known devices and
 *     stop log-ins that are under way, in one step with the change. The
 *     owner MUST be told by mail, in the same step, if mail can go out.
 *  4. An account marked for system log-in gets a password from its owner or
 *     from stauthctl, never from a web page.
 *  5. The owner MUST have shown the current password in this very call's
 *     log-in, for this very account; the new one MUST differ. The session
 *     and the device of the change stay; a must-change session ends too.
 */
#include "auth/account.h"

#include <string.h>

#include "auth/account_change.h"
#include "auth/device.h"
#include "auth/mailing.h"
#include "auth/name.h"
#include "auth/rate_limit.h"
#include "auth/slots.h"
#include "base/text.h"
#include "password/blocklist.h"
#include "password/strength.h"
#include "store/accounts.h"

#include "base/banned.h"

#define NOTICE_S 86400 /* a notice that is older helps nobody */

/* --- 1. the rules */

static enum stauth_rc form_ok(const struct stauth_config *config,
	const struct stauth_secret *password, struct stauth_err *err)
{
	if (password->len == 0) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_PASSWORD_EMPTY);
	}
	if (password->len > STAUTH_PASSWORD_MAX) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_PASSWORD_LONG);
	}
	if (memchr(password->data, '\r', password->len) != NULL ||
		memchr(password->data, '\n', password->len) != NULL ||
		memchr(password->data, '\0', password->len) != NULL) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_PASSWORD_BYTES);
	}
	if (stauth_char_count(password->data, password->len) <
		(size_t)config->password_min_length) {
		return stauth_fail(err, STAUTH_BADVALUE,
			STAUTH_TEXT_PASSWORD_SHORT,
			config->password_min_length);
	}
	return STAUTH_OK;
}

static enum stauth_rc not_known(const struct stauth_config *config,
	const char *name, const char *email, const char *display_name,
	const struct stauth_secret *password, struct stauth_err *err)
{
	const char *const words[] = {
		name, email, display_name, config->brand_name};

	if (stauth_password_is_own(
		    password, words, sizeof(words) / sizeof(*words))) {
		return stauth_fail(err, STAUTH_BADVALUE,
			STAUTH_TEXT_PASSWORD_WEAK, STAUTH_TEXT_WEAK_OWN);
	}
	enum stauth_rc rc = stauth_blocklist_check(password, "", err);
	if (rc == STAUTH_BADVALUE) {
		return stauth_fail(err, STAUTH_BADVALUE,
			STAUTH_TEXT_PASSWORD_WEAK, STAUTH_TEXT_WEAK_COMMON);
	}
	return rc;
}

static enum stauth_rc strong_enough(const struct stauth_config *config,
	const char *name, const char *email, const char *display_name,
	const struct stauth_secret *password, struct stauth_err *err)
{
	const char *const words[] = {
		name, email, display_name, config->brand_name};
	struct stauth_strength strength;

	stauth_strength(
		password, words, sizeof(words) / sizeof(*words), &strength);
	if (strength.score < config->password_min_strength) {
		return stauth_fail(err, STAUTH_BADVALUE,
			STAUTH_TEXT_PASSWORD_WEAK, strength.reason);
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_password_check(const struct stauth_config *config,
	const char *name, const char *email, const char *display_name,
	const struct stauth_secret *password, struct stauth_err *err)
{
	enum stauth_rc rc = form_ok(config, password, err);

	if (rc == STAUTH_OK) {
		rc = not_known(
			config, name, email, display_name, password, err);
	}
	if (rc == STAUTH_OK) {
		rc = strong_enough(
			config, name, email, display_name, password, err);
	}
	return rc;
}

enum stauth_rc stauth_account_password_check(struct stauth_ctx *ctx,
	const char *name, const char *email, const char *display_name,
	const struct stauth_secret *password, struct stauth_err *err)
{
	return stauth_account_report(ctx,
		stauth_password_check(
			ctx->config, name, email, display_name, password, err),
		err);
}

/* --- 2. one made up */

#define GROUP_LEN    4
#define GROUPS_LEAST 5

/* Letters and digits that nobody mistakes for each other. */
static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789";

static enum stauth_rc random_char(
	struct stauth_ctx *ctx, char *ret_c, struct stauth_err *err)
{
	const unsigned int n = sizeof(alphabet) - 1;
	unsigned char byte;

	/* Bytes above the last whole round would favour the first letters. */
	do {
		enum stauth_rc rc = ctx->random(&byte, sizeof(byte), err);

		if (rc != STAUTH_OK) {
			return rc;
		}
	} while (byte >= 256 / n * n);
	*ret_c = alphabet[byte % n];
	stauth_wipe(&byte, sizeof(byte));
	return STAUTH_OK;
}

static enum stauth_rc fill_groups(struct stauth_ctx *ctx, size_t len,
	struct stauth_secret *password, struct stauth_err *err)
{
	for (size_t i = 0; i < len; i++) {
		enum stauth_rc rc = STAUTH_OK;

		if (i % (GROUP_LEN + 1) == GROUP_LEN) {
			password->data[i] = '-';
		} else {
			rc = random_char(ctx, &password->data[i], err);
		}
		if (rc != STAUTH_OK) {
			return rc;
		}
	}
	password->data[len] = '\0';
	password->len = len;
	return STAUTH_OK;
}

enum stauth_rc stauth_account_generate(struct stauth_ctx *ctx,
	struct stauth_secret *ret_password, struct stauth_err *err)
{
	size_t min = (size_t)ctx->config->password_min_length;
	size_t groups = GROUPS_LEAST;

	while (groups * (GROUP_LEN + 1) - 1 < min &&
		(groups + 1) * (GROUP_LEN + 1) - 1 <= STAUTH_PASSWORD_MAX) {
		groups++;
	}
	struct stauth_secret password = {0};
	enum stauth_rc rc =
		fill_groups(ctx, groups * (GROUP_LEN + 1) - 1, &password, err);
	if (rc == STAUTH_OK) {
		rc = stauth_password_check(
			ctx->config, "", "", "", &password, err);
	}
	if (rc == STAUTH_OK) {
		*ret_password = password;
	}
	stauth_secret_wipe(&password);
	return rc;
}

/* --- 3. and 4. set by an administrator */

/* The owner hears of it by mail, if there is an address and a way. */
static enum stauth_rc fill_notice(struct stauth_ctx *ctx,
	const struct stauth_account *account, struct stauth_mail *mail,
	struct stauth_change *change, struct stauth_err *err)
{
	if (!account->email[0] ||
		ctx->config->mail_transport == STAUTH_TRANSPORT_NONE) {
		return STAUTH_OK;
	}
	enum stauth_rc rc = stauth_mail_fill(ctx, STAUTH_MAIL_PASSWORD_CHANGED,
		account->email, account->name, NOTICE_S, mail, err);
	if (rc == STAUTH_OK) {
		change->notice = mail;
	}
	return rc;
}

enum stauth_rc stauth_account_write_password(struct stauth_ctx *ctx,
	const struct stauth_account *account, int64_t epoch,
	const char *encoded, bool must_change, struct stauth_change *change,
	int *ret_ended, struct stauth_err *err)
{
	struct stauth_mail mail;
	int before = 0;
	enum stauth_rc rc = fill_notice(ctx, account, &mail, change, err);

	if (rc == STAUTH_OK) {
		rc = stauth_change_before(
			ctx, account->uid, change, &before, err);
	}
	int ended = 0;
	if (rc == STAUTH_OK) {
		rc = ctx->accounts->ops->password_set(ctx->accounts,
			account->uid, epoch, encoded, must_change, change,
			&ended, err);
	}
	if (rc == STAUTH_OK) {
		*ret_ended = before + ended;
		rc = stauth_change_after(
			ctx, account->uid, change, ret_ended, err);
	}
	change->notice = NULL;
	return rc;
}

static enum stauth_rc set_password(struct stauth_ctx *ctx,
	const struct stauth_account *account,
	const struct stauth_secret *password, bool must_change,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	enum stauth_rc rc = stauth_password_check(ctx->config, account->name,
		account->email, account->display_name, password, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	char encoded[STAUTH_PASSWORD_ENCODED_SIZE];
	rc = stauth_hash_new(ctx, false, password, encoded, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_change change;
	stauth_change_fill(ctx, "password.set", account, actor,
		must_change ? "must change" : "", true, &change);
	/* The wall once more: it was asked before the slow hash. */
	change.unless_system_login = strcmp(actor->channel, "web") == 0;
	rc = stauth_account_write_password(ctx, account, -1, encoded,
		must_change, &change, ret_ended, err);
	stauth_wipe_array(encoded);
	return rc;
}

enum stauth_rc stauth_account_passwd(struct stauth_ctx *ctx, const char *name,
	const struct stauth_secret *password, bool must_change,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_account account = {0};
	enum stauth_rc rc = stauth_account_read(ctx, name, &account, err);

	stauth_wipe_array(account.password);
	if (rc == STAUTH_OK) {
		rc = stauth_account_check_channel(
			account.system_login, actor, err);
	}
	if (rc == STAUTH_OK) {
		rc = set_password(ctx, &account, password, must_change, actor,
			ret_ended, err);
	}
	return stauth_account_report(ctx, rc, err);
}

/* --- 5. by the owner */

/* The account as it is now, if it still is the one that was logged in to. */
static enum stauth_rc read_own(struct stauth_ctx *ctx,
	const struct stauth_login *login, struct stauth_account *account,
	struct stauth_err *err)
{
	enum stauth_rc rc = ctx->accounts->ops->user_by_uid(
		ctx->accounts, login->account.uid, account, err);

	if (rc < 0) {
		return rc;
	}
	if (rc != STAUTH_OK || account->epoch != login->account.epoch ||
		account->disabled) {
		return stauth_fail(
			err, STAUTH_EXPIRED, STAUTH_TEXT_USER_CHANGED);
	}
	return STAUTH_OK;
}

static enum stauth_rc encode_other(struct stauth_ctx *ctx, bool known_device,
	const struct stauth_account *account,
	const struct stauth_secret *password,
	char ret_encoded[STAUTH_PASSWORD_ENCODED_SIZE], struct stauth_err *err)
{
	struct stauth_password_cost cost = stauth_hash_cost(ctx->config);
	struct stauth_slot slot;
	enum stauth_rc rc = stauth_slot_take(ctx, known_device, &slot, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	bool same = false;
	rc = stauth_password_verify(account->password, password, &same, err);
	if (rc == STAUTH_OK && same) {
		rc = stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_PASSWORD_SAME);
	}
	if (rc == STAUTH_OK) {
		rc = stauth_password_encode(
			&cost, ctx->random, password, ret_encoded, err);
	}
	stauth_slot_give(ctx, &slot);
	return rc;
}

static enum stauth_rc keep_browser(struct stauth_ctx *ctx,
	const struct stauth_session *session, const char *device_token,
	const struct stauth_account *account, struct stauth_change *change,
	struct stauth_err *err)
{
	if (session != NULL && !session->must_change) {
		memcpy(change->keep_session, session->handle,
			sizeof(change->keep_session));
	}
	return stauth_device_known(ctx, device_token, account,
		&change->keep_device, change->keep_device_hash, err);
}

/* The log-in goes on with the account as it is after the change; if it is
 * another one by now, it stays at the old epoch and opens nothing. */
static void follow(
	struct stauth_ctx *ctx, struct stauth_login *login, const char *encoded)
{
	struct stauth_account account = {0};

	if (ctx->accounts->ops->user_by_uid(ctx->accounts, login->account.uid,
		    &account, NULL) == STAUTH_OK &&
		!account.disabled && strcmp(account.password, encoded) == 0) {
		login->account = account;
		stauth_wipe_array(login->account.password);
	}
	stauth_wipe_array(account.password);
}

static enum stauth_rc change_own(struct stauth_ctx *ctx,
	struct stauth_login *login, const struct stauth_session *session,
	const char *device_token, const struct stauth_secret *new_password,
	const struct stauth_account *account, const struct stauth_actor *actor,
	int *ret_ended, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_password_check(ctx->config, account->name,
		account->email, account->display_name, new_password, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_change change;
	stauth_change_fill(
		ctx, "password.change", account, actor, "", true, &change);
	rc = keep_browser(ctx, session, device_token, account, &change, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	char encoded[STAUTH_PASSWORD_ENCODED_SIZE];
	rc = encode_other(
		ctx, login->known_device, account, new_password, encoded, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_account_write_password(ctx, account, account->epoch,
		encoded, false, &change, ret_ended, err);
	if (rc == STAUTH_OK) {
		follow(ctx, login, encoded);
	}
	stauth_wipe_array(encoded);
	return rc;
}

enum stauth_rc stauth_account_change_own(struct stauth_ctx *ctx,
	struct stauth_login *login, const struct stauth_session *session,
	const char *device_token, const struct stauth_secret *new_password,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_account account = {0};

	if (login->verdict != STAUTH_ALLOW ||
		(session != NULL && login->account.uid != session->uid)) {
		return stauth_fail(err, STAUTH_REFUSED, "not allowed");
	}
	/* The current password was right, whatever becomes of the new one. */
	enum stauth_rc rc = stauth_rate_limits_done(ctx, login, true, err);
	if (rc == STAUTH_OK) {
		rc = read_own(ctx, login, &account, err);
	}
	if (rc == STAUTH_OK) {
		rc = change_own(ctx, login, session, device_token, new_password,
			&account, actor, ret_ended, err);
	}
	stauth_wipe_array(account.password);
	return stauth_account_report(ctx, rc, err);
}
