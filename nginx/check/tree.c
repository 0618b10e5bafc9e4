/* SPDX-License-Identifier: MIT */
#include "conf.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

const char *nginx_word(const struct nginx_node *node, size_t i)
{
	return i < node->word_count ? node->words[i] : "";
}

bool nginx_is(const struct nginx_node *node, const char *name)
{
	return node != NULL && strcmp(nginx_word(node, 0), name) == 0;
}

struct nginx_node *nginx_named(struct nginx_node *node, const char *name)
{
	while (node != NULL && !nginx_is(node, name)) {
		node = node->next;
	}
	return node;
}

bool nginx_same(const struct nginx_node *one, const struct nginx_node *two)
{
	if (one->word_count != two->word_count) {
		return false;
	}
	for (size_t i = 0; i < one->word_count; i++) {
		if (strcmp(one->words[i], two->words[i]) != 0) {
			return false;
		}
	}
	return true;
}

static bool has_all(
	const struct nginx_node *block, const struct nginx_node *wanted)
{
	for (; wanted != NULL; wanted = wanted->next) {
		if (nginx_find(block, wanted) == NULL) {
			return false;
		}
	}
	return true;
}

struct nginx_node *nginx_find(
	const struct nginx_node *block, const struct nginx_node *wanted)
{
	struct nginx_node *node = block->children;

	while (node != NULL && !(node->is_block == wanted->is_block &&
				       nginx_same(node, wanted) &&
				       has_all(node, wanted->children))) {
		node = node->next;
	}
	return node;
}

struct nginx_node *nginx_effective(
	const struct nginx_node *scope, const char *name)
{
	for (; scope != NULL; scope = scope->parent) {
		struct nginx_node *node = nginx_named(scope->children, name);

		if (node != NULL) {
			return node;
		}
	}
	return NULL;
}

bool nginx_says(
	const struct nginx_node *scope, const char *name, const char *value)
{
	const struct nginx_node *node = nginx_effective(scope, name);

	return node != NULL && strcmp(nginx_word(node, 1), value) == 0;
}

const char *nginx_words(
	const struct nginx_node *node, char words[NGINX_WORDS_SIZE])
{
	words[0] = '\0';
	size_t len = 0;
	for (size_t i = 0; i < node->word_count && len < NGINX_WORDS_SIZE;
		i++) {
		len += (size_t)snprintf(words + len, NGINX_WORDS_SIZE - len,
			"%s%.60s", i ? " " : "", node->words[i]);
	}
	return words;
}
