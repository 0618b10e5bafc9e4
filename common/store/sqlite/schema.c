/* SPDX-License-Identifier: MIT */
/*
 * The schema, version by version. MUSTs:
 *  1. A step that was ever released is never changed; a new version is a new
 *     step at the end, and STAUTH_SCHEMA_VERSION goes with it.
 *  2. A step is one transaction and ends by setting user_version.
 *  3. Tables are STRICT; what code relies on is a CHECK as well, so that a
 *     row which breaks a rule cannot be written by any program.
 *  4. Nothing here depends on rows of another half: sessions carry a copy of
 *     the identity, so that accounts may live in another store.
 */
#include "store/sqlite/schema.h"

#include <string.h>

#include <sqlite3.h>

#include "base/codec.h"
#include "store/sqlite/fault.h"
#include "store/sqlite/query.h"

#include "base/banned.h"

/* A column and what it may hold; sizes are in bytes, without the NUL. */
#define TEXT(column, min, max)                                                 \
	column " TEXT NOT NULL CHECK (instr(" column ", char(0)) = 0 AND "     \
	       "length(CAST(" column " AS BLOB)) BETWEEN " #min " AND " #max   \
	       ")"
#define FLAG(column)   column " INTEGER NOT NULL CHECK (" column " IN (0, 1))"
#define NUMBER(column) column " INTEGER NOT NULL CHECK (" column " >= 0)"
/* An instant: until the end of the year 9999. */
#define AT(column)                                                             \
	column " INTEGER NOT NULL CHECK (" column " BETWEEN 0 AND "            \
	       "253402300799)"
#define BYTES32(column) column " BLOB NOT NULL CHECK (length(" column ") = 32)"
#define HASH(column)                                                           \
	column " BLOB NOT NULL PRIMARY KEY CHECK (length(" column ") = 32)"

/* clang-format off */
static const char *const version_1[] = {
	"CREATE TABLE meta ("
		"key TEXT NOT NULL PRIMARY KEY,"
		"value INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID",
	/* New accounts begin with this epoch: a restore raises it. */
	"INSERT INTO meta (key, value) VALUES ('epoch', 1)",

	"CREATE TABLE users ("
		"uid INTEGER PRIMARY KEY AUTOINCREMENT,"
		"epoch INTEGER NOT NULL CHECK (epoch >= 1),"
		TEXT("name", 1, 254) " UNIQUE,"
		"email TEXT UNIQUE CHECK (email IS NULL OR "
			"(instr(email, char(0)) = 0 AND "
			"length(CAST(email AS BLOB)) BETWEEN 1 AND 254)),"
		TEXT("display_name", 0, 128) ","
		TEXT("group_list", 0, 2079) ","
		TEXT("password", 0, 512) ","
		FLAG("su") ","
		FLAG("disabled") ","
		FLAG("system_login") ","
		FLAG("must_change") ","
		AT("created_at") ","
		AT("last_login_at") ","
		AT("mfa_since")
	") STRICT",
	"CREATE INDEX users_su ON users (su) WHERE su = 1",

	"CREATE TABLE sessions ("
		HASH("token_hash") ","
		TEXT("handle", 16, 16) " UNIQUE,"
		NUMBER("uid") ","
		NUMBER("epoch") ","
		TEXT("user_name", 1, 254) ","
		TEXT("email", 0, 254) ","
		TEXT("display_name", 0, 128) ","
		TEXT("group_list", 0, 2079) ","
		TEXT("channel", 1, 15) ","
		TEXT("address", 0, 95) ","
		TEXT("agent", 0, 128) ","
		FLAG("remember") ","
		FLAG("must_change") ","
		NUMBER("factors") ","
		NUMBER("level") ","
		AT("auth_at") ","
		AT("confirmed_at") ","
		AT("created_at") ","
		AT("last_seen_at") ","
		AT("expires_at")
	") STRICT, WITHOUT ROWID",
	"CREATE INDEX sessions_uid ON sessions (uid, handle)",
	"CREATE INDEX sessions_expires ON sessions (expires_at)",

	"CREATE TABLE devices ("
		HASH("device_hash") ","
		NUMBER("uid") ","
		NUMBER("epoch") ","
		AT("created_at") ","
		AT("last_used_at") ","
		AT("expires_at")
	") STRICT, WITHOUT ROWID",
	"CREATE INDEX devices_uid ON devices (uid)",
	"CREATE INDEX devices_expires ON devices (expires_at)",

	"CREATE TABLE lanes ("
		TEXT("name", 1, 64) ","
		TEXT("key", 0, 383) ","
		NUMBER("failures") ","
		AT("first_at") ","
		AT("last_at") ","
		AT("expires_at") ","
		"PRIMARY KEY (name, key)"
	") STRICT, WITHOUT ROWID",
	"CREATE INDEX lanes_last ON lanes (last_at)",

	"CREATE TABLE audit ("
		"id INTEGER PRIMARY KEY AUTOINCREMENT,"
		AT("at") ","
		TEXT("event", 1, 31) ","
		FLAG("ok") ","
		TEXT("user_name", 0, 254) ","
		NUMBER("uid") ","
		TEXT("actor", 0, 254) ","
		TEXT("channel", 0, 15) ","
		TEXT("address", 0, 95) ","
		TEXT("detail", 0, 192)
	") STRICT",
	"CREATE INDEX audit_at ON audit (at)",
	"CREATE INDEX audit_user ON audit (user_name)",

	/* STAUTH_SCHEMA_ID */
	"PRAGMA application_id = 1937006965",
	"PRAGMA user_version = 1",
	NULL,
};

/* Sign-up, reset and mail. */
static const char *const version_2[] = {
	/* Several may wait for one address: nobody owns it before its PIN. */
	"CREATE TABLE pending_users ("
		HASH("flow_hash") ","
		TEXT("email", 1, 254) ","
		TEXT("password", 0, 512) ","
		AT("created_at") ","
		AT("expires_at")
	") STRICT, WITHOUT ROWID",
	"CREATE INDEX pending_users_email ON pending_users "
		"(email, flow_hash)",
	"CREATE INDEX pending_users_expires ON pending_users (expires_at)",

	"CREATE TABLE pins ("
		TEXT("purpose", 1, 15) ","
		BYTES32("flow_hash") ","
		BYTES32("pin_mac") ","
		NUMBER("tries_left") ","
		AT("created_at") ","
		AT("expires_at") ","
		"PRIMARY KEY (purpose, flow_hash)"
	") STRICT, WITHOUT ROWID",
	"CREATE INDEX pins_expires ON pins (expires_at)",

	"CREATE TABLE resets ("
		HASH("token_hash") ","
		"uid INTEGER NOT NULL UNIQUE CHECK (uid >= 1),"
		NUMBER("epoch") ","
		AT("created_at") ","
		AT("expires_at")
	") STRICT, WITHOUT ROWID",
	"CREATE INDEX resets_expires ON resets (expires_at)",

	/* pin_flow and reset_uid: what the code in it is good for; when that
	 * is dead, the mail is. */
	"CREATE TABLE outbox ("
		"id INTEGER PRIMARY KEY AUTOINCREMENT,"
		TEXT("kind", 0, 23) ","
		TEXT("recipient", 0, 254) ","
		TEXT("user_name", 0, 254) ","
		TEXT("code", 0, 63) ","
		TEXT("message_id", 1, 16) ","
		"pin_flow BLOB CHECK (pin_flow IS NULL OR "
			"length(pin_flow) = 32),"
		"reset_uid INTEGER CHECK (reset_uid IS NULL OR "
			"reset_uid >= 1),"
		NUMBER("tries") ","
		AT("due_at") ","
		AT("created_at") ","
		AT("expires_at")
	") STRICT",
	"CREATE INDEX outbox_due ON outbox (due_at, id)",
	"CREATE INDEX outbox_expires ON outbox (expires_at)",
	"CREATE INDEX outbox_pin ON outbox (pin_flow) "
		"WHERE pin_flow IS NOT NULL",
	"CREATE INDEX outbox_reset ON outbox (reset_uid) "
		"WHERE reset_uid IS NOT NULL",

	"PRAGMA user_version = 2",
	NULL,
};
/*
 * Failures and reservations counted apart; accounts that live in another store
 * (store/split.c); and an index for whatever runs by itself.
 */
static const char *const version_3[] = {
	"CREATE TABLE rate_limits ("
		TEXT("name", 1, 64) ","
		TEXT("key", 0, 383) ","
		NUMBER("failures") ","
		NUMBER("reserved") ","
		AT("reserved_at") ","
		AT("first_at") ","
		AT("last_at") ","
		AT("expires_at") ","
		"PRIMARY KEY (name, key)"
	") STRICT, WITHOUT ROWID",
	"INSERT INTO rate_limits SELECT name, key, failures, 0, 0, first_at, "
		"last_at, expires_at FROM lanes",
	"DROP TABLE lanes",
	"CREATE INDEX rate_limits_last ON rate_limits (last_at)",
	"CREATE INDEX rate_limits_expires ON rate_limits (expires_at)",
	"CREATE INDEX sessions_idle ON sessions (last_seen_at) "
		"WHERE remember = 0",
	"CREATE INDEX sessions_host ON sessions (handle) "
		"WHERE channel <> 'web'",

	"CREATE TABLE remote_accounts ("
		"uid INTEGER PRIMARY KEY,"
		NUMBER("epoch") ","
		AT("last_login_at")
	") STRICT",
	/* The change that is under way, if any. */
	"CREATE TABLE remote_change ("
		"id INTEGER PRIMARY KEY CHECK (id = 1),"
		"lock INTEGER NOT NULL,"
		NUMBER("uid") ","
		AT("started_at")
	") STRICT",

	"PRAGMA user_version = 3",
	NULL,
};
/* Passwords that end; an audit to page through. */
static const char *const version_4[] = {
	"ALTER TABLE users ADD COLUMN "
		"password_expires_at INTEGER NOT NULL DEFAULT 0 CHECK "
		"(password_expires_at BETWEEN 0 AND 253402300799)",
	"CREATE INDEX users_created ON users (created_at, uid)",
	"CREATE INDEX users_login ON users (last_login_at, uid)",

	/* The audit is read in order of time. */
	"DROP INDEX audit_user",
	"CREATE INDEX audit_user ON audit (user_name, at)",
	"CREATE INDEX audit_event ON audit (event, at)",

	/* Closed batches of the audit; kept: its rows are still there. */
	"CREATE TABLE audit_seals ("
		"number INTEGER PRIMARY KEY CHECK (number >= 1),"
		AT("sealed_at") ","
		NUMBER("first_id") ","
		"last_id INTEGER NOT NULL CHECK (last_id >= first_id),"
		NUMBER("row_count") ","
		AT("newest_at") ","
		BYTES32("rows_hash") ","
		BYTES32("hash") ","
		FLAG("kept")
	") STRICT",
	"CREATE INDEX audit_seals_kept ON audit_seals (newest_at) "
		"WHERE kept = 1",

	/* Invitations, and sign-ups that an administrator has to approve. */
	"CREATE TABLE invites ("
		HASH("token_hash") ","
		TEXT("id", 16, 16) " UNIQUE,"
		TEXT("email", 0, 254) ","
		TEXT("group_list", 0, 2079) ","
		NUMBER("uses") ","
		NUMBER("uses_left") ","
		FLAG("approved") ","
		TEXT("created_by", 0, 254) ","
		AT("created_at") ","
		AT("expires_at")
	") STRICT, WITHOUT ROWID",
	"CREATE INDEX invites_expires ON invites (expires_at)",
	"ALTER TABLE pending_users ADD COLUMN invite_hash BLOB "
		"CHECK (invite_hash IS NULL OR length(invite_hash) = 32)",
	"ALTER TABLE pending_users ADD COLUMN group_list TEXT NOT NULL "
		"DEFAULT '' CHECK (length(CAST(group_list AS BLOB)) <= 2079)",
	"ALTER TABLE pending_users ADD COLUMN approved INTEGER NOT NULL "
		"DEFAULT 0 CHECK (approved IN (0, 1))",
	"ALTER TABLE pending_users ADD COLUMN verified_at INTEGER NOT NULL "
		"DEFAULT 0 CHECK (verified_at BETWEEN 0 AND 253402300799)",

	"PRAGMA user_version = 4",
	NULL,
};
/* clang-format on */

/* steps[i] leads from version i to version i + 1. */
static const char *const *const steps[] = {
	version_1, version_2, version_3, version_4};

_Static_assert(sizeof(steps) / sizeof(steps[0]) == STAUTH_SCHEMA_VERSION,
	"one step a version");

static enum stauth_rc pragma_value(struct stauth_db *db, enum stauth_sql id,
	int64_t *ret_value, struct stauth_err *err)
{
	return stauth_query_value(db, id, NULL, ret_value, err);
}

enum stauth_rc stauth_schema_check(struct stauth_db *db, struct stauth_err *err)
{
	int64_t id = 0;
	enum stauth_rc rc =
		pragma_value(db, STAUTH_SQL_APPLICATION_ID, &id, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	int64_t version = 0;
	rc = pragma_value(db, STAUTH_SQL_USER_VERSION, &version, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (id != STAUTH_SCHEMA_ID) {
		return stauth_fail(err, STAUTH_ESCHEMA,
			"run stauthctl init: %.120s is no database of stauth",
			db->path);
	}
	if (version > STAUTH_SCHEMA_VERSION) {
		return stauth_fail(err, STAUTH_ESCHEMA,
			"schema %lld is newer than this program (%d); install "
			"the stauth that made it: %.90s",
			(long long)version, STAUTH_SCHEMA_VERSION, db->path);
	}
	if (version < STAUTH_SCHEMA_VERSION) {
		return stauth_fail(err, STAUTH_ESCHEMA,
			"run stauthctl init: schema %lld is older than this "
			"program (%d): %.80s",
			(long long)version, STAUTH_SCHEMA_VERSION, db->path);
	}
	return STAUTH_OK;
}

/* SHA-256 of STAUTH_SQL_SCHEMA_TEXT of a new file; a test says what it is. */
static const uint8_t schema_hash[STAUTH_SHA256_LEN] = {0xfc, 0xb0, 0x60, 0x13,
	0xba, 0xd8, 0x63, 0xa1, 0xd3, 0x32, 0xf7, 0x74, 0xbd, 0xb7, 0x53, 0xe2,
	0xc6, 0x9e, 0xcc, 0x4a, 0xba, 0xb6, 0x22, 0xba, 0x2b, 0xaa, 0xf2, 0x78,
	0xf1, 0x8b, 0xb9, 0xd9};

enum stauth_rc stauth_schema_compare(
	struct stauth_db *db, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_SCHEMA_TEXT);
	enum stauth_rc rc = stauth_query_row(&query, err);
	uint8_t hash[STAUTH_SHA256_LEN] = {0};
	if (rc == STAUTH_OK) {
		const unsigned char *text = sqlite3_column_text(query.stmt, 0);
		int len = sqlite3_column_bytes(query.stmt, 0);

		if (text == NULL || !stauth_sha256(text, (size_t)len, hash) ||
			memcmp(hash, schema_hash, sizeof(hash)) != 0) {
			rc = stauth_fail(err, STAUTH_BADVALUE,
				"the tables are not those of schema %d "
				"(%02x%02x%02x%02x): %.100s",
				STAUTH_SCHEMA_VERSION, hash[0], hash[1],
				hash[2], hash[3], db->path);
		}
	}
	stauth_query_end(&query);
	return rc;
}

static enum stauth_rc run_step(
	struct stauth_db *db, const char *const *step, struct stauth_err *err)
{
	int code = SQLITE_OK;

	while (*step != NULL && code == SQLITE_OK) {
		code = sqlite3_exec(db->sql, *step, NULL, NULL, NULL);
		step++;
	}
	return code == SQLITE_OK ? STAUTH_OK : stauth_db_fault(db, code, err);
}

/* One step, if it is still to be done: another init may have been faster. */
static enum stauth_rc migrate_one(
	struct stauth_db *db, int64_t version, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_db_begin_raw(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	int64_t present = 0;
	rc = pragma_value(db, STAUTH_SQL_USER_VERSION, &present, err);
	if (rc == STAUTH_OK && present == version) {
		rc = run_step(db, steps[version], err);
	}
	return stauth_db_end(db, rc, err);
}

enum stauth_rc stauth_schema_migrate(
	struct stauth_db *db, struct stauth_err *err)
{
	int64_t version = 0;
	enum stauth_rc rc =
		pragma_value(db, STAUTH_SQL_USER_VERSION, &version, err);

	while (rc == STAUTH_OK && version >= 0 &&
		version < STAUTH_SCHEMA_VERSION) {
		rc = migrate_one(db, version, err);
		version++;
	}
	return rc == STAUTH_OK ? stauth_schema_check(db, err) : rc;
}
