/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out at request n, until a whole scenario gets through; each try
 * is a process of its own, so that one that dies is seen as well, and what is
 * left is judged from outside. The same once more with all requests from n on
 * failing. The opening of a store is one of the scenarios, and its requests
 * are not counted again in the others.
 *
 * Most requests are made while SQLite compiles one statement after the other.
 * So after the first ones some are left out, others in each run; with
 * STAUTH_TEST_NOMEM=all in the environment none is (minutes).
 */
#ifndef STAUTH_TEST_NOMEM_WORLD_H
#define STAUTH_TEST_NOMEM_WORLD_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "auth/account.h"
#include "auth/check.h"
#include "auth/ctx.h"
#include "auth/login.h"
#include "auth/session.h"
#include "auth/signup_pin.h"
#include "store/accounts.h"
#include "store/state.h"
#include "store/table.h"

#define PASSWORD "correct horse ceiling staple"
#define OTHER    "mysterious walnut ceiling drum"
#define HOME     "192.0.2.1"

/* What the process of a try tells. */
struct told {
	enum stauth_rc rc;
	enum stauth_verdict verdict;
	enum stauth_verdict check;
	enum stauth_verdict entry;
	char user[STAUTH_NAME_SIZE];
	char token[STAUTH_TOKEN_LEN + 1];
	long failures;
	long left; /* blocks that were not given back */
	bool in_zxcvbn;
	bool through;
};

struct world {
	char dir[64];
	char conf[80];
	struct stauth_config *config;
	struct told *told; /* shared with the process */
	/* The core as the judge, or the process, has it. */
	struct stauth_store store;
	struct stauth_ctx ctx;
	sqlite3 *raw;                      /* the judge's */
	char token[STAUTH_TOKEN_LEN + 1];  /* of alice, alive */
	char second[STAUTH_TOKEN_LEN + 1]; /* another of hers */
	char pin[STAUTH_PIN_LEN + 1];
	long crashes;
};

struct scene {
	enum stauth_store_role role;
	bool opening;                     /* counts, too */
	void (*prepare)(struct world *w); /* may be NULL */
	void (*act)(struct world *w);
	void (*judge)(struct world *w);
};

/* cmocka's setup and teardown; *state is a struct world. */
int nomem_setup(void **state);
int nomem_teardown(void **state);
/* The whole of a test. */
void nomem_play(struct world *w, const struct scene *scene);

/* --- for prepare and judge */
int64_t count_of(struct world *w, const char *sql);
void run_sql(struct world *w, const char *sql);
/* Alice signs in once more. */
void a_session(struct world *w, char ret_token[STAUTH_TOKEN_LEN + 1]);

/* --- for act as well */
extern const struct stauth_actor nomem_actor;
struct stauth_secret secret_of(const char *text);
/* ret_rc may be NULL. */
enum stauth_verdict try_password(struct world *w, const char *name,
	const char *password, struct stauth_login *login,
	enum stauth_rc *ret_rc);
enum stauth_rc open_session(struct world *w, struct stauth_login *login,
	char ret_token[STAUTH_TOKEN_LEN + 1]);

#endif
