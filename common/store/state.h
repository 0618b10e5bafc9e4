/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_STORE_STATE_H
#define STAUTH_STORE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"
#include "store/accounts.h"
#include "store/records.h"

/*
 * The state: sessions, known devices, failure counters, PINs, reset links, the
 * outbox, audit. It needs
 * atomic "one winner" changes, so it lives in a real database. The contract
 * of store/accounts.h holds here too, and:
 *  9. Every verb that depends on the time takes now_s, from now().
 * 10. Tokens reach the store as their SHA-256 only.
 * 11. A verb that ends sessions returns STAUTH_OK only when it is on disk and
 *     nobody can be let in by them any more.
 * 12. A row from the future is dead. What was made or last used more than
 *     STAUTH_CLOCK_SLACK_S after now came about while the clock was wrong, or
 *     the clock is wrong now; either way a session, known device, sign-up, PIN
 *     or link is not found. So a clock that was set back revives nothing that
 *     was seen later. No sweep deletes such a row before its own end: a clock
 *     that begins in 1970 costs nobody anything once it is right. A user's
 *     next log-in ends his web sessions from the future.
 * 13. Whatever the clock does, nobody waits longer than a limit's longest wait,
 *     and no mail longer than its longest pause.
 */

/* What a log-in writes, in one transaction (session + cap + counters). */
struct stauth_login_commit {
	uint8_t token_hash[32];
	struct stauth_session session; /* created_at = now_s */
	int sessions_max;   /* of this user's web sessions, this one included;
			     * over it those used longest ago end. 0: no cap */
	bool end_presented; /* the session that the browser came with */
	uint8_t presented_hash[32];
	bool device; /* (re)writes the known device of this account */
	uint8_t device_hash[32];
	int64_t device_expires_at;
	const struct stauth_limits *limits; /* settled as success; NULL none */
	struct stauth_audit_row audit;
};

/*
 * A mail to a person and the one-time thing it carries, in one transaction:
 * a crash leaves no PIN without its mail and no mail with a dead PIN.
 */
struct stauth_mail_commit {
	const struct stauth_limits *limits; /* NULL none */
	/* id, tries and created_at are the store's. NULL: none (a link that is
	 * printed); then outbox_max is not asked. */
	const struct stauth_mail *mail;
	/* Each may be NULL. Takes the place of the older one, which is dead,
	 * and of its mail, if that still waits. */
	const struct stauth_pin *pin;
	const struct stauth_reset *reset;
	size_t outbox_max; /* EBUSY, and nothing is written, if so full */
	struct stauth_audit_row audit;
};

struct stauth_device {
	int64_t uid;
	int64_t epoch; /* of the account when it was written */
	int64_t created_at;
	int64_t last_used_at;
	int64_t expires_at;
};

/* What the state keeps of an account that lives in another store. */
struct stauth_remote {
	int64_t uid;
	bool add; /* of remote_read: keep something from now on */
	int64_t epoch;
	int64_t last_login_at;
	int64_t lock; /* of remote_lock */
};

/* Which live sessions: in order of handle, a page at a time. */
struct stauth_session_query {
	int64_t uid;       /* 0: of everybody */
	bool of_hosts;     /* of everybody, but those of the web */
	const char *after; /* a handle; "" from the start */
	size_t limit;      /* at most 1000 */
	int64_t idle_s;    /* these two are filled by auth/session.c */
	int64_t now_s;
};

/* By these a session is alive. */
struct stauth_alive {
	int64_t idle_s; /* limit for sessions without remember, 0 off */
	int64_t now_s;
};

/* Which sessions end, and what is recorded of it. */
struct stauth_session_end {
	int64_t uid;      /* 0: of everybody */
	const char *keep; /* a handle that stays; NULL, "": none */
	const struct stauth_audit_row *audit;
	int64_t now_s;
};

/* A session whose user has shown the password again. */
struct stauth_session_confirm {
	const char *handle;
	int64_t uid;
	int64_t epoch; /* of the account that the password was checked of */
	const struct stauth_limits *limits; /* settled as success; NULL none */
	const struct stauth_audit_row *audit;
	int64_t now_s;
};

/* Which PIN, if it is not over by now. */
struct stauth_pin_key {
	const char *purpose;
	const uint8_t *flow_hash; /* 32 bytes */
	int64_t now_s;
};

/* What expire_batch deletes. */
struct stauth_expiry {
	int64_t idle_s;         /* limit for sessions without remember, 0 off */
	int64_t audit_before_s; /* older audit rows go */
	size_t limit;           /* rows at once */
	int64_t now_s;
};

enum stauth_health {
	STAUTH_HEALTH_OK = 0,
	STAUTH_HEALTH_READONLY,
	STAUTH_HEALTH_DOWN,
};

struct stauth_touch {
	char handle[STAUTH_HANDLE_LEN + 1];
	int64_t seen_at;
};

struct stauth_state {
	const struct stauth_state_ops *ops;
};

struct stauth_state_ops {
	/* The clock that everything stored is measured by. */
	int64_t (*now)(struct stauth_state *state);
	enum stauth_health (*health)(
		struct stauth_state *state, struct stauth_err *err);

	/*
	 * Inserts the session and what belongs to it. EXPIRED, and nothing is
	 * written, if the account was disabled, deleted or raised its epoch
	 * since session.epoch was read. The one place a session comes from.
	 */
	enum stauth_rc (*login_commit)(struct stauth_state *state,
		const struct stauth_login_commit *login, int64_t now_s,
		struct stauth_err *err);
	/* NOTFOUND; a session that is over is not found. */
	enum stauth_rc (*session_by_hash)(struct stauth_state *state,
		const uint8_t token_hash[32], const struct stauth_alive *alive,
		struct stauth_session *ret_session, struct stauth_err *err);
	enum stauth_rc (*session_by_handle)(struct stauth_state *state,
		const char *handle, const struct stauth_alive *alive,
		struct stauth_session *ret_session, struct stauth_err *err);
	/*
	 * confirmed_at becomes now_s. EXPIRED, and nothing is written, if the
	 * session has ended, is another user's or of another epoch, or must
	 * change the password.
	 */
	enum stauth_rc (*session_confirm)(struct stauth_state *state,
		const struct stauth_session_confirm *confirm,
		struct stauth_err *err);
	/* Ends one session; NOTFOUND leaves no audit row. */
	enum stauth_rc (*session_end)(struct stauth_state *state,
		const char *handle, const struct stauth_audit_row *audit,
		int64_t now_s, struct stauth_err *err);
	/* Ends all of a user, or of everybody. */
	enum stauth_rc (*session_end_user)(struct stauth_state *state,
		const struct stauth_session_end *which, int *ret_ended,
		struct stauth_err *err);
	enum stauth_rc (*session_list)(struct stauth_state *state,
		const struct stauth_session_query *query,
		struct stauth_session *ret_sessions, size_t *ret_count,
		struct stauth_err *err);
	/* Moves last_seen_at forward, never back; a session that is gone is
	 * not an error. Never waits for a lock: EUNREACHABLE at once. Not
	 * flushed to disk: losing a touch harms nobody. */
	enum stauth_rc (*session_touch)(struct stauth_state *state,
		const struct stauth_touch *touches, size_t count,
		struct stauth_err *err);

	/* NOTFOUND: unknown or expired. */
	enum stauth_rc (*device_by_hash)(struct stauth_state *state,
		const uint8_t device_hash[32], int64_t now_s,
		struct stauth_device *ret_device, struct stauth_err *err);
	/* (Re)writes a known device of the account with this uid. */
	enum stauth_rc (*device_put)(struct stauth_state *state,
		const uint8_t device_hash[32],
		const struct stauth_device *device, int64_t now_s,
		struct stauth_err *err);

	/*
	 * Reserves a place for a try in every limit, in one transaction, and
	 * sets reserved_at. Failures and reservations of a counter never
	 * exceed its free tries; over those one try at a time is made.
	 * THROTTLED, and nothing is reserved, if failures make it wait; then
	 * *ret_wait_s (>= 1) is the longest wait. EBUSY: only other tries that
	 * are under way stand in its way. A reservation that is not settled
	 * within STAUTH_RESERVED_S counts as a failure.
	 */
	enum stauth_rc (*throttle_reserve)(struct stauth_state *state,
		struct stauth_limits *limits, int64_t now_s,
		int64_t *ret_wait_s, struct stauth_err *err);
	/* What became of a reserved try, with its audit row. */
	enum stauth_rc (*throttle_settle)(struct stauth_state *state,
		const struct stauth_limits *limits,
		const struct stauth_settlement *how, int64_t now_s,
		struct stauth_err *err);
	/* Counters that count something and are not forgotten yet, in order of
	 * name and key, after this name and key ("" from the start), at most
	 * limit (<= 1000). */
	enum stauth_rc (*throttle_list)(struct stauth_state *state,
		const struct stauth_counter_page *page,
		struct stauth_counter *ret_counts, size_t *ret_count,
		struct stauth_err *err);
	/* None is not an error. */
	enum stauth_rc (*throttle_clear)(struct stauth_state *state,
		const struct stauth_counter_clear *which, int *ret_cleared,
		struct stauth_err *err);

	/* THROTTLED, and nothing is counted or written, if a limit says wait
	 * (*ret_wait_s >= 1); EBUSY: the outbox is full. */
	enum stauth_rc (*mail_commit)(struct stauth_state *state,
		const struct stauth_mail_commit *commit, int64_t now_s,
		int64_t *ret_wait_s, struct stauth_err *err);
	/*
	 * The mail that is due longest, for this caller alone until lease_s
	 * from now: if the caller dies it comes back then. Its tries are
	 * raised. NOTFOUND: nothing is due. One that expired is not returned
	 * but dropped. Wipe ret_mail->code after use.
	 */
	enum stauth_rc (*mail_take)(struct stauth_state *state, int64_t lease_s,
		int64_t now_s, struct stauth_mail *ret_mail,
		struct stauth_err *err);
	/* Delivered, or given up: erased, code and all. One that is gone
	 * already (another worker was faster) is no error. */
	enum stauth_rc (*mail_done)(struct stauth_state *state, int64_t id,
		const struct stauth_audit_row *audit, int64_t now_s,
		struct stauth_err *err);
	/* Not yet: due again at next_at, at most an hour from now (a mail that
	 * lies over two hours ahead is due: the clock was set back). One that
	 * is gone is no error. */
	enum stauth_rc (*mail_later)(struct stauth_state *state, int64_t id,
		int64_t next_at, struct stauth_err *err);

	/* NOTFOUND: none, spent or expired. */
	enum stauth_rc (*pin_read)(struct stauth_state *state,
		const struct stauth_pin_key *key, struct stauth_pin *ret_pin,
		struct stauth_err *err);
	/*
	 * One try, counted on disk before it is compared. OK: it was this PIN;
	 * it is gone, and no other caller got OK. BADVALUE: wrong;
	 * *ret_tries_left (>= 0; at 0 the PIN is dead). EXPIRED: no live one.
	 */
	enum stauth_rc (*pin_try)(struct stauth_state *state,
		const struct stauth_pin_key *key, const uint8_t pin_mac[32],
		int *ret_tries_left, struct stauth_err *err);

	/* Reads only: a link that is only read stays good. NOTFOUND. */
	enum stauth_rc (*reset_read)(struct stauth_state *state,
		const uint8_t token_hash[32], int64_t now_s,
		struct stauth_reset *ret_reset, struct stauth_err *err);
	/* Consumes it; of several callers one gets OK. NOTFOUND. */
	enum stauth_rc (*reset_take)(struct stauth_state *state,
		const uint8_t token_hash[32], int64_t now_s,
		struct stauth_reset *ret_reset, struct stauth_err *err);

	/* Invitations; accounts.h, pending_verify, takes their uses. */
	enum stauth_rc (*invite_put)(struct stauth_state *state,
		const struct stauth_invite *invite,
		const struct stauth_audit_row *audit, int64_t now_s,
		struct stauth_err *err);
	/* NOTFOUND: unknown, used up, revoked or over. Takes no use. */
	enum stauth_rc (*invite_by_hash)(struct stauth_state *state,
		const uint8_t token_hash[32], int64_t now_s,
		struct stauth_invite *ret_invite, struct stauth_err *err);
	/* Those that are not over, used up or not, in order of id. */
	enum stauth_rc (*invite_list)(struct stauth_state *state,
		const struct stauth_invite_page *page,
		struct stauth_invite *ret_invites, size_t *ret_count,
		struct stauth_err *err);
	/* NOTFOUND leaves no audit row. */
	enum stauth_rc (*invite_revoke)(struct stauth_state *state,
		const char *id, const struct stauth_audit_row *audit,
		int64_t now_s, struct stauth_err *err);

	/* id and at are set by the store. */
	enum stauth_rc (*audit_add)(struct stauth_state *state,
		const struct stauth_audit_row *row, int64_t now_s,
		struct stauth_err *err);
	enum stauth_rc (*audit_list)(struct stauth_state *state,
		const struct stauth_audit_query *query,
		struct stauth_audit_row *ret_rows, size_t *ret_count,
		struct stauth_err *err);

	/* EXISTS: its number is not the next one (another was faster). */
	enum stauth_rc (*seal_put)(struct stauth_state *state,
		const struct stauth_seal *seal, struct stauth_err *err);
	/* NOTFOUND: nothing was sealed yet. */
	enum stauth_rc (*seal_last)(struct stauth_state *state,
		struct stauth_seal *ret_seal, struct stauth_err *err);
	/* In order of number, after this one, at most *ret_count (<= 1000). */
	enum stauth_rc (*seal_list)(struct stauth_state *state,
		int64_t after_number, struct stauth_seal *ret_seals,
		size_t *ret_count, struct stauth_err *err);

	/*
	 * For accounts that live elsewhere (store/split.c). One change of an
	 * account at a time: remote_lock, EBUSY if another is under way (for a
	 * minute at most: who had it may be dead); then remote_begin, which
	 * ends what the change ends, EXPIRED if the lock is lost; then
	 * remote_end, with what the change asks to be written, or with NULL if
	 * nothing was changed. From remote_begin on no session of the user
	 * begins with what was read before remote_end.
	 */
	enum stauth_rc (*remote_lock)(struct stauth_state *state, int64_t now_s,
		int64_t *ret_lock, struct stauth_err *err);
	enum stauth_rc (*remote_begin)(struct stauth_state *state,
		const struct stauth_remote *remote,
		const struct stauth_change *change, int *ret_ended,
		struct stauth_err *err);
	enum stauth_rc (*remote_end)(struct stauth_state *state,
		const struct stauth_remote *remote,
		const struct stauth_change *change, struct stauth_err *err);
	/* epoch and last_login_at of the account with this uid. */
	enum stauth_rc (*remote_read)(struct stauth_state *state, int64_t now_s,
		struct stauth_remote *remote, struct stauth_err *err);

	/* Deletes at most limit dead rows (sessions over, devices, counters,
	 * sign-ups, PINs, links, invitations, mails that expired, audit rows
	 * from before audit_before_s); *ret_count says how many, so that the
	 * caller loops until it is 0. */
	enum stauth_rc (*expire_batch)(struct stauth_state *state,
		const struct stauth_expiry *expiry, int *ret_count,
		struct stauth_err *err);
};

/*
 * The check half: asynchronous by contract, so that a network store can
 * pipeline. SQLite answers inside submit. The worker takes both.
 */
struct stauth_check_done {
	uint64_t tag;
	enum stauth_verdict verdict;
	/* On ALLOW; copied out. Of its members only handle, uid, user, email,
	 * display_name, groups, remember, must_change, factors, level, auth_at,
	 * last_seen_at and expires_at. */
	struct stauth_session session;
	char why[96]; /* on FAULT: for the log */
};

struct stauth_check {
	const struct stauth_check_ops *ops;
};

struct stauth_check_ops {
	int64_t (*now)(struct stauth_check *check);
	/* -1: nothing to wait for; else one descriptor to poll for input. */
	int (*pollfd)(struct stauth_check *check);
	/* When tick() wants to run, on the boot clock; INT64_MAX: never. */
	int64_t (*next_ms)(struct stauth_check *check);
	void (*tick)(struct stauth_check *check, int64_t boot_ms);
	/*
	 * OK: answered at once in *ret_done. PENDING: comes through reap with
	 * this tag. A negative code is a FAULT. tag is a slot number and a
	 * generation, never a pointer. All that is submitted between two calls
	 * of flush may be judged by the store's state at the first of them, so
	 * it must have arrived before that.
	 */
	enum stauth_rc (*submit)(struct stauth_check *check,
		const uint8_t token_hash[32], int64_t idle_s, uint64_t tag,
		struct stauth_check_done *ret_done);
	/* The same question about a session that was let in before, by its
	 * handle. A host's session is not found. */
	enum stauth_rc (*submit_handle)(struct stauth_check *check,
		const char *handle, int64_t idle_s, uint64_t tag,
		struct stauth_check_done *ret_done);
	/* Once a round of the loop, before it waits: the round is over, what
	 * was submitted is sent. */
	void (*flush)(struct stauth_check *check);
	size_t (*reap)(struct stauth_check *check,
		struct stauth_check_done *ret_done, size_t max);
};

#endif
