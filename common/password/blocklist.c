/* SPDX-License-Identifier: MIT */
/*
 * Passwords that are refused whatever their bits (CONTRACT 6), in the order of
 * the code:
 *
 *  1. A password and an entry of a list are compared by their folded form,
 *     which blocklist/compile.py MUST compute in the same way: marks and at
 *     most four digits at the end are dropped, so are blanks and marks
 *     within, letters are lower case, and characters that stand for each
 *     other are one. What is left of fewer than four characters is too little
 *     to tell: then it is the whole password in lower case.
 *  2. The shipped list is a sorted table of short hashes in read-only memory;
 *     nothing is loaded and nothing copied.
 *  3. The operator's list is read from its start for every new password. One
 *     that cannot be read MUST be an error, never an empty list.
 *  4. The user name, the address, its local part and the name of the site are
 *     the first guesses for an account, whatever they are made of.
 */
#include "password/blocklist.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/codec.h"
#include "base/fd.h"
#include "password/blocklist_table.h"

#include "base/banned.h"

#define DIGITS_MAX 4
#define KEY_MIN    4

/* --- 1. */

struct key {
	char text[STAUTH_PASSWORD_MAX + 1];
	size_t len;
};

static char alike(char c)
{
	static const char from[] = "4@3l1!|05$7+8269";
	static const char to[] = "aaeiiiiossttbzgg";
	const char *found = c != '\0' ? strchr(from, c) : NULL;

	return found != NULL ? to[found - from] : stauth_to_lower(c);
}

static bool is_letter(char c)
{
	return stauth_is_alnum(c) || (unsigned char)c >= 0x80;
}

static size_t without_end(const char *text, size_t len)
{
	int digits = 0;

	while (len > 0) {
		char last = text[len - 1];

		if (stauth_is_digit(last) && digits < DIGITS_MAX) {
			digits++;
		} else if (is_letter(last)) {
			break;
		}
		len--;
	}
	return len;
}

/* len < sizeof(key->text) */
static void fold(const char *text, size_t len, struct key *key)
{
	size_t end = without_end(text, len);

	key->len = 0;
	for (size_t i = 0; i < end; i++) {
		char c = alike(stauth_to_lower(text[i]));

		if (is_letter(c)) {
			key->text[key->len++] = c;
		}
	}
	if (key->len < KEY_MIN) {
		key->len = len;
		for (size_t i = 0; i < len; i++) {
			key->text[i] = stauth_to_lower(text[i]);
		}
	}
}

/* --- 2. */

static int hash_order(const void *a, const void *b)
{
	return memcmp(a, b, STAUTH_BLOCKLIST_HASH);
}

static enum stauth_rc check_shipped(
	const struct key *key, struct stauth_err *err)
{
	uint8_t hash[STAUTH_SHA256_LEN];

	if (!stauth_sha256(key->text, key->len, hash)) {
		return stauth_fail(err, STAUTH_ECRYPTO, "SHA-256 failed");
	}
	const void *found = bsearch(hash, stauth_blocklist_table,
		stauth_blocklist_count, STAUTH_BLOCKLIST_HASH, hash_order);
	stauth_wipe_array(hash);
	return found != NULL ? STAUTH_BADVALUE : STAUTH_OK;
}

/* --- 3. */

static bool line_is(char *line, ssize_t len, const struct key *key)
{
	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r')) {
		len--;
	}
	struct key other;
	if (len == 0 || (size_t)len >= sizeof(other.text)) {
		return false;
	}
	fold(line, (size_t)len, &other);
	return other.len == key->len &&
	       memcmp(other.text, key->text, key->len) == 0;
}

static FILE *open_list(const char *path)
{
	int fd = stauth_open_regular(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	if (file == NULL && fd >= 0) {
		close(fd);
	}
	return file;
}

static enum stauth_rc unreadable(const char *path, struct stauth_err *err)
{
	return stauth_fail(err, STAUTH_ECONFIG, "PASSWORD_BLOCKLIST %.120s: %s",
		path, strerror(errno));
}

static enum stauth_rc check_file(
	const struct key *key, const char *path, struct stauth_err *err)
{
	FILE *file = open_list(path);

	if (file == NULL) {
		return unreadable(path, err);
	}
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	enum stauth_rc rc = STAUTH_OK;
	while (rc == STAUTH_OK && (len = getline(&line, &size, file)) >= 0) {
		rc = line_is(line, len, key) ? STAUTH_BADVALUE : STAUTH_OK;
	}
	if (rc == STAUTH_OK && !feof(file)) {
		rc = unreadable(path, err);
	}
	free(line);
	fclose(file);
	return rc;
}

enum stauth_rc stauth_blocklist_check(const struct stauth_secret *password,
	const char *own_file, struct stauth_err *err)
{
	struct key key;

	fold(password->data, password->len, &key);
	enum stauth_rc rc = check_shipped(&key, err);
	if (rc == STAUTH_OK && own_file[0] != '\0') {
		rc = check_file(&key, own_file, err);
	}
	stauth_wipe(&key, sizeof(key));
	return rc;
}

/* --- 4. */

static bool same_word(
	const struct stauth_secret *password, const char *word, size_t len)
{
	if (len == 0 || password->len != len) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (stauth_to_lower(password->data[i]) !=
			stauth_to_lower(word[i])) {
			return false;
		}
	}
	return true;
}

bool stauth_password_is_own(const struct stauth_secret *password,
	const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *word = words[i] != NULL ? words[i] : "";

		if (same_word(password, word, strlen(word)) ||
			same_word(password, word, strcspn(word, "@"))) {
			return true;
		}
	}
	return false;
}
