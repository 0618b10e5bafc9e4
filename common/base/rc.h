/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_RC_H
#define STAUTH_RC_H

/*
 * The one result type of the library.
 *
 *    0  the call did what its comment says
 *  > 0  an expected denial: the question was answered, and the answer is no
 *  < 0  the question could not be answered; err->msg says why
 *
 * A negative code is never turned into access granted. Each function's
 * comment lists the positive codes it can return.
 */
enum stauth_rc {
	STAUTH_OK = 0,

	STAUTH_NOTFOUND = 1, /* no such user, session, key, ... */
	STAUTH_EXISTS = 2,   /* the name, address or file is taken */
	STAUTH_EXPIRED = 3,  /* no longer valid, or changed since read */
	STAUTH_REFUSED = 4, /* a rule says no (last superuser, system log-in) */
	STAUTH_THROTTLED = 5, /* too many failures; see retry_after_s */
	STAUTH_BADVALUE = 6,  /* what was given breaks a rule; msg: which */
	STAUTH_PENDING = 7,   /* the answer comes later (check half only) */

	STAUTH_ENOMEM = -1,  /* out of memory, or a bounded buffer is full */
	STAUTH_ECONFIG = -2, /* the configuration is wrong or unsafe */
	STAUTH_EUNREACHABLE = -3, /* did not happen: locked, missing, down */
	STAUTH_EUNKNOWN = -4, /* may have happened: never reported as done */
	STAUTH_EBROKEN = -5,  /* stored or received data does not parse */
	STAUTH_ESCHEMA = -6,  /* schema missing, older or newer than ours */
	STAUTH_ECRYPTO = -7,  /* random source or crypto library failed */
	STAUTH_EBUSY = -8,    /* no hashing slot in time; try again */
	STAUTH_EUNSAFE = -9,  /* a file's owner or mode lets others meddle */
	STAUTH_EDENIED = -10, /* the system does not let this user read it */
};

/*
 * The one verdict type, from the store to the reply. Zeroed memory refuses.
 * Which of them a function can give is said where it is declared.
 */
enum stauth_verdict {
	STAUTH_DENY = 0,       /* no session; or unknown, disabled, wrong */
	STAUTH_DENY_THROTTLED, /* no hash was computed */
	STAUTH_FORBIDDEN,      /* signed in, but not for this area */
	STAUTH_FAULT,          /* could not be asked: 503, never 401 */
	STAUTH_NEED_PASSWORD,  /* ask for it, then stauth_login_password */
	STAUTH_NEED_FACTOR,    /* right so far, but a code is needed */
	STAUTH_ALLOW,
};

/* Lives on the caller's stack, is passed last, never holds a secret. */
struct stauth_err {
	enum stauth_rc rc;
	char msg[192];
};

/*
 * Sets rc and message (cut, never overrun) and returns rc, so that
 * "return stauth_fail(err, ...)" reads as one step. err may be NULL.
 */
enum stauth_rc stauth_fail(struct stauth_err *err, enum stauth_rc rc,
	const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A short English name of the code, for logs. Never NULL. */
const char *stauth_rc_name(enum stauth_rc rc);

#endif
