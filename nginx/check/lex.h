/* SPDX-License-Identifier: MIT */
#ifndef NGINX_LEX_H
#define NGINX_LEX_H

#include "conf.h"

/* Where the reading of one file stands. */
struct nginx_reader {
	struct nginx_conf *conf;
	const char *file;
	const char *at;
	const char *end;
	int line;
	int statement_line;
	int depth;
	char **words;
	size_t word_count;
	size_t word_room;
};

enum nginx_ending {
	NGINX_END_STATEMENT,
	NGINX_END_BLOCK_OPENS,
	NGINX_END_BLOCK_CLOSES,
	NGINX_END_OF_FILE,
	NGINX_END_ERROR,
};

/* One statement's words, up to and with the byte that ends them; the caller
 * takes them out of in before the next. */
enum nginx_ending nginx_lex_statement(struct nginx_reader *in);
/* Behind the opening brace of a block of Lua, to its end. */
bool nginx_lex_lua(struct nginx_reader *in);
/* Notes what is wrong, and where, unless something is noted already. Returns
 * false. */
bool nginx_lex_fail(struct nginx_reader *in, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
