/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_SCHEMA_H
#define STAUTH_SQLITE_SCHEMA_H

#include <stdint.h>

#include "base/rc.h"

struct stauth_db;

/* PRAGMA application_id of our files: "stau". */
#define STAUTH_SCHEMA_ID INT64_C(0x73746175)
/* PRAGMA user_version that this program reads and writes. */
#define STAUTH_SCHEMA_VERSION 4

/* Is this connection's file ours and of our version? ESCHEMA says what to
 * do. */
enum stauth_rc stauth_schema_check(
	struct stauth_db *db, struct stauth_err *err);
/* Are the tables, with their indexes and triggers, just what init makes?
 * BADVALUE. */
enum stauth_rc stauth_schema_compare(
	struct stauth_db *db, struct stauth_err *err);
/* Brings it to our version, one transaction a step; nothing to do is OK.
 * ESCHEMA: newer than ours, untouched. */
enum stauth_rc stauth_schema_migrate(
	struct stauth_db *db, struct stauth_err *err);

#endif
