/* SPDX-License-Identifier: MIT */
/*
 * What a password of an account may be (CONTRACT 6), in the order of the code:
 *
 *  1. A new password MUST have 1 to 511 bytes without CR, LF and NUL, at
 *     least PASSWORD_MIN_LENGTH characters, and PASSWORD_MIN_STRENGTH when
 *     guessed with name, e-mail, display name and brand. It is neither one
 *     of these nor on a list of common passwords, whatever its bits. It is
 *     taken as it is: no normalisation, no rule of composition. A refusal
 *     gives the reason in words.
 *  2. A generated password MUST pass the same rules.
 */
#include "auth/account.h"

#include <string.h>

#include "auth/account_parts.h"
#include "auth/name.h"
#include "base/text.h"
#include "password/blocklist.h"
#include "password/strength.h"

#include "base/banned.h"

#define GROUP_LEN    4
#define GROUPS_LEAST 5

/* --- 1. */

/* What a guesser of this account tries first. */
#define OWN_WORDS 4

static void own_words(const struct stauth_config *config,
	const struct stauth_account *account, const char *words[OWN_WORDS])
{
	words[0] = account->name;
	words[1] = account->email;
	words[2] = account->display_name;
	words[3] = config->brand_name;
}

static enum stauth_rc check_form(const struct stauth_config *config,
	const struct stauth_secret *password, struct stauth_err *err)
{
	const char *why = NULL;

	if (password->len == 0) {
		why = STAUTH_TEXT_PASSWORD_EMPTY;
	} else if (password->len > STAUTH_PASSWORD_MAX) {
		why = STAUTH_TEXT_PASSWORD_LONG;
	} else if (memchr(password->data, '\r', password->len) != NULL ||
		   memchr(password->data, '\n', password->len) != NULL ||
		   memchr(password->data, '\0', password->len) != NULL) {
		why = STAUTH_TEXT_PASSWORD_BYTES;
	}
	if (why != NULL) {
		return stauth_fail(err, STAUTH_BADVALUE, "%s", why);
	}
	if (stauth_char_count(password->data, password->len) <
		(size_t)config->password_min_length) {
		return stauth_fail(err, STAUTH_BADVALUE,
			STAUTH_TEXT_PASSWORD_SHORT,
			config->password_min_length);
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_password_check_cheap(const struct stauth_config *config,
	const struct stauth_account *account,
	const struct stauth_secret *password, struct stauth_err *err)
{
	enum stauth_rc rc = check_form(config, password, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	const char *own[OWN_WORDS];
	own_words(config, account, own);
	if (stauth_password_is_own(password, own, OWN_WORDS)) {
		return stauth_fail(err, STAUTH_BADVALUE,
			STAUTH_TEXT_PASSWORD_WEAK, STAUTH_TEXT_WEAK_OWN);
	}
	rc = stauth_blocklist_check(password, config->password_blocklist, err);
	if (rc == STAUTH_BADVALUE) {
		return stauth_fail(err, STAUTH_BADVALUE,
			STAUTH_TEXT_PASSWORD_WEAK, STAUTH_TEXT_WEAK_COMMON);
	}
	return rc;
}

enum stauth_rc stauth_password_check_strength(
	const struct stauth_config *config,
	const struct stauth_account *account,
	const struct stauth_secret *password, struct stauth_err *err)
{
	const char *own[OWN_WORDS];

	own_words(config, account, own);
	struct stauth_strength strength;
	stauth_strength(password, own, OWN_WORDS, &strength);
	if (strength.score < config->password_min_strength) {
		return stauth_fail(err, STAUTH_BADVALUE,
			STAUTH_TEXT_PASSWORD_WEAK, strength.reason);
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_password_check(const struct stauth_config *config,
	const struct stauth_account *account,
	const struct stauth_secret *password, struct stauth_err *err)
{
	enum stauth_rc rc =
		stauth_password_check_cheap(config, account, password, err);

	return rc == STAUTH_OK ? stauth_password_check_strength(
					 config, account, password, err)
			       : rc;
}

/* --- 2. */

static enum stauth_rc random_char(
	struct stauth_ctx *ctx, char *ret_c, struct stauth_err *err)
{
	/* Letters and digits that nobody mistakes for each other. */
	static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789";
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

enum stauth_rc stauth_password_generate(struct stauth_ctx *ctx,
	struct stauth_secret *ret_password, struct stauth_err *err)
{
	const struct stauth_account nobody = {0};
	struct stauth_secret password = {0};
	size_t min = (size_t)ctx->config->password_min_length;
	size_t len = GROUPS_LEAST * (GROUP_LEN + 1) - 1;

	while (len < min && len + GROUP_LEN + 1 <= STAUTH_PASSWORD_MAX) {
		len += GROUP_LEN + 1;
	}
	enum stauth_rc rc = STAUTH_OK;
	for (size_t i = 0; i < len; i++) {
		password.data[i] = '-';
		if (i % (GROUP_LEN + 1) != GROUP_LEN) {
			rc = random_char(ctx, &password.data[i], err);
		}
		if (rc != STAUTH_OK) {
			goto out;
		}
	}
	password.len = len;
	rc = stauth_password_check(ctx->config, &nobody, &password, err);
	if (rc == STAUTH_OK) {
		*ret_password = password;
	}
out:
	stauth_secret_wipe(&password);
	return rc;
}
