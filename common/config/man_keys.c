/* SPDX-License-Identifier: MIT */
/*
 * Prints the KEYS part of stauth.conf(5) out of the table, at build time, so
 * that the page cannot tell another story than the parser.
 */
#include <stdio.h>

#include "config/keys.h"

#include "base/banned.h"

/* scdoc takes these for markup. */
static void print_plain(const char *text)
{
	for (; *text; text++) {
		if (*text == '_' || *text == '*' || *text == '\\') {
			putchar('\\');
		}
		putchar(*text);
	}
}

static void print_key(const struct stauth_key *key)
{
	printf("*");
	print_plain(key->name);
	printf("*");
	if (key->kind == STAUTH_KEY_INT) {
		printf(" (%ld to %ld)", key->min, key->max);
	}
	printf("\n\t");
	print_plain(key->help);
	if (key->default_value != NULL && key->default_value[0]) {
		printf("; default ");
		print_plain(key->default_value);
	}
	printf(".");
	if (key->secret) {
		printf(" A secret: it is masked wherever shown, and may "
		       "be given as ");
		print_plain(key->name);
		printf("\\_FILE.");
	}
	printf("\n\n");
}

int main(void)
{
	for (size_t i = 0; i < stauth_keys_count; i++) {
		print_key(&stauth_keys_table[i]);
	}
	return 0;
}
