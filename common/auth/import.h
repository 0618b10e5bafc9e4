/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_IMPORT_H
#define STAUTH_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/ctx.h"
#include "auth/session.h"
#include "base/secret.h"

#define STAUTH_IMPORT_NOTES 4

/* One account as a source has it. Everything is borrowed for the call. */
struct stauth_import_record {
	size_t line;      /* where it stands; 0: the source has no lines */
	const char *name; /* as written; NULL: it cannot even be shown */
	size_t name_len;
	const char *email;        /* NULL: none, or the name if that is one */
	const char *display_name; /* NULL: none */
	const char *groups;       /* comma list; NULL: none */
	/* An encoded password, or one to be hashed. Neither: nobody can log
	 * in before it is set. */
	const char *hash;
	const struct stauth_secret *password;
	bool su;
	bool disabled;
	bool system_login;
	bool must_change;
	int64_t password_expires_at; /* 0 never */
	const char *refused; /* why the source itself refuses it, or NULL */
	/* Reported when it is taken; NULL ends them. No secret. */
	const char *notes[STAUTH_IMPORT_NOTES + 1];
};

typedef enum stauth_rc stauth_import_fn(
	const struct stauth_import_record *record, void *arg,
	struct stauth_err *err);

struct stauth_import_source {
	const char *label; /* for the audit: "htpasswd" */
	/* Hands record after record to take and stops when that is not OK.
	 * It is called twice: what makes the whole file unreadable (BADVALUE)
	 * is found before the first account is written. */
	enum stauth_rc (*read)(void *self, stauth_import_fn *take, void *arg,
		struct stauth_err *err);
	void *self;
};

struct stauth_import_count {
	size_t added;
	size_t existing; /* already there with the same name: left alone */
	size_t skipped;  /* refused: each was reported */
};

/* Who imports, and whether it is only a trial. */
struct stauth_import_run {
	const struct stauth_actor *actor;
	bool dry_run;
};

/*
 * Takes over the accounts of a source. Nothing is written with dry_run.
 * Idempotent. BADVALUE: the source cannot be read, nothing was written; a
 * fault of the store leaves the accounts that were written so far.
 */
enum stauth_rc stauth_import(struct stauth_ctx *ctx,
	const struct stauth_import_source *source,
	const struct stauth_import_run *run,
	struct stauth_import_count *ret_count, struct stauth_err *err);

/*
 * Takes over the users of st-auth-simple: the SQLite file itself (passwords
 * by ENC_PASSWORD/ENC_NONCE of our configuration), or its .env (which names
 * the file and the secrets; relative paths are below its folder). su is
 * kept; old tokens are dropped; passwords are decrypted once and stored as a
 * modern hash. As stauth_import otherwise.
 * BADVALUE: path is neither. ECONFIG for STORAGE=AIRTABLE ("no AIRTABLE
 * provider in this build") and without ENC_PASSWORD.
 */
enum stauth_rc stauth_import_st_auth_simple(struct stauth_ctx *ctx,
	const char *path, const struct stauth_import_run *run,
	struct stauth_import_count *ret_count, struct stauth_err *err);

/* A regular file, for reading. BADVALUE: it is none; EDENIED; EUNREACHABLE. */
enum stauth_rc stauth_import_open(
	const char *path, int *ret_fd, struct stauth_err *err);

#endif
