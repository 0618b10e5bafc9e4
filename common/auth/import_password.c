/* SPDX-License-Identifier: MIT */
#include "auth/import_password.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/text.h"
#include "password/password.h"

#include "base/banned.h"

#define DES_LEN  13
#define BSDI_LEN 20

/* Traditional DES and its BSDi form have no prefix of their own. */
static bool is_des(const char *hash)
{
	static const char set[] = "./" STAUTH_ALNUM;
	size_t len = strlen(hash);

	if (len == BSDI_LEN && hash[0] == '_') {
		return strspn(hash + 1, set) == len - 1;
	}
	return len == DES_LEN && strspn(hash, set) == len;
}

/* What other programs still write, and nobody should; NULL: none of them. */
static const char *weak_scheme(const char *hash)
{
	static const struct {
		const char *prefix;
		const char *name;
	} weak[] = {
		{"$apr1$", "MD5"},
		{"$1$", "MD5"},
		{"$md5", "MD5"},
		{"$sha1$", "SHA-1"},
		{"$3$", "NT hash"},
		{"$2x$", "faulty bcrypt"},
		{"{SHA}", "SHA-1"},
		{"{SSHA}", "SHA-1"},
	};

	for (size_t i = 0; i < sizeof(weak) / sizeof(*weak); i++) {
		if (strncmp(hash, weak[i].prefix, strlen(weak[i].prefix)) ==
			0) {
			return weak[i].name;
		}
	}
	return is_des(hash) ? "DES" : NULL;
}

/* Dovecot and LDAP write the scheme before a hash that names it itself. */
static const char *without_prefix(const char *hash)
{
	static const char *const prefixes[] = {"{CRYPT}", "{BLF-CRYPT}",
		"{SHA512-CRYPT}", "{SHA256-CRYPT}", "{ARGON2ID}", "{ARGON2I}"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		size_t len = strlen(prefixes[i]);

		if (strncasecmp(hash, prefixes[i], len) == 0) {
			return hash + len;
		}
	}
	return hash;
}

enum stauth_rc stauth_import_take_hash(const char *hash,
	struct stauth_account *account, struct stauth_err *err)
{
	hash = without_prefix(hash);
	if (stauth_password_is_usable(hash)) {
		snprintf(account->password, sizeof(account->password), "%s",
			hash);
		return STAUTH_OK;
	}
	const char *weak = weak_scheme(hash);
	if (weak != NULL) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_IMPORT_WEAK, weak);
	}
	return stauth_fail(err, STAUTH_BADVALUE,
		hash[0] == '$' || hash[0] == '{' ? STAUTH_TEXT_IMPORT_UNUSABLE
						 : STAUTH_TEXT_IMPORT_PLAIN);
}

enum stauth_rc stauth_import_check_password(
	const struct stauth_secret *password, struct stauth_err *err)
{
	if (password->len == 0) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_PASSWORD_EMPTY);
	}
	if (memchr(password->data, '\r', password->len) != NULL ||
		memchr(password->data, '\n', password->len) != NULL) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_PASSWORD_BYTES);
	}
	return STAUTH_OK;
}
