/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_CONFIG_H
#define STAUTH_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"
#include "config/safefile.h"

#define STAUTH_CONFIG_DEFAULT "/etc/stauth/stauth.conf"
#define STAUTH_CONFIG_MAX     (256 * 1024) /* bytes of a configuration file */
#define STAUTH_VALUE_SIZE     4096 /* bytes of one value, NUL included */
#define STAUTH_ORIGINS_MAX    16
#define STAUTH_KEYS_MAX       80 /* no fewer than the table has */
#define STAUTH_SECRETS_MAX    16 /* no fewer than the table has */
#define STAUTH_ORIGIN_SIZE    280
#define STAUTH_APP_SIZE       280 /* of one address in APP_UPSTREAM */

enum stauth_storage {
	STAUTH_STORAGE_SQLITE,
	STAUTH_STORAGE_AIRTABLE,
	STAUTH_STORAGE_POSTGRES,
};

enum stauth_mail_transport {
	STAUTH_TRANSPORT_NONE,
	STAUTH_TRANSPORT_SENDGRID,
	STAUTH_TRANSPORT_SMTP,
	STAUTH_TRANSPORT_FILE,
};

/* "https://app.example.com": lower case, default port dropped. */
struct stauth_origin {
	char origin[STAUTH_ORIGIN_SIZE];
	const char *host; /* within origin: "app.example.com[:port]" */
	bool https;
};

/*
 * The configuration, read, checked and typed. Every key of the table has its
 * field; the table (config/keys.c) is the one place that knows names,
 * defaults, kinds and which are secret. Nothing points outside the struct.
 * It is large: allocate it, do not put it on the stack.
 */
struct stauth_config {
	char path[PATH_MAX];           /* the file it came from */
	int line_of[STAUTH_KEYS_MAX];  /* by index in the table; 0: default */
	bool by_file[STAUTH_KEYS_MAX]; /* given as KEY_FILE */
	/* The files of those, in the order of the file. */
	struct {
		int key;             /* its index in the table */
		char path[PATH_MAX]; /* absolute */
	} secret_files[STAUTH_SECRETS_MAX];
	size_t secret_file_count;
	char ignored[512]; /* "A, B": keys of others in a shared .env */

	/* --- accounts and state */
	enum stauth_storage storage;
	char state_dir[PATH_MAX];      /* absolute */
	char sqlite_db_path[PATH_MAX]; /* the directory, absolute */
	char sqlite_db[NAME_MAX + 1];  /* the file's name */
	char sqlite_file[PATH_MAX];    /* both joined */
	char users_table[128];         /* in Airtable and in imported files */
	char pending_users_table[128];
	char airtable_pat[STAUTH_VALUE_SIZE];
	char airtable_base_key[128];
	char airtable_url[STAUTH_VALUE_SIZE];
	char postgres_dsn[STAUTH_VALUE_SIZE];
	char enc_password[STAUTH_VALUE_SIZE]; /* only to read old passwords */
	char enc_nonce[STAUTH_VALUE_SIZE];

	/* --- the web */
	char cookie_name[128]; /* with its prefix: "__Host-stauth" */
	struct stauth_origin public_urls[STAUTH_ORIGINS_MAX];
	size_t public_url_count; /* 0: PUBLIC_URL is not set */
	bool allow_insecure_http;
	char run_dir[PATH_MAX];
	char socket_group[64]; /* "" default */
	char app_upstream[STAUTH_VALUE_SIZE];
	unsigned char app_key[STAUTH_VALUE_SIZE];
	size_t app_key_len; /* 0: no assertion */
	int check_workers;
	int page_workers;
	int hash_slots;
	char pam_callers[STAUTH_VALUE_SIZE]; /* user names, blank separated */

	/* --- the look; "" means the style sheet's own */
	char brand_name[128];
	char brand_logo[PATH_MAX]; /* absolute */
	char help_text[512];
	char primary_color[32];
	char background_color[32];
	char secondary_background_color[32];
	char text_color[32];
	char base[16]; /* "light", "dark" or "" (follows the browser) */
	char font[64];

	/* --- policy */
	bool allow_user_sign_up;
	bool sign_up_approval;
	int signup_pin_expiry_minutes;
	int session_hours;
	int session_idle_minutes; /* 0: off */
	int remember_days;
	int sessions_per_user;
	int password_min_length;
	int password_min_strength;
	char password_blocklist[PATH_MAX]; /* absolute; "" none */
	int argon2_memory_kib;
	int argon2_passes;
	bool password_compat;
	int audit_days;
	int account_cache_seconds;

	/* --- mail */
	enum stauth_mail_transport mail_transport;
	char mail_dir[PATH_MAX]; /* absolute */
	bool notify_new_device;
	char smtp_url[STAUTH_VALUE_SIZE];
	char smtp_user[256];
	char smtp_password[STAUTH_VALUE_SIZE];
	char sendgrid_url[STAUTH_VALUE_SIZE];
	char sendgrid_api_key[STAUTH_VALUE_SIZE];
	char notification_from_email[256];
};

/*
 * Reads and checks the file at path (NULL: $STAUTH_CONFIG for a SERVICE
 * reader unless it runs set-id, then the default). On success *ret_config is
 * allocated; free it with stauth_config_free.
 *
 * ECONFIG, with FILE:LINE:, key and what repairs it in err->msg; EUNSAFE for an
 * owner or mode that lets others meddle; EDENIED if this user may not read
 * it; NOTFOUND. Nothing of a secret is ever in the message. Never blocks on
 * what is no regular file.
 */
enum stauth_rc stauth_config_load(const char *path,
	enum stauth_config_reader reader, struct stauth_config **ret_config,
	struct stauth_err *err);
/* Wipes and frees. NULL is taken. */
void stauth_config_free(struct stauth_config *config);

/*
 * What is allowed but worth a word: "PUBLIC_URL is not set: ...",
 * SESSION_IDLE_MINUTES without the relay, ... The i-th warning into out, or
 * false when there are no more.
 */
bool stauth_config_warning(const struct stauth_config *config, size_t i,
	char *out, size_t out_size);

/* One line of `config show`: value masked if secret, origin "default",
 * "file:LINE" or "file:LINE (KEY_FILE)". */
struct stauth_config_line {
	const char *key;
	char value[STAUTH_VALUE_SIZE];
	char origin[64];
	bool secret;
	bool set;
	const char *help; /* one sentence */
};

/* The i-th key of the table in its order; false when there are no more. */
bool stauth_config_line(const struct stauth_config *config, size_t i,
	struct stauth_config_line *ret_line);

/*
 * Reads KEY=value text in the same dotenv grammar, without checking owner,
 * mode or names of keys (the .env that an import is given). Calls found for
 * every pair; stops and returns what it returns unless OK.
 */
struct stauth_dotenv {
	const char *text;
	size_t len;
	const char *file; /* for messages */
	enum stauth_rc (*found)(const char *key, const char *value, int line,
		void *user, struct stauth_err *err);
	void *user;
};

enum stauth_rc stauth_dotenv_parse(
	const struct stauth_dotenv *dotenv, struct stauth_err *err);

/* Is this origin ("https://host[:port]" as a browser sends it) one of
 * PUBLIC_URL? False when PUBLIC_URL is not set. */
bool stauth_config_is_public(
	const struct stauth_config *config, const char *origin);
/* The PUBLIC_URL entry with this Host header, or NULL. */
const struct stauth_origin *stauth_config_origin_of_host(
	const struct stauth_config *config, const char *host);
/* Does a browser treat this host[:port] as secure without TLS? */
bool stauth_host_is_local(const char *host);
/* `iss` and `aud` of the assertion: the first PUBLIC_URL, else "stauth". */
const char *stauth_config_issuer(const struct stauth_config *config);

#endif
