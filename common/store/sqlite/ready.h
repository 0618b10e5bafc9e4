/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_READY_H
#define STAUTH_SQLITE_READY_H

#include "base/rc.h"
#include "store/sqlite/db.h"

/* Ready for one verb: EUNREACHABLE, EBROKEN, ESCHEMA. */
enum stauth_rc stauth_db_ready(struct stauth_db *db, struct stauth_err *err);
/* Closes the files if they are no longer those at the paths. */
void stauth_db_idle(struct stauth_db *db);
/* From now on the verb waits for nobody. */
void stauth_db_no_wait(struct stauth_db *db);

#endif
