/* SPDX-License-Identifier: MIT */
/*
 * An nginx configuration as `nginx -T` prints it, read as nginx reads it: a
 * tree of statements, with the files that are included in their places.
 */
#ifndef NGINX_CONF_H
#define NGINX_CONF_H

#include <stdbool.h>
#include <stddef.h>

/* Far above what anybody serves, far below what would hurt. */
#define NGINX_TEXT_MAX  (16 * 1024 * 1024) /* bytes of `nginx -T` */
#define NGINX_BYTES_MAX (64 * 1024 * 1024) /* of what is made of it */
#define NGINX_NODES_MAX 100000

struct nginx_node {
	const char *file;
	int line;
	bool is_block;
	struct nginx_node *parent;
	struct nginx_node *next;     /* of the same block */
	struct nginx_node *children; /* of a block: statements and blocks */
	struct nginx_node *last;
	size_t word_count; /* none in the root */
	char *words[];     /* quotes and escapes undone */
};

struct nginx_file {
	struct nginx_file *next;
	const char *text;
	size_t len;
	char name[]; /* with its path */
};

/* One configuration; all of it lives until nginx_conf_free. */
struct nginx_conf {
	struct nginx_node *root;
	struct nginx_file *files; /* the first is nginx.conf */
	char *memory;             /* NGINX_BYTES_MAX of it, zeroed */
	size_t used;
	size_t node_count;
	bool has_warning; /* nginx ignored a server{} of a name twice used */
	char error[512];  /* "FILE:LINE: what is wrong" */
};

/* text: the output of `nginx -T`, perhaps with what it says on stderr before
 * it; borrowed. False with conf->error set. Free conf in any case. */
bool nginx_conf_dump(struct nginx_conf *conf, const char *text, size_t len);
/* The same for the text of one file. */
bool nginx_conf_file(struct nginx_conf *conf, const char *name,
	const char *text, size_t len);
void nginx_conf_free(struct nginx_conf *conf);

/* The i-th word, "" where there is none. */
const char *nginx_word(const struct nginx_node *node, size_t i);
bool nginx_is(const struct nginx_node *node, const char *name);
/* From this one of a list on, the first of this name; NULL: there is none. */
struct nginx_node *nginx_named(struct nginx_node *node, const char *name);
#define nginx_each(node, list, name)                                           \
	for (const struct nginx_node *node = nginx_named(list, name);          \
		(node) != NULL; (node) = nginx_named((node)->next, name))
/* The statement or block with the same words and, inside, all of wanted's. */
struct nginx_node *nginx_find(
	const struct nginx_node *block, const struct nginx_node *wanted);
bool nginx_same(const struct nginx_node *one, const struct nginx_node *two);
/* The first statement of this name that holds in a block: of the block itself,
 * else of the next one around it that has any. All statements of a name
 * inherit together, so the others are behind it in its list. */
struct nginx_node *nginx_effective(
	const struct nginx_node *scope, const char *name);
/* Is that statement's first value this one? */
bool nginx_says(
	const struct nginx_node *scope, const char *name, const char *value);

/* "location ~ \.js$", for messages; cut where it is long. */
#define NGINX_WORDS_SIZE 120
const char *nginx_words(
	const struct nginx_node *node, char words[NGINX_WORDS_SIZE]);

#endif
