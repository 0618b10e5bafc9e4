/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_VERBS_H
#define STAUTH_SQLITE_VERBS_H

#include "store/accounts.h"
#include "store/sqlite/ready.h"
#include "store/sqlite/recent.h"
#include "store/sqlite/verb.h"
#include "store/state.h"

/* The header of the index of the -wal, twice, as 32-bit words
 * (sqlite.org/walformat.html, "The WAL-Index Header"). */
#define STAUTH_WAL_HEAD_COPY  12
#define STAUTH_WAL_HEAD_WORDS 24

/*
 * The two halves of one connection, and the check's. The first member is what
 * callers hold; the verbs get at the connection through it. Contracts are in
 * store/accounts.h and store/state.h.
 */
struct stauth_sqlite_accounts {
	struct stauth_accounts base;
	struct stauth_db *db;
};

struct stauth_sqlite_state {
	struct stauth_state base;
	struct stauth_db *db;
};

struct stauth_sqlite_check {
	struct stauth_check base;
	struct stauth_db *db;
	struct stauth_recent *recent; /* NULL: every row is read */
	int64_t idle_at_ms;           /* of the boot clock: the next tick */
	bool in_round;                /* from the first submit to flush */
	bool in_transaction;          /* in one that reads, held by: */
	struct stauth_query round;
	/* The head before the last one, and of which connection (db->opened);
	 * 0: none. */
	uint32_t seen[STAUTH_WAL_HEAD_WORDS];
	uint64_t seen_of;
};

static inline struct stauth_db *stauth_accounts_db(
	struct stauth_accounts *accounts)
{
	return ((struct stauth_sqlite_accounts *)accounts)->db;
}

static inline struct stauth_db *stauth_state_db(struct stauth_state *state)
{
	return ((struct stauth_sqlite_state *)state)->db;
}

extern const struct stauth_accounts_ops stauth_sqlite_accounts_ops;
extern const struct stauth_state_ops stauth_sqlite_state_ops;
extern const struct stauth_check_ops stauth_sqlite_check_ops;

/* --- check.c */
/*
 * What every commit, of whatever process, changes before it is acknowledged,
 * read from the memory that all connections share: no system call, and no
 * transaction. False: it is not to be had, or is just being written.
 */
bool stauth_wal_head(
	const struct stauth_db *db, uint32_t ret_head[STAUTH_WAL_HEAD_WORDS]);

/* --- accounts_write.c */
enum stauth_rc stauth_sq_user_insert(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int64_t *ret_uid,
	struct stauth_err *err);
enum stauth_rc stauth_sq_user_update(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err);
enum stauth_rc stauth_sq_password_set(struct stauth_accounts *accounts,
	const struct stauth_password_row *password,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err);
enum stauth_rc stauth_sq_password_rehash(struct stauth_accounts *accounts,
	int64_t uid, const char *old, const char *encoded,
	struct stauth_err *err);
enum stauth_rc stauth_sq_user_delete(struct stauth_accounts *accounts,
	int64_t uid, const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err);

/* --- accounts_write.c. Within a transaction of the caller. */
/* A new account, with what goes along with it, and its uid: EXISTS. */
int64_t stauth_account_put(struct stauth_db *db,
	const struct stauth_account *account,
	const struct stauth_change *change);
/* An account as it was read. */
struct stauth_version {
	int64_t uid;
	int64_t epoch;
};
/*
 * What a change ends: sessions (returns how many), known devices and the link
 * of this user. What is kept gets the epoch after this one, if the change
 * raises it.
 */
int stauth_change_end_older(struct stauth_db *db,
	const struct stauth_version *of, const struct stauth_change *change);
/* The audit row (with this uid, unless 0) and the notice of a change. */
void stauth_change_record(
	struct stauth_db *db, const struct stauth_change *change, int64_t uid);

/* --- pending.c */
enum stauth_rc stauth_sq_pending_put(struct stauth_accounts *accounts,
	const struct stauth_pending *pending, int64_t now_s,
	struct stauth_err *err);
enum stauth_rc stauth_sq_pending_by_flow(struct stauth_accounts *accounts,
	const uint8_t flow_hash[32], int64_t now_s,
	struct stauth_pending *ret_pending, struct stauth_err *err);
enum stauth_rc stauth_sq_pending_promote(struct stauth_accounts *accounts,
	const struct stauth_promotion *promotion,
	const struct stauth_change *change, int64_t *ret_uid,
	struct stauth_err *err);
enum stauth_rc stauth_sq_pending_verify(struct stauth_accounts *accounts,
	const uint8_t flow_hash[32], int64_t keep_until,
	const struct stauth_change *change, struct stauth_err *err);
enum stauth_rc stauth_sq_pending_list(struct stauth_accounts *accounts,
	const struct stauth_pending_page *page,
	struct stauth_pending *ret_pending, size_t *ret_count,
	struct stauth_err *err);
enum stauth_rc stauth_sq_pending_delete(struct stauth_accounts *accounts,
	const char *email, const struct stauth_change *change, int *ret_count,
	struct stauth_err *err);

/* --- login.c */
enum stauth_rc stauth_sq_login_commit(struct stauth_state *state,
	const struct stauth_login_commit *login, int64_t now_s,
	struct stauth_err *err);

enum stauth_rc stauth_sq_device_put(struct stauth_state *state,
	const uint8_t device_hash[32], const struct stauth_device *device,
	int64_t now_s, struct stauth_err *err);

/* --- sessions.c */
enum stauth_rc stauth_sq_session_confirm(struct stauth_state *state,
	const struct stauth_session_confirm *confirm, struct stauth_err *err);
enum stauth_rc stauth_sq_session_end(struct stauth_state *state,
	const char *handle, const struct stauth_audit_row *audit, int64_t now_s,
	struct stauth_err *err);
enum stauth_rc stauth_sq_session_end_user(struct stauth_state *state,
	const struct stauth_session_end *which, int *ret_ended,
	struct stauth_err *err);
enum stauth_rc stauth_sq_session_by_hash(struct stauth_state *state,
	const uint8_t token_hash[32], const struct stauth_alive *alive,
	struct stauth_session *ret_session, struct stauth_err *err);
enum stauth_rc stauth_sq_session_by_handle(struct stauth_state *state,
	const char *handle, const struct stauth_alive *alive,
	struct stauth_session *ret_session, struct stauth_err *err);
enum stauth_rc stauth_sq_session_list(struct stauth_state *state,
	const struct stauth_session_query *asked,
	struct stauth_session *ret_sessions, size_t *ret_count,
	struct stauth_err *err);
enum stauth_rc stauth_sq_session_touch(struct stauth_state *state,
	const struct stauth_touch *touches, size_t count,
	struct stauth_err *err);
enum stauth_rc stauth_sq_device_by_hash(struct stauth_state *state,
	const uint8_t device_hash[32], int64_t now_s,
	struct stauth_device *ret_device, struct stauth_err *err);

/* --- counters.c */
enum stauth_rc stauth_sq_throttle_reserve(struct stauth_state *state,
	struct stauth_limits *limits, int64_t now_s, int64_t *ret_wait_s,
	struct stauth_err *err);
enum stauth_rc stauth_sq_throttle_settle(struct stauth_state *state,
	const struct stauth_limits *limits, const struct stauth_settlement *how,
	int64_t now_s, struct stauth_err *err);
enum stauth_rc stauth_sq_throttle_list(struct stauth_state *state,
	const struct stauth_counter_page *page,
	struct stauth_counter *ret_counts, size_t *ret_count,
	struct stauth_err *err);
enum stauth_rc stauth_sq_throttle_clear(struct stauth_state *state,
	const struct stauth_counter_clear *which, int *ret_cleared,
	struct stauth_err *err);
/* --- counters.c. Within a transaction of the caller. */
/* limits: NULL none. */
void stauth_limits_settle(struct stauth_db *db,
	const struct stauth_limits *limits, enum stauth_outcome outcome,
	int64_t now_s);
/* Counts at once, without a reservation: for what is no try but costs. False:
 * a limit says no, and stauth_limits_refuse ends the verb. */
bool stauth_limits_count(struct stauth_db *db,
	const struct stauth_limits *limits, int64_t now_s, int64_t *ret_wait_s);
/* THROTTLED with *ret_wait_s; EBUSY for no wait. Writes nothing but, after the
 * clock was set back, when the wait began. */
enum stauth_rc stauth_limits_refuse(
	struct stauth_db *db, int64_t wait_s, int64_t *ret_wait_s);

/* --- outbox.c */
enum stauth_rc stauth_sq_mail_commit(struct stauth_state *state,
	const struct stauth_mail_commit *commit, int64_t now_s,
	int64_t *ret_wait_s, struct stauth_err *err);
enum stauth_rc stauth_sq_mail_take(struct stauth_state *state, int64_t lease_s,
	int64_t now_s, struct stauth_mail *ret_mail, struct stauth_err *err);
enum stauth_rc stauth_sq_mail_done(struct stauth_state *state, int64_t id,
	const struct stauth_audit_row *audit, int64_t now_s,
	struct stauth_err *err);
enum stauth_rc stauth_sq_mail_later(struct stauth_state *state, int64_t id,
	int64_t next_at, struct stauth_err *err);
/* The mail alone, within a transaction of the caller; pin, reset: what its
 * code is good for. */
void stauth_mail_put(struct stauth_db *db,
	const struct stauth_mail_commit *commit, int64_t now_s);

/* --- pins.c */
enum stauth_rc stauth_sq_pin_read(struct stauth_state *state,
	const struct stauth_pin_key *key, struct stauth_pin *ret_pin,
	struct stauth_err *err);
enum stauth_rc stauth_sq_pin_try(struct stauth_state *state,
	const struct stauth_pin_key *key, const uint8_t pin_mac[32],
	int *ret_tries_left, struct stauth_err *err);
/* Within a transaction of the caller: in the place of the older one, whose
 * mail goes with it. */
void stauth_pin_put(
	struct stauth_db *db, const struct stauth_pin *pin, int64_t now_s);

/* --- invites.c */
enum stauth_rc stauth_sq_invite_put(struct stauth_state *state,
	const struct stauth_invite *invite,
	const struct stauth_audit_row *audit, int64_t now_s,
	struct stauth_err *err);
enum stauth_rc stauth_sq_invite_by_hash(struct stauth_state *state,
	const uint8_t token_hash[32], int64_t now_s,
	struct stauth_invite *ret_invite, struct stauth_err *err);
enum stauth_rc stauth_sq_invite_list(struct stauth_state *state,
	const struct stauth_invite_page *page,
	struct stauth_invite *ret_invites, size_t *ret_count,
	struct stauth_err *err);
enum stauth_rc stauth_sq_invite_revoke(struct stauth_state *state,
	const char *id, const struct stauth_audit_row *audit, int64_t now_s,
	struct stauth_err *err);
/* Within a transaction. REFUSED: there is no use to take. */
void stauth_invite_take(
	struct stauth_db *db, const uint8_t token_hash[32], int64_t now_s);

/* --- resets.c */
enum stauth_rc stauth_sq_reset_read(struct stauth_state *state,
	const uint8_t token_hash[32], int64_t now_s,
	struct stauth_reset *ret_reset, struct stauth_err *err);
enum stauth_rc stauth_sq_reset_take(struct stauth_state *state,
	const uint8_t token_hash[32], int64_t now_s,
	struct stauth_reset *ret_reset, struct stauth_err *err);
/* Within a transaction of the caller: in the place of the older one, whose
 * mail goes with it. */
void stauth_reset_put(
	struct stauth_db *db, const struct stauth_reset *reset, int64_t now_s);
/* The account's link and the mail that carries it. */
void stauth_reset_end(struct stauth_db *db, int64_t uid);

/* --- audit.c */
enum stauth_rc stauth_sq_audit_add(struct stauth_state *state,
	const struct stauth_audit_row *row, int64_t now_s,
	struct stauth_err *err);
enum stauth_rc stauth_sq_audit_list(struct stauth_state *state,
	const struct stauth_audit_query *query,
	struct stauth_audit_row *ret_rows, size_t *ret_count,
	struct stauth_err *err);
enum stauth_rc stauth_sq_seal_put(struct stauth_state *state,
	const struct stauth_seal *seal, struct stauth_err *err);
enum stauth_rc stauth_sq_seal_last(struct stauth_state *state,
	struct stauth_seal *ret_seal, struct stauth_err *err);
enum stauth_rc stauth_sq_seal_list(struct stauth_state *state,
	int64_t after_number, struct stauth_seal *ret_seals, size_t *ret_count,
	struct stauth_err *err);
/* Within a verb: the last seal, false if there is none. */
bool stauth_seal_find_last(struct stauth_db *db, struct stauth_seal *ret_seal);
/* Within a transaction of the caller; NULL or no event: nothing to write. */
void stauth_audit_put(struct stauth_db *db, const struct stauth_audit_row *row,
	int64_t now_s);

/* --- remote.c */
enum stauth_rc stauth_sq_remote_lock(struct stauth_state *state, int64_t now_s,
	int64_t *ret_lock, struct stauth_err *err);
enum stauth_rc stauth_sq_remote_begin(struct stauth_state *state,
	const struct stauth_remote *remote, const struct stauth_change *change,
	int *ret_ended, struct stauth_err *err);
enum stauth_rc stauth_sq_remote_end(struct stauth_state *state,
	const struct stauth_remote *remote, const struct stauth_change *change,
	struct stauth_err *err);
enum stauth_rc stauth_sq_remote_read(struct stauth_state *state, int64_t now_s,
	struct stauth_remote *remote, struct stauth_err *err);

/* --- expire.c */
enum stauth_rc stauth_sq_expire_batch(struct stauth_state *state,
	const struct stauth_expiry *expiry, int *ret_count,
	struct stauth_err *err);
/* Brings all of the -wal into the database, and the file to nothing. Waits for
 * nobody: what does not work now, works another time. */
void stauth_wal_empty(struct stauth_db *db);
/* stauth_verb_commit_only; every 256th sweeps a few dead rows along. */
enum stauth_rc stauth_verb_commit(struct stauth_db *db, int64_t now_s);

#endif
