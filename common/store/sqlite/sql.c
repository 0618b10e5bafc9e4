/* SPDX-License-Identifier: MIT */
#include "store/sqlite/sql.h"

#include <stddef.h>

#include "base/banned.h"

/* In the order in which they are read (read_session and the like). */
#define ACCOUNT_HEAD "uid, epoch, name, email, display_name, group_list, "
#define ACCOUNT_TAIL                                                           \
	", su, disabled, system_login, must_change, password_expires_at, "     \
	"created_at, last_login_at, mfa_since "
#define ACCOUNT ACCOUNT_HEAD "password" ACCOUNT_TAIL "FROM users "

/* Read row by row, as far as a page needs. */
#define USER_LIST(where, order)                                                \
	"SELECT " ACCOUNT_HEAD "''" ACCOUNT_TAIL "FROM users WHERE " where     \
	" ORDER BY " order

#define SESSION                                                                \
	"token_hash, handle, uid, epoch, user_name, email, display_name, "     \
	"group_list, channel, address, agent, remember, must_change, "         \
	"factors, level, auth_at, confirmed_at, created_at, last_seen_at, "    \
	"expires_at FROM sessions "
/* What a check answers with and judges by: each column costs. */
#define CHECKED                                                                \
	"SELECT token_hash, handle, uid, user_name, email, display_name, "     \
	"group_list, remember, must_change, factors, level, auth_at, "         \
	"last_seen_at, expires_at FROM sessions "
/* What is from the future is dead (store/state.h, 12). A session was made and
 * its factors were shown no later than it was last seen. */
#define SOON STAUTH_SQL_SOON
/* ?2 is now, ?3 the idle limit. Dead at the very second, not after it. */
#define ALIVE                                                                  \
	"expires_at > ?2 AND last_seen_at <= ?2" SOON                          \
	" AND (remember = 1 OR ?3 = 0 OR last_seen_at > ?2 - ?3) "
/* ?2 is now. Who changes an account has a minute; then he is dead. */
#define UNDER_WAY "started_at > ?2 - 60 AND started_at <= ?2" SOON
#define AUDIT                                                                  \
	"id, at, event, ok, user_name, uid, actor, channel, address, detail "  \
	"FROM audit "

/* After the row (?1, ?2), if that is one; since ?3. A filter that has an index
 * of its own stands without the plus. */
#define AUDIT_OF_USER  "(?5 = '' OR +user_name = ?5) "
#define AUDIT_OF_EVENT "(?6 = '' OR +event = ?6) "
#define AUDIT_OLDEST(filter)                                                   \
	filter "AND at >= max(?1, ?3) AND (at, id) > (?1, ?2) "                \
	       "ORDER BY at, id LIMIT ?4"
#define AUDIT_NEWEST(filter)                                                   \
	filter "AND at BETWEEN ?3 AND iif(?2 = 0, 253402300799, ?1) "          \
	       "AND (?2 = 0 OR (at, id) < (?1, ?2)) "                          \
	       "ORDER BY at DESC, id DESC LIMIT ?4"

/* The highest that a table ever gave out. */
#define LAST_ID(table, id)                                                     \
	"SELECT max((SELECT ifnull(max(seq), 0) FROM sqlite_sequence "         \
	"WHERE name = '" table "'), (SELECT ifnull(max(" id                    \
	"), 0) FROM " table "))"

#define SEAL                                                                   \
	"number, sealed_at, first_id, last_id, row_count, newest_at, "         \
	"rows_hash, hash, kept FROM audit_seals "
/* The sealed batch whose rows are all from before ?1; the oldest. */
#define OLD_BATCH                                                              \
	"FROM audit_seals WHERE kept = 1 AND newest_at < ?1 "                  \
	"ORDER BY newest_at, number LIMIT 1"

static const char *const texts[STAUTH_SQL_COUNT] = {
	[STAUTH_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[STAUTH_SQL_COMMIT] = "COMMIT",
	[STAUTH_SQL_ROLLBACK] = "ROLLBACK",
	[STAUTH_SQL_USER_VERSION] = "PRAGMA user_version",
	[STAUTH_SQL_APPLICATION_ID] = "PRAGMA application_id",
	/* All that is said of our tables, as one text. */
	[STAUTH_SQL_SCHEMA_TEXT] =
		"SELECT group_concat(object, char(10)) FROM (SELECT "
		"type || ' ' || name || ' ' || tbl_name || ' ' || sql "
		"AS object FROM sqlite_schema WHERE sql IS NOT NULL "
		"AND tbl_name IN ('meta', 'users', 'sessions', 'devices', "
		"'rate_limits', 'audit', 'pending_users', 'pins', 'resets', "
		"'outbox', 'remote_accounts', 'remote_change', "
		"'audit_seals', 'invites') "
		"ORDER BY type, name)",
	[STAUTH_SQL_SYNC_NORMAL] = "PRAGMA synchronous = NORMAL",
	[STAUTH_SQL_SYNC_FULL] = "PRAGMA synchronous = FULL",
	[STAUTH_SQL_HEALTH] = "SELECT value FROM meta WHERE key = 'epoch'",

	[STAUTH_SQL_DATA_VERSION] = "PRAGMA data_version",
	[STAUTH_SQL_CHECK] = CHECKED "WHERE token_hash = ?1",
	[STAUTH_SQL_CHECK_HANDLE] =
		CHECKED "WHERE handle = ?1 AND channel = 'web'",

	/* The row by its own key: else what was asked for would be read of the
	 * index, and not of the row that it leads to. */
	[STAUTH_SQL_USER_BY_NAME] =
		"SELECT " ACCOUNT
		"WHERE uid IN (SELECT uid FROM users WHERE name = ?1)",
	[STAUTH_SQL_USER_BY_UID] = "SELECT " ACCOUNT "WHERE uid = ?1",
	[STAUTH_SQL_USER_BY_EMAIL] =
		"SELECT " ACCOUNT
		"WHERE uid IN (SELECT uid FROM users WHERE email = ?1)",
	/* Left from before names and addresses were one namespace. */
	[STAUTH_SQL_USER_CLASH] =
		"SELECT a.name, b.name FROM users AS a JOIN users AS b "
		"ON b.name = a.email AND b.uid <> a.uid WHERE a.name > ?1 "
		"ORDER BY a.name LIMIT 1",
	[STAUTH_SQL_USER_LIST] =
		USER_LIST("name >= max(?1, ?2) AND +name > ?1", "name"),
	[STAUTH_SQL_USER_LIST_EMAIL] =
		USER_LIST("email >= max(?1, ?2) AND +email > ?1", "email"),
	[STAUTH_SQL_USER_LIST_CREATED] =
		USER_LIST("(created_at, uid) > (?1, ?2)", "created_at, uid"),
	[STAUTH_SQL_USER_LIST_LOGIN] = USER_LIST(
		"(last_login_at, uid) > (?1, ?2)", "last_login_at, uid"),
	[STAUTH_SQL_USER_LIST_DOWN] = USER_LIST("name < ?1", "name DESC"),
	[STAUTH_SQL_USER_LIST_CREATED_DOWN] = USER_LIST(
		"(created_at, uid) < (?1, ?2)", "created_at DESC, uid DESC"),
	[STAUTH_SQL_USER_LIST_LOGIN_DOWN] =
		USER_LIST("(last_login_at, uid) < (?1, ?2)",
			"last_login_at DESC, uid DESC"),
	[STAUTH_SQL_USER_MAX_UID] = "SELECT ifnull(max(uid), 0) FROM users",
	[STAUTH_SQL_PASSWORD_FROM_UID] =
		"SELECT password FROM users WHERE uid >= ?1 "
		"AND password <> '' ORDER BY uid LIMIT 1",
	[STAUTH_SQL_SUPERUSERS] =
		"SELECT count(*) FROM users WHERE su = 1 AND disabled = 0",
	[STAUTH_SQL_SUPERUSER_LIST] =
		"SELECT " ACCOUNT_HEAD "''" ACCOUNT_TAIL
		"FROM users WHERE su = 1 AND disabled = 0 "
		"AND email IS NOT NULL ORDER BY uid LIMIT ?1",
	[STAUTH_SQL_USER_INSERT] =
		"INSERT OR ABORT INTO users (epoch, name, email, display_name, "
		"group_list, password, su, disabled, system_login, "
		"must_change, password_expires_at, created_at, last_login_at, "
		"mfa_since) VALUES "
		"((SELECT value FROM meta WHERE key = 'epoch'), "
		"?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, 0)",
	[STAUTH_SQL_USER_UPDATE] =
		"UPDATE OR ABORT users SET email = ?3, display_name = ?4, "
		"group_list = ?5, su = ?6, disabled = ?7, system_login = ?8 "
		"WHERE uid = ?1 AND epoch = ?2",
	[STAUTH_SQL_USER_EPOCH] = "SELECT epoch FROM users WHERE uid = ?1",
	[STAUTH_SQL_USER_RAISE_EPOCH] =
		"UPDATE users SET epoch = epoch + 1 WHERE uid = ?1",
	[STAUTH_SQL_USER_DELETE] = "DELETE FROM users WHERE uid = ?1",
	[STAUTH_SQL_USER_LOGGED_IN] =
		"UPDATE users SET last_login_at = "
		"CASE WHEN last_login_at <= ?2" SOON
		" THEN max(last_login_at, ?2) ELSE ?2 END "
		"WHERE uid = ?1 AND epoch = ?3 AND disabled = 0",
	[STAUTH_SQL_PASSWORD_SET] =
		"UPDATE users SET password = ?2, must_change = ?3, "
		"password_expires_at = ?4 "
		"WHERE uid = ?1 AND (?5 = 0 OR system_login = 0)",
	[STAUTH_SQL_PASSWORD_REHASH] = "UPDATE users SET password = ?3 "
				       "WHERE uid = ?1 AND password = ?2",

	[STAUTH_SQL_SESSION_BY_HASH] =
		"SELECT " SESSION "WHERE token_hash = ?1 AND " ALIVE,
	[STAUTH_SQL_SESSION_BY_HANDLE] =
		"SELECT " SESSION "WHERE token_hash IN (SELECT token_hash "
		"FROM sessions WHERE handle = ?1) AND " ALIVE,
	[STAUTH_SQL_SESSION_LIST] =
		"SELECT " SESSION "WHERE handle > ?1 AND " ALIVE
		"ORDER BY handle LIMIT ?4",
	[STAUTH_SQL_SESSION_LIST_USER] =
		"SELECT " SESSION "WHERE uid = ?5 AND handle > ?1 AND " ALIVE
		"ORDER BY handle LIMIT ?4",
	[STAUTH_SQL_SESSION_LIST_HOSTS] =
		"SELECT " SESSION "WHERE channel <> 'web' AND handle > ?1 "
		"AND " ALIVE "ORDER BY handle LIMIT ?4",
	[STAUTH_SQL_SESSION_INSERT] =
		"INSERT OR ABORT INTO sessions (token_hash, handle, uid, "
		"epoch, user_name, email, display_name, group_list, channel, "
		"address, agent, remember, must_change, factors, level, "
		"auth_at, confirmed_at, created_at, last_seen_at, expires_at) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
		"?13, ?14, ?15, ?16, ?17, ?18, ?18, ?19)",
	/* What is over anyway goes first. */
	[STAUTH_SQL_SESSION_CAP] =
		"DELETE FROM sessions WHERE token_hash IN "
		"(SELECT token_hash FROM sessions WHERE uid = ?1 "
		"AND channel = 'web' AND token_hash <> ?2 "
		"ORDER BY expires_at > ?3 DESC, last_seen_at DESC, "
		"created_at DESC LIMIT -1 OFFSET ?4)",
	[STAUTH_SQL_SESSION_END_FUTURE] =
		"DELETE FROM sessions WHERE uid = ?1 AND channel = 'web' "
		"AND NOT last_seen_at <= ?2" SOON,
	[STAUTH_SQL_SESSION_END_HASH] =
		"DELETE FROM sessions WHERE token_hash = ?1",
	/* Only the one that has the handle, whatever the index says. */
	[STAUTH_SQL_SESSION_END] =
		"DELETE FROM sessions WHERE +handle = ?1 AND token_hash = "
		"(SELECT token_hash FROM sessions WHERE handle = ?1)",
	[STAUTH_SQL_SESSION_CONFIRM] =
		"UPDATE sessions SET confirmed_at = ?4 WHERE handle = ?1 "
		"AND uid = ?2 AND epoch = ?3 AND expires_at > ?4 "
		"AND must_change = 0",
	[STAUTH_SQL_SESSION_END_USER] =
		"DELETE FROM sessions WHERE uid = ?1 AND handle <> ?2",
	[STAUTH_SQL_SESSION_END_ALL] =
		"DELETE FROM sessions WHERE handle <> ?1",
	[STAUTH_SQL_SESSION_KEEP] =
		"UPDATE sessions SET epoch = ?3 WHERE uid = ?1 AND handle = ?2",
	[STAUTH_SQL_SESSION_TOUCH] = "UPDATE sessions SET last_seen_at = ?2 "
				     "WHERE handle = ?1 AND last_seen_at < ?2",
	[STAUTH_SQL_SESSION_EXPIRE] =
		"DELETE FROM sessions WHERE token_hash IN "
		"(SELECT token_hash FROM sessions WHERE expires_at <= ?1 "
		"LIMIT ?2)",
	[STAUTH_SQL_SESSION_EXPIRE_IDLE] =
		"DELETE FROM sessions WHERE token_hash IN "
		"(SELECT token_hash FROM sessions WHERE remember = 0 "
		"AND last_seen_at <= ?1 LIMIT ?2)",

	[STAUTH_SQL_DEVICE_BY_HASH] =
		"SELECT device_hash, uid, epoch, created_at, last_used_at, "
		"expires_at FROM devices "
		"WHERE device_hash = ?1 AND expires_at > ?2 "
		"AND last_used_at <= ?2" SOON,
	[STAUTH_SQL_DEVICE_PUT] =
		"INSERT INTO devices (device_hash, uid, epoch, created_at, "
		"last_used_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?4, ?5) "
		"ON CONFLICT (device_hash) DO UPDATE SET uid = excluded.uid, "
		"epoch = excluded.epoch, last_used_at = excluded.last_used_at, "
		"expires_at = excluded.expires_at",
	[STAUTH_SQL_DEVICE_CAP] =
		"DELETE FROM devices WHERE device_hash IN "
		"(SELECT device_hash FROM devices WHERE uid = ?1 "
		"ORDER BY last_used_at DESC LIMIT -1 OFFSET ?2)",
	[STAUTH_SQL_DEVICE_END_USER] = "DELETE FROM devices WHERE uid = ?1 "
				       "AND (?2 IS NULL OR device_hash <> ?2)",
	[STAUTH_SQL_DEVICE_KEEP] = "UPDATE devices SET epoch = ?3 "
				   "WHERE uid = ?1 AND device_hash = ?2",
	[STAUTH_SQL_DEVICE_EXPIRE] =
		"DELETE FROM devices WHERE device_hash IN "
		"(SELECT device_hash FROM devices WHERE expires_at <= ?1 "
		"LIMIT ?2)",

	[STAUTH_SQL_LIMIT_GET] =
		"SELECT failures, reserved, reserved_at, first_at, last_at "
		"FROM rate_limits WHERE name = ?1 AND key = ?2",
	[STAUTH_SQL_LIMIT_PUT] =
		"INSERT INTO rate_limits (name, key, failures, reserved, "
		"reserved_at, first_at, last_at, expires_at) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
		"ON CONFLICT (name, key) DO UPDATE SET "
		"failures = excluded.failures, reserved = excluded.reserved, "
		"reserved_at = excluded.reserved_at, "
		"first_at = excluded.first_at, last_at = excluded.last_at, "
		"expires_at = excluded.expires_at",
	[STAUTH_SQL_LIMIT_DELETE] =
		"DELETE FROM rate_limits WHERE name = ?1 AND key = ?2",
	/* Reservations that are late count as failures, as in counters.c. */
	[STAUTH_SQL_LIMIT_LIST] =
		"SELECT name, key, failures + late, "
		"iif(failures = 0, reserved_at, first_at), "
		"max(last_at, iif(late > 0, reserved_at, 0)) FROM (SELECT *, "
		"iif(reserved_at <= ?3 - 30, reserved, 0) AS late "
		"FROM rate_limits WHERE (name, key) > (?1, ?2) "
		"AND expires_at > ?3) WHERE failures + late > 0 "
		"ORDER BY name, key LIMIT ?4",
	/* ?1 is a whole part between newlines, or nothing. */
	[STAUTH_SQL_LIMIT_FORGET] =
		"DELETE FROM rate_limits WHERE ?1 = '' OR instr("
		"char(10) || key || char(10), char(10) || ?1 || char(10)) > 0",
	[STAUTH_SQL_LIMIT_EXPIRE] =
		"DELETE FROM rate_limits WHERE (name, key) IN "
		"(SELECT name, key FROM rate_limits WHERE expires_at <= ?1 "
		"LIMIT ?2)",
	[STAUTH_SQL_LIMIT_EVICT] =
		"DELETE FROM rate_limits WHERE (name, key) IN "
		"(SELECT name, key FROM rate_limits ORDER BY last_at LIMIT "
		"max(0, (SELECT count(*) FROM rate_limits) - ?1))",

	[STAUTH_SQL_AUDIT_ADD] =
		"INSERT OR ABORT INTO audit (at, event, ok, user_name, uid, "
		"actor, channel, address, detail) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	/* The first page finds its beginning by the index of instants; the plus
	 * keeps the planner on the order of id. */
	[STAUTH_SQL_AUDIT_BY_ID] =
		"SELECT " AUDIT "WHERE id > max(?2, CASE WHEN ?2 > 0 "
		"OR ?3 <= 0 THEN 0 ELSE ifnull((SELECT min(id) FROM audit "
		"INDEXED BY audit_at WHERE at >= ?3), 9223372036854775807) - 1 "
		"END) AND ?1 = ?1 AND +at >= ?3 AND " AUDIT_OF_USER
		"AND " AUDIT_OF_EVENT "ORDER BY id LIMIT ?4",
	[STAUTH_SQL_AUDIT_OLDEST] = "SELECT " AUDIT "WHERE " AUDIT_OLDEST(
		AUDIT_OF_USER "AND " AUDIT_OF_EVENT),
	[STAUTH_SQL_AUDIT_OLDEST_USER] = "SELECT " AUDIT "WHERE " AUDIT_OLDEST(
		"user_name = ?5 AND " AUDIT_OF_EVENT),
	[STAUTH_SQL_AUDIT_OLDEST_EVENT] = "SELECT " AUDIT "WHERE " AUDIT_OLDEST(
		AUDIT_OF_USER "AND event = ?6 "),
	[STAUTH_SQL_AUDIT_NEWEST] = "SELECT " AUDIT "WHERE " AUDIT_NEWEST(
		AUDIT_OF_USER "AND " AUDIT_OF_EVENT),
	[STAUTH_SQL_AUDIT_NEWEST_USER] = "SELECT " AUDIT "WHERE " AUDIT_NEWEST(
		"user_name = ?5 AND " AUDIT_OF_EVENT),
	[STAUTH_SQL_AUDIT_NEWEST_EVENT] = "SELECT " AUDIT "WHERE " AUDIT_NEWEST(
		AUDIT_OF_USER "AND event = ?6 "),
	/* A whole batch, or nothing; then the seal tells that it is gone. */
	[STAUTH_SQL_AUDIT_EXPIRE] =
		"DELETE FROM audit WHERE ?2 > 0 "
		"AND id BETWEEN (SELECT first_id " OLD_BATCH ") "
		"AND (SELECT last_id " OLD_BATCH ")",
	[STAUTH_SQL_SEAL_EXPIRE] =
		"UPDATE audit_seals SET kept = 0 WHERE ?2 > 0 "
		"AND number = (SELECT number " OLD_BATCH ")",
	/* Where nobody seals. */
	[STAUTH_SQL_AUDIT_EXPIRE_UNSEALED] =
		"DELETE FROM audit WHERE id IN (SELECT id FROM audit "
		"INDEXED BY audit_at WHERE at < ?1 AND id > ifnull((SELECT "
		"last_id FROM audit_seals ORDER BY number DESC LIMIT 1), 0) "
		"AND NOT EXISTS (SELECT 1 " OLD_BATCH ") LIMIT ?2)",
	[STAUTH_SQL_SEAL_PUT] =
		"INSERT OR ABORT INTO audit_seals (number, sealed_at, "
		"first_id, last_id, row_count, newest_at, rows_hash, hash, "
		"kept) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1 WHERE ?1 = 1 "
		"+ (SELECT ifnull(max(number), 0) FROM audit_seals)",
	[STAUTH_SQL_SEAL_LAST] = "SELECT " SEAL "ORDER BY number DESC LIMIT 1",
	[STAUTH_SQL_SEAL_LIST] =
		"SELECT " SEAL "WHERE number > ?1 ORDER BY number LIMIT ?2",

	[STAUTH_SQL_REMOTE_LOCK] =
		"INSERT INTO remote_change (id, lock, uid, started_at) "
		"VALUES (1, ?1, 0, ?2) ON CONFLICT (id) DO UPDATE SET "
		"lock = excluded.lock, uid = 0, "
		"started_at = excluded.started_at WHERE NOT (" UNDER_WAY ")",
	[STAUTH_SQL_REMOTE_MARK] =
		"UPDATE remote_change SET uid = ?2, started_at = ?3 "
		"WHERE lock = ?1",
	[STAUTH_SQL_REMOTE_UNLOCK] =
		"DELETE FROM remote_change WHERE lock = ?1",
	[STAUTH_SQL_REMOTE_ADD] =
		"INSERT INTO remote_accounts (uid, epoch, last_login_at) "
		"VALUES (?1, "
		"(SELECT value FROM meta WHERE key = 'epoch'), 0) "
		"ON CONFLICT (uid) DO NOTHING",
	[STAUTH_SQL_REMOTE_RAISE_EPOCH] =
		"UPDATE remote_accounts SET epoch = epoch + 1 WHERE uid = ?1",
	/* While a change is under way, what is read is of the epoch before. */
	[STAUTH_SQL_REMOTE_READ] =
		"SELECT epoch - EXISTS (SELECT 1 FROM remote_change "
		"WHERE uid = ?1 AND " UNDER_WAY "), last_login_at "
		"FROM remote_accounts WHERE uid = ?1",
	[STAUTH_SQL_REMOTE_LOGGED_IN] =
		"UPDATE remote_accounts SET last_login_at = "
		"CASE WHEN last_login_at <= ?2" SOON
		" THEN max(last_login_at, ?2) ELSE ?2 END "
		"WHERE uid = ?1 AND epoch = ?3 AND NOT EXISTS "
		"(SELECT 1 FROM remote_change WHERE uid = ?1 AND " UNDER_WAY
		")",

	[STAUTH_SQL_RESTORE_USERS] =
		"SELECT uid, name, disabled FROM users ORDER BY name",
	[STAUTH_SQL_RESTORE_PRESENT] =
		"SELECT disabled FROM users WHERE uid = ?1 AND name = ?2",
	[STAUTH_SQL_RESTORE_EPOCH] =
		"SELECT max((SELECT ifnull(max(value), 1) FROM meta "
		"WHERE key = 'epoch'), "
		"(SELECT ifnull(max(epoch), 1) FROM users), "
		"(SELECT ifnull(max(epoch), 1) FROM remote_accounts))",
	[STAUTH_SQL_RESTORE_UID] = LAST_ID("users", "uid"),
	[STAUTH_SQL_RESTORE_AUDIT] = LAST_ID("audit", "id"),
	[STAUTH_SQL_RESTORE_MAIL] = LAST_ID("outbox", "id"),
	[STAUTH_SQL_RESTORE_COUNTERS] =
		"INSERT OR ABORT INTO sqlite_sequence (name, seq) "
		"VALUES ('users', ?1), ('audit', ?2), ('outbox', ?3)",
	[STAUTH_SQL_RESTORE_META] =
		"UPDATE OR ABORT meta SET value = ?1 WHERE key = 'epoch'",
	[STAUTH_SQL_RESTORE_EPOCHS] = "UPDATE OR ABORT users SET epoch = ?1",
	[STAUTH_SQL_RESTORE_REMOTE_EPOCHS] =
		"UPDATE OR ABORT remote_accounts SET epoch = ?1",
};

const char *stauth_sql_text(enum stauth_sql id)
{
	return texts[id] != NULL ? texts[id] : stauth_sql_signup[id];
}
