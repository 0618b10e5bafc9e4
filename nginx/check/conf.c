/* SPDX-License-Identifier: MIT */
#include "conf.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lex.h"

#include "base/banned.h"

/* --- statements */

static void free_node(struct nginx_node *node);

static void free_list(struct nginx_node *node)
{
	while (node != NULL) {
		struct nginx_node *next = node->next;

		free_node(node);
		node = next;
	}
}

static void free_node(struct nginx_node *node)
{
	free_list(node->statements);
	free_list(node->blocks);
	for (size_t i = 0; i < node->word_count; i++) {
		free(node->words[i]);
	}
	free(node->words);
	free(node);
}

/* Takes the words over. */
static struct nginx_node *add_node(
	struct nginx_reader *in, struct nginx_node *parent, bool is_block)
{
	struct nginx_node **last =
		is_block ? &parent->last_block : &parent->last_statement;

	if (in->conf->node_count++ >= NGINX_NODES_MAX) {
		nginx_lex_fail(in, "over %d statements", NGINX_NODES_MAX);
		return NULL;
	}
	struct nginx_node *node = NULL;
	node = calloc(1, sizeof(*node));
	if (node == NULL) {
		nginx_lex_fail(in, "out of memory");
		return NULL;
	}
	node->file = in->file;
	node->line = in->statement_line;
	node->words = in->words;
	node->word_count = in->word_count;
	node->is_block = is_block;
	node->parent = parent;
	if (*last != NULL) {
		(*last)->next = node;
	} else {
		*(is_block ? &parent->blocks : &parent->statements) = node;
	}
	*last = node;
	in->words = NULL;
	in->word_count = 0;
	in->word_room = 0;
	return node;
}

static bool include(struct nginx_reader *in, struct nginx_node *parent,
	const struct nginx_node *node);
static bool read_block(struct nginx_reader *in, struct nginx_node *block,
	enum nginx_ending last);

static bool take_statement(
	struct nginx_reader *in, struct nginx_node *block, bool opens)
{
	static const char lua[] = "_by_lua_block";
	struct nginx_node *node = add_node(in, block, opens);
	size_t len = node != NULL ? strlen(nginx_word(node, 0)) : 0;

	if (node == NULL) {
		return false;
	}
	if (in->depth >= NGINX_DEPTH_MAX) {
		return nginx_lex_fail(
			in, "blocks or includes are nested too deeply");
	}
	in->depth++;
	bool done = false;
	if (!opens) {
		done = !nginx_is(node, "include") || include(in, block, node);
	} else if (len >= sizeof(lua) &&
		   strcmp(node->words[0] + len - (sizeof(lua) - 1), lua) == 0) {
		done = nginx_lex_lua(in);
	} else {
		done = read_block(in, node, NGINX_END_BLOCK_CLOSES);
	}
	in->depth--;
	return done;
}

/* Statements up to the last ending: a block's or the file's. */
static bool read_block(struct nginx_reader *in, struct nginx_node *block,
	enum nginx_ending last)
{
	for (;;) {
		enum nginx_ending ending = nginx_lex_statement(in);

		if (ending == last) {
			return true;
		}
		if (ending != NGINX_END_STATEMENT &&
			ending != NGINX_END_BLOCK_OPENS) {
			return nginx_lex_fail(in,
				"a statement without ';', or an "
				"unexpected brace");
		}
		if (!take_statement(
			    in, block, ending == NGINX_END_BLOCK_OPENS)) {
			return false;
		}
	}
}

static bool read_file(struct nginx_conf *conf, const struct nginx_file *file,
	struct nginx_node *parent, int depth)
{
	struct nginx_reader in = {.conf = conf,
		.file = file->name,
		.at = file->text,
		.end = file->text + file->len,
		.line = 1,
		.depth = depth};
	bool done = read_block(&in, parent, NGINX_END_OF_FILE);

	for (size_t i = 0; i < in.word_count; i++) {
		free(in.words[i]);
	}
	free(in.words);
	return done;
}

/* --- files */

/* The next file of the dump, by name, behind this one. */
static const struct nginx_file *next_match(const struct nginx_conf *conf,
	const char *pattern, const struct nginx_file *last)
{
	const struct nginx_file *best = NULL;

	for (const struct nginx_file *file = conf->files; file != NULL;
		file = file->next) {
		if ((last == NULL || strcmp(file->name, last->name) > 0) &&
			(best == NULL || strcmp(file->name, best->name) < 0) &&
			(strcmp(pattern, file->name) == 0 ||
				fnmatch(pattern, file->name,
					FNM_PATHNAME | FNM_PERIOD) == 0)) {
			best = file;
		}
	}
	return best;
}

/* Relative names are below the folder of nginx.conf. A name that leads to no
 * file is an error; a pattern may match none. */
static bool include(struct nginx_reader *in, struct nginx_node *parent,
	const struct nginx_node *node)
{
	const char *name = nginx_word(node, 1);
	const char *main_name = in->conf->files->name;
	const char *slash = strrchr(main_name, '/');
	int folder = slash != NULL && name[0] != '/'
			     ? (int)(slash + 1 - main_name)
			     : 0;
	char path[NGINX_WORD_MAX * 2];

	snprintf(path, sizeof(path), "%.*s%s", folder, main_name, name);
	const struct nginx_file *file = next_match(in->conf, path, NULL);
	if (file == NULL && strpbrk(path, "*?[") == NULL) {
		in->line = node->line;
		return nginx_lex_fail(
			in, "%.150s is not in the output of nginx -T", path);
	}
	for (; file != NULL; file = next_match(in->conf, path, file)) {
		if (!read_file(in->conf, file, parent, in->depth)) {
			return false;
		}
	}
	return true;
}

static struct nginx_file *add_file(struct nginx_conf *conf,
	struct nginx_file *last, const char *name, size_t len)
{
	struct nginx_file *file = calloc(1, sizeof(*file) + len + 1);

	if (file == NULL) {
		snprintf(conf->error, sizeof(conf->error), "out of memory");
		return NULL;
	}
	memcpy(file->name, name, len);
	*(last != NULL ? &last->next : &conf->files) = file;
	return file;
}

static bool read_root(struct nginx_conf *conf)
{
	conf->root = calloc(1, sizeof(*conf->root));
	if (conf->root == NULL) {
		snprintf(conf->error, sizeof(conf->error), "out of memory");
		return false;
	}
	conf->root->file = conf->files->name;
	conf->root->line = 1;
	conf->root->is_block = true;
	return read_file(conf, conf->files, conf->root, 0);
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
	if (conf->files == NULL) {
		snprintf(conf->error, sizeof(conf->error),
			"not the output of nginx -T");
		return false;
	}
	return read_root(conf);
}

bool nginx_conf_file(
	struct nginx_conf *conf, const char *name, const char *text, size_t len)
{
	*conf = (struct nginx_conf){0};
	if (add_file(conf, NULL, name, strlen(name)) == NULL) {
		return false;
	}
	conf->files->text = text;
	conf->files->len = len;
	return read_root(conf);
}

void nginx_conf_free(struct nginx_conf *conf)
{
	while (conf->files != NULL) {
		struct nginx_file *file = conf->files;

		conf->files = file->next;
		free(file);
	}
	if (conf->root != NULL) {
		free_node(conf->root);
	}
	*conf = (struct nginx_conf){0};
}
