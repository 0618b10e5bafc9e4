/* SPDX-License-Identifier: MIT */
#include "config/keys.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"

#define AT(field)   offsetof(struct stauth_config, field)
#define SIZE(field) sizeof(((struct stauth_config *)NULL)->field)
#define TEXT(key, field, default_value, help)                                  \
	{                                                                      \
		key, STAUTH_KEY_TEXT, false, AT(field), SIZE(field), 0, 0,     \
			default_value, help                                    \
	}
#define SECRET(key, field, help)                                               \
	{                                                                      \
		key, STAUTH_KEY_TEXT, true, AT(field), SIZE(field), 0, 0, "",  \
			help                                                   \
	}
#define BOOL(key, field, help)                                                 \
	{                                                                      \
		key, STAUTH_KEY_BOOL, false, AT(field), 0, 0, 0, "False", help \
	}
#define INT(key, field, default_value, min, max, help)                         \
	{                                                                      \
		key, STAUTH_KEY_INT, false, AT(field), 0, min, max,            \
			default_value, help                                    \
	}
#define KIND(kind, key, field, default_value, help)                            \
	{                                                                      \
		key, kind, false, AT(field), SIZE(field), 0, 0, default_value, \
			help                                                   \
	}

const struct stauth_key stauth_keys_table[] = {
	KIND(STAUTH_KEY_STORAGE, "STORAGE", storage, "SQLITE",
		"where accounts live: SQLITE, AIRTABLE or POSTGRES"),
	KIND(STAUTH_KEY_PATH, "STATE_DIR", state_dir, "/var/lib/stauth",
		"directory of the database, the keys and the state"),
	KIND(STAUTH_KEY_PATH, "SQLITE_DB_PATH", sqlite_db_path, NULL,
		"directory of the database; default STATE_DIR"),
	KIND(STAUTH_KEY_FILE, "SQLITE_DB", sqlite_db, "stauth.db",
		"file name of the database"),
	KIND(STAUTH_KEY_TABLE, "USERS_TABLE", users_table, "USERS",
		"users' table in Airtable and in imported files"),
	KIND(STAUTH_KEY_TABLE, "PENDING_USERS_TABLE", pending_users_table,
		"PENDING_USERS", "table of sign-ups that wait for their PIN"),
	SECRET("ENC_PASSWORD", enc_password,
		"only to read passwords that st-auth-simple stored"),
	SECRET("ENC_NONCE", enc_nonce,
		"only to read passwords that st-auth-simple stored"),
	SECRET("AIRTABLE_PAT", airtable_pat, "personal access token"),
	TEXT("AIRTABLE_BASE_KEY", airtable_base_key, "", "the base"),
	KIND(STAUTH_KEY_URL, "AIRTABLE_URL", airtable_url,
		"https://api.airtable.com", "where Airtable answers"),
	SECRET("POSTGRES_DSN", postgres_dsn, "connection string"),

	KIND(STAUTH_KEY_ORIGINS, "PUBLIC_URL", public_urls, "",
		"origins that browsers use, blank separated; the first is "
		"used in mails"),
	TEXT("SESSION_TOKEN_NAME", cookie_name, NULL,
		"name of the session cookie; default __Host-stauth"),
	BOOL("ALLOW_INSECURE_HTTP", allow_insecure_http,
		"serve plain http on a trusted network"),
	KIND(STAUTH_KEY_PATH, "RUN_DIR", run_dir, "/run/stauth",
		"directory of the sockets"),
	TEXT("SOCKET_GROUP", socket_group, "",
		"group of the sockets, a name or a number; default www-data "
		"where the gate may give it, else its own"),
	{"APP_KEY", STAUTH_KEY_BYTES, true, AT(app_key), SIZE(app_key), 32, 0,
		"", "signs the assertion: at least 32 bytes; unset: none"},
	KIND(STAUTH_KEY_APPS, "APP_UPSTREAM", app_upstream, "",
		"addresses of the apps whose WebSockets the relay may carry, "
		"HOST:PORT or unix:/PATH, blank separated, the first is the "
		"default; unset: no relay"),
	INT("CHECK_WORKERS", check_workers, "2", 1, 64,
		"processes that answer checks"),
	INT("PAGE_WORKERS", page_workers, "16", 1, 256,
		"processes that serve pages"),
	INT("HASH_SLOTS", hash_slots, NULL, 1, 256,
		"passwords hashed at once; default processors - 1, at least "
		"1"),
	TEXT("PAM_CALLERS", pam_callers, "",
		"Unix users, blank separated, who may ask about anybody "
		"through chkpwd.sock"),

	TEXT("BRAND_NAME", brand_name, "", "what the pages are headed with"),
	KIND(STAUTH_KEY_PATH, "BRAND_LOGO", brand_logo, "",
		"an SVG or PNG file that the pages show above the heading"),
	TEXT("HELP_TEXT", help_text, "",
		"a line below the forms: whom to ask for help"),
	KIND(STAUTH_KEY_COLOR, "primaryColor", primary_color, "",
		"colour of buttons and links"),
	KIND(STAUTH_KEY_COLOR, "backgroundColor", background_color, "",
		"colour of the page"),
	KIND(STAUTH_KEY_COLOR, "secondaryBackgroundColor",
		secondary_background_color, "", "colour of the fields"),
	KIND(STAUTH_KEY_COLOR, "textColor", text_color, "", "colour of text"),
	TEXT("base", base, "", "light or dark; default as the browser asks"),
	TEXT("font", font, "", "sans serif, serif or monospace"),

	BOOL("ALLOW_USER_SIGN_UP", allow_user_sign_up,
		"may strangers sign up by e-mail"),
	BOOL("SIGN_UP_APPROVAL", sign_up_approval,
		"every sign-up waits until an administrator approves it"),
	INT("SIGNUP_PIN_EXPIRY_MINUTES", signup_pin_expiry_minutes, "30", 1,
		1440, "minutes that a mailed PIN works"),
	INT("SESSION_HOURS", session_hours, "12", 1, 8760,
		"hours after which a session ends"),
	INT("SESSION_IDLE_MINUTES", session_idle_minutes, "0", 0, 525600,
		"minutes without use after which it ends; 0 is off"),
	INT("REMEMBER_DAYS", remember_days, "30", 1, 3650,
		"days that \"remember me\" lasts"),
	INT("SESSIONS_PER_USER", sessions_per_user, "10", 1, 1000,
		"sessions at once; the one used longest ago ends"),
	INT("PASSWORD_MIN_LENGTH", password_min_length, "10", 1, 511,
		"characters of a new password"),
	INT("PASSWORD_MIN_STRENGTH", password_min_strength, "3", 0, 4,
		"strength of a new password, 0 to 4"),
	KIND(STAUTH_KEY_PATH, "PASSWORD_BLOCKLIST", password_blocklist, "",
		"file of passwords that are refused, one a line, beside the "
		"shipped list"),
	INT("ARGON2_MEMORY_KIB", argon2_memory_kib, "65536", 1024, 262144,
		"memory that hashing a password takes"),
	INT("ARGON2_PASSES", argon2_passes, "3", 1, 10,
		"passes over that memory"),
	BOOL("PASSWORD_COMPAT", password_compat,
		"keep passwords readable for st-auth-simple beside it"),
	INT("AUDIT_DAYS", audit_days, "400", 1, 36500,
		"days that audit rows are kept"),
	INT("ACCOUNT_CACHE_SECONDS", account_cache_seconds, "60", 0, 3600,
		"seconds that accounts of a network store are kept"),

	KIND(STAUTH_KEY_TRANSPORT, "MAIL_TRANSPORT", mail_transport, NULL,
		"SENDGRID, SMTP or FILE; default SENDGRID if its key is set, "
		"else SMTP if SMTP_URL is"),
	KIND(STAUTH_KEY_PATH, "MAIL_DIR", mail_dir, "mail",
		"directory of mails with MAIL_TRANSPORT=FILE"),
	KIND(STAUTH_KEY_URL, "SMTP_URL", smtp_url, "",
		"smtp://host:587 or smtps://host"),
	TEXT("SMTP_USER", smtp_user, "", "name at the SMTP server"),
	SECRET("SMTP_PASSWORD", smtp_password, "password there"),
	KIND(STAUTH_KEY_URL, "SENDGRID_URL", sendgrid_url,
		"https://api.sendgrid.com", "where SendGrid answers"),
	SECRET("SENDGRID_API_KEY", sendgrid_api_key, "SendGrid's API key"),
	BOOL("NOTIFY_NEW_DEVICE", notify_new_device,
		"mail the owner about a log-in from an unknown device"),
	TEXT("NOTIFICATION_FROM_EMAIL", notification_from_email, "",
		"address that mails come from"),
};

const size_t stauth_keys_count =
	sizeof(stauth_keys_table) / sizeof(*stauth_keys_table);

int stauth_key_find(const char *name)
{
	/* An older name, of st-auth-simple's first sample. */
	if (strcmp(name, "COOKIE_NAME") == 0) {
		name = "SESSION_TOKEN_NAME";
	}
	for (size_t i = 0; i < stauth_keys_count; i++) {
		if (strcmp(stauth_keys_table[i].name, name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

#define NAME_MAX_LEN 64
/* One edit of a shorter name makes another word too easily. */
#define LONG_NAME 8

static size_t min2(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits from a to b, case aside: a character put in, left out or replaced,
 * or two neighbours swapped. */
static size_t edits(const char *a, const char *b)
{
	size_t a_len = strlen(a);
	size_t b_len = strlen(b);

	if (a_len > NAME_MAX_LEN || b_len > NAME_MAX_LEN) {
		return NAME_MAX_LEN;
	}
	size_t d[NAME_MAX_LEN + 1][NAME_MAX_LEN + 1];
	for (size_t i = 0; i <= a_len; i++) {
		for (size_t j = 0; j <= b_len; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			bool same = strncasecmp(a + i - 1, b + j - 1, 1) == 0;
			d[i][j] = min2(d[i - 1][j - 1] + !same,
				min2(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && !same &&
				strncasecmp(a + i - 1, b + j - 2, 1) == 0 &&
				strncasecmp(a + i - 2, b + j - 1, 1) == 0) {
				d[i][j] = min2(d[i][j], d[i - 2][j - 2] + 1);
			}
		}
	}
	return d[a_len][b_len];
}

/* One edit, or two of a long name: API_KEY is somebody else's, and no slip of
 * APP_KEY. */
static bool is_slip(const char *name, const char *known)
{
	size_t len = strlen(known);
	size_t count = edits(name, known);

	if (len < LONG_NAME) {
		return count == 0 || (count == 1 && strlen(name) != len);
	}
	return count <= len / LONG_NAME;
}

const char *stauth_key_meant(const char *name)
{
	for (size_t i = 0; i < stauth_keys_count; i++) {
		const struct stauth_key *key = &stauth_keys_table[i];
		char by_file[NAME_MAX_LEN];
		snprintf(by_file, sizeof(by_file), "%s_FILE", key->name);
		if (is_slip(name, key->name) ||
			(key->secret && is_slip(name, by_file))) {
			return key->name;
		}
	}
	return NULL;
}
