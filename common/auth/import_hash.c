/* SPDX-License-Identifier: MIT */
#include "auth/import_hash.h"

#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "password/password.h"

#include "base/banned.h"

#define DES_LEN  13
#define BSDI_LEN 20

/* What other programs still write, and nobody should. */
static const struct weak {
	const char *prefix;
	const char *what;
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

enum stauth_rc stauth_import_hash_check(
	const char *hash, struct stauth_err *err)
{
	if (stauth_password_is_usable(hash)) {
		return STAUTH_OK;
	}
	for (size_t i = 0; i < sizeof(weak) / sizeof(*weak); i++) {
		if (strncmp(hash, weak[i].prefix, strlen(weak[i].prefix)) ==
			0) {
			return stauth_fail(err, STAUTH_BADVALUE,
				STAUTH_TEXT_IMPORT_WEAK, weak[i].what);
		}
	}
	if (is_des(hash)) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_IMPORT_WEAK, "DES");
	}
	if (hash[0] != '$' && hash[0] != '{') {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_IMPORT_PLAIN);
	}
	return stauth_fail(err, STAUTH_BADVALUE, STAUTH_TEXT_IMPORT_UNUSABLE);
}
