/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_STORE_ACCOUNTS_H
#define STAUTH_STORE_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"
#include "store/records.h"

/*
 * The accounts: where users live. Providers are ops structs, compiled in.
 *
 * Contract, which tests/contract runs against every provider:
 *  1. One verb is one transaction; there is no begin and no commit.
 *  2. Strings passed in are borrowed for the call, and reach the back end as
 *     bound values, never as part of a statement.
 *  3. ret_* is written on STAUTH_OK only, and copied out whole.
 *  4. More than one row for a unique key is EBROKEN, never "first wins"; a
 *     value of a wrong type or length is EBROKEN, never cut.
 *  5. Insert never replaces. Names and addresses are one namespace: what one
 *     account has as either is EXISTS for any other, as either.
 *  6. A call takes at most the handle's deadline. What did not happen is
 *     EUNREACHABLE; what may have happened is EUNKNOWN and is never reported as
 *     done; what cannot be read is EBROKEN; a foreign schema is ESCHEMA.
 *  7. After a fault the next call tries again by itself.
 *  8. A handle belongs to one thread of one process, opened after fork.
 */

/*
 * What goes along with every change of an account. Where the state lives in
 * the same database it is one transaction with it; else (store/split.c) what
 * ends has ended before the change is made.
 */
struct stauth_change {
	int64_t now_s;     /* from state->ops->now() */
	bool end_sessions; /* of this user, and void the known devices */
	/* One session and one device of the user that stay, if any: those of
	 * the browser that made the change. */
	char keep_session[STAUTH_HANDLE_LEN + 1]; /* "" none */
	bool keep_device;
	uint8_t keep_device_hash[32];
	bool raise_epoch;
	/* A superuser must stay: the verb is REFUSED if afterwards there were
	 * no enabled superuser and there is one now. */
	bool keep_a_superuser;
	/* Of password_set: REFUSED if the account is allowed system log-in
	 * by then. */
	bool unless_system_login;
	struct stauth_audit_row audit; /* written in the same transaction */
	/* A mail about it to the owner, borrowed; NULL none. Goes into the
	 * outbox, like the audit row. */
	const struct stauth_mail *notice;
};

struct stauth_accounts {
	const struct stauth_accounts_ops *ops;
};

struct stauth_accounts_ops {
	const char *name; /* the value of STORAGE */
	/* All lookups: NOTFOUND. name and email are canonical. */
	enum stauth_rc (*user_by_name)(struct stauth_accounts *accounts,
		const char *name, struct stauth_account *ret_account,
		struct stauth_err *err);
	enum stauth_rc (*user_by_uid)(struct stauth_accounts *accounts,
		int64_t uid, struct stauth_account *ret_account,
		struct stauth_err *err);
	enum stauth_rc (*user_by_email)(struct stauth_accounts *accounts,
		const char *email, struct stauth_account *ret_account,
		struct stauth_err *err);
	/* The first one, in order of name, after the name `after`. NOTFOUND:
	 * only what was stored before there was one namespace has any. */
	enum stauth_rc (*user_clash)(struct stauth_accounts *accounts,
		const char *after, struct stauth_clash *ret_clash,
		struct stauth_err *err);
	/*
	 * The encoded password of some account, the same one for the same
	 * seed while the accounts stay: a pattern for what checking an
	 * unknown user must cost. NOTFOUND if there is no account with one.
	 */
	enum stauth_rc (*password_like)(struct stauth_accounts *accounts,
		uint64_t seed, char ret_encoded[STAUTH_ENCODED_SIZE],
		struct stauth_err *err);
	/*
	 * Accounts in the order of the page, after the row before it, at most
	 * limit (<= 1000) of them; with search only those whose name, e-mail
	 * or display name contains it, with prefix only those whose name (or
	 * e-mail, in that order) begins with it (case of ASCII letters
	 * ignored). Passwords are left out.
	 */
	enum stauth_rc (*user_list)(struct stauth_accounts *accounts,
		const struct stauth_account_page *page,
		struct stauth_account *ret_accounts, size_t *ret_count,
		struct stauth_err *err);

	/* Enabled superusers with an e-mail address, the oldest max of them.
	 * Passwords are left out. */
	enum stauth_rc (*superusers)(struct stauth_accounts *accounts,
		size_t max, struct stauth_account *ret_accounts,
		size_t *ret_count, struct stauth_err *err);

	/* uid and epoch are given by the store; created_at is change->now_s.
	 * EXISTS (err->msg says name or e-mail). */
	enum stauth_rc (*user_insert)(struct stauth_accounts *accounts,
		const struct stauth_account *account,
		const struct stauth_change *change, int64_t *ret_uid,
		struct stauth_err *err);
	/*
	 * Writes name-independent fields (email display_name groups su
	 * disabled system_login) of the account with this uid and epoch.
	 * NOTFOUND; EXPIRED if the epoch has moved; EXISTS (e-mail);
	 * REFUSED (last superuser).
	 */
	enum stauth_rc (*user_update)(struct stauth_accounts *accounts,
		const struct stauth_account *account,
		const struct stauth_change *change, int *ret_ended,
		struct stauth_err *err);
	/* NOTFOUND; EXPIRED if the epoch is another; REFUSED
	 * (change->unless_system_login). */
	enum stauth_rc (*password_set)(struct stauth_accounts *accounts,
		const struct stauth_password_row *password,
		const struct stauth_change *change, int *ret_ended,
		struct stauth_err *err);
	/* The same password in a newer form: replaces old by encoded only if
	 * it still is old. No epoch, no session, no audit. EXPIRED. */
	enum stauth_rc (*password_rehash)(struct stauth_accounts *accounts,
		int64_t uid, const char *old, const char *encoded,
		struct stauth_err *err);
	/* Sign-ups that wait. Puts one in the place of whatever this browser
	 * waited for; rows of other browsers for the address stay. */
	enum stauth_rc (*pending_put)(struct stauth_accounts *accounts,
		const struct stauth_pending *pending, int64_t now_s,
		struct stauth_err *err);
	/* NOTFOUND: none, or expired. */
	enum stauth_rc (*pending_by_flow)(struct stauth_accounts *accounts,
		const uint8_t flow_hash[32], int64_t now_s,
		struct stauth_pending *ret_pending, struct stauth_err *err);
	/*
	 * The PIN of this row was right: it stays until keep_until at least,
	 * and its invitation loses a use, in one step. OK again, without a
	 * use, for a row that is verified already. Of the change only now_s,
	 * audit and notice. NOTFOUND: no such row, or
	 * one without a password; REFUSED: the invitation is used up, revoked
	 * or over. Of several who take the last use one gets OK.
	 */
	enum stauth_rc (*pending_verify)(struct stauth_accounts *accounts,
		const uint8_t flow_hash[32], int64_t keep_until,
		const struct stauth_change *change, struct stauth_err *err);
	/*
	 * The account that this row waited for: user_insert, and every row for
	 * its address is gone. NOTFOUND: no such row (any more: also if its
	 * address or password is no longer the account's), or one without a
	 * password; EXISTS: name or e-mail is taken, rows stay.
	 */
	enum stauth_rc (*pending_promote)(struct stauth_accounts *accounts,
		const struct stauth_promotion *promotion,
		const struct stauth_change *change, int64_t *ret_uid,
		struct stauth_err *err);
	/* Rows with a password that are not expired, in order of e-mail and
	 * flow, after these (NULL from the start), at most limit (<= 1000).
	 * Passwords are left out. */
	enum stauth_rc (*pending_list)(struct stauth_accounts *accounts,
		const struct stauth_pending_page *page,
		struct stauth_pending *ret_pending, size_t *ret_count,
		struct stauth_err *err);
	/* Every row for this address. NOTFOUND. */
	enum stauth_rc (*pending_delete)(struct stauth_accounts *accounts,
		const char *email, const struct stauth_change *change,
		int *ret_count, struct stauth_err *err);

	/* NOTFOUND; REFUSED (last superuser). Ends sessions always. */
	enum stauth_rc (*user_delete)(struct stauth_accounts *accounts,
		int64_t uid, const struct stauth_change *change, int *ret_ended,
		struct stauth_err *err);
};

#endif
