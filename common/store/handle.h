/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_STORE_HANDLE_H
#define STAUTH_STORE_HANDLE_H

struct stauth_accounts;
struct stauth_state;
struct stauth_check;

/* What a handle is opened for: which halves it has, how long it may wait. */
enum stauth_store_role {
	STAUTH_ROLE_CHECK, /* check half, read only; never waits for a lock */
	STAUTH_ROLE_TOUCH, /* state half for session_touch; never waits */
	STAUTH_ROLE_PAGE,  /* accounts and state; waits up to 2 s */
	STAUTH_ROLE_PAM,   /* the same */
	STAUTH_ROLE_ADMIN, /* the same */
};

struct stauth_store {
	struct stauth_accounts *accounts; /* NULL for CHECK and TOUCH */
	struct stauth_state *state;       /* NULL for CHECK */
	struct stauth_check *check;       /* CHECK only */
	void *provider;
	void (*close)(struct stauth_store *store);
	void (*idle)(struct stauth_store *store); /* NULL: nothing to do */
};

#endif
