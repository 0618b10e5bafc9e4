/* SPDX-License-Identifier: MIT */
#include "lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/*
 * nginx's own grammar (ngx_conf_file.c reads it byte by byte). It MUST:
 *  1. take words apart where nginx does: at blanks, ';' and '{', but for a
 *     '{' right behind '$', and for what is quoted or behind a backslash;
 *  2. undo the escapes that nginx undoes (\" \' \\ \t \r \n) and no others:
 *     a regular expression keeps its backslashes;
 *  3. see a comment only where a word could begin, and '}' only where a
 *     statement could;
 *  4. never look into a block of Lua, but find its end;
 *  5. refuse what nginx refuses: the rest would be a guess.
 */
bool nginx_lex_fail(struct nginx_reader *in, const char *fmt, ...)
{
	if (in->conf->error[0]) {
		return false;
	}
	va_list args;
	va_start(args, fmt);
	char why[200];
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	snprintf(in->conf->error, sizeof(in->conf->error), "%.250s:%d: %s",
		in->file, in->line, why);
	return false;
}

/* --- words */

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* The next byte; the caller knows that there is one. */
static char take(struct nginx_reader *in)
{
	char byte = *in->at++;

	in->line += byte == '\n';
	return byte;
}

static void skip_line(struct nginx_reader *in)
{
	while (in->at < in->end && *in->at != '\n') {
		in->at++;
	}
}

static void skip_blanks(struct nginx_reader *in)
{
	while (in->at < in->end && (is_blank(*in->at) || *in->at == '#')) {
		if (*in->at == '#') {
			skip_line(in);
		} else {
			take(in);
		}
	}
}

/* MUST 2. Returns the bytes written. */
static size_t undo_escapes(char *to, const char *from, size_t len)
{
	static const char names[] = "\"'\\trn";
	static const char bytes[] = "\"'\\\t\r\n";
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		const char *known = NULL;

		if (from[i] == '\\' && i + 1 < len && from[i + 1]) {
			known = strchr(names, from[i + 1]);
		}
		to[out++] = known != NULL ? bytes[known - names] : from[i];
		i += known != NULL;
	}
	return out;
}

static bool make_room(struct nginx_reader *in)
{
	size_t room = in->word_room ? in->word_room * 2 : 8;

	if (in->word_count < in->word_room) {
		return true;
	}
	char **more = NULL;
	more = realloc(in->words, room * sizeof(*more));
	if (more == NULL) {
		return nginx_lex_fail(in, "out of memory");
	}
	in->words = more;
	in->word_room = room;
	return true;
}

static bool add_word(struct nginx_reader *in, const char *from, size_t len)
{
	if (len >= NGINX_WORD_MAX) {
		return nginx_lex_fail(in, "a word of over 4095 bytes");
	}
	if (memchr(from, '\0', len) != NULL) {
		return nginx_lex_fail(in, "a NUL byte");
	}
	char *word = NULL;
	in->conf->byte_count += len + 1 + sizeof(word);
	if (in->conf->byte_count > NGINX_BYTES_MAX) {
		return nginx_lex_fail(in, "the configuration is too large");
	}
	word = make_room(in) ? malloc(len + 1) : NULL;
	if (word == NULL) {
		return nginx_lex_fail(in, "out of memory");
	}
	word[undo_escapes(word, from, len)] = '\0';
	in->words[in->word_count++] = word;
	return true;
}

/* Behind the opening quote. A ')' may follow the closing one, as in
 * if ($a = "b"), and is a word of its own. */
static bool read_quoted(struct nginx_reader *in, char quote)
{
	const char *start = in->at;

	while (in->at < in->end && *in->at != quote) {
		if (take(in) == '\\' && in->at < in->end) {
			take(in);
		}
	}
	if (in->at == in->end) {
		return nginx_lex_fail(in, "a quote is not closed");
	}
	if (!add_word(in, start, (size_t)(in->at - start))) {
		return false;
	}
	in->at++;
	if (in->at < in->end && !is_blank(*in->at) &&
		strchr(";{)", *in->at) == NULL) {
		return nginx_lex_fail(
			in, "unexpected text after a closing quote");
	}
	return true;
}

static bool read_bare(struct nginx_reader *in)
{
	const char *start = in->at;
	bool variable = false;

	while (in->at < in->end) {
		char byte = *in->at;

		if (is_blank(byte) || byte == ';' ||
			(byte == '{' && !variable)) {
			break;
		}
		take(in);
		variable = byte == '$' || (variable && byte == '{');
		if (byte == '\\' && in->at < in->end) {
			take(in);
		}
	}
	return add_word(in, start, (size_t)(in->at - start));
}

/* One statement, up to and with the byte that ends it. */
enum nginx_ending nginx_lex_statement(struct nginx_reader *in)
{
	for (;;) {
		char byte = '\0';

		skip_blanks(in);
		if (in->word_count == 0) {
			in->statement_line = in->line;
		}
		if (in->at == in->end) {
			return in->word_count ? NGINX_END_ERROR
					      : NGINX_END_OF_FILE;
		}
		byte = *in->at;
		if (byte == ';' || byte == '{' || byte == '}') {
			in->at++;
			if ((byte == '}') != (in->word_count == 0)) {
				return NGINX_END_ERROR;
			}
			return byte == ';'   ? NGINX_END_STATEMENT
			       : byte == '{' ? NGINX_END_BLOCK_OPENS
					     : NGINX_END_BLOCK_CLOSES;
		}
		if (byte == '"' || byte == '\'') {
			in->at++;
		}
		if (!(byte == '"' || byte == '\'' ? read_quoted(in, byte)
						  : read_bare(in))) {
			return NGINX_END_ERROR;
		}
	}
}

/* MUST 4: behind the opening brace. Strings and comments may hold braces. */
bool nginx_lex_lua(struct nginx_reader *in)
{
	int open = 1;

	while (in->at < in->end && open > 0) {
		char byte = take(in);

		open += (byte == '{') - (byte == '}');
		if (byte == '-' && in->at < in->end && *in->at == '-') {
			skip_line(in);
		}
		if (byte != '"' && byte != '\'') {
			continue;
		}
		while (in->at < in->end && *in->at != byte && *in->at != '\n') {
			if (take(in) == '\\' && in->at < in->end) {
				take(in);
			}
		}
		in->at += in->at < in->end && *in->at == byte;
	}
	return open == 0 || nginx_lex_fail(in, "a block of Lua is not closed");
}
