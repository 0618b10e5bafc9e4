/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_CONFIG_KEYS_H
#define STAUTH_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

/* The one table of keys. Everything that knows a key's name, default, kind,
 * range or secrecy reads it here. */
enum stauth_key_kind {
	STAUTH_KEY_TEXT,
	STAUTH_KEY_BOOL,
	STAUTH_KEY_INT,
	STAUTH_KEY_COLOR, /* #rgb, #rrggbb or a CSS colour name */
	STAUTH_KEY_TABLE, /* [A-Za-z_][A-Za-z0-9_]* */
	STAUTH_KEY_FILE,  /* a bare file name */
	STAUTH_KEY_URL,   /* without user and password, which are secret */
	STAUTH_KEY_PATH,  /* relative ones are below STATE_DIR */
	STAUTH_KEY_STORAGE,
	STAUTH_KEY_TRANSPORT,
	STAUTH_KEY_ORIGINS,
	STAUTH_KEY_APPS,  /* HOST:PORT or unix:/PATH, blank separated */
	STAUTH_KEY_BYTES, /* APP_KEY: bytes and their length */
};

struct stauth_key {
	const char *name;
	enum stauth_key_kind kind;
	bool secret; /* masked, and may come as NAME_FILE */
	size_t at;   /* of the field in struct stauth_config */
	size_t size; /* of a text field, NUL included */
	long min;    /* of a number */
	long max;
	const char *default_value; /* the default; NULL: computed, see help */
	const char *help;          /* one sentence */
};

extern const struct stauth_key stauth_keys_table[];
extern const size_t stauth_keys_count;

/* The index of this key, also by an older name; or -1. */
int stauth_key_find(const char *name);
/* The known key that this unknown one looks like a slip of, or NULL. */
const char *stauth_key_meant(const char *name);

#endif
