/* SPDX-License-Identifier: MIT */
#include "nginx/parse.h"

#include <stdlib.h>
#include <string.h>

#include "nginx/load.h"

#include "base/banned.h"

/*
 * nginx's own grammar (ngx_conf_file.c reads it byte by byte). It MUST:
 *  1. take words apart where nginx does: at blanks, ';' and '{', but for a
 *     '{' right behind '$', and for what is quoted or behind a backslash;
 *  2. undo the escapes that nginx undoes (\" \' \\ \t \r \n) and no others:
 *     a regular expression keeps its backslashes;
 *  3. see a comment only where a word could begin, and '}' only where a
 *     statement could;
 *  4. never look into a block of Lua, but find its end as Lua would;
 *  5. refuse what nginx refuses: the rest would be a guess.
 */
struct reader {
	struct ctl_conf *conf;
	const char *file;
	const char *at;
	const char *end;
	int line;
	int statement_line;
	size_t count;
	const char *words[CTL_CONF_WORDS_MAX];
};

enum ending {
	END_STATEMENT,
	END_BLOCK_OPENS,
	END_BLOCK_CLOSES,
	END_OF_FILE,
	END_ERROR,
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool fail(struct reader *in, const char *why)
{
	return ctl_conf_fail(in->conf, in->file, in->line, "%s", why);
}

/* The next byte; the caller knows that there is one. */
static char take(struct reader *in)
{
	char byte = *in->at++;

	in->line += byte == '\n';
	return byte;
}

static void skip_comment(struct reader *in)
{
	while (in->at < in->end && *in->at != '\n') {
		in->at++;
	}
}

static void skip_blanks(struct reader *in)
{
	while (in->at < in->end && (is_blank(*in->at) || *in->at == '#')) {
		if (*in->at == '#') {
			skip_comment(in);
		} else {
			take(in);
		}
	}
}

/* MUST 2. Returns the bytes written. */
static size_t undo_escapes(char *to, const char *from, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		char next = i + 1 < len ? from[i + 1] : '\0';
		const char *known = NULL;

		if (from[i] == '\\' && next) {
			known = strchr("\"'\\trn", next);
		}
		if (!known) {
			to[out++] = from[i];
			continue;
		}
		to[out++] = next == 't'   ? '\t'
			    : next == 'r' ? '\r'
			    : next == 'n' ? '\n'
					  : next;
		i++;
	}
	return out;
}

static bool add_word(struct reader *in, const char *from, size_t len)
{
	char *word = NULL;

	if (len >= CTL_CONF_WORD_MAX) {
		return fail(in, "a word of over 4095 bytes");
	}
	if (memchr(from, '\0', len)) {
		return fail(in, "a NUL byte");
	}
	if (in->count == CTL_CONF_WORDS_MAX) {
		return fail(in, "over 4096 words in one statement");
	}
	word = ctl_conf_copy(in->conf, from, len);
	if (!word) {
		return false;
	}
	word[undo_escapes(word, from, len)] = '\0';
	in->words[in->count++] = word;
	return true;
}

/* Behind the opening quote. A ')' may follow the closing one, as in
 * if ($a = "b"), and is a word of its own. */
static bool read_quoted(struct reader *in, char quote)
{
	const char *start = in->at;

	while (in->at < in->end && *in->at != quote) {
		if (take(in) == '\\' && in->at < in->end) {
			take(in);
		}
	}
	if (in->at == in->end) {
		return fail(in, "a quote that nothing closes");
	}
	if (!add_word(in, start, (size_t)(in->at - start))) {
		return false;
	}
	in->at++;
	if (in->at < in->end && !is_blank(*in->at) && !strchr(";{)", *in->at)) {
		return fail(in, "something right behind a closing quote");
	}
	return true;
}

static bool read_bare(struct reader *in)
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

static bool read_word(struct reader *in)
{
	char byte = *in->at;

	if (byte == '"' || byte == '\'') {
		in->at++;
		return read_quoted(in, byte);
	}
	return read_bare(in);
}

/* One statement, up to and with the byte that ends it. */
static enum ending read_statement(struct reader *in)
{
	in->count = 0;
	for (;;) {
		skip_blanks(in);
		if (in->count == 0) {
			in->statement_line = in->line;
		}
		if (in->at == in->end) {
			return in->count ? END_ERROR : END_OF_FILE;
		}
		if (strchr(";{}", *in->at) && *in->at) {
			char byte = take(in);

			if ((byte == '}') != (in->count == 0)) {
				return END_ERROR;
			}
			return byte == ';'   ? END_STATEMENT
			       : byte == '{' ? END_BLOCK_OPENS
					     : END_BLOCK_CLOSES;
		}
		if (!read_word(in)) {
			return END_ERROR;
		}
	}
}

/* --- Lua */

/* "[[" or "[==[" begins here: the number of '=' signs, else -1. */
static int long_bracket(const struct reader *in)
{
	const char *at = in->at;
	int level = 0;

	if (at == in->end || *at != '[') {
		return -1;
	}
	for (at++; at < in->end && *at == '='; at++) {
		level++;
	}
	return at < in->end && *at == '[' ? level : -1;
}

static void skip_long_bracket(struct reader *in, int level)
{
	in->at += level + 2;
	while (in->at < in->end) {
		int found = 0;

		if (take(in) != ']') {
			continue;
		}
		while (in->at + found < in->end && in->at[found] == '=') {
			found++;
		}
		if (found == level && in->at + found < in->end &&
			in->at[found] == ']') {
			in->at += found + 1;
			return;
		}
	}
}

static void skip_lua_string(struct reader *in, char quote)
{
	while (in->at < in->end) {
		char byte = take(in);

		if (byte == '\\' && in->at < in->end) {
			take(in);
		} else if (byte == quote || byte == '\n') {
			return;
		}
	}
}

static void skip_lua_comment(struct reader *in)
{
	int level = -1;

	in->at++;
	level = long_bracket(in);
	if (level >= 0) {
		skip_long_bracket(in, level);
	} else {
		skip_comment(in);
	}
}

/* MUST 4: behind the opening brace. */
static bool skip_lua(struct reader *in)
{
	int open = 1;

	while (in->at < in->end && open > 0) {
		int level = long_bracket(in);
		char byte = '\0';

		if (level >= 0) {
			skip_long_bracket(in, level);
			continue;
		}
		byte = take(in);
		open += (byte == '{') - (byte == '}');
		if (byte == '"' || byte == '\'') {
			skip_lua_string(in, byte);
		} else if (byte == '-' && in->at < in->end && *in->at == '-') {
			skip_lua_comment(in);
		}
	}
	return open == 0 || fail(in, "a block of Lua that nothing closes");
}

static bool is_lua(const char *name)
{
	static const char end[] = "_by_lua_block";
	size_t len = strlen(name);

	return len > sizeof(end) - 1 &&
	       strcmp(name + len - (sizeof(end) - 1), end) == 0;
}

/* --- statements */

static bool parse_block(struct reader *in, struct ctl_conf_node *block,
	int depth, enum ending last);

static bool take_statement(
	struct reader *in, struct ctl_conf_node *block, bool opens, int depth)
{
	struct ctl_conf_node *node =
		ctl_conf_add(in->conf, block, in->words, in->count, opens);

	if (!node) {
		return false;
	}
	node->file = in->file;
	node->line = in->statement_line;
	if (!opens) {
		return !ctl_is(node, "include") ||
		       ctl_conf_include(in->conf, block, node, depth);
	}
	if (is_lua(node->words[0])) {
		return skip_lua(in);
	}
	if (depth >= CTL_CONF_DEPTH_MAX) {
		return fail(in, "blocks too deep in each other");
	}
	return parse_block(in, node, depth + 1, END_BLOCK_CLOSES);
}

static bool fail_ending(struct reader *in)
{
	return in->conf->error[0]
		       ? false
		       : fail(in, "not an nginx configuration: a statement "
				  "without ';', or an odd brace");
}

/* Statements up to the last ending: a block's or the file's. */
static bool parse_block(struct reader *in, struct ctl_conf_node *block,
	int depth, enum ending last)
{
	for (;;) {
		enum ending ending = read_statement(in);

		if (ending == last) {
			return true;
		}
		if (ending != END_STATEMENT && ending != END_BLOCK_OPENS) {
			return fail_ending(in);
		}
		if (!take_statement(
			    in, block, ending == END_BLOCK_OPENS, depth)) {
			return false;
		}
	}
}

bool ctl_conf_parse(struct ctl_conf *conf, const struct ctl_conf_file *file,
	struct ctl_conf_node *parent, int depth)
{
	struct reader *in = calloc(1, sizeof(*in));
	bool done = false;

	if (!in) {
		return ctl_conf_fail(conf, file->name, 1, "out of memory");
	}
	in->conf = conf;
	in->file = file->name;
	in->at = file->text;
	in->end = file->text + file->len;
	in->line = 1;
	done = parse_block(in, parent, depth, END_OF_FILE);
	free(in);
	return done;
}
