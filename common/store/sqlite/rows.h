/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_ROWS_H
#define STAUTH_SQLITE_ROWS_H

#include "store/records.h"
#include "store/sqlite/query.h"

/* Rows to structs, in the order of the columns in sql.c. The structs are
 * filled also when the query turns out unsound: do not hand them on then. */
void stauth_read_account(
	struct stauth_query *query, struct stauth_account *account);
void stauth_read_session(struct stauth_query *query, uint8_t ret_hash[32],
	struct stauth_session *session);
/* The columns of STAUTH_SQL_CHECK; the other members stay as they are. */
void stauth_read_checked(struct stauth_query *query, uint8_t ret_hash[32],
	struct stauth_session *session);
void stauth_read_audit(
	struct stauth_query *query, struct stauth_audit_row *row);

#endif
