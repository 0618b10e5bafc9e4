/* SPDX-License-Identifier: MIT */
#include "nginx/tree.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define CHUNK_SIZE (256 * 1024)

struct ctl_conf_chunk {
	struct ctl_conf_chunk *next;
	size_t size;
	size_t used;
	alignas(max_align_t) char data[];
};

void ctl_conf_init(struct ctl_conf *conf)
{
	*conf = (struct ctl_conf){0};
	conf->files_end = &conf->files;
	conf->root.file = "";
	conf->root.is_block = true;
}

void ctl_conf_finish(struct ctl_conf *conf)
{
	while (conf->chunks) {
		struct ctl_conf_chunk *chunk = conf->chunks;

		conf->chunks = chunk->next;
		free(chunk);
	}
	ctl_conf_init(conf);
}

bool ctl_conf_fail(
	struct ctl_conf *conf, const char *file, int line, const char *fmt, ...)
{
	size_t len = 0;
	va_list args;

	snprintf(conf->error, sizeof(conf->error), "%.300s:%d: ", file, line);
	len = strlen(conf->error);
	va_start(args, fmt);
	vsnprintf(conf->error + len, sizeof(conf->error) - len, fmt, args);
	va_end(args);
	return false;
}

static bool add_chunk(struct ctl_conf *conf, size_t size)
{
	struct ctl_conf_chunk *chunk = NULL;

	size = size > CHUNK_SIZE ? size : CHUNK_SIZE;
	if (size <= CTL_CONF_MEMORY_MAX - conf->bytes) {
		chunk = calloc(1, sizeof(*chunk) + size);
	}
	if (!chunk) {
		snprintf(conf->error, sizeof(conf->error),
			"the configuration is too large");
		return false;
	}
	chunk->size = size;
	chunk->next = conf->chunks;
	conf->chunks = chunk;
	conf->bytes += size;
	return true;
}

void *ctl_conf_alloc(struct ctl_conf *conf, size_t size)
{
	const size_t align = alignof(max_align_t);
	char *at = NULL;

	if (size > CTL_CONF_MEMORY_MAX) {
		size = CTL_CONF_MEMORY_MAX + 1;
	}
	size = (size + align - 1) / align * align;
	if ((!conf->chunks || size > conf->chunks->size - conf->chunks->used) &&
		!add_chunk(conf, size)) {
		return NULL;
	}
	at = conf->chunks->data + conf->chunks->used;
	conf->chunks->used += size;
	return at;
}

char *ctl_conf_copy(struct ctl_conf *conf, const char *text, size_t len)
{
	char *copy = ctl_conf_alloc(conf, len + 1);

	if (copy && len) {
		memcpy(copy, text, len);
	}
	return copy;
}

void ctl_conf_append(struct ctl_conf_node *parent, struct ctl_conf_node *node)
{
	node->next = NULL;
	node->next_plain = NULL;
	*(parent->last ? &parent->last->next : &parent->first) = node;
	parent->last = node;
	if (!node->is_block) {
		*(parent->last_plain ? &parent->last_plain->next_plain
				     : &parent->first_plain) = node;
		parent->last_plain = node;
	}
}

void ctl_conf_drop(struct ctl_conf_node *parent, struct ctl_conf_node *node)
{
	struct ctl_conf_node *before = NULL;
	struct ctl_conf_node *plain = NULL;

	for (struct ctl_conf_node *at = parent->first; at != node;
		at = at->next) {
		before = at;
		plain = at->is_block ? plain : at;
	}
	*(before ? &before->next : &parent->first) = NULL;
	parent->last = before;
	*(plain ? &plain->next_plain : &parent->first_plain) = NULL;
	parent->last_plain = plain;
}

struct ctl_conf_node *ctl_conf_add(struct ctl_conf *conf,
	struct ctl_conf_node *parent, const char *const *words, size_t count,
	bool is_block)
{
	struct ctl_conf_node *node = NULL;
	const char **own = NULL;

	if (conf->node_count >= CTL_CONF_NODES_MAX) {
		snprintf(conf->error, sizeof(conf->error),
			"the configuration has over %d statements",
			CTL_CONF_NODES_MAX);
		return NULL;
	}
	node = ctl_conf_alloc(conf, sizeof(*node));
	own = ctl_conf_alloc(conf, count * sizeof(*own));
	if (!node || !own) {
		return NULL;
	}
	memcpy(own, words, count * sizeof(*own));
	node->words = own;
	node->word_count = count;
	node->parent = parent;
	node->is_block = is_block;
	ctl_conf_append(parent, node);
	conf->node_count++;
	return node;
}

const char *ctl_word(const struct ctl_conf_node *node, size_t i)
{
	return i < node->word_count ? node->words[i] : "";
}

bool ctl_is(const struct ctl_conf_node *node, const char *name)
{
	return node && strcmp(ctl_word(node, 0), name) == 0;
}

static const struct ctl_conf_node *find_from(
	const struct ctl_conf_node *node, const char *name)
{
	while (node && !ctl_is(node, name)) {
		node = node->next;
	}
	return node;
}

static const struct ctl_conf_node *find_plain(
	const struct ctl_conf_node *node, const char *name)
{
	while (node && !ctl_is(node, name)) {
		node = node->next_plain;
	}
	return node;
}

const struct ctl_conf_node *ctl_child(
	const struct ctl_conf_node *block, const char *name)
{
	return find_from(block->first, name);
}

const struct ctl_conf_node *ctl_sibling(
	const struct ctl_conf_node *node, const char *name)
{
	return node->is_block ? find_from(node->next, name)
			      : find_plain(node->next_plain, name);
}

bool ctl_same_words(const struct ctl_conf_node *one,
	const struct ctl_conf_node *two, size_t from)
{
	if (one->word_count != two->word_count) {
		return false;
	}
	for (size_t i = from; i < one->word_count; i++) {
		if (strcmp(one->words[i], two->words[i]) != 0) {
			return false;
		}
	}
	return true;
}

static bool has_all(
	const struct ctl_conf_node *block, const struct ctl_conf_node *wanted)
{
	for (const struct ctl_conf_node *child = wanted->first; child;
		child = child->next) {
		if (!ctl_find_same(block, child)) {
			return false;
		}
	}
	return true;
}

const struct ctl_conf_node *ctl_find_same(
	const struct ctl_conf_node *block, const struct ctl_conf_node *wanted)
{
	for (const struct ctl_conf_node *node = block->first; node;
		node = node->next) {
		if (node->is_block == wanted->is_block &&
			ctl_same_words(node, wanted, 0) &&
			has_all(node, wanted)) {
			return node;
		}
	}
	return NULL;
}

const struct ctl_conf_node *ctl_effective(
	const struct ctl_conf_node *scope, const char *name)
{
	for (; scope; scope = scope->parent) {
		const struct ctl_conf_node *node =
			find_plain(scope->first_plain, name);

		if (node) {
			return node;
		}
	}
	return NULL;
}

bool ctl_says(
	const struct ctl_conf_node *scope, const char *name, const char *value)
{
	const struct ctl_conf_node *node = ctl_effective(scope, name);

	return node && strcmp(ctl_word(node, 1), value) == 0;
}
