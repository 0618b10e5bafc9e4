/* SPDX-License-Identifier: MIT */
/*
 * An nginx configuration as nginx itself reads it: statements of words, some
 * with a block of statements. An include that was followed is not there, the
 * statements of its file are; each knows the file and line it came from.
 */
#ifndef CTL_NGINX_TREE_H
#define CTL_NGINX_TREE_H

#include <stdbool.h>
#include <stddef.h>

/* Far above what anybody serves, far below what would hurt. */
#define CTL_CONF_TEXT_MAX   (16 * 1024 * 1024) /* bytes of all files */
#define CTL_CONF_MEMORY_MAX (64 * 1024 * 1024)
#define CTL_CONF_NODES_MAX  100000
#define CTL_CONF_DEPTH_MAX  48   /* of blocks and includes in each other */
#define CTL_CONF_WORDS_MAX  4096 /* of one statement */
#define CTL_CONF_WORD_MAX   4096 /* bytes; nginx's own limit */

struct ctl_conf_node {
	const char *file;
	int line;
	const char *const *words; /* at least one; quotes and escapes undone */
	size_t word_count;
	bool is_block;
	struct ctl_conf_node *parent; /* NULL: the root, which has no words */
	struct ctl_conf_node *first;
	struct ctl_conf_node *last;
	struct ctl_conf_node *next;
	/* The statements without a block, which are few among the many
	 * locations of a large file: chained once more, to be found soon. */
	struct ctl_conf_node *first_plain;
	struct ctl_conf_node *last_plain;
	struct ctl_conf_node *next_plain;
};

struct ctl_conf_file {
	const char *name;
	const char *text;
	size_t len;
	struct ctl_conf_file *next;
};

struct ctl_conf_chunk;

/* One configuration; everything above lives as long as it does. */
struct ctl_conf {
	struct ctl_conf_chunk *chunks;
	size_t bytes; /* in chunks */
	size_t text_bytes;
	size_t node_count;
	struct ctl_conf_file *files; /* the first is nginx.conf */
	struct ctl_conf_file **files_end;
	bool on_disk; /* includes are read from the disk */
	struct ctl_conf_node root;
	char error[512]; /* why it could not be read, with file and line */
};

void ctl_conf_init(struct ctl_conf *conf);
void ctl_conf_finish(struct ctl_conf *conf);

/* Zeroed memory that lives as long as conf; NULL with conf->error set when
 * there is none, or more than the limit. */
void *ctl_conf_alloc(struct ctl_conf *conf, size_t size);
/* The same for a copy that ends with NUL. */
char *ctl_conf_copy(struct ctl_conf *conf, const char *text, size_t len);
/* A statement at the end of parent. words stay the caller's, their bytes do
 * not. NULL with conf->error set. */
struct ctl_conf_node *ctl_conf_add(struct ctl_conf *conf,
	struct ctl_conf_node *parent, const char *const *words, size_t count,
	bool is_block);
/* Puts a statement at the end of parent, and takes the last one, if it
 * is a plain one, out of it again. */
void ctl_conf_append(struct ctl_conf_node *parent, struct ctl_conf_node *node);
void ctl_conf_drop(struct ctl_conf_node *parent, struct ctl_conf_node *node);
/* Says why and returns false. */
bool ctl_conf_fail(struct ctl_conf *conf, const char *file, int line,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The i-th word, "" where there is none. */
const char *ctl_word(const struct ctl_conf_node *node, size_t i);
/* Is it a statement of this name? NULL is none. */
bool ctl_is(const struct ctl_conf_node *node, const char *name);
/* The first statement of this name in the block, or behind a statement of
 * the same block; NULL if there is none. */
const struct ctl_conf_node *ctl_child(
	const struct ctl_conf_node *block, const char *name);
const struct ctl_conf_node *ctl_sibling(
	const struct ctl_conf_node *node, const char *name);
/* Have they the same words, from the given one on? */
bool ctl_same_words(const struct ctl_conf_node *one,
	const struct ctl_conf_node *two, size_t from);
/* The statement of block with the words of wanted, and with all that stands
 * inside of it. */
const struct ctl_conf_node *ctl_find_same(
	const struct ctl_conf_node *block, const struct ctl_conf_node *wanted);
/* The first statement of this name that holds in a location: of its own
 * block, else of the next one around it that has any, and without a block. All
 * statements of one name inherit together, so the others are its siblings. */
const struct ctl_conf_node *ctl_effective(
	const struct ctl_conf_node *scope, const char *name);
/* Does the statement of this name that holds there say this? */
bool ctl_says(
	const struct ctl_conf_node *scope, const char *name, const char *value);

#endif
