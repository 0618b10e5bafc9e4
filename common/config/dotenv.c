/* SPDX-License-Identifier: MIT */
/*
 * KEY=value as python-dotenv 1.x reads a .env, and nothing more lenient:
 *
 *  1. Blank lines and lines that begin with # MUST be skipped.
 *  2. A leading "export" MUST be allowed, blanks around the '=', and single
 *     quotes around the key.
 *  3. In 'single quotes' \\ and \' are escapes; in "double quotes" also
 *     \a \b \f \n \r \t \v \"; after the closing quote only a comment.
 *  4. Without quotes the value MUST end at a # that follows a blank, and
 *     loses its trailing blanks. Blanks are Python's: Unicode's, too, as a
 *     copied text may have one at its end that nobody sees.
 *  5. ${...}, a value over several lines, a key without '=', a key twice, NUL
 *     bytes and a lone CR (a line's end to Python) MUST be errors with file
 *     and line.
 */
#include "config/config.h"

#include <string.h>

#include "base/ascii.h"
#include "base/secret.h"

#include "base/banned.h"

#define KEY_MAX   64
#define LINES_MAX 10000

struct line {
	const char *file;
	int number;
	const char *at;
	const char *end;
	bool after_blank; /* is there one before the value? */
	char key[KEY_MAX + 1];
	char value[STAUTH_VALUE_SIZE];
};

/* What str.isspace() takes for a blank, line ends aside; in UTF-8. */
static const char *const blanks[] = {" ", "\t", "\f", "\v", "\x1c", "\x1d",
	"\x1e", "\x1f", "\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\x80",
	"\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84",
	"\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88",
	"\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9",
	"\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

/* Bytes of the blank that begins here; 0: none does. */
static size_t blank_len(const char *at, const char *end)
{
	for (size_t i = 0; i < sizeof(blanks) / sizeof(*blanks); i++) {
		size_t len = strlen(blanks[i]);

		if ((size_t)(end - at) >= len &&
			memcmp(at, blanks[i], len) == 0) {
			return len;
		}
	}
	return 0;
}

static void skip_blanks(struct line *line)
{
	size_t len = blank_len(line->at, line->end);

	while (len > 0) {
		line->at += len;
		len = blank_len(line->at, line->end);
	}
}

static enum stauth_rc bad(
	const struct line *line, const char *what, struct stauth_err *err)
{
	return stauth_fail(err, STAUTH_ECONFIG, "%.80s:%d: %s", line->file,
		line->number, what);
}

static bool key_byte(char c)
{
	return stauth_is_alnum(c) || c == '_' || c == '.' || c == '-';
}

static void skip_export(struct line *line)
{
	if (line->end - line->at > 6 && memcmp(line->at, "export", 6) == 0 &&
		blank_len(line->at + 6, line->end) > 0) {
		line->at += 6;
		skip_blanks(line);
	}
}

static enum stauth_rc read_key(struct line *line, struct stauth_err *err)
{
	bool quoted = line->at < line->end && *line->at == '\'';
	const char *start = line->at + quoted;

	line->at = start;
	while (line->at < line->end && key_byte(*line->at)) {
		line->at++;
	}
	size_t len = (size_t)(line->at - start);
	if (len == 0 || len > KEY_MAX ||
		(quoted && (line->at == line->end || *line->at != '\''))) {
		return bad(line, "expected KEY=value", err);
	}
	memcpy(line->key, start, len);
	line->key[len] = '\0';
	line->at += quoted;
	skip_blanks(line);
	if (line->at == line->end || *line->at != '=') {
		return bad(line, "expected '=' after the key", err);
	}
	start = ++line->at;
	skip_blanks(line);
	line->after_blank = line->at > start;
	return STAUTH_OK;
}

/* What \c means inside this quote; 0: the backslash stays. */
static char escaped(char quote, char c)
{
	static const char from[] = "abfnrtv";
	static const char to[] = "\a\b\f\n\r\t\v";

	if (c == '\\' || c == quote) {
		return c;
	}
	if (quote == '\'' || c == '\0') {
		return c == '\'' ? c : '\0';
	}
	if (c == '\'') {
		return c;
	}
	const char *found = strchr(from, c);
	return found != NULL ? to[found - from] : '\0';
}

static enum stauth_rc read_quoted(struct line *line, struct stauth_err *err)
{
	char quote = *line->at++;
	size_t n = 0;

	for (; line->at < line->end && *line->at != quote; line->at++) {
		char c = *line->at;

		if (c == '\\' && line->end - line->at > 1) {
			char meant = escaped(quote, line->at[1]);

			if (meant != '\0') {
				c = meant;
				line->at++;
			}
		}
		if (n == sizeof(line->value) - 1) {
			return bad(line, "the value is too long", err);
		}
		line->value[n++] = c;
	}
	if (line->at == line->end) {
		return bad(line, "missing closing quote (a value has one line)",
			err);
	}
	line->at++;
	line->value[n] = '\0';
	skip_blanks(line);
	if (line->at < line->end && *line->at != '#') {
		return bad(
			line, "unexpected text after the closing quote", err);
	}
	return STAUTH_OK;
}

static enum stauth_rc read_plain(struct line *line, struct stauth_err *err)
{
	const char *start = line->at;
	const char *end = start; /* of what is no blank */
	bool after_blank = line->after_blank;

	for (const char *p = start; p < line->end;) {
		size_t len = blank_len(p, line->end);

		if (len == 0 && *p == '#' && after_blank) {
			break;
		}
		after_blank = len > 0;
		p += len > 0 ? len : 1;
		end = after_blank ? end : p;
	}
	if ((size_t)(end - start) >= sizeof(line->value)) {
		return bad(line, "the value is too long", err);
	}
	memcpy(line->value, start, (size_t)(end - start));
	line->value[end - start] = '\0';
	return STAUTH_OK;
}

static enum stauth_rc read_line(struct line *line, struct stauth_err *err)
{
	skip_export(line);
	enum stauth_rc rc = read_key(line, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (line->at < line->end && (*line->at == '\'' || *line->at == '"')) {
		rc = read_quoted(line, err);
	} else {
		rc = read_plain(line, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	/* Without the '}' python-dotenv expands nothing either. */
	const char *dollar = strstr(line->value, "${");
	if (dollar != NULL && strchr(dollar, '}') != NULL) {
		return bad(line, "${...} is not supported", err);
	}
	return STAUTH_OK;
}

/* The number of the line above that has this key too, or 0. Reads the text
 * again, so that nothing has to be kept. */
static int line_of_same_key(const char *text, const struct line *line)
{
	struct line other = {.file = line->file};
	const char *at = text;

	for (int n = 1; n < line->number; n++) {
		const char *end = strchr(at, '\n');
		if (end == NULL) {
			return 0;
		}
		other.at = at;
		other.end = end;
		skip_blanks(&other);
		skip_export(&other);
		if (other.at < other.end && *other.at != '#' &&
			read_key(&other, NULL) == STAUTH_OK &&
			strcmp(other.key, line->key) == 0) {
			return n;
		}
		at = end + 1;
	}
	return 0;
}

/* Cuts a CR and the blanks at its start. */
static enum stauth_rc trim_line(struct line *line, struct stauth_err *err)
{
	if (memchr(line->at, '\0', (size_t)(line->end - line->at)) != NULL ||
		line->number > LINES_MAX) {
		return bad(line, "not a text file", err);
	}
	if (line->end > line->at && line->end[-1] == '\r') {
		line->end--;
	}
	if (memchr(line->at, '\r', (size_t)(line->end - line->at)) != NULL) {
		return bad(line, "a line ends with CR only", err);
	}
	skip_blanks(line);
	return STAUTH_OK;
}

static enum stauth_rc parse_line(const struct stauth_dotenv *dotenv,
	const char *text, struct line *line, struct stauth_err *err)
{
	enum stauth_rc rc = trim_line(line, err);
	if (rc != STAUTH_OK || line->at == line->end || *line->at == '#') {
		return rc;
	}
	rc = read_line(line, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	int same = line_of_same_key(text, line);
	if (same > 0) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"%.80s:%d: %s is already set on line %d", line->file,
			line->number, line->key, same);
	}
	return dotenv->found(
		line->key, line->value, line->number, dotenv->user, err);
}

enum stauth_rc stauth_dotenv_parse(
	const struct stauth_dotenv *dotenv, struct stauth_err *err)
{
	struct line line = {.file = dotenv->file};
	const char *text = dotenv->text;
	const char *end = text + dotenv->len;

	if (dotenv->len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
	}
	enum stauth_rc rc = STAUTH_OK;
	for (const char *at = text; rc == STAUTH_OK && at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		line.number++;
		line.at = at;
		line.end = newline != NULL ? newline : end;
		at = line.end + 1;
		rc = parse_line(dotenv, text, &line, err);
	}
	stauth_wipe(&line, sizeof(line));
	return rc;
}
