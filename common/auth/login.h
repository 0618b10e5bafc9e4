/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_LOGIN_H
#define STAUTH_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "base/secret.h"
#include "store/records.h"

/*
 * A log-in as a small state machine: start -> NEED_PASSWORD -> (NEED_FACTOR)
 * -> a verdict. Question and answer are separate: the return code says
 * whether the question could be answered, the verdict what the answer is.
 */

/* One try at logging in. Filled by stauth_login_start, on the caller's
 * stack; finish it whatever happened. */
struct stauth_login {
	/* given */
	char typed[STAUTH_NAME_SIZE]; /* the name, cut, for the audit only */
	char name[STAUTH_NAME_SIZE];  /* canonical; "!" if it cannot be one */
	char address[STAUTH_ADDRESS_SIZE]; /* of the client, for the audit */
	char source[STAUTH_ADDRESS_SIZE];  /* of the throttle */
	char channel[STAUTH_CHANNEL_SIZE];
	bool pam;
	bool known_device;
	bool keep_source; /* a success makes the source a known device */
	uint8_t device_hash[32];
	/* found out */
	bool name_ok;
	bool unknown;                  /* PAM: stauth has no such account */
	struct stauth_account account; /* filled on ALLOW; password wiped */
	bool right_but_disabled; /* right password of a disabled account */
	int64_t wait_s;          /* with DENY_THROTTLED */
	int factors;             /* shown so far: enum stauth_factor bits */
	enum stauth_verdict verdict;
	struct stauth_limits limits;
};

struct stauth_login_request {
	const char *username; /* as typed */
	size_t username_len;
	const char *address;      /* of the client, or local:SERVICE:UID */
	const char *channel;      /* "web", "pam:sshd", "cli" */
	const char *device_token; /* of the device cookie; NULL none */
	bool never_refuse;
	/* The name may be the e-mail address of an account, too. */
	bool by_email;
	/* PAM has no cookie: a local: source counts as a known device, and so
	 * does an address this account logged in from before. A name that
	 * stauth does not have may be another module's: it is not counted and
	 * leaves no audit row. */
	bool pam;
	/* Who asks, of those who name user and service as they like; NULL: the
	 * source is trusted. Counted by itself, whatever the source. */
	const char *caller;
};

/* Always leads to NEED_PASSWORD; nothing is counted yet, and nothing read but
 * the device and whose address was typed. Errors: the store's. */
enum stauth_rc stauth_login_start(struct stauth_ctx *ctx,
	const struct stauth_login_request *who, struct stauth_login *login,
	struct stauth_err *err);
/*
 * Reserves the try, looks up, hashes, judges. login->verdict is DENY first
 * thing; on a negative code it stays so, and nothing is counted. password may
 * be NULL: one that was empty or too long, which is wrong without a hash.
 * A wrong password is counted and leaves an audit row. On ALLOW and
 * NEED_FACTOR the try stays reserved: stauth_session_open or stauth_login_done
 * settles it. EBUSY: no slot, or too many tries at once.
 */
enum stauth_rc stauth_login_password(struct stauth_ctx *ctx,
	struct stauth_login *login, const struct stauth_secret *password,
	struct stauth_err *err);
/* ALLOW without a session (command line, PAM, change of password): settles
 * the try and writes the audit row `event`. */
enum stauth_rc stauth_login_done(struct stauth_ctx *ctx,
	struct stauth_login *login, const char *event, struct stauth_err *err);
/* ALLOW, but a rule of the place that asked says no: the password was right,
 * so the counters are taken back all the same; the audit row says no. */
enum stauth_rc stauth_login_refused(struct stauth_ctx *ctx,
	struct stauth_login *login, const char *why, struct stauth_err *err);
/* Wipes. */
void stauth_login_finish(struct stauth_login *login);

#endif
