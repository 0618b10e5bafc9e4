/* SPDX-License-Identifier: MIT */
/* Sign-ups, PINs, links, invitations, and the mails that carry them. */
#include "store/sqlite/sql.h"

#include "base/banned.h"

#define SOON STAUTH_SQL_SOON
/* ?1 is now. No pause is over an hour: what lies further ahead was put off by
 * a clock that has been set back since. */
#define MAIL_IS_DUE "(due_at <= ?1 OR due_at > ?1 + 7200)"

#define PENDING_HEAD "flow_hash, email, "
#define PENDING_TAIL                                                           \
	", invite_hash, group_list, approved, verified_at, created_at, "       \
	"expires_at FROM pending_users "
#define INVITE                                                                 \
	"id, token_hash, email, group_list, uses, uses_left, approved, "       \
	"created_by, created_at, expires_at FROM invites "
#define PIN                                                                    \
	"purpose, flow_hash, pin_mac, tries_left, created_at, expires_at "     \
	"FROM pins "

const char *const stauth_sql_signup[STAUTH_SQL_COUNT] = {
	[STAUTH_SQL_PENDING_PUT] =
		"INSERT INTO pending_users (flow_hash, email, password, "
		"created_at, expires_at, invite_hash, group_list, approved) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
		"ON CONFLICT (flow_hash) DO UPDATE SET email = excluded.email, "
		"password = excluded.password, "
		"invite_hash = excluded.invite_hash, "
		"group_list = excluded.group_list, "
		"approved = excluded.approved, verified_at = 0, "
		"created_at = excluded.created_at, "
		"expires_at = excluded.expires_at",
	[STAUTH_SQL_PENDING_BY_FLOW] =
		"SELECT " PENDING_HEAD "password" PENDING_TAIL
		"WHERE flow_hash = ?1 AND expires_at > ?2 "
		"AND created_at <= ?2" SOON,
	[STAUTH_SQL_PENDING_LIST] =
		"SELECT " PENDING_HEAD "''" PENDING_TAIL
		"WHERE (email, flow_hash) > (?1, ?2) AND password <> '' "
		"AND expires_at > ?3 AND created_at <= ?3" SOON
		" ORDER BY email, flow_hash LIMIT ?4",
	[STAUTH_SQL_PENDING_VERIFY] =
		"UPDATE pending_users SET verified_at = ?2, "
		"expires_at = max(expires_at, ?3) WHERE flow_hash = ?1",
	[STAUTH_SQL_PENDING_DELETE] =
		"DELETE FROM pending_users WHERE email = ?1",
	[STAUTH_SQL_PENDING_PINS] =
		"DELETE FROM pins WHERE purpose = 'signup' AND flow_hash IN "
		"(SELECT flow_hash FROM pending_users WHERE email = ?1)",
	[STAUTH_SQL_PENDING_MAILS] =
		"DELETE FROM outbox WHERE pin_flow IN "
		"(SELECT flow_hash FROM pending_users WHERE email = ?1)",
	[STAUTH_SQL_PENDING_EXPIRE] =
		"DELETE FROM pending_users WHERE flow_hash IN "
		"(SELECT flow_hash FROM pending_users WHERE expires_at <= ?1 "
		"LIMIT ?2)",

	[STAUTH_SQL_PIN_PUT] =
		"INSERT INTO pins (purpose, flow_hash, pin_mac, tries_left, "
		"created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
		"ON CONFLICT (purpose, flow_hash) DO UPDATE SET "
		"pin_mac = excluded.pin_mac, "
		"tries_left = excluded.tries_left, "
		"created_at = excluded.created_at, "
		"expires_at = excluded.expires_at",
	[STAUTH_SQL_PIN_LOOK] =
		"SELECT " PIN "WHERE purpose = ?1 AND flow_hash = ?2 "
		"AND tries_left > 0 AND expires_at > ?3 "
		"AND created_at <= ?3" SOON,
	[STAUTH_SQL_PIN_COUNT] = "UPDATE pins SET tries_left = tries_left - 1 "
				 "WHERE purpose = ?1 AND flow_hash = ?2 "
				 "AND tries_left > 0 AND expires_at > ?3 "
				 "AND created_at <= ?3" SOON,
	[STAUTH_SQL_PIN_COUNTED] =
		"SELECT " PIN "WHERE purpose = ?1 AND flow_hash = ?2",
	[STAUTH_SQL_PIN_SPEND] =
		"DELETE FROM pins WHERE purpose = ?1 AND flow_hash = ?2 "
		"AND pin_mac = ?3",
	[STAUTH_SQL_PIN_EXPIRE] =
		"DELETE FROM pins WHERE (purpose, flow_hash) IN "
		"(SELECT purpose, flow_hash FROM pins WHERE expires_at <= ?1 "
		"LIMIT ?2)",

	[STAUTH_SQL_RESET_PUT] =
		"INSERT INTO resets (token_hash, uid, epoch, created_at, "
		"expires_at) VALUES (?1, ?2, ?3, ?4, ?5) "
		"ON CONFLICT (uid) DO UPDATE SET "
		"token_hash = excluded.token_hash, epoch = excluded.epoch, "
		"created_at = excluded.created_at, "
		"expires_at = excluded.expires_at",
	[STAUTH_SQL_RESET_LOOK] =
		"SELECT token_hash, uid, epoch, created_at, expires_at "
		"FROM resets WHERE token_hash = ?1 AND expires_at > ?2 "
		"AND created_at <= ?2" SOON,
	[STAUTH_SQL_RESET_SPEND] = "DELETE FROM resets WHERE token_hash = ?1",
	[STAUTH_SQL_RESET_END_USER] = "DELETE FROM resets WHERE uid = ?1",
	[STAUTH_SQL_RESET_EXPIRE] =
		"DELETE FROM resets WHERE token_hash IN "
		"(SELECT token_hash FROM resets WHERE expires_at <= ?1 "
		"LIMIT ?2)",

	[STAUTH_SQL_INVITE_PUT] =
		"INSERT OR ABORT INTO invites (id, token_hash, email, "
		"group_list, uses, uses_left, approved, created_by, "
		"created_at, expires_at) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8, ?9)",
	[STAUTH_SQL_INVITE_LOOK] =
		"SELECT " INVITE "WHERE token_hash = ?1 AND uses_left > 0 "
		"AND expires_at > ?2 AND created_at <= ?2" SOON,
	[STAUTH_SQL_INVITE_LIST] =
		"SELECT " INVITE "WHERE id > ?1 AND expires_at > ?2 "
		"AND created_at <= ?2" SOON " ORDER BY id LIMIT ?3",
	[STAUTH_SQL_INVITE_TAKE] =
		"UPDATE invites SET uses_left = uses_left - 1 "
		"WHERE token_hash = ?1 AND uses_left > 0 "
		"AND expires_at > ?2 AND created_at <= ?2" SOON,
	[STAUTH_SQL_INVITE_REVOKE] = "DELETE FROM invites WHERE id = ?1",
	[STAUTH_SQL_INVITE_EXPIRE] =
		"DELETE FROM invites WHERE token_hash IN "
		"(SELECT token_hash FROM invites WHERE expires_at <= ?1 "
		"LIMIT ?2)",

	[STAUTH_SQL_MAIL_COUNT] =
		"SELECT count(*) FROM outbox WHERE expires_at > ?1",
	[STAUTH_SQL_MAIL_PUT] =
		"INSERT OR ABORT INTO outbox (kind, recipient, user_name, "
		"code, message_id, pin_flow, reset_uid, tries, due_at, "
		"created_at, expires_at) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?8, ?9)",
	/* Is there anything to do? Asked without a lock. */
	[STAUTH_SQL_MAIL_WAITING] =
		"SELECT EXISTS (SELECT 1 FROM outbox WHERE " MAIL_IS_DUE ") "
		"OR EXISTS (SELECT 1 FROM outbox WHERE expires_at <= ?1)",
	[STAUTH_SQL_MAIL_DUE] =
		"SELECT id, kind, recipient, user_name, code, message_id, "
		"created_at, expires_at, tries FROM outbox "
		"WHERE id = ifnull((SELECT id FROM outbox WHERE due_at <= ?1 "
		"AND expires_at > ?1 ORDER BY due_at, id LIMIT 1), "
		"(SELECT id FROM outbox WHERE due_at > ?1 + 7200 "
		"AND expires_at > ?1 ORDER BY due_at, id LIMIT 1))",
	[STAUTH_SQL_MAIL_LEASE] = "UPDATE outbox SET tries = tries + 1, "
				  "due_at = ?2 WHERE id = ?1",
	[STAUTH_SQL_MAIL_DONE] = "DELETE FROM outbox WHERE id = ?1",
	[STAUTH_SQL_MAIL_LATER] = "UPDATE outbox SET due_at = ?2 WHERE id = ?1",
	[STAUTH_SQL_MAIL_DROP_PIN] = "DELETE FROM outbox WHERE pin_flow = ?1",
	[STAUTH_SQL_MAIL_DROP_RESET] =
		"DELETE FROM outbox WHERE reset_uid = ?1",
	[STAUTH_SQL_MAIL_EXPIRE] =
		"DELETE FROM outbox WHERE id IN "
		"(SELECT id FROM outbox WHERE expires_at <= ?1 LIMIT ?2)",
};
