/* SPDX-License-Identifier: MIT */
#include "conf.h"

#include <fnmatch.h>
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
 *  4. never read inside a block of Lua, but find its end;
 *  5. refuse what nginx refuses: the rest would be a guess.
 */
#define DEPTH_MAX 48 /* of blocks and includes in each other */
#define WORDS_MAX 4096
#define WORD_MAX  4096

/* Where the reading of one file stands. */
struct reader {
	struct nginx_conf *conf;
	const char *file;
	const char *at;
	const char *end;
	int line;
	int statement_line;
	int depth;
	char **words; /* WORDS_MAX of them */
	size_t count;
};

static bool fail(struct reader *in, const char *why)
{
	if (in->conf->error[0] == '\0') {
		snprintf(in->conf->error, sizeof(in->conf->error),
			"%.250s:%d: %.200s", in->file, in->line, why);
	}
	return false;
}

/* Zeroed memory that lives as long as conf; NULL: too much, or none left. */
static void *allocate(struct nginx_conf *conf, size_t size)
{
	size = (size + 15) / 16 * 16;
	if (conf->memory == NULL) {
		conf->memory = calloc(1, NGINX_BYTES_MAX);
	}
	if (conf->memory == NULL || size > NGINX_BYTES_MAX - conf->used) {
		snprintf(conf->error, sizeof(conf->error),
			"the configuration is too large");
		return NULL;
	}
	conf->used += size;
	return conf->memory + conf->used - size;
}

/* --- words */

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* The next byte; the caller knows that there is one. */
static char take(struct reader *in)
{
	char byte = *in->at++;

	in->line += byte == '\n';
	return byte;
}

static void skip_line(struct reader *in)
{
	while (in->at < in->end && *in->at != '\n') {
		in->at++;
	}
}

/* MUST 2. */
static bool add_word(struct reader *in, const char *from, size_t len)
{
	static const char names[] = "\"'\\trn";
	static const char bytes[] = "\"'\\\t\r\n";

	if (len >= WORD_MAX || in->count == WORDS_MAX) {
		return fail(in, "a statement is too long");
	}
	if (memchr(from, '\0', len) != NULL) {
		return fail(in, "a NUL byte");
	}
	char *word = allocate(in->conf, len + 1);
	if (word == NULL) {
		return false;
	}
	in->words[in->count++] = word;
	for (size_t i = 0; i < len; i++) {
		const char *known = NULL;

		if (from[i] == '\\' && i + 1 < len) {
			known = strchr(names, from[i + 1]);
		}
		*word++ = known != NULL ? bytes[known - names] : from[i];
		i += known != NULL;
	}
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
		return fail(in, "a quote is not closed");
	}
	if (!add_word(in, start, (size_t)(in->at - start))) {
		return false;
	}
	in->at++;
	if (in->at < in->end && !is_blank(*in->at) &&
		strchr(";{)", *in->at) == NULL) {
		return fail(in, "unexpected text after a closing quote");
	}
	return true;
}

static bool read_bare(struct reader *in)
{
	const char *start = in->at;
	bool variable = false;

	while (in->at < in->end && !is_blank(*in->at) && *in->at != ';' &&
		(*in->at != '{' || variable)) {
		char byte = take(in);

		variable = byte == '$' || (variable && byte == '{');
		if (byte == '\\' && in->at < in->end) {
			take(in);
		}
	}
	return add_word(in, start, (size_t)(in->at - start));
}

/* The words of one statement, and the byte that ends them: ';', '{', or of
 * none '}' or '\0', the end of the file. -1: an error. */
static int read_statement(struct reader *in)
{
	in->count = 0;
	for (;;) {
		while (in->at < in->end && is_blank(*in->at)) {
			take(in);
		}
		if (in->count == 0) {
			in->statement_line = in->line;
		}
		char byte = in->at < in->end ? *in->at : '\0';
		if (byte == '#') {
			skip_line(in);
			continue;
		}
		if (in->at == in->end || byte == ';' || byte == '{' ||
			byte == '}') {
			in->at += in->at < in->end;
			return (byte == ';' || byte == '{') == (in->count > 0)
				       ? byte
				       : -1;
		}
		bool is_quoted = byte == '"' || byte == '\'';
		in->at += is_quoted;
		if (!(is_quoted ? read_quoted(in, byte) : read_bare(in))) {
			return -1;
		}
	}
}

/* MUST 4: behind the opening brace. Strings and comments may hold braces. */
static bool skip_lua(struct reader *in)
{
	for (int open = 1; open > 0;) {
		if (in->at == in->end) {
			return fail(in, "a block of Lua is not closed");
		}
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
	return true;
}

/* --- statements */

static struct nginx_node *add_node(
	struct reader *in, struct nginx_node *parent, bool is_block)
{
	if (in->conf->node_count++ >= NGINX_NODES_MAX) {
		fail(in, "too many statements");
		return NULL;
	}
	size_t size = in->count * sizeof(*in->words);
	struct nginx_node *node = allocate(in->conf, sizeof(*node) + size);
	if (node == NULL) {
		return NULL;
	}
	node->file = in->file;
	node->line = in->statement_line;
	node->is_block = is_block;
	node->parent = parent;
	node->word_count = in->count;
	memcpy(node->words, in->words, size);
	*(parent->last != NULL ? &parent->last->next : &parent->children) =
		node;
	parent->last = node;
	return node;
}

static bool include(struct reader *in, struct nginx_node *parent,
	const struct nginx_node *node);

static bool is_lua(const struct nginx_node *node)
{
	static const char end[] = "_by_lua_block";
	size_t len = strlen(node->words[0]);

	return len >= sizeof(end) &&
	       strcmp(node->words[0] + len - sizeof(end) + 1, end) == 0;
}

/* Statements up to the byte that ends a block, or the file. */
static bool read_block(struct reader *in, struct nginx_node *block, int last)
{
	if (in->depth++ >= DEPTH_MAX) {
		return fail(in, "blocks or includes are nested too deeply");
	}
	for (;;) {
		int ending = read_statement(in);
		if (ending == last) {
			in->depth--;
			return true;
		}
		if (ending != ';' && ending != '{') {
			return fail(in, "expected ';' or a brace");
		}
		struct nginx_node *node = add_node(in, block, ending == '{');
		bool done = node != NULL;
		if (done && node->is_block) {
			done = is_lua(node) ? skip_lua(in)
					    : read_block(in, node, '}');
		} else if (done && nginx_is(node, "include")) {
			done = include(in, block, node);
		}
		if (!done) {
			return false;
		}
	}
}

static bool read_file(const struct reader *outer, const struct nginx_file *file,
	struct nginx_node *parent)
{
	struct reader in = *outer;

	in.file = file->name;
	in.at = file->text;
	in.end = file->text + file->len;
	in.line = 1;
	return read_block(&in, parent, '\0');
}

/* The next file of the dump, by name, behind this one. */
static const struct nginx_file *next_match(const struct nginx_conf *conf,
	const char *pattern, const struct nginx_file *last)
{
	const struct nginx_file *best = NULL;

	for (const struct nginx_file *file = conf->files; file != NULL;
		file = file->next) {
		if ((last == NULL || strcmp(file->name, last->name) > 0) &&
			(best == NULL || strcmp(file->name, best->name) < 0) &&
			fnmatch(pattern, file->name,
				FNM_PATHNAME | FNM_PERIOD) == 0) {
			best = file;
		}
	}
	return best;
}

/* Relative names are below the folder of nginx.conf. A name that leads to no
 * file is an error; a pattern may match none. */
static bool include(struct reader *in, struct nginx_node *parent,
	const struct nginx_node *node)
{
	const char *name = nginx_word(node, 1);
	const char *main_name = in->conf->files->name;
	const char *slash = strrchr(main_name, '/');
	int folder = slash != NULL && name[0] != '/'
			     ? (int)(slash + 1 - main_name)
			     : 0;
	char path[WORD_MAX * 2];

	snprintf(path, sizeof(path), "%.*s%s", folder, main_name, name);
	const struct nginx_file *file = next_match(in->conf, path, NULL);
	if (file == NULL && strpbrk(path, "*?[") == NULL) {
		in->line = node->line;
		return fail(in, "this file is not in the output of nginx -T");
	}
	for (; file != NULL; file = next_match(in->conf, path, file)) {
		if (!read_file(in, file, parent)) {
			return false;
		}
	}
	return true;
}

/* --- files */

static struct nginx_file *add_file(struct nginx_conf *conf,
	struct nginx_file *last, const char *name, size_t len)
{
	struct nginx_file *file = allocate(conf, sizeof(*file) + len + 1);

	if (file != NULL) {
		memcpy(file->name, name, len);
		*(last != NULL ? &last->next : &conf->files) = file;
	}
	return file;
}

static bool read_root(struct nginx_conf *conf)
{
	char *words[WORDS_MAX];
	const struct reader in = {.conf = conf, .words = words};

	conf->root = allocate(conf, sizeof(*conf->root));
	if (conf->root == NULL) {
		return false;
	}
	conf->root->file = conf->files->name;
	conf->root->line = 1;
	conf->root->is_block = true;
	return read_file(&in, conf->files, conf->root);
}

/* "# configuration file /etc/nginx/nginx.conf:", as -T writes it. */
bool nginx_conf_dump(struct nginx_conf *conf, const char *text, size_t len)
{
	static const char marker[] = "# configuration file /";
	const size_t name_at = sizeof(marker) - 2;
	const char *end = text + len;

	*conf = (struct nginx_conf){0};
	struct nginx_file *file = NULL;
	const char *stop = NULL;
	for (const char *at = text; at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop != NULL ? stop : end;
		if ((size_t)(stop - at) > sizeof(marker) &&
			memcmp(at, marker, sizeof(marker) - 1) == 0 &&
			stop[-1] == ':') {
			file = add_file(conf, file, at + name_at,
				(size_t)(stop - 1 - at) - name_at);
			if (file == NULL) {
				return false;
			}
			file->text = stop < end ? stop + 1 : end;
		} else if (file != NULL) {
			file->len = (size_t)(stop - file->text);
		} else if (memmem(at, (size_t)(stop - at),
				   "conflicting server name", 23) != NULL) {
			conf->has_warning = true;
		}
	}
	if (conf->files != NULL) {
		return read_root(conf);
	}
	snprintf(
		conf->error, sizeof(conf->error), "not the output of nginx -T");
	return false;
}

bool nginx_conf_file(
	struct nginx_conf *conf, const char *name, const char *text, size_t len)
{
	*conf = (struct nginx_conf){0};
	struct nginx_file *file = add_file(conf, NULL, name, strlen(name));
	if (file == NULL) {
		return false;
	}
	file->text = text;
	file->len = len;
	return read_root(conf);
}

void nginx_conf_free(struct nginx_conf *conf)
{
	free(conf->memory);
}
